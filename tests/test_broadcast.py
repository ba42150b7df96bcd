"""One sender per credential: its pace, what it does about every end of a send, and what a crash may repeat."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.core.advisory import AdvisoryLevel
from bot.core.channel import Channel, Earlier, Receipt, Sent
from bot.core.delivery import LANE_RESTS, LEASE, MOST_IN_FLIGHT, Delivery, Settlement, State, unknown_end
from bot.core.message import Address, ChannelName, IncomingMessage, Part
from bot.service.broadcast import LAST_SENDS, LONGEST_SEND, LOOK_AGAIN, Broadcaster, Housekeeper
from bot.store.faults import StoreDown
from bot.store.outbox import Claimed, Wait
from tests.fake_provider import LANE, FakeProvider, Fault, gaps, in_turn
from tests.simulated_time import START, now, simulated
from tests.sizes import IS_CI
from tests.telegram_emulator import LUZ, SOON, emulator, polling, said

ZONE = ZoneInfo("America/New_York")
TEXT = "Danbury Police: Main Street is closed until 6 PM"
SECOND = timedelta(seconds=1)


class SmallLedger:
    """The outbox's rules for one advisory, on a list: rate, few in flight, lane pauses, leases."""

    def __init__(self, people: int, level: AdvisoryLevel = AdvisoryLevel.ADVISORY, text: str = TEXT) -> None:
        self._due = [(START, row) for row in range(people)]
        self._leases: dict[int, tuple[Delivery, datetime]] = {}
        self._unknowns: Counter[int] = Counter()
        self._owners = count()
        self._level = level
        self._text = text
        self._free_at = self._paused_until = START
        self.ends: dict[int, Settlement] = {}
        self.levels: set[AdvisoryLevel] = set()
        self.claims = 0
        self.down: Callable[[], bool] = lambda: False

    async def claim(
        self, channel: ChannelName, lane: str, rate: float, levels: Collection[AdvisoryLevel], now: datetime
    ) -> Claimed | Wait:
        self.claims += 1
        self.levels = set(levels)
        await self._answer()
        for until, reason in ((self._paused_until, "paused"), (self._free_at, "rate")):
            if until > now:
                return Wait(until, reason)
        if len(self._leases) >= MOST_IN_FLIGHT:
            return Wait(now + SECOND, "in flight")
        if not self._due or self._due[0][0] > now or self._level not in levels:
            return Wait(now + SECOND, "nothing due")
        _, row = heapq.heappop(self._due)
        self._free_at = max(self._free_at, now - SECOND / rate) + SECOND / rate
        delivery = Delivery(row, 1, row, self._level, Address(channel, str(row)), "en", State.SENDING,
                            str(next(self._owners)), 1, self._unknowns[row])  # fmt: skip
        self._leases[row] = (delivery, now + LEASE)
        return Claimed(delivery, self._text, None)

    async def settle(self, delivery: Delivery, settlement: Settlement, lane: str, now: datetime) -> bool:
        await self._answer()
        if self._leases.get(delivery.id, (None,))[0] != delivery:
            return False
        del self._leases[delivery.id]
        self._apply(delivery, settlement)
        return True

    async def tick(self, now: datetime) -> None:
        for row, (delivery, until) in list(self._leases.items()):
            if until <= now:
                del self._leases[row]
                self._apply(delivery, unknown_end(delivery, now, is_crash=True))

    def states(self) -> Counter[State]:
        return Counter(end.state for end in self.ends.values())

    @property
    def is_finished(self) -> bool:
        return not self._due and not self._leases

    def _apply(self, delivery: Delivery, settlement: Settlement) -> None:
        self.ends[delivery.id] = settlement
        self._unknowns[delivery.id] = settlement.unknowns
        if settlement.lane_until:
            self._paused_until = max(self._paused_until, settlement.lane_until)
        if settlement.state is State.DUE:
            assert settlement.due_at
            heapq.heappush(self._due, (settlement.due_at, delivery.id))

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self.down():
            raise StoreDown("the database is locked")


