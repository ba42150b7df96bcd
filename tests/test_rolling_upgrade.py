"""Replicas are replaced one after the other: for a while the old program works on the new tables."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Table,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store import engines, migrations, private
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.faults import StoreFromFuture
from bot.store.inbox import Claim, Inbox
from bot.store.schema import Day, Moment, metadata
from tests.builders import NOW, SOMEBODY
from tests.ledger import KEYED, by_hand
from tests.postgres_server import PostgresServer
from tests.sizes import some
from tests.test_store import CHAT, MESSAGE

STEPS = tuple(pairwise(migrations.revisions()))
# What the tables' rules ask for, where not any text will do.
WORDS = {"kind": "live", "level": "alert", "type": "alert", "stage": "draft", "act": "opened"}
STATES = {"subscription": "active", "delivery": "due", "question_group": "open"}
LENGTHS = {"staff_session.digest": 64, "audit.digest": 64}
PSEUDONYMS = ("person", "message", "digest", "who")
REFERENCES = ("account", "advisory", "subscription", "thread", "group", "number", "id")


def value(column: Column[Any], number: int) -> Any:
    """Something that the column takes, another one for each number."""
    table = column.table.name
    if isinstance(column.type, Moment):
        return NOW + timedelta(minutes=number)
    if isinstance(column.type, Day | Date):
        return date(2026, 11, number)
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, LargeBinary):
        return bytes([number])
    if column.name == "state":
        return STATES[table]
    if table == "subscription" and column.name == "level":
        return "every"
    if column.name in WORDS:
        return WORDS[column.name]
    if (column.name in PSEUDONYMS and table != "audit") or f"{table}.{column.name}" in LENGTHS:
        return f"{number:0{LENGTHS.get(f'{table}.{column.name}', 26)}}"
    return f"{column.name} {number}" if table not in ("account", "staff_session") else f"name {number}"


def row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    """A row with everything that the program of those tables knew; what may be missing is not written."""
    known = [each["name"] for each in inspect(connection).get_columns(table.name)]
    written = [table.c[name] for name in known if not table.c[name].nullable or name == "address"]
    return {column.name: value(column, number) for column in written}


def fill(connection: Connection, number: int) -> dict[str, dict[str, Any]]:
    """A row in each of the tables there are, and what it holds."""
    there = set(inspect(connection).get_table_names())
    rows = {table.name: row(connection, table, number) for table in metadata.sorted_tables if table.name in there}
    for name, values in rows.items():
        connection.execute(insert(metadata.tables[name]).values(values))
    return rows


def kept(connection: Connection, rows: dict[str, dict[str, Any]], number: int) -> dict[str, dict[str, Any]]:
    """The same rows, read again by the columns that they were written with."""
    found = {}
    for name, values in rows.items():
        columns = [metadata.tables[name].c[each] for each in values]
        (key, *_) = metadata.tables[name].primary_key
        (read,) = connection.execute(select(*columns).where(key == values[key.name])).mappings()
        found[name] = dict(read)
    return found


@asynccontextmanager
async def opened(where: URL) -> AsyncIterator[AsyncEngine]:
    if where.get_backend_name() == "sqlite":
        private.create(Path(where.database or ""), b"")
    engine = engines.engine(where, timedelta(seconds=5), timedelta(seconds=5), is_migrating=True)
    try:
        yield engine
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Where nothing has ever been."""
    if request.param == "sqlite":
        return in_file(tmp_path / "bot.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh(is_made=False)


@pytest.mark.parametrize("step", some(STEPS, len(STEPS)), ids="-".join)
async def test_a_migration_takes_nothing_away_and_the_program_before_it_goes_on_writing(
    nothing: URL, step: Sequence[str]
) -> None:
    before, after = step
    async with opened(nothing) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(migrations.upgrade, before)
            old = await connection.run_sync(fill, 1)
            another = await connection.run_sync(
                lambda sync: {name: row(sync, metadata.tables[name], 2) for name in old}
            )
        async with engine.begin() as connection:
            await connection.run_sync(migrations.upgrade, after)
            assert await connection.run_sync(kept, old, 1) == old
            for name, values in another.items():  # as the program before it writes, which knows no newer column
                await connection.execute(insert(metadata.tables[name]).values(values))
                (key, *_) = metadata.tables[name].primary_key
                changed = update(metadata.tables[name]).where(key == old[name][key.name])
                await connection.execute(changed.values({key.name: old[name][key.name]}))
            assert await connection.run_sync(kept, another, 2) == another


async def test_every_migration_after_the_other_ends_at_what_the_schema_says_with_the_data_in_it(nothing: URL) -> None:
    async with opened(nothing) as engine:
        written = []
        for number, revision in enumerate(migrations.revisions(), 1):
            async with engine.begin() as connection:
                await connection.run_sync(migrations.upgrade, revision)
                written.append(await connection.run_sync(fill, number))
        async with engine.connect() as connection:
            for number, rows in enumerate(written, 1):
                assert await connection.run_sync(kept, rows, number) == rows
            differs = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
            )
        assert differs == []


LATER = ("ALTER TABLE inbox ADD COLUMN later TEXT", "ALTER TABLE conversation ADD COLUMN later INTEGER DEFAULT 7",
         "CREATE TABLE later (name TEXT)", "UPDATE alembic_version SET version_num = '9999'")  # fmt: skip


async def test_a_replica_at_work_goes_on_on_newer_tables_and_one_that_starts_leaves_them_alone(nothing: URL) -> None:
    async with Database(nothing) as database, Database(nothing) as late:
        await database.open()
        messages, chats = Inbox(database, KEYED), Conversations(database, KEYED)
        await messages.claim(MESSAGE, NOW)
        await chats.save(SOMEBODY, CHAT, NOW)
        for statement in LATER:
            await by_hand(database, statement)
        await messages.done(MESSAGE, NOW)
        await chats.save(SOMEBODY, CHAT, NOW)
        assert (await messages.claim(MESSAGE, NOW), await chats.load(SOMEBODY)) == (Claim.DONE, CHAT)
        with pytest.raises(StoreFromFuture, match=r"9999.*backup"):
            await late.open()
