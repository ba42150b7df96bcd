"""Many small transactions in one: in a surge each message's claim would wait for a sync of the disk of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database

_P = ParamSpec("_P")
_T = TypeVar("_T")
_MOST = 64  # in one transaction: the store gives that about a second, and they take a twentieth of it

_Work = tuple[Callable[[AsyncConnection], Awaitable[Any]], "asyncio.Future[Any]"]


class Grouped:
    """Runs functions as `Database.run` does, those that come while one transaction is under way together in the next.

    Each is stored when its own `run` returns. One that fails is run again by itself, and so are its neighbours: none
    may do anything but work on its connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Work] = []
        self._running: asyncio.Task[None] | None = None

    async def run(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `Database.run`. Raises `StoreDown` as it does."""
        if not self._database.is_file:  # a server groups the commits of its connections by itself
            return await self._database.run(function, *args, **kwargs)

        async def work(connection: AsyncConnection) -> _T:
            return await function(connection, *args, **kwargs)

        ended: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, ended))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="store together")
        return await ended

    async def _run(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                if wanted := [each for each in some if not each[1].done()]:  # nobody waits for a cancelled one
                    await self._together(wanted)
        finally:
            self._running = None

    async def _together(self, works: list[_Work]) -> None:
        try:
            results = await self._database.run_whole(_all, [work for work, _ in works])
        except Exception as e:  # noqa: BLE001 - told to whoever asked
            if len(works) > 1:  # one is at fault, or the store is down and says so at once
                for each in works:
                    await self._together([each])
            elif not works[0][1].done():
                works[0][1].set_exception(e)
        else:
            for (_, ended), result in zip(works, results, strict=True):
                if not ended.done():
                    ended.set_result(result)


async def _all(connection: AsyncConnection, works: list[Callable[[AsyncConnection], Awaitable[Any]]]) -> list[Any]:
    return [await work(connection) for work in works]
