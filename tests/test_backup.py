"""A backup is whole or not there, taken while others write, and holds neither an address nor its key in the clear."""

import asyncio
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.message import Address, ChannelName
from bot.store import backup, backup_keys, backup_manifest, backup_sqlite, private
from bot.store.backup import Rehearsed, Source, Stopped
from bot.store.backup_keys import KeysLacking
from bot.store.backup_manifest import BackupBad
from bot.store.faults import StoreDown
from bot.store.keys import Pseudonyms
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests.ledger import NOON, Books, books_in

PASSPHRASE = "correct horse battery staple"
PHONE = "+12035550142"


@pytest_asyncio.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    data = tmp_path / "data"
    async with books_in(data) as books:
        books.subscriptions = Subscriptions(books.database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        yield books


def source(tmp_path: Path, passphrase: str | None = PASSPHRASE) -> Source:
    knowledge = tmp_path / "knowledge"
    (knowledge / "faqs").mkdir(parents=True, exist_ok=True)
    (knowledge / "faqs" / "a.yaml").write_text("- id: a\n")
    return Source(tmp_path / "data", f"sqlite:///{tmp_path / 'data' / 'bot.sqlite3'}", knowledge, passphrase)


async def test_a_backup_holds_database_keys_and_knowledge_and_says_what_each_file_is(
    books: Books, tmp_path: Path
) -> None:
    await books.subscribe(1, 2)
    await books.released()
    made = await backup.make(source(tmp_path), tmp_path / "backups", NOON)
    assert made.path.name == "bot-20261123T170000Z"
    manifest = backup_manifest.verified(made.path)
    assert manifest.has_keys
    assert (manifest.engine, manifest.counts["subscription"], manifest.counts["delivery"]) == ("sqlite", 2, 2)
    assert manifest.anchor is not None
    assert {"bot.sqlite3", "keys.sealed", "knowledge/faqs/a.yaml"} <= manifest.files.keys()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made.path.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700


async def test_no_address_and_no_key_lies_in_it_in_the_clear(books: Books, tmp_path: Path) -> None:
    who = Address(ChannelName.SMS, PHONE)
    await books.subscriptions.subscribe(who, ["traffic"], None, "en", "/subscribe traffic", NOON)
    for passphrase in (PASSPHRASE, None):
        now = NOON + timedelta(minutes=passphrase is None)
        made = await backup.make(source(tmp_path, passphrase), tmp_path / "backups", now)
        whole = b"".join(path.read_bytes() for path in made.path.rglob("*") if path.is_file())
        secrets = [PHONE.encode(), PHONE[1:].encode(), PASSPHRASE.encode()]
        for name in ("pseudonyms", "addresses"):
            key = (tmp_path / "data" / "keys" / name).read_bytes().strip()
            secrets += [key, key.hex().encode()]
        assert [each for each in secrets if each in whole] == []
        assert (made.path / "keys.sealed").exists() == (passphrase is not None)


async def test_what_was_deleted_is_not_in_the_backup(books: Books, tmp_path: Path) -> None:
    await books.by_hand(
        "INSERT INTO unanswered (asked_on, language, question, near) VALUES ('2026-01-01', 'en', 'planted words', '[]')"
    )
    await books.by_hand("DELETE FROM unanswered")
    made = await backup.make(source(tmp_path), tmp_path / "backups", NOON)
    assert b"planted words" not in (made.path / "bot.sqlite3").read_bytes()


WRITES = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA journal_mode = WAL")
number = 0
while True:
    number += 1
    connection.execute("BEGIN IMMEDIATE")
    for half in ("a", "b"):
        connection.execute("INSERT INTO lane (name, free_at) VALUES (?, '')", (f"{half}{number}",))
    connection.execute("COMMIT")
    print(number, flush=True)
"""


async def test_it_is_of_one_moment_while_another_process_goes_on_writing(books: Books, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(tmp_path / "data" / "bot.sqlite3")]
    writer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert writer.stdout is not None
    try:
        for _ in range(20):
            await writer.stdout.readline()
        made = await backup.make(source(tmp_path), tmp_path / "backups", NOON)
        assert await writer.stdout.readline() != b""
    finally:
        writer.kill()
        await writer.communicate()
    with closing(sqlite3.connect(made.path / "bot.sqlite3")) as connection:
        halves = dict(connection.execute("SELECT substr(name, 1, 1), count(*) FROM lane GROUP BY 1").fetchall())
    assert halves["a"] == halves["b"] >= 20


async def test_one_that_is_stopped_or_fails_leaves_those_of_before_as_they_were(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    first = await backup.make(source(tmp_path), folder, NOON)
    before = backup_manifest.digests(first.path)
    with monkeypatch.context() as patch:
        patch.setattr(backup_sqlite, "_LOOK_EVERY", 10)
        with pytest.raises(Stopped):
            await backup.make(source(tmp_path), folder, NOON + timedelta(days=1), is_stopping=lambda: True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(backup_manifest, "put", full)
        with pytest.raises(StoreDown, match="No space left on device"):
            await backup.make(source(tmp_path), folder, NOON + timedelta(days=1))
    assert [each.path for each in backup.found(folder)] == [first.path]
    assert [path.name for path in folder.iterdir()] == [first.path.name]
    assert backup_manifest.digests(first.path) == before


KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.store import backup, backup_manifest
at = Path(sys.argv[1])
backup_manifest.put = lambda *_: os._exit(9)
asyncio.run(backup.make(backup.Source(at / "data", f"sqlite:///{at / 'data' / 'bot.sqlite3'}", None, None),
                        at / "backups", datetime(2026, 11, 24, tzinfo=UTC)))
"""


async def test_one_that_was_killed_in_the_middle_is_no_backup_and_goes_with_the_next(
    books: Books, tmp_path: Path
) -> None:
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == 9
    folder = tmp_path / "backups"
    assert [path.name for path in folder.iterdir()] == [".partial-bot-20261124T000000Z"]
    assert backup.last_backup(folder) is None
    made = await backup.make(source(tmp_path), folder, NOON)
    assert list(folder.iterdir()) == [made.path]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no way to make a full disk here")
async def test_a_full_disk_is_said_and_leaves_nothing_behind(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1)
    full = tmp_path / "full"
    full.mkdir()
    script = f"""
mount -t tmpfs -o size=64k tmpfs {full} || exit 77
{sys.executable} -c '
import asyncio
from datetime import UTC, datetime
from pathlib import Path
from bot.store import backup
from bot.store.faults import StoreDown
at = Path("{tmp_path}")
try:
    asyncio.run(backup.make(backup.Source(at / "data", "sqlite:///{tmp_path}/data/bot.sqlite3", None, None),
                            at / "full", datetime(2026, 11, 24, tzinfo=UTC)))
except StoreDown as e:
    print(e, list((at / "full").iterdir()))
'
"""
    run = await asyncio.to_thread(
        subprocess.run, ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if run.returncode == 77:
        pytest.skip("this machine lets nobody mount")
    assert run.returncode == 0, run.stderr
    assert "SQLITE_FULL" in run.stdout
    assert run.stdout.rstrip().endswith("[]")


async def test_the_newest_ones_stay(books: Books, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for day in range(4):
        await backup.make(source(tmp_path), folder, NOON + timedelta(days=day))
    assert backup.prune(folder, 2) == 2
    assert [each.taken_at for each in backup.found(folder)] == [NOON + timedelta(days=3), NOON + timedelta(days=2)]
    assert backup.prune(folder, 2) == 0


def test_ages_are_told_from_the_folder_and_none_when_there_is_none(tmp_path: Path) -> None:
    assert (backup.last_backup(None), backup.last_backup(tmp_path / "gone"), backup.last_rehearsal(None)) == (None,) * 3
    (tmp_path / "bot-20261123T170000Z").mkdir()  # without a manifest it is none
    assert backup.last_backup(tmp_path) is None
    (tmp_path / "bot-20261123T170000Z" / "manifest.json").touch()
    assert backup.last_backup(tmp_path) == datetime(2026, 11, 23, 17, tzinfo=UTC)
    tried = Rehearsed(NOON, "bot-20261123T170000Z", 1.5, ("it is damaged",))
    backup.note_rehearsal(tmp_path, tried)
    assert backup.last_rehearsal(tmp_path) == tried
    assert not tried.is_sound


@pytest.mark.parametrize(("harm", "said"), [
    (lambda at: (at / "bot.sqlite3").write_bytes(b"x"), "bot.sqlite3 is not what was backed up"),
    (lambda at: (at / "keys.sealed").unlink(), "keys.sealed is missing"),
    (lambda at: (at / "more.txt").touch(), "more.txt does not belong to it"),
    (lambda at: (at / "knowledge" / "faqs" / "a.yaml").unlink(), "knowledge/faqs/a.yaml is missing"),
    (lambda at: (at / "manifest.json").write_text("{"), "manifest.json is damaged"),
    (lambda at: (at / "manifest.json").write_text('{"format": 2}'), "this program knows 1"),
    (lambda at: (at / "manifest.json").unlink(), "cannot be read"),
])  # fmt: skip
async def test_a_backup_that_is_not_what_it_says_is_told_apart(
    books: Books, tmp_path: Path, harm: object, said: str
) -> None:
    made = await backup.make(source(tmp_path), tmp_path / "backups", NOON)
    harm(made.path)  # type: ignore[operator]
    with pytest.raises(BackupBad, match=said.replace(".", r"\.")):
        backup_manifest.verified(made.path)


def test_keys_open_again_with_the_passphrase_they_were_sealed_with_and_with_no_other(tmp_path: Path) -> None:
    Pseudonyms.kept_in(tmp_path)
    Seal.kept_in(tmp_path)
    private.create(tmp_path / "keys" / "telegram-webhook", b"secret")
    shut = backup_keys.closed(tmp_path, PASSPHRASE)
    there = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert backup_keys.opened(shut, PASSPHRASE) == there
    with pytest.raises(KeysLacking):
        backup_keys.opened(shut, PASSPHRASE + "x")
    told = json.loads(shut)
    with pytest.raises(BackupBad):
        backup_keys.opened(json.dumps({**told, "n": 1 << 30}).encode(), PASSPHRASE)


async def test_somebody_else_in_the_knowledge_folder_is_said(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_MOST_KNOWLEDGE", 5)
    with pytest.raises(StoreDown, match="something else lies in this folder"):
        await backup.make(source(tmp_path), tmp_path / "backups", NOON)
