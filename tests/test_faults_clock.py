"""A clock that jumps, an hour that comes twice or never, a leap day, a machine that thinks it is 1970.

What expires does so by the clock on the wall; a clock that was put right never holds anybody up for longer than the
clock was wrong by a second, and sends nothing twice.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.advisory import AdvisoryLevel, Content, Stage, is_quiet, quiet_until
from bot.core.answer import Snapshot
from bot.core.delivery import LEASE, MOST_IN_FLIGHT, State
from bot.core.message import ChannelName
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.store.inbox import Claim, Inbox
from tests import real_folder
from tests.broadcast_books import finished, opened, person, release, subscribe
from tests.builders import a_message
from tests.fake_provider import FakeProvider
from tests.ledger import HOUR, KEYED, ROAD, books_in
from tests.simulated_time import START, StillDatabase, now, simulated
from tests.town import town

QUESTION, DANGER = "how do i get a copy of a police report", "there is a man in my house with a gun"
ZONE = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)
SPRING, AUTUMN = datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
MOMENTS = {
    "1970": datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC),
    "the hour that is not": SPRING + timedelta(minutes=45),
    "the hour that comes twice": AUTUMN + timedelta(minutes=45),
    "a leap day": datetime(2028, 2, 29, 17, 0, tzinfo=UTC),
    "the last second of a year": datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    "2038": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
}
at_each = pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)


@pytest.fixture
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@at_each
async def test_a_question_is_answered_whatever_the_clock_says(
    moment: datetime, tmp_path: Path, known: Snapshot
) -> None:
    async with town(tmp_path, known) as here:
        here.books.now = moment
        said = await here.says(QUESTION)
        assert known.knowledge.entries["police-report-copy"].wordings["en"].title in said or "report" in said
        assert await here.says("qwxz vbnm plokij") != ""


@at_each
async def test_an_emergency_gets_911_whatever_the_clock_says(moment: datetime, tmp_path: Path, known: Snapshot) -> None:
    async with town(tmp_path, known) as here:
        here.books.now = moment
        assert (await here.says(DANGER)).startswith(known.knowledge.replies.redirect["en"].splitlines()[0])


@at_each
async def test_a_stop_is_stored_whatever_the_clock_says(moment: datetime, tmp_path: Path, known: Snapshot) -> None:
    async with town(tmp_path, known) as here:
        await here.says("/subscribe traffic")
        here.books.now = moment
        await here.says("STOP")
        assert {row.state for row in await here.books.by_hand("SELECT state FROM subscription")} == {"stopped"}


@at_each
async def test_a_message_is_answered_once_across_a_clock_that_is_put_right(moment: datetime, tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        inbox = Inbox(books.database, KEYED)
        assert await inbox.claim(a_message("hello", "1"), moment) is Claim.NEW
        await inbox.done(a_message("hello", "1"), moment)
        for wrong in (timedelta(), -HOUR, HOUR, timedelta(minutes=59)):
            assert await inbox.claim(a_message("hello", "1"), moment + wrong) is Claim.DONE


_PATIENCE = LEASE.total_seconds() + 60  # seconds of the simulated clock


def jumping(by: timedelta, people: int, tmp_path: Path) -> tuple[FakeProvider, timedelta, dict[State, int]]:
    """A broadcast in the middle of which the clock jumps: the platform's books, how long it took, how it ended."""
    wrong = timedelta()

    def clock() -> datetime:
        return now() + wrong

    async def main() -> tuple[FakeProvider, timedelta, dict[State, int]]:
        nonlocal wrong
        provider, stopping = FakeProvider(now), asyncio.Event()
        async with opened(tmp_path, StillDatabase) as books:
            await subscribe(books, people, clock())
            number = (await release(books, clock(), AdvisoryLevel.ALERT)).number
            async with asyncio.TaskGroup() as tasks:
                sender = Broadcaster(provider, ChannelName.TELEGRAM, books.outbox, clock, lambda: ZONE)
                tasks.create_task(sender.run(stopping))
                tasks.create_task(Housekeeper(books.outbox, clock).run(stopping))
                while len(provider.begun_at) < people // 2:  # noqa: ASYNC110 - the clock is simulated
                    await asyncio.sleep(0.01)
                wrong = by
                try:
                    async with asyncio.timeout(_PATIENCE):
                        await finished(books, number)
                finally:
                    took = now() - START
                    stopping.set()
            return provider, took, await books.states(number)

    return simulated(main)


