"""What takes a look at the store or the disk to know, looked up every few seconds: whoever asks after our health waits
for neither, and cannot keep them busy by asking."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.store.backup import Rehearsed
from bot.store.faults import StoreDown
from bot.store.unsent import Unsent

log = structlog.get_logger()

_EVERY = timedelta(seconds=5)


class Vitals:
    """The state of what is behind the bot at the last look. `unsent` None: the store did not say.

    `backup_at` is when the newest backup was made, `rehearsed` how the restore last tried went; None: there is none.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        ask_unsent: Callable[[], Awaitable[Unsent]],
        ask_backup: Callable[[], datetime | None],
        revision: Callable[[], str | None],
        ask_rehearsed: Callable[[], Rehearsed | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._ask_unsent, self._ask_backup, self._revision = ask_unsent, ask_backup, revision
        self._ask_rehearsed = ask_rehearsed
        self._seen: tuple[str | None, datetime] = (None, clock())
        self.unsent: Unsent | None = None
        self.backup_at: datetime | None = None
        self.rehearsed: Rehearsed | None = None

    @property
    def is_store_ok(self) -> bool:
        """Whether the store answered at the last look."""
        return self.unsent is not None

    @property
    def backup_age(self) -> float | None:
        """Seconds since the newest backup."""
        return self._age(self.backup_at)

    @property
    def rehearsal_age(self) -> float | None:
        """Seconds since a restore was last tried."""
        return self._age(self.rehearsed.at if self.rehearsed else None)

    @property
    def unsent_age(self) -> float | None:
        """Seconds since the oldest advisory began that has not reached everybody; None when all have."""
        return self._age(self.unsent.since if self.unsent else None)

    @property
    def knowledge_age(self) -> float | None:
        """Seconds since the knowledge in use went live, to the look; None while there is none."""
        revision, since = self._seen
        return self._age(since) if revision is not None else None

    async def run(self, stopping: asyncio.Event) -> None:
        """Look again and again until stopping."""
        while not stopping.is_set():
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY.total_seconds()):
                    await stopping.wait()

    async def look(self) -> None:
        """Look once. What cannot be known is None; it is logged by whoever needs it."""
        if (revision := self._revision()) != self._seen[0]:
            self._seen = revision, self._clock()
        try:
            self.unsent = await self._ask_unsent()
        except StoreDown:
            self.unsent = None
        try:
            seen = await asyncio.to_thread(lambda: (self._ask_backup(), self._ask_rehearsed()))
            self.backup_at, self.rehearsed = seen
        except OSError as e:
            log.warning("backups not read", error=type(e).__name__)
            self.backup_at = self.rehearsed = None

    def _age(self, since: datetime | None) -> float | None:
        return None if since is None else round((self._clock() - since).total_seconds(), 1)
