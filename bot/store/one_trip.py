"""SQLite in its thread, where each statement goes there and back once.

aiosqlite goes four times - for a cursor, to run it, for its rows, to close it - and the way is longer than the work:
a claim of the ledger took 9 ms, and takes half of that. What needs nothing but the database may go there whole.
"""

import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

_T = TypeVar("_T")

_CHUNK = 64  # rows; aiosqlite's own default, for readers that we do not have


class OneTrip(aiosqlite.Connection):
    """A connection whose cursors bring all their rows with them: nothing here reads a table larger than memory."""

    def cursor(self) -> "Statement":  # type: ignore[override]
        return Statement(self)

    async def done(self, sql: str, parameters: Sequence[Any]) -> tuple[sqlite3.Cursor, list[Any]]:
        """Run the statement and return its cursor, read to the end, and what it read."""
        ran: tuple[sqlite3.Cursor, list[Any]] = await self._there(partial(_done, self._conn, sql, parameters))
        return ran

    async def done_often(self, sql: str, rows: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        """Run the statement for each of the rows."""
        ran: sqlite3.Cursor = await self._there(partial(self._conn.executemany, sql, rows))
        return ran

    async def commit(self) -> None:
        await self._there(self._conn.commit)

    async def rollback(self) -> None:
        await self._there(self._conn.rollback)

    async def whole(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run all of it in SQLite's thread, its statements on the spot. It may wait for this connection only.

        In a surge each way there and back takes as long as the loop and the encoder let it wait for the interpreter.
        """
        return await self._there(lambda: _ran(work()))

    async def _there(self, work: Callable[[], Any]) -> Any:
        if threading.current_thread() is self._thread:
            return work()
        return await self._execute(work)  # type: ignore[no-untyped-call]


class Statement:
    """What SQLAlchemy asks of a cursor, which exists only once it has run."""

    def __init__(self, connection: OneTrip) -> None:
        self._connection = connection
        self._ran: sqlite3.Cursor | None = None
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        self._ran, self._rows = await self._connection.done(sql, parameters)
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        self._ran = await self._connection.done_often(sql, rows)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing: SQLite has let go of it with its last row, and what it came to is still asked for."""

    @property
    def description(self) -> Any:
        return None if self._ran is None else self._ran.description

    @property
    def rowcount(self) -> int:
        return -1 if self._ran is None else self._ran.rowcount

    @property
    def lastrowid(self) -> int | None:
        return None if self._ran is None else self._ran.lastrowid


def _ran(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise RuntimeError("what runs in the thread of SQLite waits for something else")


class Whole(Generic[_T]):
    """A transaction that goes to SQLite's thread from its beginning to its end, where it goes there at all.

    Each way there and back costs rounds of the loop, and in a surge each round is somebody's decision.
    """

    def __init__(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, _T]]) -> None:
        self._work = work

    def __call__(self, connection: AsyncConnection) -> Coroutine[Any, Any, _T]:
        return self._work(connection)

    async def ran(self, connection: AsyncConnection) -> _T:
        """Begin it, run it and commit it."""
        driver = (await connection.get_raw_connection()).driver_connection
        if not isinstance(driver, OneTrip):
            return await self._begun(connection)
        found: _T = await driver.whole(partial(self._begun, connection))
        return found

    async def _begun(self, connection: AsyncConnection) -> _T:
        async with connection.begin():
            return await self._work(connection)


async def connected(path: Path, wait: float) -> OneTrip:
    """A connection to the file; `wait` is seconds for another process that writes."""
    connection = OneTrip(partial(sqlite3.connect, path, timeout=wait, check_same_thread=False), _CHUNK)
    connection._thread.daemon = True  # as SQLAlchemy has it: a disk that hangs does not keep the process from ending
    await connection
    return connection


def _done(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.execute(sql, parameters)
    return cursor, [] if cursor.description is None else cursor.fetchall()
