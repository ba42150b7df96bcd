"""One sender per credential: claim what may go now, send it, record what came of it. And the clock of the ledger."""

import asyncio
import math
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.core.advisory import AdvisoryLevel, levels_at
from bot.core.channel import Announcer, LaneClosed, MayHaveArrived, SendFailed
from bot.core.delivery import LEASE, MOST_IN_FLIGHT, Delivery, Settlement, State, not_sent, sent
from bot.core.fit import fit
from bot.core.message import ChannelName, Reply
from bot.store.faults import StoreDown
from bot.store.outbox import Claimed, Wait

log = structlog.get_logger()

LONGEST_SEND = timedelta(seconds=30)  # well inside the lease, so that what it came to can still be recorded
LOOK_AGAIN = timedelta(milliseconds=500)  # a release, a pause and a cancel come from other processes: seen within this
LAST_SENDS = timedelta(seconds=8)  # what sends in flight get when the bot stops
_LAST_RECORDS = timedelta(seconds=2)  # after that: what the ledger gets
_SHORTEST = timedelta(milliseconds=1)  # a wait that is over already is no reason to spin
_STORE_AGAIN, _STORE_LONGEST = timedelta(milliseconds=200), timedelta(seconds=5)  # doubled while the store is down
_AFTER_FAULT = timedelta(seconds=1)
_TICK = timedelta(seconds=1)


class Ledger(Protocol):
    """What a sender needs of the outbox. Both raise `StoreDown`; `settle` is False when somebody else has the row."""

    async def claim(
        self, channel: ChannelName, lane: str, rate: float, levels: Collection[AdvisoryLevel], now: datetime
    ) -> Claimed | Wait: ...

    async def settle(self, delivery: Delivery, settlement: Settlement, lane: str, now: datetime) -> bool: ...


class Clockwork(Protocol):
    """What the ledger does by itself, each second. Raises `StoreDown`."""

    async def tick(self, now: datetime) -> None: ...


