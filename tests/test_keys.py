"""Pseudonyms are stable, and their key is made once and shown to nobody."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.message import Address, ChannelName
from bot.store.faults import KeyUnusable
from bot.store.keys import Pseudonyms

KEYED = Pseudonyms(bytes(range(32)))


def test_a_pseudonym_is_stable_and_tells_people_channels_and_messages_apart() -> None:
    named = [
        KEYED.of(Address(ChannelName.WEB, "7")),
        KEYED.of(Address(ChannelName.WEB, "8")),
        KEYED.of(Address(ChannelName.TELEGRAM, "7")),
        KEYED.of_message(ChannelName.WEB, "7"),
        KEYED.of_message(ChannelName.TELEGRAM, "7"),
        Pseudonyms(bytes(32)).of(Address(ChannelName.WEB, "7")),
    ]
    assert (len(set(named)), {len(name) for name in named}) == (len(named), {26})
    assert KEYED.of(Address(ChannelName.WEB, "7")) == named[0]


@settings(deadline=None)
@given(st.text(), st.text())
def test_pseudonyms_differ_as_the_ids_do(one: str, other: str) -> None:
    same = KEYED.of(Address(ChannelName.WEB, one)) == KEYED.of(Address(ChannelName.WEB, other))
    assert same == (one == other)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = Pseudonyms.kept_in(tmp_path / "data")
    assert Pseudonyms.kept_in(tmp_path / "data") == first
    (key,) = (tmp_path / "data" / "keys").iterdir()
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777, len(key.read_bytes())) == (0o600, 0o700, 32)
    assert str(first.key) not in repr(first)


MAKES_KEY = "import sys, pathlib, bot.store.keys as k; print(k.Pseudonyms.kept_in(pathlib.Path(sys.argv[1])).key.hex())"


def test_processes_that_make_the_key_at_once_share_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKES_KEY, str(tmp_path / "data")]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    keys = {racer.communicate(timeout=60)[0] for racer in racers}
    assert (len(keys), [racer.returncode for racer in racers]) == (1, [0, 0, 0])
    assert [path.name for path in (tmp_path / "data" / "keys").iterdir()] == ["pseudonyms"]


@pytest.mark.parametrize(("mode", "folder_mode", "content", "mend"), [
    (0o644, 0o700, bytes(32), "chmod 600"),
    (0o600, 0o777, bytes(32), "chmod 700"),
    (0o600, 0o700, b"short", "backup"),
])  # fmt: skip
def test_a_key_that_others_may_read_or_that_is_damaged_is_refused_with_how_to_mend_it(
    tmp_path: Path, mode: int, folder_mode: int, content: bytes, mend: str
) -> None:
    Pseudonyms.kept_in(tmp_path)
    key = tmp_path / "keys" / "pseudonyms"
    key.write_bytes(content)
    key.chmod(mode)
    key.parent.chmod(folder_mode)
    with pytest.raises(KeyUnusable, match=mend) as refused:
        Pseudonyms.kept_in(tmp_path)
    assert str(key.parent) in str(refused.value)
    assert key.read_bytes() == content


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(KeyUnusable, match="cannot be made or read"):
        Pseudonyms.kept_in(tmp_path / "data")
