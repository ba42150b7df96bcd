"""One function is one transaction; a database that cannot do it says so at once, and quotes nothing."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.conversation import Conversation
from bot.core.message import Choice, IncomingMessage
from bot.store import database as database_module
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from bot.store.inbox import Claim, Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from bot.store.schema import conversation, inbox
from tests.builders import NOW, SOMEBODY

KEYED = Pseudonyms(bytes(range(32)))
MESSAGE = IncomingMessage("update 7", SOMEBODY, "my secret question", NOW)
CHAT = Conversation("es", "pt", (Choice("¿Una copia?", "report-copy"), Choice("2 – 3", "2")), NOW, "fees")


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def messages(database: Database) -> Inbox:
    return Inbox(database, KEYED)


@pytest.fixture
def chats(database: Database) -> Conversations:
    return Conversations(database, KEYED)


async def test_a_transaction_is_stored_whole_or_not_at_all(database: Database) -> None:
    async def half(connection: AsyncConnection) -> None:
        await connection.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=NOW))
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        await database.run(half)
    assert (await database.run(lambda connection: connection.execute(select(inbox)))).all() == []


async def test_who_reads_and_then_writes_loses_nobodys_update(tmp_path: Path) -> None:
    async def add_a_day(connection: AsyncConnection) -> None:
        found = (await connection.execute(select(inbox.c.claimed_at))).scalar_one()
        await connection.execute(update(inbox).values(claimed_at=found + timedelta(days=1)))

    file = in_file(tmp_path / "bot.sqlite3")
    async with Database(file) as one, Database(file) as other:
        await asyncio.gather(one.open(), other.open())
        await one.run(lambda c: c.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=NOW)))
        await asyncio.gather(*(database.run(add_a_day) for database in (one, other) * 6))
        kept = (await one.run(lambda c: c.execute(select(inbox.c.claimed_at)))).scalar_one()
    assert kept == NOW + timedelta(days=12)


async def test_a_time_without_a_zone_is_the_callers_mistake_and_not_the_stores(messages: Inbox) -> None:
    with pytest.raises(ValueError, match="zone"):
        await messages.claim(MESSAGE, NOW.replace(tzinfo=None))
    assert await messages.claim(MESSAGE, NOW) is Claim.NEW


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))

    async def there_and_back(connection: AsyncConnection) -> Any:
        await connection.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=elsewhere))
        return (await connection.execute(select(inbox.c.claimed_at))).scalar_one()

    back = await database.run(there_and_back)
    assert (back, back.tzinfo) == (NOW, UTC)


@pytest.mark.sqlite
async def test_what_was_confirmed_survives_a_power_cut_and_readers_do_not_stop_a_writer(database: Database) -> None:
    async def asked(connection: AsyncConnection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in names]

    assert await database.run(asked) == ["wal", 2, 1]  # 2: FULL


async def test_only_the_owner_may_read_the_database(tmp_path: Path) -> None:
    path = tmp_path / "data" / "bot.sqlite3"
    for made_before in (False, True):
        if made_before:
            path.chmod(0o644)
        async with Database(in_file(path)) as database:
            await database.open()
            await Inbox(database, KEYED).claim(MESSAGE, NOW)
            assert {found.stat().st_mode & 0o777 for found in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["a b?c=d#e.sqlite3", "100%.sqlite3", "año/ñandú.sqlite3"])
async def test_any_path_can_hold_the_database(tmp_path: Path, name: str) -> None:
    async with Database(in_file(tmp_path / name)) as database:
        await database.open()
        assert (tmp_path / name).is_file()


async def test_opening_twice_is_opening_once_and_closing_ends_it(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await asyncio.gather(database.open(), database.open())
        assert database.is_open
    with pytest.raises(StoreDown, match="not open"):
        await Inbox(database, KEYED).claim(MESSAGE, NOW)


def blocked_by_a_file(folder: Path) -> Path:
    (folder / "data").write_text("a file where the folder should be")
    return folder / "data" / "bot.sqlite3"


def a_folder(folder: Path) -> Path:
    (folder / "bot.sqlite3").mkdir()
    return folder / "bot.sqlite3"


def no_database(folder: Path) -> Path:
    (folder / "bot.sqlite3").write_text("this is a letter to the clerk, not a database " * 50)
    return folder / "bot.sqlite3"


@pytest.mark.parametrize("broken", [blocked_by_a_file, a_folder, no_database])
async def test_a_place_that_cannot_hold_the_database_is_said_and_can_be_mended_while_running(
    tmp_path: Path, broken: Any
) -> None:
    path = broken(tmp_path)
    async with Database(in_file(path)) as database:
        with pytest.raises(StoreDown, match=r"bot\.sqlite3: "):
            await database.open()
        with pytest.raises(StoreDown):
            await Inbox(database, KEYED).claim(MESSAGE, NOW)
        in_the_way = path if path.exists() else path.parent
        in_the_way.rename(tmp_path / "put aside")
        await database.open()
        assert await Inbox(database, KEYED).claim(MESSAGE, NOW) is Claim.NEW


async def test_a_folder_that_may_not_be_written_is_said() -> None:
    async with Database(in_file(Path("/proc/bot.sqlite3"))) as database:  # there not even root may
        with pytest.raises(StoreDown):
            await database.open()


@pytest.mark.parametrize("url", ["rubbish", "sqlite://", "sqlite:///:memory:", "mysql://me:secret@host/bot", ""])
async def test_an_address_that_names_no_database_is_refused_without_its_password(url: str) -> None:
    async with Database(url) as database:
        with pytest.raises(StoreDown) as refused:
            await database.open()
    assert "secret" not in str(refused.value)


@pytest.mark.sqlite
@pytest.mark.parametrize(("pragma", "why"), [
    ("PRAGMA query_only = 1", "SQLITE_READONLY"),
    ("PRAGMA max_page_count = 1", "SQLITE_FULL"),
])  # fmt: skip
async def test_a_disk_that_takes_no_more_is_said_and_nothing_of_what_was_stored(
    database: Database, pragma: str, why: str
) -> None:
    await database.run(lambda connection: connection.exec_driver_sql(pragma))

    async def fill(journal: Journal) -> None:
        for at in range(200):
            await journal.note_unanswered(f"may I keep bees? {at} {'x' * 400}", "en", (), NOW)

    with pytest.raises(StoreDown, match=why) as down:
        await fill(Journal(database))
    assert ("bees" in str(down.value), down.value.__suppress_context__) == (False, True)


async def test_a_row_that_breaks_a_rule_is_not_quoted(database: Database) -> None:
    with pytest.raises(StoreDown, match=r"SQLITE_CONSTRAINT|CheckViolation") as down:
        await database.run(
            lambda connection: connection.execute(
                insert(conversation).values(person="5550100", offered="private", saved_at=NOW)
            )
        )
    assert [word in str(down.value) for word in ("5550100", "private")] == [False, False]


HOLDS_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is writing for as long as the block lasts."""
    command = [sys.executable, "-c", HOLDS_LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("\n")


@pytest.mark.sqlite
async def test_a_database_locked_by_another_process_costs_a_turn_about_a_second_and_no_more(
    tmp_path: Path, messages: Inbox, chats: Conversations
) -> None:
    await chats.save(SOMEBODY, CHAT, NOW)
    with locked(tmp_path / "bot.sqlite3"):
        async with asyncio.timeout(2):  # all that a turn asks; left to itself the driver takes five seconds each time
            with pytest.raises(StoreDown):
                await messages.claim(MESSAGE, NOW)
            with pytest.raises(StoreDown):
                await chats.load(SOMEBODY)
            with pytest.raises(StoreDown):
                await chats.save(SOMEBODY, CHAT, NOW)
            with pytest.raises(StoreDown):
                await messages.done(MESSAGE, NOW)
    async with Database(in_file(tmp_path / "bot.sqlite3")) as afterwards:
        await afterwards.open()
        assert await Inbox(afterwards, KEYED).claim(MESSAGE, NOW) is Claim.NEW


@pytest.mark.sqlite
async def test_of_many_turns_none_waits_longer_for_a_locked_database(tmp_path: Path, messages: Inbox) -> None:
    with locked(tmp_path / "bot.sqlite3"):
        async with asyncio.timeout(2.5):
            turns = (messages.claim(replace(MESSAGE, id=str(at)), NOW) for at in range(50))
            results = await asyncio.gather(*turns, return_exceptions=True)
    assert {type(result) for result in results} == {StoreDown}


async def test_a_database_that_hangs_is_not_waited_for_and_what_it_did_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_ANSWER_WAIT", timedelta(milliseconds=200))
    released = asyncio.Event()

    async def hangs(connection: AsyncConnection) -> None:
        await released.wait()
        await connection.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=NOW))

    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        async with asyncio.timeout(3):
            with pytest.raises(StoreDown, match="in time"):
                await database.run(hangs)
        released.set()
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM inbox").fetchall() == [(1,)]


async def test_messages_that_come_at_once_all_find_their_turn(messages: Inbox) -> None:
    claims = await asyncio.gather(*(messages.claim(replace(MESSAGE, id=str(at)), NOW) for at in range(30)))
    assert claims == [Claim.NEW] * 30
