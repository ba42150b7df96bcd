"""What is left out when more is asked than can be answered in time: never the 911 check, never a STOP, never all.

Whoever has sent too much, or has come when too many wait, gets one short fixed sentence with the 911 line in it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import Enum, IntEnum

from bot.core.allowance import Allowance, Taken
from bot.core.answer import Snapshot
from bot.core.channel import Receipt
from bot.core.message import ChannelName, IncomingMessage
from bot.service.orders import is_stop

_TICK = 0.1  # seconds between two looks at how late the loop is
# How late it may be, in seconds: an answer should leave within a quarter of one, and at 150 questions a second a
# quarter is what four turns in ten take to catch up with.
_BUSY, _SWAMPED = 0.25, 1.0
_MOST_WAITING = 60  # turns that wait for their decision: nearly half a second's work
# So few are answered, however late: the bot was held up once, by a machine that slept or learns, and not by askers.
_FEW_WAITING = 8
# One person's: nobody reads twenty answers in a minute. One network address's: a school, an office or a mobile
# provider's whole town may stand behind it, so it is for floods from one machine only.
_PERSON_AT_ONCE, _PERSON_EVERY = 20, 3.0
_NETWORK_AT_ONCE, _NETWORK_EVERY = 200, 0.1
_REMEMBERED = 10_000  # people, addresses and messages


class Strain(IntEnum):
    """How far behind the bot is. From `SWAMPED` on the check reads words alone, without the encoder: the encoder's
    milliseconds for everybody who waits would keep 911 from all of them, and every reply then says 911."""

    CALM = 0
    BUSY = 1
    SWAMPED = 2


class Way(Enum):
    """What a message that is no emergency gets."""

    ANSWER = "answer"
    BUSY = "busy"
    LIMITED = "limited"
    NOTHING = "nothing"  # they were told already
    COPY = "copy"  # of a message that is in hand, or was

    @property
    def notice(self) -> str:
        """The name of the sentence."""
        return "busy" if self is Way.BUSY else "limited"


class Shedding:
    """Keeps the time of the loop and count of who asks how much. All of it arithmetic: it cannot wait or fail."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.waiting = 0  # turns that are not yet at what they will say
        self._tick_due: float | None = None  # None: nobody ticks, so nothing is known
        self._lag = 0.0
        self._people = Allowance(_PERSON_AT_ONCE, _PERSON_EVERY, _REMEMBERED)
        self._networks = Allowance(_NETWORK_AT_ONCE, _NETWORK_EVERY, _REMEMBERED)
        self._in_hand: OrderedDict[tuple[ChannelName, str], None] = OrderedDict()

    @property
    def lag(self) -> float:
        """Seconds that the loop is late now."""
        late = 0.0 if self._tick_due is None else self._clock() - self._tick_due
        return max(self._lag, late)

    @property
    def allowances(self) -> Mapping[str, Allowance]:
        """By what is counted, for replicas that count together."""
        return {"person": self._people, "network": self._networks}

    def strain(self) -> Strain:
        """How far behind the bot is."""
        lag = self.lag if self.waiting > _FEW_WAITING else 0.0
        if lag > _SWAMPED or self.waiting > 2 * _MOST_WAITING:
            return Strain.SWAMPED
        return Strain.BUSY if lag > _BUSY or self.waiting > _MOST_WAITING else Strain.CALM

    @contextmanager
    def decided(self) -> Iterator[None]:
        """Inside, a turn has what it will say: it waits for its platform or the store, and nobody for it."""
        self.waiting -= 1
        try:
            yield
        finally:
            self.waiting += 1

    def way(self, message: IncomingMessage, strain: Strain) -> Way:
        """What this message gets; only for what was checked and is no emergency."""
        at = self._clock()
        takes = [self._people.take(message.sender, at)]
        if message.network:
            takes.append(self._networks.take(message.network, at))
        # The inbox knows copies, but is not asked where there is no time for it.
        is_copy = (message.sender.channel, message.id) in self._in_hand
        self._hold(message)
        if (strain is Strain.CALM and set(takes) == {Taken.FREE}) or is_stop(message):
            return Way.ANSWER  # a STOP at once, law 6
        if is_copy:
            return Way.COPY
        if Taken.OVER in takes:
            return Way.NOTHING
        return Way.LIMITED if Taken.FIRST_OVER in takes else Way.BUSY

    def ended(self, message: IncomingMessage, receipt: Receipt) -> None:
        """What became of it: one whose reply did not leave is no copy when it comes again."""
        if receipt is Receipt.NOT_SENT:
            self._in_hand.pop((message.sender.channel, message.id), None)

    def _hold(self, message: IncomingMessage) -> None:
        self._in_hand[(message.sender.channel, message.id)] = None
        while len(self._in_hand) > _REMEMBERED:
            self._in_hand.popitem(last=False)

    def tick(self, due: float) -> None:
        """The loop has come round to what was due then; the next look is due after `_TICK`."""
        now = self._clock()
        self._lag = max(0.0, now - due)
        self._tick_due = now + _TICK

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the loop's time until stopping."""
        due = self._clock()
        while not stopping.is_set():
            self.tick(due)
            due = self._clock() + _TICK
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await stopping.wait()
        self._tick_due = None


def hurried(snapshot: Snapshot) -> Snapshot:
    """The snapshot without the encoder: its milliseconds are what everybody waits for."""
    return replace(snapshot, lookout=replace(snapshot.lookout, embed=None, ahead=None))
