"""Counts turns for the figures: in memory first, added to the store every few seconds. No reply ever waits for it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from bot.core.answer import Outcome, Snapshot, Turn, spoken_in
from bot.core.conversation import Conversation
from bot.core.emergency import Verdict
from bot.core.floor import FLOOR_RULES
from bot.core.message import IncomingMessage
from bot.core.tally import FAILED, Tally, ended, hour_of, kind_of
from bot.store.faults import StoreDown
from bot.store.figures import LATEST, Figures

log = structlog.get_logger()

_EVERY = timedelta(seconds=5)  # between two trips to the store; what a crash may lose
_MOST = 20_000  # different counts that wait for the store: a town's whole day of them, 5 MB
_EARLIER = timedelta(hours=1)  # before `LATEST`, so that nothing is on its way when its stretch is settled


class Counting:
    """What happened, waiting to be stored. `figures` is None until the store is open.

    Counts that the store does not take are kept for a day, as many as there is room for. One that it took without
    saying so is added twice: figures may be wrong by five seconds, never silent for an hour.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.figures: Figures | None = None
        self._waiting: dict[Tally, int] = {}
        self._flushing = asyncio.Lock()

    def answered(self, message: IncomingMessage, turn: Turn, snapshot: Snapshot) -> None:
        """Count a turn whose reply has left."""
        self._count(message, turn.language, snapshot, *ended(turn, snapshot.knowledge.rules))

    def redirected(
        self, message: IncomingMessage, verdict: Verdict, snapshot: Snapshot | None, before: Conversation | None
    ) -> None:
        """Count a 911 reply."""
        kind = kind_of(verdict, snapshot.knowledge.rules if snapshot else FLOOR_RULES)
        spoken = spoken_in(message, snapshot, before or Conversation()) if snapshot else ""
        self._count(message, spoken, snapshot, (Outcome.EMERGENCY.value, kind))

    def failed(self, message: IncomingMessage, snapshot: Snapshot | None) -> None:
        """Count a message for which no turn could be decided."""
        self._count(message, "", snapshot, (FAILED, ""))

    async def run(self, stopping: asyncio.Event) -> None:
        """Add to the store what has come together, again and again until stopping."""
        while not stopping.is_set():
            try:
                async with asyncio.timeout(_EVERY.total_seconds()):
                    await stopping.wait()
            except TimeoutError:
                await self.flush()

    async def flush(self) -> None:
        """Add everything to the store now; after the last turn once more, or its count is lost."""
        async with self._flushing:
            if self.figures is None or not self._waiting:
                return
            oldest = self._clock() - LATEST + _EARLIER
            going = {tally: count for tally, count in self._waiting.items() if tally.hour >= oldest}
            self._waiting = {}
            try:
                await self.figures.add(going)
            except StoreDown as e:
                log.warning("figures not stored", reason=str(e))
                for tally, count in going.items():
                    self._add(tally, count)

    def _count(
        self, message: IncomingMessage, language: str, snapshot: Snapshot | None, *ends: tuple[str, str]
    ) -> None:
        zone = snapshot.knowledge.department.time_zone if snapshot else UTC
        hour = hour_of(self._clock(), zone)
        for outcome, subject in ends:
            self._add(Tally(hour, message.sender.channel, language, outcome, subject), 1)

    def _add(self, tally: Tally, count: int) -> None:
        if tally in self._waiting or len(self._waiting) < _MOST:
            self._waiting[tally] = self._waiting.get(tally, 0) + count
