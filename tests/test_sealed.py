"""Addresses lie sealed in the database, and the key is made once and shown to nobody."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.message import Address, ChannelName
from bot.store.faults import KeyUnusable
from bot.store.sealed import Seal

OLD, NEW = b"A" * 43 + b"=", b"B" * 42 + b"E="
SOMEBODY = Address(ChannelName.TELEGRAM, "-100:4471")


@settings(deadline=None)
@given(st.sampled_from(ChannelName), st.text())
def test_what_was_closed_opens_as_it_was(channel: ChannelName, name: str) -> None:
    seal = Seal([OLD])
    assert seal.open(seal.close(Address(channel, name))) == Address(channel, name)


def test_a_sealed_address_shows_nothing_and_no_two_are_alike() -> None:
    once, twice = Seal([OLD]).close(SOMEBODY), Seal([OLD]).close(SOMEBODY)
    assert (once == twice, "4471" in once, "telegram" in once) == (False, False, False)


def test_a_new_key_in_front_closes_and_the_old_one_still_opens() -> None:
    before, rotated = Seal([OLD]).close(SOMEBODY), Seal([NEW, OLD])
    assert rotated.open(before) == SOMEBODY
    assert Seal([NEW]).open(rotated.close(SOMEBODY)) == SOMEBODY


def test_what_no_key_opens_is_refused_without_showing_it() -> None:
    whole = Seal([OLD]).close(SOMEBODY)
    for sealed in ("nonsense", "ñ", Seal([NEW]).close(SOMEBODY), whole[:-9], whole.swapcase()):
        with pytest.raises(KeyUnusable) as refused:
            Seal([OLD]).open(sealed)
        assert sealed not in str(refused.value)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    sealed = Seal.kept_in(tmp_path).close(SOMEBODY)
    assert Seal.kept_in(tmp_path).open(sealed) == SOMEBODY
    key = tmp_path / "keys" / "addresses"
    assert (key.stat().st_mode & 0o777, len(key.read_bytes().split())) == (0o600, 1)


@pytest.mark.parametrize(("mode", "content", "mend"), [
    (0o644, OLD, "chmod 600"),
    (0o600, b"short", "backup"),
    (0o600, b"", "backup"),
])  # fmt: skip
def test_a_key_that_is_open_to_others_or_damaged_is_refused_and_not_replaced(
    tmp_path: Path, mode: int, content: bytes, mend: str
) -> None:
    key = tmp_path / "keys" / "addresses"
    key.parent.mkdir(mode=0o700)
    key.write_bytes(content)
    key.chmod(mode)
    with pytest.raises(KeyUnusable, match=mend):
        Seal.kept_in(tmp_path)
    assert key.read_bytes() == content
