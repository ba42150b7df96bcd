"""The books of the promise's state machine on a real PostgreSQL: the same statements, asked by one connection."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeVar
from unittest.mock import patch

from sqlalchemy import NullPool, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.schema import metadata
from tests.postgres_server import PostgresServer
from tests.promise_books import TOPICS, Ledger, PromiseBooks
from tests.promise_model import somebody
from tests.simulated_time import START

_P = ParamSpec("_P")
_T = TypeVar("_T")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")  # how the other books write a time


class ServerDatabase(Database):
    """One connection for everything. `fails_at` as in the database in memory."""

    def __init__(self, server: PostgresServer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server.emptied())
        self.loop = loop
        self.fails_at: int | None = None
        self._server_engine = create_async_engine(server.emptied(), poolclass=NullPool, hide_parameters=True)
        self._used: AsyncConnection | None = None

        @event.listens_for(self._server_engine.sync_engine, "before_cursor_execute")
        def spend(*_: object) -> None:
            if self.fails_at is not None:
                self.fails_at -= 1
                self._fail(when=self.fails_at < 0)

    async def run(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        connection = self._used = self._used or await self._server_engine.connect()
        async with connection.begin():
            result = await function(connection, *args, **kwargs)
            self._fail(when=self.fails_at is not None)
            return result

    run_long = run

    def lose_power(self) -> None:
        """Go on by another connection."""
        self.loop.run_until_complete(self._lost())

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> "Rows":
        """Read past the store, in the words of the books in memory."""
        numbers = iter(range(1, len(parameters) + 1))
        asked = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        values = tuple(_read(value) for value in parameters)

        async def ran(connection: AsyncConnection) -> list[tuple[Any, ...]]:
            found = await connection.exec_driver_sql(asked, values)
            return [tuple(_written(value) for value in row) for row in found] if found.returns_rows else []

        return Rows(self.loop.run_until_complete(self.run(ran)))

    def begin_anew(self, chance: Random) -> None:
        """Hold nothing; what PostgreSQL takes for random comes from `chance`."""
        self.fails_at = None
        for table in reversed(metadata.sorted_tables):
            self.execute(f'DELETE FROM "{table.name}"')
        self.execute("SELECT setval('subscription_id_seq', 1, false), setval('delivery_id_seq', 1, false)")
        self.execute(f"SELECT setseed({chance.random()})")

    def _fail(self, *, when: bool) -> None:
        if when:
            self.fails_at = None
            raise StoreDown("the power went")

    async def _lost(self) -> None:
        if self._used is not None:
            await self._used.close()
            self._used = None


class Rows(list[tuple[Any, ...]]):
    """What was read."""

    def fetchone(self) -> tuple[Any, ...]:
        return self[0]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self)


class ServerBooks(PromiseBooks):
    """The store on a server, and its raw tables."""

    def __init__(self, server: PostgresServer, loop: asyncio.AbstractEventLoop) -> None:
        with patch("tests.promise_books.MemoryDatabase", lambda: ServerDatabase(server, loop)):
            super().__init__()
        self._loop = loop

    @property
    def _raw(self) -> Any:
        return self.database

    def done(self, act: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(act)

    def begin_anew(self, chance: Random, crowd: int) -> None:
        self._raw.begin_anew(chance)
        for number in range(1, crowd + 1):
            self.done(self.subscriptions.subscribe(somebody(number), TOPICS, None, "en", "/subscribe", START))

    def look(self) -> Ledger:
        return self._read()


@contextmanager
def on_postgres(server: PostgresServer) -> Iterator[None]:
    """The state machine's books are on this server for as long as the block lasts."""
    with asyncio.Runner() as runner:
        books = ServerBooks(server, runner.get_loop())
        with patch("tests.promise_town.books", lambda: books):
            yield
        books._raw.lose_power()


def _read(value: object) -> object:
    return datetime.fromisoformat(value) if isinstance(value, str) and _MOMENT.match(value) else value


def _written(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
