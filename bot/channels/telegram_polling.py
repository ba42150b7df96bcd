"""Long polling that loses nothing: an update is confirmed to Telegram only when its turn is over.

Turns begin in the order Telegram brings the messages and run side by side; who writes twice is answered in order by
the reception's own lock. A line of our own would let an emergency wait behind a reply that is stuck.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from bot.channels.telegram_updates import number

log = structlog.get_logger()

T = TypeVar("T")

MOST_UPDATES = 100  # what getUpdates returns at once, by Telegram's documentation
LONGEST_WISH = timedelta(minutes=5)  # a reply that Telegram delays for longer is tried before


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is waited, and for what."""

    hold: timedelta = timedelta(seconds=30)  # Telegram keeps an idle getUpdates open
    answer: timedelta = timedelta(seconds=10)  # any other call, and what a held one takes on top
    look_again: timedelta = timedelta(milliseconds=500)  # for newcomers while a turn is still open
    # Between the tries of one message. Together longer than the inbox's lease of two minutes: a turn that was cut off
    # by a crash is made again after all.
    tries: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 25, 125))
    first: timedelta = timedelta(seconds=1)  # after a failed call; doubled for each further one
    longest: timedelta = timedelta(minutes=1)
    conflict: timedelta = timedelta(seconds=15)  # another program polls with our token
    refused: timedelta = timedelta(minutes=1)  # only a person can mend it
    second_try: timedelta = timedelta(milliseconds=500)  # for a reply, inside its turn
    patience: timedelta = timedelta(seconds=3)  # the longest wait Telegram may ask for inside a turn


class Polling:
    """The updates that Telegram still holds for us.

    `fetch(offset, hold, stopping)` brings updates from the offset on, None when there is no sense in it.
    `attempt(update)` makes a turn: None when it is settled, else how long Telegram wants the next try to wait.
    """

    def __init__(
        self,
        fetch: Callable[[int, timedelta, asyncio.Event], Awaitable[Sequence[object] | None]],
        attempt: Callable[[object], Awaitable[timedelta | None]],
        pace: Pace,
    ) -> None:
        self._fetch = fetch
        self._attempt = attempt
        self._pace = pace
        self._next = 0  # above the newest update seen
        self._open: set[int] = set()
        self._settled = asyncio.Event()
        self.given_up = 0

    @property
    def offset(self) -> int:
        """The oldest update still wanted: Telegram forgets those before it."""
        return min(self._open, default=self._next)

    async def run(self, stopping: asyncio.Event) -> None:
        """Fetch and answer until stopping; turns that have begun are finished, retries are left for the next start."""
        async with asyncio.TaskGroup() as turns:
            while not stopping.is_set():
                updates = await self._fetch(self.offset, timedelta() if self._open else self._pace.hold, stopping)
                if updates is None:
                    continue
                fresh = self._fresh(updates)
                for count, update in fresh:
                    turns.create_task(self._see_through(count, update, stopping))
                if self._open:
                    await self._settling()
                elif updates and not fresh:
                    await pause(stopping, self._pace.first)

    def _fresh(self, updates: Sequence[object]) -> list[tuple[int, object]]:
        counted = [(count, update) for update in updates if (count := number(update)) is not None]
        fresh = [(count, update) for count, update in counted if count >= self._next]
        self._open.update(count for count, _ in fresh)
        self._next = max((count + 1 for count, _ in fresh), default=self._next)
        if not updates and not self._open:
            # All is confirmed. After a quiet week Telegram counts on from a random number, which may be lower.
            self._next = 0
        if self._open and not fresh and len(updates) >= MOST_UPDATES:
            # A stuck turn must not shut others out, one of whom may be in danger. It goes on, but only in memory.
            log.warning("telegram overtaken", open=len(self._open))
            self._open.clear()
        return fresh

    async def _settling(self) -> None:
        self._settled.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.look_again.total_seconds()):
                await self._settled.wait()

    async def _see_through(self, count: int, update: object, stopping: asyncio.Event) -> None:
        for wait in self._pace.tries:
            least = await self._attempt(update)
            if least is None:
                break
            await pause(stopping, max(wait, min(least, LONGEST_WISH)))
            if stopping.is_set():
                return
        else:
            if await self._attempt(update) is not None:
                self.given_up += 1
                log.error("telegram given up", update=count, tries=len(self._pace.tries) + 1)
        self._open.discard(count)
        self._settled.set()


async def pause(stopping: asyncio.Event, time: timedelta) -> None:
    """Wait that long, or until stopping."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(time.total_seconds()):
            await stopping.wait()


async def unless(stopping: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of the work, or None when stopping came first: the work is then cancelled, so it may be no send."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
