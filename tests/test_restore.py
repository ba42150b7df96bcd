"""A restore proves the backup first, loses no opt-out, lets nothing go out by itself, and never replaces a store."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import create_engine
from structlog.testing import capture_logs

from bot import rehearsing
from bot.core.advisory import Stage
from bot.core.subscription import Reach
from bot.settings import Settings
from bot.store import backup, backup_manifest, backup_rehearsal, backup_restore, backup_stops, migrations, rotation
from bot.store.audit import Audit
from bot.store.backup import Backup, Source
from bot.store.backup_keys import KeysLacking
from bot.store.backup_manifest import BackupBad
from bot.store.backup_restore import Asked, NotEmpty
from bot.store.backup_stops import Stop, StopJournal
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.sealed import Seal
from tests import broadcast_books, small_folder
from tests.ledger import HOUR, NOON, Books, books_in, somebody, with_keys_of
from tests.sizes import IS_CI

PASSPHRASE = "correct horse battery staple"
LATER = NOON + HOUR


@pytest_asyncio.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    async with books_in(tmp_path / "data") as books:
        yield with_keys_of(books, tmp_path / "data")


async def backed_up(tmp_path: Path, passphrase: str | None = PASSPHRASE) -> Backup:
    knowledge = small_folder.write(tmp_path / "knowledge")
    source = Source(tmp_path / "data", in_file(tmp_path / "data" / "bot.sqlite3"), knowledge, passphrase)
    return await backup.make(source, tmp_path / "backups", NOON)


def asked(it: Backup, tmp_path: Path) -> Asked:
    return Asked(it.path, tmp_path / "new", None, PASSPHRASE, None, (tmp_path / "data" / "stops.jsonl",))


def known(books: Books, *numbers: int) -> "asyncio.Future[list[object]]":
    return asyncio.gather(*(books.subscriptions.of(somebody(number)) for number in numbers))


async def test_what_was_backed_up_is_there_again_and_can_be_written_to(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    it = await backed_up(tmp_path)
    done = await backup_restore.restore(asked(it, tmp_path), LATER)
    assert (done.stops, done.paused, done.has_knowledge) == (0, (), True)
    async with books_in(tmp_path / "new") as again:
        with_keys_of(again, tmp_path / "new")
        assert None not in await known(again, 1, 2)
        await again.released()
        assert {each.delivery.to for each in await again.send()} == {somebody(1), somebody(2)}
        assert [line.act for line in await Audit(again.database).newest(20)][-1] == "restored"


async def test_whoever_said_stop_after_the_backup_stays_stopped(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2, 3, 4, 5, 6)
    await books.subscriptions.subscribe(somebody(5), ["weather"], None, "en", "x", books.now)
    it = await backed_up(tmp_path)
    books.now = LATER
    await books.subscriptions.stop(somebody(1), None, books.now)
    await books.subscriptions.stop(somebody(2), "traffic", books.now)  # their only topic
    await books.subscriptions.set_reach(somebody(3), Reach.URGENT, books.now)
    await books.subscriptions.stop(somebody(5), "traffic", books.now)  # they keep the weather
    await books.subscriptions.stop(somebody(9), None, books.now)  # of whom the backup knows nothing
    # The platform told of this one: nobody wrote it down then, the hourly look does.
    await books.outbox.lose(somebody(6), "blocked", has_opted_out=True, now=books.now)
    journal = StopJournal(Pseudonyms.kept_in(tmp_path / "data"), [tmp_path / "data" / "stops.jsonl"])
    assert await journal.catch_up(books.database) >= 1
    assert await journal.catch_up(books.database) == 0
    await backup_restore.restore(asked(it, tmp_path), LATER)
    async with books_in(tmp_path / "new") as again:
        with_keys_of(again, tmp_path / "new")
        one, two, three, four, five, six = await known(again, 1, 2, 3, 4, 5, 6)
        assert (one, two, six) == (None, None, None)
        assert (three.reach, four.reach, five.topics) == (Reach.URGENT, Reach.EVERY, {"weather"})  # type: ignore[attr-defined]
        name = Pseudonyms.kept_in(tmp_path / "new").of(somebody(9))
        rows = await again.by_hand(f"SELECT state FROM subscription WHERE person = '{name}'")
        assert {row.state for row in rows} == {"stopped"}


async def test_who_stopped_and_asked_anew_before_the_backup_is_subscribed(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1)
    await books.subscriptions.stop(somebody(1), None, NOON + timedelta(minutes=1))
    books.now = NOON + timedelta(minutes=2)
    await books.subscribe(1)
    it = await backed_up(tmp_path)
    assert (await backup_restore.restore(asked(it, tmp_path), LATER)).stops == 0
    async with books_in(tmp_path / "new") as again:
        assert None not in await known(with_keys_of(again, tmp_path / "new"), 1)


async def test_stops_of_after_a_rotation_hold_when_the_backup_is_of_before_it(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    it = await backed_up(tmp_path)
    for change in (
        rotation.rename(books.database, tmp_path / "data", "chief", lambda: books.now, timedelta()),
        rotation.reseal(books.database, tmp_path / "data", "chief", books.now, lambda _: None, timedelta()),
    ):
        await change
    await books.subscriptions.stop(somebody(1), None, LATER)
    with pytest.raises(KeysLacking, match="newest keys with --keys"):
        await backup_restore.restore(asked(it, tmp_path), LATER)
    assert not (tmp_path / "new" / "bot.sqlite3").exists()
    # The newest keys go first; those of then come out of the backup and join them.
    (tmp_path / "new").rename(tmp_path / "thrown away")
    (tmp_path / "new" / "keys").mkdir(parents=True, mode=0o700)
    for key in (tmp_path / "data" / "keys").iterdir():
        (tmp_path / "new" / "keys" / key.name).write_bytes(key.read_bytes())
        (tmp_path / "new" / "keys" / key.name).chmod(0o600)
    await backup_restore.restore(asked(it, tmp_path), LATER)
    async with books_in(tmp_path / "new") as again:
        one, two = await known(with_keys_of(again, tmp_path / "new"), 1, 2)
        assert (one, two is None) == (None, False)
        await again.released()
        assert [each.delivery.to for each in await again.send()] == [somebody(2)]


async def test_what_was_on_its_way_waits_for_a_person_and_that_is_noted(books: Books, tmp_path: Path) -> None:
    await books.subscribe(*range(5))
    half = await books.released()
    await books.settle(await books.take())
    planned = await books.released(starts_at=NOON + 2 * HOUR)
    it = await backed_up(tmp_path)
    done = await backup_restore.restore(asked(it, tmp_path), LATER)
    assert set(done.paused) == {half.identifier, planned.identifier}
    async with books_in(tmp_path / "new") as again:
        with_keys_of(again, tmp_path / "new").now = NOON + 3 * HOUR
        await again.tick()
        assert await again.send() == []
        assert {await again.stage(half), await again.stage(planned)} == {Stage.PAUSED}
        noted = await Audit(again.database).newest(20)
        assert {line.subject for line in noted if line.act == "pause"} == set(done.paused)
        assert await Audit(again.database).verify(done.manifest.anchor) == ()
        await again.advisories.resume(half.number, "ann", again.now)
        assert len(await again.send()) == 4


async def test_a_living_store_is_never_replaced(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1)
    it = await backed_up(tmp_path)
    await books.subscribe(2)
    with pytest.raises(NotEmpty, match="Stop the bot, move"):
        await backup_restore.restore(replace(asked(it, tmp_path), data=tmp_path / "data"), LATER)
    assert None not in await known(books, 1, 2)


async def test_a_backup_that_was_changed_is_not_put_back(books: Books, tmp_path: Path) -> None:
    it = await backed_up(tmp_path)
    with closing(sqlite3.connect(it.path / "bot.sqlite3")) as connection, connection:
        connection.execute("INSERT INTO lane (name, free_at) VALUES ('planted', '')")
    with pytest.raises(BackupBad, match="is not what was backed up"):
        await backup_restore.restore(asked(it, tmp_path), LATER)
    assert not (tmp_path / "new").exists()


async def test_without_its_keys_nothing_is_put_back_and_it_is_said_where_they_are(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1)
    it = await backed_up(tmp_path)
    for passphrase, said in ((None, "sealed in it"), ("some other passphrase", "not the one")):
        with pytest.raises(KeysLacking, match=said):
            await backup_restore.restore(replace(asked(it, tmp_path), passphrase=passphrase), LATER)
    apart = await backup.make(
        Source(tmp_path / "data", in_file(tmp_path / "data" / "bot.sqlite3"), None), tmp_path / "backups", LATER
    )
    with pytest.raises(KeysLacking, match="--keys FOLDER"):
        await backup_restore.restore(asked(apart, tmp_path), LATER)
    Pseudonyms.kept_in(tmp_path / "other")
    Seal.kept_in(tmp_path / "other")
    with pytest.raises(KeysLacking, match="other keys"):
        await backup_restore.restore(
            replace(asked(apart, tmp_path), data=tmp_path / "two", keys=tmp_path / "other" / "keys"), LATER
        )
    assert not (tmp_path / "new" / "bot.sqlite3").exists()
    done = await backup_restore.restore(replace(asked(apart, tmp_path), keys=tmp_path / "data" / "keys"), LATER)
    assert not done.has_knowledge


class PowerGone(Exception):
    """The process was killed."""


async def test_a_restore_that_broke_off_can_be_done_again(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.subscribe(1)
    it = await backed_up(tmp_path)

    def killed(*_: object) -> None:
        raise PowerGone

    with monkeypatch.context() as patch:
        patch.setattr(backup_restore, "_take", killed)
        with pytest.raises(PowerGone):
            await backup_restore.restore(asked(it, tmp_path), LATER)
    assert not (tmp_path / "new" / "bot.sqlite3").exists()
    await backup_restore.restore(asked(it, tmp_path), LATER)
    async with books_in(tmp_path / "new") as again:
        assert None not in await known(with_keys_of(again, tmp_path / "new"), 1)


async def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'bot.sqlite3'}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0006")
    engine.dispose()
    it = await backed_up(tmp_path)
    assert backup_manifest.read(it.path).revision == "0006"
    await backup_restore.restore(asked(it, tmp_path), LATER)
    async with Database(in_file(tmp_path / "new" / "bot.sqlite3")) as database:
        await database.open()
        assert database.is_open


def test_a_line_that_a_power_cut_tore_is_passed_over_and_tears_no_other(tmp_path: Path) -> None:
    path, keyed = tmp_path / "stops.jsonl", Pseudonyms(bytes(32))
    journal = StopJournal(keyed, [path, tmp_path / "other" / "stops.jsonl"])
    name = keyed.of(somebody(1))
    journal.note(name, somebody(1).channel, "*", NOON)
    with path.open("ab") as file:
        file.write(b'{"at": "2026-11-2')
    journal.note(name, somebody(1).channel, "traffic", LATER)
    stop = Stop(NOON, name, "telegram", "*", 1)
    assert list(backup_stops.read([path, tmp_path / "other" / "stops.jsonl", tmp_path / "gone"])) == [
        stop, replace(stop, at=LATER, left="traffic"),
    ]  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_logged_and_the_other_has_the_line(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("no folder")
    journal = StopJournal(Pseudonyms(bytes(32)), [tmp_path / "full" / "stops.jsonl", tmp_path / "stops.jsonl"])
    with capture_logs() as logged:
        journal.note("a" * 26, somebody(1).channel, "*", NOON)
    assert [each["event"] for each in logged] == ["stop not written down"]
    assert len(list(backup_stops.read([tmp_path / "stops.jsonl"]))) == 1


# The rehearsal.


async def test_a_rehearsal_finds_a_sound_backup_sound_and_leaves_nothing_behind(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    await books.released()
    it = await backed_up(tmp_path)
    chosen = Settings(data=tmp_path / "data", backup=tmp_path / "backups", backup_passphrase=PASSPHRASE)  # type: ignore[arg-type]
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    (tmp_path / "data" / "rehearsal-killed" / "keys").mkdir(parents=True)
    os.utime(tmp_path / "data" / "rehearsal-killed", (0, 0))
    tried = await rehearsing.rehearse(chosen, it, LATER, lambda _: None)
    assert tried.faults == ()
    assert backup.last_rehearsal(tmp_path / "backups") == tried
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before
    assert await books.send() != []  # the store itself goes on as it was


@pytest.mark.parametrize(("harm", "said"), [
    ("DELETE FROM delivery WHERE id = 1", "1 deliveries for an audience of 2"),
    ("UPDATE audit SET who = 'nobody' WHERE number = 1", "the audit log, line 1: altered"),
    ("UPDATE subscription SET address = 'x' WHERE id = 1", "1 address(es) cannot be opened with the keys"),
])  # fmt: skip
async def test_a_rehearsal_finds_what_is_wrong_with_it(books: Books, tmp_path: Path, harm: str, said: str) -> None:
    await books.subscribe(1, 2)
    await books.released()
    await books.by_hand(harm)
    it = await backed_up(tmp_path)
    tried = await backup_rehearsal.tried(asked(it, tmp_path), LATER)
    assert any(said in fault for fault in tried.faults), tried.faults


async def test_thirty_thousand_subscribers_are_restored_within_minutes(books: Books, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    keys = Pseudonyms.kept_in(tmp_path / "data"), Seal.kept_in(tmp_path / "data")
    crowd = broadcast_books.Books(books.database, *keys, books.subscriptions, books.advisories, books.outbox)
    await broadcast_books.subscribe(crowd, 30_000 if IS_CI else 1_000, NOON)
    await books.released()
    it = await backed_up(tmp_path)
    begun = loop.time()
    tried = await backup_rehearsal.tried(asked(it, tmp_path), LATER)
    assert tried.faults == ()
    assert loop.time() - begun < 300
