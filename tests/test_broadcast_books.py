"""The sender on the real ledger: nobody lost, few told twice, nothing after a pause, and two senders are one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL

from bot.core.advisory import AdvisoryLevel, AdvisoryType, Stage
from bot.core.delivery import LEASE, MOST_IN_FLIGHT, State
from bot.core.message import ChannelName
from bot.service.broadcast import Broadcaster, Housekeeper
from tests.benchmarks import faults, kills
from tests.broadcast_books import Books, finished, opened, person, release, subscribe
from tests.fake_provider import FakeProvider, Fault, in_turn, most_within
from tests.simulated_time import START, StillDatabase, now, simulated
from tests.sizes import IS_CI

ZONE = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)
KILLS = 3 if IS_CI else 1


@asynccontextmanager
async def at_work(books: Books, *providers: FakeProvider) -> AsyncIterator[None]:
    """A process for each provider, in which a sender and the ledger's clock are at work."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for provider in providers:
            sender = Broadcaster(provider, ChannelName.TELEGRAM, books.outbox, now, lambda: ZONE)
            tasks.create_task(sender.run(stopping))
            tasks.create_task(Housekeeper(books.outbox, now).run(stopping))
        try:
            yield
        finally:
            stopping.set()


async def begun(provider: FakeProvider, sends: int) -> None:
    while len(provider.begun_at) < sends:  # noqa: ASYNC110 - the clock is simulated: it costs nothing
        await asyncio.sleep(0.01)


