"""Limits on floods that hold for all replicas together, though each turn asks its own replica only.

Every second each tells the others, through the store, what was taken by whoever asks much, and hears what they have
told. So somebody may get twice as far within that second, and no further; an emergency passes as before, and while the
store is away each replica counts for itself.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from bot.core.allowance import Allowance
from bot.core.message import Address
from bot.service.shedding import Shedding
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.floods import Floods
from bot.store.marks import Marks

_EVERY = timedelta(seconds=1)
_MOST = 200  # of each kind in one transaction: some ten milliseconds

Taken = tuple[str, Allowance, Hashable, float]


class SharedLimits:
    """Tells and hears. `opened` is the store, None while it is not open; `ticks` the clock of `Shedding`."""

    def __init__(
        self,
        shedding: Shedding,
        marks: Marks,
        opened: Callable[[], Database | None],
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shedding, self._marks, self._opened = shedding, marks, opened
        self._clock, self._ticks = clock, ticks

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell and hear every second until stopping."""
        while not stopping.is_set():
            with suppress(StoreDown):  # whoever needs it says so
                await self.exchange()
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY.total_seconds()):
                    await stopping.wait()

    async def exchange(self) -> None:
        """Tell and hear once; nothing where there are no other replicas."""
        database = self._opened()
        if database is None or not database.is_shared:
            return
        taken = list(self._taken(self._ticks()))
        if not taken:
            return
        times = {mark: timedelta(seconds=used * allowance.every) for mark, allowance, _, used in taken}
        left = await Floods(database).tell(times, self._clock())
        at = self._ticks()
        for mark, allowance, who, used in taken:
            allowance.hear(who, left[mark].total_seconds() / allowance.every, used, at)

    def _taken(self, at: float) -> Iterator[Taken]:
        for kind, allowance in self._shedding.allowances.items():
            for who, used in allowance.untold(at, _MOST).items():
                told = (who.channel.value, who.id) if isinstance(who, Address) else (str(who),)
                yield self._marks.of("asks much", kind, *told), allowance, who, used