class Broadcaster:
    """Sends what is due through one credential, at its pace and with few in flight.

    The ledger keeps rate, order, leases and pauses, for every process that uses the credential; this one only asks it.
    Nothing here is needed to go on after a crash. `lease` is how long the ledger leaves a row with who claimed it.
    """

    def __init__(
        self,
        announcer: Announcer,
        channel: ChannelName,
        ledger: Ledger,
        clock: Callable[[], datetime],
        zone: Callable[[], ZoneInfo],
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._announcer = announcer
        self._channel = channel
        self._ledger = ledger
        self._clock = clock
        self._zone = zone
        self._lease = lease
        self._longest_send = min(LONGEST_SEND, lease / 4)
        self._sending: set[asyncio.Timeout] = set()
        self._in_flight = 0  # sends that are not recorded yet: a crash may repeat these
        self._ended = asyncio.Event()  # since the last look, a send was recorded
        self._slot = timedelta(seconds=1 / announcer.rate).total_seconds()  # to the microsecond, as the ledger counts
        self._free_at = 0.0  # on the loop's clock; before then the ledger would only say that it is too early
        self._store_wait = _STORE_AGAIN
        self._over_at: float | None = None  # on the loop's clock: when sends in flight must end; None: not stopping

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopping; what is in flight then is finished and recorded before this returns."""
        async with asyncio.TaskGroup() as sends:
            while not stopping.is_set():
                self._ended.clear()
                if self._in_flight >= MOST_IN_FLIGHT:
                    await _rest(self._ended, LOOK_AGAIN)
                elif wait := await self._start(sends):
                    await _rest(stopping, wait)
            self._over_at = self._time() + LAST_SENDS.total_seconds()
            for deadline in self._sending:
                if not deadline.expired():
                    deadline.reschedule(min(self._over_at, deadline.when() or self._over_at))

    async def _start(self, sends: asyncio.TaskGroup) -> timedelta | None:
        """Begin the next send and return None; when there is none now, how long to leave it."""
        now, time = self._clock(), self._time()
        if (early := timedelta(seconds=max(self._free_at - time, 0))) > timedelta():
            return early
        try:
            levels = levels_at(now, self._zone())
            found = await self._ledger.claim(self._channel, self._announcer.lane, self._announcer.rate, levels, now)
        except StoreDown as e:
            if self._store_wait == _STORE_AGAIN:
                log.error("broadcast without store", lane=self._announcer.lane, reason=str(e))
            wait, self._store_wait = self._store_wait, min(self._store_wait * 2, _STORE_LONGEST)
            return wait
        except Exception:  # border: broadcast loop
            log.exception("broadcast failed", lane=self._announcer.lane)
            return _AFTER_FAULT
        self._store_wait = _STORE_AGAIN
        if isinstance(found, Wait):
            return min(max(found.until - self._clock(), _SHORTEST), LOOK_AGAIN)
        self._free_at = max(self._free_at, time - self._slot) + self._slot  # a slot that was woken for late is not lost
        self._in_flight += 1
        sends.create_task(self._send(found, time + self._lease.total_seconds()), name=f"send {self._channel.value}")
        return None

    async def _send(self, claimed: Claimed, lease_until: float) -> None:
        delivery = claimed.delivery
        try:
            await self._record(delivery, await self._outcome(claimed), lease_until)
        except Exception:  # border: broadcast loop; when the lease ends, the ledger counts this as an unknown end
            log.exception("broadcast failed", lane=self._announcer.lane, delivery=delivery.id)
        finally:
            self._in_flight -= 1
            self._ended.set()

    async def _outcome(self, claimed: Claimed) -> Settlement:
        delivery = claimed.delivery
        latest = self._time() + self._longest_send.total_seconds()
        deadline = asyncio.timeout_at(latest if self._over_at is None else min(latest, self._over_at))
        self._sending.add(deadline)
        try:
            async with deadline:
                parts = fit(Reply(claimed.text), self._announcer.limits)
                gone = await self._announcer.announce(delivery.to, parts, claimed.earlier)
        except SendFailed as failure:
            return self._told(delivery, failure)
        except TimeoutError:
            return self._told(delivery, MayHaveArrived("no end in time"))
        except Exception:  # border: broadcast loop
            log.exception("broadcast failed", lane=self._announcer.lane, delivery=delivery.id)
            return self._told(delivery, MayHaveArrived("a fault of ours"))
        finally:
            self._sending.discard(deadline)
        return sent(delivery, gone.id, gone.moved_to)

    def _told(self, delivery: Delivery, failure: SendFailed) -> Settlement:
        """What the failure means, said in a log line with ids only."""
        settlement = not_sent(delivery, failure, self._clock())
        lane, until = self._announcer.lane, str(settlement.lane_until)
        ids = {"advisory": delivery.advisory, "delivery": delivery.id, "reason": str(failure)}
        match settlement:
            case Settlement(lane_until=datetime()) if isinstance(failure, LaneClosed):
                log.error("lane closed", lane=lane, until=until, reason=str(failure))
            case Settlement(lane_until=datetime()):
                log.warning("lane rests", lane=lane, until=until, reason=str(failure))
            case Settlement(state=State.UNCERTAIN):
                log.warning("delivery uncertain", **ids)
            case Settlement(state=State.UNDELIVERABLE, suspends=False):
                log.error("delivery refused", **ids)
        return settlement

    async def _record(self, delivery: Delivery, settlement: Settlement, lease_until: float) -> None:
        """Write it down, again and again while the store is down: a send that is not recorded is repeated."""
        wait = _STORE_AGAIN
        while True:
            try:
                if not await self._ledger.settle(delivery, settlement, self._announcer.lane, self._clock()):
                    log.warning("delivery taken over", delivery=delivery.id)
                return
            except StoreDown as e:
                last = math.inf if self._over_at is None else self._over_at + _LAST_RECORDS.total_seconds()
                if self._time() + wait.total_seconds() >= min(lease_until, last):
                    state = settlement.state.value
                    log.error("delivery not recorded", delivery=delivery.id, state=state, reason=str(e))
                    return
            await asyncio.sleep(wait.total_seconds())
            wait = min(wait * 2, _STORE_LONGEST)

    @staticmethod
    def _time() -> float:
        """For waits and deadlines: unlike the time of day it never jumps."""
        return asyncio.get_running_loop().time()


class Housekeeper:
    """Keeps the ledger's time: leases that ran out, what has expired, what is to begin, what is finished."""

    def __init__(self, ledger: Clockwork, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Tick until stopping."""
        is_down = False
        while not stopping.is_set():
            try:
                await self._ledger.tick(self._clock())
                is_down = False
            except StoreDown as e:
                if not is_down:
                    log.error("ledger without store", reason=str(e))
                is_down = True
            except Exception:  # border: broadcast loop
                log.exception("ledger tick failed")
            await _rest(stopping, _TICK)


async def _rest(event: asyncio.Event, wait: timedelta) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(wait.total_seconds()):
            await event.wait()
