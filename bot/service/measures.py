"""What happens is counted here, in plain numbers that cost a microsecond: `bot/public/metrics.py` tells them on."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.channel import Announcer, Earlier, Receipt, SendFailed, Sent
from bot.core.emergency import Level
from bot.core.message import Address, ChannelName, Part
from bot.service.shedding import Way

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; the promise is that of a hundred answers 95 take at most a quarter of one, and 99 half of one."""

_LEFT = (Receipt.ANSWERED, Receipt.UNDELIVERABLE, Receipt.NOT_SENT)


@dataclass(slots=True)
class Spread:
    """How often something took how long: `counts` below each of the bounds and, last, above them all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Once more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Measures:
    """Counts since the start. No key names a person, an address or a text: channels, outcomes and ends only."""

    def __init__(self) -> None:
        self.turns: Counter[tuple[ChannelName, str]] = Counter()
        self.verdicts: Counter[Level] = Counter(dict.fromkeys(Level, 0))
        self.took: dict[ChannelName, Spread] = {}
        self.shed: Counter[ChannelName] = Counter()
        self.limited: Counter[ChannelName] = Counter()
        self.sends: Counter[tuple[ChannelName, str, str]] = Counter()
        self.webhooks: Counter[tuple[str, int]] = Counter()
        self.store_errors = 0

    def turn(self, channel: ChannelName, outcome: str, receipt: Receipt, seconds: float) -> None:
        """A turn is over."""
        self.turns[channel, outcome] += 1
        if (spread := self.took.get(channel)) is None:
            spread = self.took[channel] = Spread()
        spread.add(seconds)
        if receipt in _LEFT:
            self.sends[channel, "reply", receipt.value.replace(" ", "_")] += 1

    def turned_away(self, channel: ChannelName, way: Way) -> None:
        """A message got no answer, as too many wait or they sent too much. A copy of one is not counted again."""
        if way is Way.BUSY:
            self.shed[channel] += 1
        elif way is not Way.COPY:
            self.limited[channel] += 1

    def announcing(self, channel: ChannelName, announcer: Announcer) -> Announcer:
        """The same announcer, whose sends are counted by their end."""
        return _Counted(self, channel, announcer)


class _Counted:
    """An announcer behind a counter."""

    def __init__(self, measures: Measures, channel: ChannelName, announcer: Announcer) -> None:
        self._measures, self._channel, self._announcer = measures, channel, announcer
        self.limits, self.lane, self.rate = announcer.limits, announcer.lane, announcer.rate

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        end = "cut_off"
        try:
            sent = await self._announcer.announce(to, parts, after)
            end = "sent"
            return sent
        except SendFailed as failure:
            end = "".join(f"_{each.lower()}" if each.isupper() else each for each in type(failure).__name__)[1:]
            raise
        finally:
            self._measures.sends[self._channel, "announcement", end] += 1
