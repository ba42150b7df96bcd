"""The advisories that hold now, read from the store every few seconds, so that pages and chats need not wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from bot.core.advisory import Advisory, AdvisoryKind
from bot.core.notice import Notice, notices
from bot.store.faults import StoreDown

log = structlog.get_logger()

_EVERY = 2.0  # seconds between two looks


class Books(Protocol):
    """Where the public pages read advisories. Every method may raise `StoreDown`."""

    async def live(self, now: datetime) -> tuple[Advisory, ...]: ...

    async def newest(self, most: int, kind: AdvisoryKind | None = None) -> tuple[Advisory, ...]: ...

    async def find(self, name: int | str) -> Advisory | None: ...

    async def thread(self, number: int) -> tuple[Advisory, ...]: ...


class Board:
    """What was last read. While the store is down it goes on showing that, without what has run out meanwhile."""

    def __init__(self, books: Callable[[], Books | None], clock: Callable[[], datetime]) -> None:
        """`books` returns None while the store is not open."""
        self._books, self._clock = books, clock
        self._live: tuple[Advisory, ...] | None = None

    def notices(self) -> tuple[Notice, ...]:
        """The lines of the banner; nothing too when nobody could look yet."""
        return notices(self._live or (), self._clock())

    async def keep(self, tell: Callable[[Sequence[Notice]], Awaitable[None]], stopping: asyncio.Event) -> None:
        """Look again and again until stopping, and tell the chats what is new."""
        told: tuple[Notice, ...] = ()
        while not stopping.is_set():
            await self.look()
            if self._live is not None and self.notices() != told:
                told = self.notices()
                await tell(told)
            try:
                async with asyncio.timeout(_EVERY):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Read once what holds now."""
        if (books := self._books()) is None:
            return
        try:
            self._live = await books.live(self._clock())
        except StoreDown as e:
            log.warning("advisories not read", reason=str(e))