@pytest.mark.parametrize("people", [20, 60], ids=["in the first pause", "in the middle"])
@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["an hour on", "an hour back"])
def test_a_broadcast_goes_on_over_a_clock_that_jumps_and_tells_nobody_thrice(
    by: timedelta, people: int, tmp_path: Path
) -> None:
    provider, took, states = jumping(by, people, tmp_path)
    assert states == {State.SENT: people}
    assert set(provider.copies()) == {person(each).id for each in range(1, people + 1)}
    repeated = sum(provider.copies().values()) - people
    assert repeated <= MOST_IN_FLIGHT  # on: leases of what is in flight have run out, as after a crash
    assert took <= timedelta(seconds=people / 29 + 12) + (LEASE if repeated else timedelta())


def test_what_has_run_out_by_the_clock_on_the_wall_is_not_sent(tmp_path: Path) -> None:
    provider, _, states = jumping(timedelta(hours=7), 60, tmp_path)
    assert states[State.EXPIRED] >= 60 - 30 - MOST_IN_FLIGHT
    assert len(provider.books) <= 30 + MOST_IN_FLIGHT


@pytest.mark.parametrize("start", [SPRING, AUTUMN], ids=["8 March", "1 November"])
async def test_an_advisory_over_a_change_of_the_clocks_lasts_as_many_hours_as_it_says(
    start: datetime, tmp_path: Path
) -> None:
    """Six hours are six hours, not five or seven."""
    async with books_in(tmp_path) as books:
        books.now = start
        await books.subscribe(1)
        advisory = await books.released(_lasting(start, 6 * HOUR))
        books.now = start + 6 * HOUR - SECOND
        await books.tick()
        assert (await books.advisories.find(advisory.number)).stage is Stage.SENDING  # type: ignore[union-attr]
        books.now = start + 6 * HOUR
        await books.tick()
        assert await books.states(advisory) == {1: State.EXPIRED}


def _lasting(start: datetime, long: timedelta) -> Content:
    return replace(ROAD, effective_at=start, expires_at=start + long)


@at_each
async def test_an_advisory_is_released_sent_and_withdrawn_whatever_the_clock_says(
    moment: datetime, tmp_path: Path
) -> None:
    async with books_in(tmp_path) as books:
        books.now = moment
        await books.subscribe(1, 2)
        advisory = await books.released(_lasting(moment, HOUR))
        assert len(await books.send()) == 2
        withdrawn = await books.cancelled(advisory)
        assert len(await books.send()) == 2
        assert await books.states(withdrawn) == {1: State.SENT, 2: State.SENT}


@pytest.mark.parametrize("evening", [datetime(2026, 3, 7, 20, tzinfo=ZONE), datetime(2026, 10, 31, 20, tzinfo=ZONE)],
                         ids=["8 March", "1 November"])  # fmt: skip
def test_a_night_in_which_the_clocks_change_is_one_night_and_ends_in_the_morning(evening: datetime) -> None:
    begins = evening.astimezone(UTC)
    moments = [begins + at * timedelta(minutes=15) for at in range(4 * 14)]
    quiet = [is_quiet(moment, ZONE) for moment in moments]
    assert quiet.count(True) > 20
    assert quiet == sorted(quiet[: quiet.index(True) + 1]) + sorted(quiet[quiet.index(True) + 1 :], reverse=True)
    ends = {quiet_until(moment, ZONE) for moment, is_night in zip(moments, quiet, strict=True) if is_night}
    (end,) = ends
    assert not is_quiet(end, ZONE)
    assert is_quiet(end - SECOND, ZONE)
