"""A database of any earlier day, or of none, becomes today's; one of a later day is left alone."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.store import migrations
from bot.store.asked_schema import feedback, group_event, question_group, unanswered
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown, StoreFromFuture
from bot.store.schema import REVISION, Day, Moment, metadata
from bot.store.staff_schema import account, audit, tester_code, tester_try


def at(path: Path, revision: str | None) -> None:
    """Leave a database of that revision in the file; None: nothing has ever been in it."""
    engine = create_engine(f"sqlite:///{path}")
    if revision is not None:
        with engine.begin() as connection:
            migrations.upgrade(connection, revision)
    engine.dispose()


def shape(connection: Connection) -> dict[str, Any]:
    """What the comparison of alembic does not look at: rules, strictness and row numbers."""
    looked = inspect(connection)
    kinds = {row[1]: row[4:] for row in connection.exec_driver_sql("PRAGMA table_list")}
    rules = {
        name: sorted((rule["name"] or "", rule["sqltext"]) for rule in looked.get_check_constraints(name))
        for name in metadata.tables
    }
    return {name: (kinds[name], rules[name]) for name in metadata.tables}


@pytest.mark.parametrize("revision", [None, *migrations.revisions()])
async def test_a_database_of_any_earlier_revision_becomes_what_the_schema_says(
    tmp_path: Path, revision: str | None
) -> None:
    path = tmp_path / "bot.sqlite3"
    at(path, revision)
    async with Database(in_file(path)) as database:
        await database.open()
    migrated, made = create_engine(f"sqlite:///{path}"), create_engine(f"sqlite:///{tmp_path / 'made.sqlite3'}")
    metadata.create_all(made)
    try:
        with migrated.connect() as connection, made.connect() as other:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            assert shape(connection) == shape(other)
    finally:
        migrated.dispose()
        made.dispose()


def test_the_schema_names_the_newest_migration() -> None:
    assert migrations.revisions()[-1] == REVISION


def test_the_tables_of_staff_are_migrated_with_the_others() -> None:
    assert {account, audit, tester_code, tester_try} <= set(metadata.sorted_tables)


def test_the_tables_of_curators_are_migrated_with_the_others() -> None:
    assert {unanswered, question_group, group_event, feedback} <= set(metadata.sorted_tables)


def test_every_table_is_strict_on_sqlite_and_can_be_made_on_postgresql(tmp_path: Path) -> None:
    at(tmp_path / "bot.sqlite3", "head")
    with sqlite3.connect(tmp_path / "bot.sqlite3") as connection:
        strict = {row[1]: row[5] for row in connection.execute("PRAGMA table_list") if row[1] in metadata.tables}
    connection.close()
    assert strict == dict.fromkeys(metadata.tables, 1)
    for table in metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        is_dated = any(isinstance(column.type, Moment | Day) for column in table.columns)
        assert is_dated == ("TIMESTAMP WITH TIME ZONE" in made or "DATE NOT NULL" in made)


async def test_a_database_from_the_future_is_refused_with_what_where_and_how_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite3"
    at(path, "head")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    async with Database(in_file(path)) as database:
        with pytest.raises(StoreFromFuture) as refused:
            await database.open()
        assert not database.is_open
        with pytest.raises(StoreDown):
            await database.run(lambda connection: connection.exec_driver_sql("SELECT 1"))
    said = str(refused.value)
    assert ("9999" in said, REVISION in said, str(path) in said, "backup" in said) == (True, True, True, True)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()
    assert path.read_bytes()[100:] == before[100:]  # the header's hundred bytes note the journal mode


async def test_two_that_migrate_at_once_both_find_the_database_ready(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as one, Database(in_file(tmp_path / "bot.sqlite3")) as two:
        await asyncio.gather(one.open(), two.open())
        for database in (one, two):
            found = await database.run(lambda connection: connection.exec_driver_sql("SELECT * FROM alembic_version"))
            assert found.all() == [(REVISION,)]


OPENS = """
import asyncio, sys
from pathlib import Path
from bot.store.database import Database, in_file
async def main():
    async with Database(in_file(Path(sys.argv[1]))) as database:
        await database.open()
asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_two_processes_that_migrate_at_once_both_find_the_database_ready(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENS, str(tmp_path / "data" / "bot.sqlite3")]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [racer.communicate(timeout=60)[0] for racer in racers]
    assert ([racer.returncode for racer in racers], len(said)) == ([0, 0], 2), said


def test_a_second_start_does_not_import_alembic(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENS, str(tmp_path / "bot.sqlite3")]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    assert said == ["True", "False"]


async def test_a_migration_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(connection: Connection) -> None:
        migrations_upgrade(connection)
        connection.exec_driver_sql("CREATE TABLE half (a TEXT)")
        raise OSError(28, "No space left on device")

    migrations_upgrade = migrations.upgrade
    monkeypatch.setattr(migrations, "upgrade", breaks)
    path = tmp_path / "bot.sqlite3"
    path.touch(0o600)  # nothing has ever been in it
    async with Database(in_file(path)) as database:
        with pytest.raises(StoreDown):
            await database.open()
        monkeypatch.undo()
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
        connection.close()
        await database.open()
        assert database.is_open