def test_everybody_is_told_once_at_an_even_pace(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        provider = FakeProvider(now)
        async with opened(tmp_path, StillDatabase, where=store) as books:
            await subscribe(books, 100, now())
            number = (await release(books, now())).number
            async with at_work(books, provider):
                await finished(books, number)
            assert await books.states(number) == {State.SENT: 100}
        assert provider.copies() == {person(each).id: 1 for each in range(1, 101)}
        assert most_within(provider.begun_at, SECOND) <= 30
        # Ten first, a pause of five seconds, the others.
        assert provider.begun_at[-1] - START <= timedelta(seconds=100 / 29 + 8)

    simulated(main)


def test_a_release_begins_within_two_seconds_and_a_pause_holds_within_one(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        provider = FakeProvider(now)
        async with opened(tmp_path, StillDatabase, where=store) as books, at_work(books, provider):
            await subscribe(books, 100, now())
            await asyncio.sleep(7.3)
            released_at, number = now(), (await release(books, now())).number
            await begun(provider, 1)
            assert provider.begun_at[0] - released_at <= 2 * SECOND
            await begun(provider, 30)
            paused_at = now()
            await books.advisories.pause(number, "ada", "a wrong street", now())
            await asyncio.sleep(60)
            assert provider.begun_at[-1] - paused_at <= SECOND
            resumed_at, before = now(), len(provider.begun_at)
            await books.advisories.resume(number, "ada", now())
            await finished(books, number)
            assert provider.begun_at[before] - resumed_at <= 2 * SECOND
        assert set(provider.copies().values()) == {1}

    simulated(main)


def test_a_withdrawal_overtakes_what_it_withdraws_within_a_second(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        provider = FakeProvider(now)
        async with opened(tmp_path, StillDatabase, where=store) as books, at_work(books, provider):
            await subscribe(books, 100, now())
            first = (await release(books, now())).number
            await begun(provider, 30)
            cancelled_at = now()
            cancel = await release(books, now(), type=AdvisoryType.CANCEL, follows=first)
            await finished(books, cancel.number)
            await finished(books, first)
            states = await books.states(first)
            assert states[State.SENT] + states[State.WITHDRAWN] == 100
            assert await books.states(cancel.number) == {State.SENT: states[State.SENT]}
        seconds = [taken for taken in provider.books if taken.answers]
        assert len(seconds) == states[State.SENT]  # each of them an answer to the message that it withdraws
        late = [taken.at for taken in provider.books if not taken.answers and taken.at > cancelled_at + SECOND]
        assert late == []

    simulated(main)


def test_two_senders_of_one_credential_keep_to_one_rate_and_tell_nobody_twice(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        here, there = FakeProvider(now), FakeProvider(now)
        async with opened(tmp_path, StillDatabase, where=store) as books:
            await subscribe(books, 100, now())
            number = (await release(books, now())).number
            async with at_work(books, here, there):
                await finished(books, number)
            assert await books.states(number) == {State.SENT: 100}
        assert here.copies() + there.copies() == {person(each).id: 1 for each in range(1, 101)}
        assert most_within(sorted([*here.begun_at, *there.begun_at]), SECOND) <= 30

    simulated(main)


@pytest.mark.parametrize("level", [AdvisoryLevel.ALERT, AdvisoryLevel.ADVISORY])
def test_a_crash_repeats_what_was_in_flight_at_every_level(tmp_path: Path, store: URL, level: AdvisoryLevel) -> None:
    crashes = 4

    async def main() -> None:
        provider = FakeProvider(now, latency=timedelta(milliseconds=150))
        async with opened(tmp_path, StillDatabase, where=store) as books:
            await subscribe(books, 100, now())
            number = (await release(books, now(), level)).number
            for crash in range(1, crashes + 1):
                sender = Broadcaster(provider, ChannelName.TELEGRAM, books.outbox, now, lambda: ZONE)
                running = asyncio.create_task(sender.run(asyncio.Event()))
                await begun(provider, crash * 20)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await asyncio.sleep(LEASE.total_seconds() + 1)
                await books.outbox.tick(now())
            async with at_work(books, provider):
                await finished(books, number)
            states = await books.states(number)
        assert len(provider.copies()) == 100
        assert states.get(State.SENT, 0) + states.get(State.UNCERTAIN, 0) == 100
        assert 1 <= len(provider.books) - 100 <= crashes * MOST_IN_FLIGHT
        assert max(provider.copies().values()) == 2

    simulated(main)


def test_what_is_refused_to_all_of_the_first_stops_there(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        provider = FakeProvider(now, lambda: Fault.REFUSED)
        async with opened(tmp_path, StillDatabase, where=store) as books, at_work(books, provider):
            await subscribe(books, 100, now())
            number = (await release(books, now())).number
            await asyncio.sleep(60)
            found = await books.advisories.find(number)
            assert found is not None
            assert (found.stage, bool(found.paused_for)) == (Stage.PAUSED, True)
            assert len(provider.begun_at) <= 13  # ten and what was in flight

    simulated(main)


def test_somebody_who_moved_is_written_to_at_the_new_place_next_time(tmp_path: Path, store: URL) -> None:
    async def main() -> None:
        provider = FakeProvider(now, in_turn(Fault.MOVED))
        async with opened(tmp_path, StillDatabase, where=store) as books, at_work(books, provider):
            await subscribe(books, 1, now())
            await finished(books, (await release(books, now())).number)
            await finished(books, (await release(books, now())).number)
        assert [taken.to for taken in provider.books] == ["10", "10"]

    simulated(main)


@pytest.mark.parametrize("level", [AdvisoryLevel.ALERT, AdvisoryLevel.ADVISORY])
def test_over_a_bad_network_whoever_got_nothing_is_listed(tmp_path: Path, level: AdvisoryLevel) -> None:
    figures = faults.run(100, level, 2, tmp_path, times=4)
    assert set(figures.faults) == {Fault.CUT, Fault.BUSY, Fault.LOST, Fault.SLOW}
    assert figures.unlisted == 0
    assert figures.adds_up
    assert max(figures.copies.values()) <= 2
    if level is AdvisoryLevel.ALERT:
        assert figures.never_arrived < figures.faults[Fault.CUT] / 2  # with one try it would be all of them
    else:
        assert figures.duplicates == 0


async def test_a_sender_that_is_killed_loses_nobody_and_repeats_three_at_most() -> None:
    figures = await kills.run(kills=KILLS, people=120, rate=400, seed=3)
    assert figures.kills == KILLS
    assert figures.lost == 0
    assert figures.adds_up
    assert max(figures.per_kill.values(), default=0) <= MOST_IN_FLIGHT
    assert max(figures.copies.values()) <= 2
