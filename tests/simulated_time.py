"""An event loop whose clock jumps to the next timer instead of waiting: hours of sending in seconds, exactly.

`simulated(main)` runs a coroutine function on it. While a thread is at work for the loop (the database), time stands
still: put that work `with standing_still():`.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database

START = datetime(2026, 11, 23, 15, tzinfo=UTC)  # ten in the morning in Danbury, on a Monday
_LONGEST_WORK = 10.0  # real seconds

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Jumping(selectors.DefaultSelector):
    """Looks at once; when there is nothing to do before the next timer, it is that time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.still = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.still:
            return super().select(timeout and 1.0)
        if timeout is None:  # no timer: only a thread can still bring something
            found = super().select(_LONGEST_WORK)
            assert found, "nothing will ever happen"
            return found
        found = super().select(0)
        self.now += 0.0 if found else max(timeout, 0.0)
        return found


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The loop of `simulated`."""

    def __init__(self) -> None:
        self.selector = _Jumping()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def now() -> datetime:
    """The simulated time of day."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


def simulated(main: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())


@contextmanager
def standing_still() -> Iterator[None]:
    """Real work is under way in a thread; no timer runs out meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    loop.selector.still += 1
    try:
        yield
    finally:
        loop.selector.still -= 1


class StillDatabase(Database):
    """A database that takes no simulated time."""

    async def open(self) -> None:
        with standing_still():
            await super().open()

    async def run(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        with standing_still():
            return await super().run(function, *args, **kwargs)

    async def run_long(
        self,
        function: Callable[Concatenate[AsyncConnection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        with standing_still():
            return await super().run_long(function, *args, **kwargs)

    async def __aexit__(self, *end: Any) -> None:
        with standing_still():
            await super().__aexit__(*end)
