"""The real statements on a SQLite in memory, without the thread that aiosqlite asks for each: ten times as quick.

It can be set back to new, and told to fail in the middle of a transaction. What it cannot show is the disk's part.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, StaticPool, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.store.database import Database, in_file
from bot.store.faults import StoreDown

_P = ParamSpec("_P")
_T = TypeVar("_T")


class MemoryDatabase(Database):
    """A database that nobody else has open; one coroutine at a time may use it. `raw` is its connection, for looking.

    `fails_at` is the statement of the next transaction before which the power goes, 0 its first, or its commit when it
    has fewer; None: it stays.
    """

    def __init__(self) -> None:
        super().__init__("sqlite:///in-memory")
        self._empty = empty_database()
        self.raw = sqlite3.connect(":memory:", isolation_level=None)
        self.fails_at: int | None = None
        self._used: AsyncConnection | None = None
        self._memory = create_async_engine(
            "sqlite+aiosqlite://", poolclass=StaticPool, async_creator=self._connected, hide_parameters=True
        )

        @event.listens_for(self._memory.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def begin_anew(self, chance: Random, rows: sqlite3.Connection | None = None) -> None:
        """Hold these rows, or none; what SQLite takes for random comes from `chance`: a failure can be repeated."""
        (rows or self._empty).backup(self.raw)
        self.raw.execute("PRAGMA foreign_keys = ON")
        self.raw.create_function("random", 0, lambda: chance.getrandbits(64) - 2**63)
        self.fails_at = None

    def copy(self) -> sqlite3.Connection:
        """What is committed by now."""
        copied = sqlite3.connect(":memory:", isolation_level=None)
        self.raw.backup(copied)
        return copied

    def lose_power(self) -> None:
        """Go on with what was committed, and with nothing else."""
        with closing(self.copy()) as kept:
            kept.backup(self.raw)

    async def run(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        connection = self._used = self._used or await self._memory.connect()
        try:
            async with connection.begin():
                return await function(connection, *args, **kwargs)
        finally:
            self.raw.rollback()  # what a failed commit leaves open

    run_long = run

    async def _connected(self) -> Any:
        return _Connection(self)

    def spend(self, *, is_last: bool = False) -> None:
        """One more statement is about to run."""
        if self.fails_at is not None:
            self.fails_at -= 1
            if is_last or self.fails_at < 0:
                self.fails_at = None
                raise StoreDown("the power went")


class _Connection:
    """What SQLAlchemy needs of a connection of aiosqlite's."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._connection = database.raw

    def cursor(self) -> "_Cursor":
        return _Cursor(self._database)

    async def create_function(self, *args: Any, **more: Any) -> None:
        self._connection.create_function(*args, **more)

    async def commit(self) -> None:
        self._database.spend(is_last=True)
        self._connection.commit()

    async def rollback(self) -> None:
        self._connection.rollback()

    async def close(self) -> None:
        """It is the database's."""


class _Cursor:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._cursor = database.raw.cursor()

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        if not statement.startswith("BEGIN"):
            self._database.spend()
        self._cursor.execute(statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._database.spend()
        self._cursor.executemany(statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


def done(promised: Coroutine[Any, Any, _T]) -> _T:
    """What a coroutine over a `MemoryDatabase` returns: it never has to wait, so it needs no event loop."""
    try:
        promised.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("it waits for something")


@cache
def empty_database() -> sqlite3.Connection:
    """The real tables, made by the real migrations; asked once a process."""

    async def made(path: Path) -> None:
        async with Database(in_file(path)) as database:
            await database.open()

    empty = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bot.sqlite3"
        asyncio.run(made(path))
        with closing(sqlite3.connect(path)) as file:
            file.backup(empty)
    return empty
