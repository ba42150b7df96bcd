"""SQLite by default, PostgreSQL when replicated: opening, migrating, and one function in one transaction."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Table, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.store import engines, private, soundness
from bot.store.faults import StoreDown
from bot.store.one_trip import Whole
from bot.store.schema import REVISION

# A turn asks the store several times; by these a store that is stuck delays its reply by about a second, once.
_LOCK_WAIT = timedelta(milliseconds=400)  # for another process that writes
_TURN_WAIT = timedelta(milliseconds=800)  # for our own turn at a connection
_ANSWER_WAIT = timedelta(milliseconds=900)  # in all: a disk or a network that hangs keeps to no lock's limit
_STAFF_WAIT = timedelta(seconds=10)  # for what staff do to a whole audience: no resident waits for that answer
_REST = timedelta(seconds=1)  # after a wait in vain nobody else waits
_MIGRATING_WAIT = timedelta(seconds=5)  # another process may be migrating; no reply waits for this
_RETRY = timedelta(milliseconds=20)  # while SQLite refuses without waiting
_CLOSING_WAIT = timedelta(seconds=5)  # for what is still being written when the process ends
_MIGRATING = 0x911B07  # the advisory lock under which PostgreSQL's replicas migrate one after the other

_CROSSED = ("40P01", "40001")  # PostgreSQL took back a transaction that stood in another's way
_MOST_CROSSED = 2  # times that it is begun anew before somebody hears of it

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Crossed(StoreDown):
    """Nothing is wrong with the transaction: begun anew, it goes through."""


class Database:
    """The one way to the tables.

    Leaving the `async with` closes it; `open` is asked for apart, because the bot goes on when it fails.
    """

    def __init__(self, url: str | URL) -> None:
        self._url = url
        self._engine: AsyncEngine | None = None
        self._patient: AsyncEngine | None = None  # for `run_long`
        self._opening = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._rests_until = 0.0  # on the loop's clock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        engines, self._engine, self._patient = {self._engine, self._patient}, None, None
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSING_WAIT.total_seconds())
        for engine in engines:
            if engine is not None:
                await engine.dispose()

    @property
    def is_open(self) -> bool:
        return self._engine is not None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite's and no server; False while it is not open."""
        return self._engine is not None and engines.is_file(self._engine.url)

    @property
    def is_shared(self) -> bool:
        """Whether other replicas may work on it: it is a server's, and open."""
        return self._engine is not None and not engines.is_file(self._engine.url)

    async def open(self) -> None:
        """Make or migrate the tables and let `run` work; nothing when it is open already.

        Raises `StoreFromFuture` when a newer program wrote them, `StoreDown` for everything else: try again later.
        Another process that migrates may hold it up for seconds, so replies do not wait for it.
        """
        async with self._opening:
            if self._engine is None:
                url = engines.read(self._url)
                with _told(url):
                    if engines.is_file(url):
                        await asyncio.to_thread(soundness.check, Path(url.database or ""))
                        await asyncio.to_thread(_prepare_file, Path(url.database or ""))
                    await _migrate(url)
                    self._engine = engines.engine(url, _LOCK_WAIT, _TURN_WAIT)
                    self._patient = self._engine
                    if not engines.is_file(url):  # that has one connection for all; a server's would break off early
                        self._patient = engines.engine(url, _STAFF_WAIT, _TURN_WAIT, is_patient=True)

    async def run(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Run one function in one transaction: all it did is stored when this returns, nothing when it raised.

        Raises `StoreDown` within about a second when the database cannot do it, and for a while after that at once.
        """
        clock = asyncio.get_running_loop().time
        if self._engine is None:
            raise StoreDown("the database is not open")
        if clock() < self._rests_until:
            raise StoreDown("the database did not answer a moment ago")
        asked_at = clock()
        try:
            return await self._answered(_transaction(self._engine, function, *args, **kwargs), _ANSWER_WAIT)
        except StoreDown:
            # One lock that somebody holds is no sign that a server is stuck: it locks rows, SQLite the whole file.
            longest = _TURN_WAIT if self.is_shared else _LOCK_WAIT
            if clock() - asked_at >= longest.total_seconds():
                self._rests_until = clock() + _REST.total_seconds()
            raise

    async def run_whole(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Coroutine[Any, Any, _T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `run`, and much sooner in a surge, for what waits for nothing but its connection and runs often."""

        def work(connection: AsyncConnection) -> Coroutine[Any, Any, _T]:
            return function(connection, *args, **kwargs)

        return await self.run(Whole(work))

    async def run_long(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `run`, for the few transactions over a whole audience: staff wait for those, residents never.

        Raises `StoreDown` after ten seconds; that is no sign that the store is down for others.
        """
        if self._patient is None:
            raise StoreDown("the database is not open")
        return await self._answered(_transaction(self._patient, function, *args, **kwargs), _STAFF_WAIT)

    async def _answered(self, transaction: Coroutine[Any, Any, _T], wait: timedelta) -> _T:
        # A task of its own, not a timeout around it: aiosqlite cannot break off, a cancelled statement is waited for.
        # On a server it ends by itself too, but nobody waits for that.
        task = asyncio.create_task(transaction, name="store transaction")
        self._running.add(task)
        task.add_done_callback(self._finished)
        done, _ = await asyncio.wait({task}, timeout=wait.total_seconds())
        if not done:
            if self.is_shared:
                task.cancel()  # stored after all, a claim would be nobody's until its lease ends
            raise StoreDown("the database has not answered in time")
        return task.result()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has seen it, or has long gone on without the store


def in_file(path: Path) -> URL:
    """The SQLite database in that file, whatever characters its path has."""
    return URL.create("sqlite+aiosqlite", database=str(path))


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, which both engines have and SQLAlchemy offers under each one's name."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """As `insert`, for a statement that is made once and run for every message: making it takes longest."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


async def _transaction(
    engine: AsyncEngine,
    function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _T:
    with _told(engine.url):
        for _ in range(_MOST_CROSSED):
            with suppress(_Crossed):
                return await _tried(engine, function, *args, **kwargs)
        return await _tried(engine, function, *args, **kwargs)


async def _tried(
    engine: AsyncEngine,
    function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _T:
    try:
        if isinstance(function, Whole):
            async with engine.connect() as connection:
                found: _T = await function.ran(connection)
                return found
        async with engine.begin() as connection:
            return await function(connection, *args, **kwargs)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _CROSSED:
            raise _Crossed(f"{_where(engine.url)}: {_kind(error.orig or error)}") from None
        raise


async def _migrate(url: URL) -> None:
    engine = engines.engine(url, _MIGRATING_WAIT, _TURN_WAIT, is_migrating=True)
    try:
        async with engine.begin() as connection:
            found = await connection.run_sync(_revision)
        if found == REVISION:
            return
        # In a thread: alembic takes half a second to import, and meanwhile somebody may need 911.
        migrations = await asyncio.to_thread(import_module, "bot.store.migrations")
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            await connection.run_sync(migrations.upgrade)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _prepare_file(path: Path) -> None:
    """Make the file when there is none, for its owner only, with a write-ahead log: readers and a writer go together.

    The log is turned on here and not for each connection: two that do it at once are refused without any wait.
    """
    private.create(path, b"")  # SQLite's companions of the file take over its mode
    private.tighten(path)
    give_up_at = time.monotonic() + _MIGRATING_WAIT.total_seconds()
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                # The low byte is the kind: "busy" while another process restores the log is a kind of busy too.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
            time.sleep(_RETRY.total_seconds())


@contextmanager
def _told(url: URL) -> Iterator[None]:
    """Driver, SQLAlchemy and system failures in this floor's words.

    `from None`: a driver's text may quote the row it stumbled over, and a traceback is printed into a log.
    """
    try:
        yield
    except StatementError as error:
        if not isinstance(error, DBAPIError) and error.orig is not None:
            raise error.orig from None  # a value refused before it reached the database: the caller's mistake
        raise StoreDown(f"{_where(url)}: {_kind(error.orig or error)}") from None
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise StoreDown(f"{_where(url)}: {_kind(error)}") from None


def _where(url: URL) -> str:
    return str(url.database) if engines.is_file(url) else url.render_as_string(hide_password=True)


def _kind(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return f"{error.name} is not installed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