def sender(provider: FakeProvider, ledger: SmallLedger) -> Broadcaster:
    return Broadcaster(provider, ChannelName.TELEGRAM, ledger, now, lambda: ZONE)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - the clock is simulated: it costs nothing
        await asyncio.sleep(0.25)


async def broadcast(provider: FakeProvider, ledger: SmallLedger) -> None:
    """Send until the ledger has nothing left."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender(provider, ledger).run(stopping))
        tasks.create_task(Housekeeper(ledger, now).run(stopping))
        await until(lambda: ledger.is_finished)
        stopping.set()


def told(
    people: int, *faults: Fault | None, level: AdvisoryLevel = AdvisoryLevel.ADVISORY
) -> tuple[FakeProvider, SmallLedger]:
    """A whole broadcast to so many people, in which the first sends fail like this."""
    provider, ledger = FakeProvider(now, in_turn(*faults)), SmallLedger(people, level)
    simulated(lambda: broadcast(provider, ledger))
    return provider, ledger


def test_sends_are_evenly_spaced_and_use_the_whole_rate() -> None:
    provider, ledger = told(300)
    assert ledger.states() == {State.SENT: 300}
    assert {round(gap / timedelta(milliseconds=1)) for gap in gaps(provider.begun_at)} <= {34, 35}
    assert provider.worst_second() == 29
    assert provider.begun_at[-1] - provider.begun_at[0] <= timedelta(seconds=299 / 29) + timedelta(milliseconds=1)


def test_thirty_thousand_people_are_told_within_seventeen_and_a_half_minutes() -> None:
    people = 30_000 if IS_CI else 3_000
    provider, ledger = told(people)
    assert ledger.states() == {State.SENT: people}
    assert provider.books[-1].at - START <= timedelta(minutes=17, seconds=30) * people / 30_000
    assert provider.worst_second() <= 30


def test_a_slow_platform_has_never_more_than_three_sends_in_flight() -> None:
    provider, ledger = FakeProvider(now, latency=2 * SECOND), SmallLedger(60)
    simulated(lambda: broadcast(provider, ledger))
    assert ledger.states() == {State.SENT: 60}
    assert provider.most_in_flight == MOST_IN_FLIGHT
    assert provider.books[-1].at - START <= 42 * SECOND  # twenty rounds of two seconds: no slot stays empty for long


def test_a_platform_that_asks_for_patience_gets_it_and_nothing_is_sent_twice() -> None:
    provider, _ = told(60, *[None] * 20, Fault.BUSY)
    assert provider.copies() == {str(row): 1 for row in range(60)}
    rest = max(gaps(provider.begun_at))
    assert provider.retry_after - timedelta(milliseconds=100) <= rest <= provider.retry_after + LOOK_AGAIN


@pytest.mark.parametrize(
    ("fault", "level", "state", "copies"),
    [
        (Fault.AWAY, AdvisoryLevel.ADVISORY, State.SENT, 1),
        (Fault.CUT, AdvisoryLevel.ADVISORY, State.UNCERTAIN, 0),
        (Fault.CUT, AdvisoryLevel.ALERT, State.SENT, 1),
        (Fault.BUSY, AdvisoryLevel.ADVISORY, State.SENT, 1),
        (Fault.CLOSED, AdvisoryLevel.ADVISORY, State.SENT, 1),
        (Fault.LOST, AdvisoryLevel.ADVISORY, State.UNCERTAIN, 1),
        (Fault.LOST, AdvisoryLevel.ALERT, State.SENT, 2),
        (Fault.SLOW, AdvisoryLevel.ADVISORY, State.UNCERTAIN, 1),
        (Fault.SLOW, AdvisoryLevel.ALERT, State.SENT, 2),
        (Fault.BLOCKED, AdvisoryLevel.ALERT, State.UNDELIVERABLE, 0),
        (Fault.REFUSED, AdvisoryLevel.ALERT, State.UNDELIVERABLE, 0),
    ],
)
def test_every_end_of_a_send_has_its_state(fault: Fault, level: AdvisoryLevel, state: State, copies: int) -> None:
    provider, ledger = told(1, fault, level=level)
    assert ledger.states() == {state: 1}
    assert len(provider.books) == copies


def test_two_sends_of_which_nobody_knows_the_end_are_the_last_even_of_an_alert() -> None:
    provider, ledger = told(1, Fault.LOST, Fault.LOST, level=AdvisoryLevel.ALERT)
    assert ledger.states() == {State.UNCERTAIN: 1}
    assert len(provider.books) == 2


def test_a_new_address_reaches_the_ledger() -> None:
    _, ledger = told(1, Fault.MOVED)
    assert ledger.ends[0].moved_to == Address(ChannelName.TELEGRAM, "00")


def test_a_credential_that_is_refused_rests_the_lane_and_says_so() -> None:
    with capture_logs() as logs:
        provider, _ = told(3, Fault.CLOSED)
    assert max(gaps(provider.begun_at)) >= LANE_RESTS - SECOND
    assert [(line["event"], line["lane"], line["log_level"]) for line in logs] == [("lane closed", LANE, "error")]


def test_a_send_without_an_end_is_given_up_inside_its_lease() -> None:
    assert LONGEST_SEND * 2 < LEASE
    provider, ledger = told(1, Fault.SLOW, level=AdvisoryLevel.ALERT)
    assert LONGEST_SEND <= gaps(provider.begun_at)[0] < LONGEST_SEND + 4 * SECOND
    assert ledger.ends[0].unknowns == 1


def test_a_text_longer_than_the_platform_takes_goes_in_parts() -> None:
    seen: list[Part] = []

    class Reading(FakeProvider):
        async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
            seen.extend(parts)
            return await super().announce(to, parts, after)

    provider, ledger = Reading(now), SmallLedger(1, text="word " * 1000)
    simulated(lambda: broadcast(provider, ledger))
    assert [len(part.text) <= 4096 for part in seen] == [True, True]


def test_at_night_the_ledger_is_asked_for_alerts_only() -> None:
    def at_night() -> datetime:
        return now() + timedelta(hours=14)

    async def main() -> set[AdvisoryLevel]:
        ledger, stopping = SmallLedger(1), asyncio.Event()
        running = asyncio.create_task(
            Broadcaster(FakeProvider(now), ChannelName.TELEGRAM, ledger, at_night, lambda: ZONE).run(stopping)
        )
        await asyncio.sleep(1)
        stopping.set()
        await running
        return ledger.levels

    assert simulated(main) == {AdvisoryLevel.ALERT}


def test_what_was_sent_is_recorded_even_when_the_store_is_down_for_a_while() -> None:
    async def main() -> tuple[FakeProvider, SmallLedger]:
        provider, ledger = FakeProvider(now), SmallLedger(40)
        ledger.down = lambda: SECOND / 2 <= now() - START < 60 * SECOND
        await broadcast(provider, ledger)
        return provider, ledger

    with capture_logs() as logs:
        provider, ledger = simulated(main)
    assert ledger.states() == {State.SENT: 40}
    assert set(provider.copies().values()) == {1}
    assert [line["event"] for line in logs] == ["broadcast without store"]  # once, not at every try


def test_a_store_that_is_down_for_longer_than_the_lease_costs_three_second_copies_at_most() -> None:
    async def main() -> tuple[FakeProvider, SmallLedger]:
        provider, ledger = FakeProvider(now), SmallLedger(40)
        ledger.down = lambda: SECOND / 2 <= now() - START < LEASE + 60 * SECOND
        await broadcast(provider, ledger)
        return provider, ledger

    with capture_logs() as logs:
        provider, ledger = simulated(main)
    assert ledger.states() == {State.SENT: 40}
    repeated = sum(provider.copies().values()) - 40
    assert 1 <= repeated <= MOST_IN_FLIGHT
    assert [line["event"] for line in logs].count("delivery not recorded") == repeated


def test_a_fault_of_ours_in_a_send_is_an_unknown_end_and_stops_nobody_else() -> None:
    class Faulty(FakeProvider):
        async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
            if to.id == "1":
                raise ZeroDivisionError
            return await super().announce(to, parts, after)

    provider, ledger = Faulty(now), SmallLedger(5)
    with capture_logs() as logs:
        simulated(lambda: broadcast(provider, ledger))
    assert ledger.states() == {State.SENT: 4, State.UNCERTAIN: 1}
    assert [line["event"] for line in logs] == ["broadcast failed", "delivery uncertain"]


@pytest.mark.parametrize("method", ["claim", "settle", "tick"])
def test_a_fault_in_the_ledger_is_logged_and_the_work_goes_on(method: str) -> None:
    class Faulty(SmallLedger):
        faults = 1

        def fail(self, where: str) -> None:
            if where == method and self.faults:
                self.faults -= 1
                raise ZeroDivisionError

        async def claim(self, *asked: Any) -> Claimed | Wait:
            self.fail("claim")
            return await super().claim(*asked)

        async def settle(self, *asked: Any) -> bool:
            self.fail("settle")
            return await super().settle(*asked)

        async def tick(self, now: datetime) -> None:
            self.fail("tick")
            await super().tick(now)

    provider, ledger = FakeProvider(now), Faulty(5)
    with capture_logs() as logs:
        simulated(lambda: broadcast(provider, ledger))
    assert ledger.states() == {State.SENT: 5}
    assert len(provider.books) == (6 if method == "settle" else 5)  # what could not be recorded is sent again
    assert [line["event"] for line in logs] == ["ledger tick failed" if method == "tick" else "broadcast failed"]


def test_on_stopping_nothing_new_begins_and_what_is_in_flight_is_finished_and_recorded() -> None:
    async def main() -> tuple[FakeProvider, SmallLedger, timedelta]:
        provider, ledger = FakeProvider(now, latency=2 * SECOND), SmallLedger(100)
        stopping = asyncio.Event()
        running = asyncio.create_task(sender(provider, ledger).run(stopping))
        await until(lambda: len(provider.begun_at) == MOST_IN_FLIGHT)
        stopping.set()
        stopped_at = now()
        await running
        return provider, ledger, now() - stopped_at

    provider, ledger, took = simulated(main)
    assert ledger.states() == {State.SENT: MOST_IN_FLIGHT}
    assert len(provider.books) == MOST_IN_FLIGHT
    assert took <= 2 * SECOND


def test_a_send_that_hangs_holds_up_stopping_for_ten_seconds_at_most() -> None:
    async def main() -> tuple[SmallLedger, timedelta]:
        provider, ledger = FakeProvider(now, lambda: Fault.SLOW), SmallLedger(100)
        stopping = asyncio.Event()
        running = asyncio.create_task(sender(provider, ledger).run(stopping))
        await until(lambda: len(provider.begun_at) == MOST_IN_FLIGHT)
        stopping.set()
        stopped_at = now()
        await running
        return ledger, now() - stopped_at

    ledger, took = simulated(main)
    assert ledger.states() == {State.UNCERTAIN: MOST_IN_FLIGHT}
    assert took <= LAST_SENDS + SECOND <= 10 * SECOND


def test_a_send_that_was_claimed_while_the_bot_stops_has_no_longer_than_the_others() -> None:
    stopping = asyncio.Event()

    class Last(SmallLedger):
        async def claim(self, *asked: Any) -> Claimed | Wait:
            stopping.set()
            return await super().claim(*asked)

    async def main() -> tuple[SmallLedger, timedelta]:
        ledger = Last(100)
        await sender(FakeProvider(now, lambda: Fault.SLOW), ledger).run(stopping)
        return ledger, now() - START

    ledger, took = simulated(main)
    assert ledger.states() == {State.UNCERTAIN: 1}
    assert took <= LAST_SENDS


def test_stopping_while_the_store_is_down_ends_within_eleven_seconds() -> None:
    async def main() -> timedelta:
        provider, ledger = FakeProvider(now), SmallLedger(100)
        ledger.down = lambda: len(provider.begun_at) >= MOST_IN_FLIGHT
        stopping = asyncio.Event()
        running = asyncio.create_task(sender(provider, ledger).run(stopping))
        await until(lambda: len(provider.begun_at) == MOST_IN_FLIGHT)
        stopping.set()
        stopped_at = now()
        await running
        return now() - stopped_at

    assert simulated(main) <= 11 * SECOND


def test_a_crash_loses_nobody_and_repeats_what_was_in_flight_only() -> None:
    crashes = 25

    async def main() -> tuple[FakeProvider, SmallLedger]:
        provider, ledger = FakeProvider(now, latency=timedelta(milliseconds=150)), SmallLedger(600)
        for crash in range(crashes):
            running = asyncio.create_task(sender(provider, ledger).run(asyncio.Event()))
            await asyncio.sleep(0.3 + crash * 0.0137)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await asyncio.sleep(LEASE.total_seconds())
            await ledger.tick(now())
        await broadcast(provider, ledger)
        return provider, ledger

    provider, ledger = simulated(main)
    assert set(provider.copies()) == {str(row) for row in range(600)}
    assert ledger.states()[State.SENT] + ledger.states()[State.UNCERTAIN] == 600
    repeated = sum(provider.copies().values()) - 600
    assert crashes / 2 <= repeated <= crashes * MOST_IN_FLIGHT
    assert max(provider.copies().values()) == 2


def test_nothing_due_is_looked_at_twice_a_second_and_no_more() -> None:
    async def main() -> int:
        ledger, stopping = SmallLedger(0), asyncio.Event()
        running = asyncio.create_task(sender(FakeProvider(now), ledger).run(stopping))
        await asyncio.sleep(60)
        stopping.set()
        await running
        return ledger.claims

    assert 100 <= simulated(main) <= 122


def test_no_log_line_holds_an_address_or_a_word_of_the_message() -> None:
    with capture_logs() as logs:
        provider, ledger = FakeProvider(now, in_turn(*Fault)), SmallLedger(8, text="SECRET-WORDS")
        simulated(lambda: broadcast(provider, ledger))
    assert {line["event"] for line in logs} == {"lane rests", "lane closed", "delivery uncertain", "delivery refused"}
    assert "SECRET-WORDS" not in str(logs)
    assert "Address" not in str(logs)


async def test_a_pause_that_the_platform_asks_of_bulk_delays_no_reply() -> None:
    async def echo(message: IncomingMessage, via: Channel) -> Receipt:
        await via.send(message.sender, (Part(message.text),))
        return Receipt.ANSWERED

    ledger, stopping = SmallLedger(50), asyncio.Event()
    async with emulator() as api, polling(api, echo) as channel:
        api.refuse("sendMessage", "Too Many Requests: retry after 60", 429, retry_after=60)
        bulk = Broadcaster(channel, ChannelName.TELEGRAM, ledger, lambda: START, lambda: ZONE)
        running = asyncio.create_task(bulk.run(stopping))
        await api.until(lambda: len(api.asked("sendMessage refused")) == 1)
        await api.bring(said("where do I go?", LUZ))
        assert [reply.text for reply in await api.replies(1)] == ["where do I go?"]
        stopping.set()
        await asyncio.wait_for(running, SOON)
    assert [(end.state, end.lane_until) for end in ledger.ends.values()] == [(State.DUE, START + 60 * SECOND)]
