"""Counts come back as they were added, by the days and hours that the town's clocks showed."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.message import ChannelName
from bot.core.tallies import Names, Step, Stretch, Tallies, steps, summed
from bot.core.tally import Tally, hour_of
from bot.store.asked_schema import feedback
from bot.store.database import Database
from bot.store.figures import LATEST, Figures
from tests.builders import NOW
from tests.ledger import by_hand

TOWN = ZoneInfo("America/New_York")
TODAY = NOW.astimezone(TOWN).date()
DAY = timedelta(days=1)


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def figures(database: Database) -> Figures:
    return Figures(database)


def a_tally(hour: datetime, outcome: str = "answered", subject: str = "fees", **rest: str) -> Tally:
    channel = ChannelName(rest.get("channel", "web"))
    return Tally(hour_of(hour, TOWN), channel, rest.get("language", "en"), outcome, subject)


def tallied(counts: dict[Tally, int], first: date, last: date, zone: ZoneInfo = TOWN) -> Tallies:
    """The counts in columns, as the store reads them."""
    names, rows = Names(), list(counts)
    words = [
        [row.channel.value for row in rows],
        [row.language for row in rows],
        [row.outcome for row in rows],
        [row.subject for row in rows],
    ]
    stretch = Stretch.of([row.hour for row in rows], words, list(counts.values()), names, zone)
    return Tallies.over([stretch], names, first, last)


async def test_counts_that_are_added_come_back_summed_any_way(figures: Figures) -> None:
    await figures.add(
        {
            a_tally(NOW): 3,
            a_tally(NOW, subject="permit", channel="sms", language="es"): 2,
            a_tally(NOW, "emergency", "weapon_gun"): 1,
        }
    )
    await figures.add({a_tally(NOW): 1})
    found = await figures.of(TODAY, TODAY, TOWN, NOW)
    assert found.total == 7
    assert found.by_channel() == {"web": 5, "sms": 2}
    assert found.by_language() == {"en": 5, "es": 2}
    assert found.by_outcome() == {"answered": 6, "emergency": 1}
    assert found.of(outcomes=("answered",)).by_subject() == {"fees": 4, "permit": 2}
    assert found.of(channel="sms").total == 2
    assert found.of(channel="sms", language="en").total == 0
    assert found.of(channel="telegram").total == 0
    assert found.by_day() == {"answered": {TODAY: 6}, "emergency": {TODAY: 1}}


async def test_counts_of_today_are_seen_within_seconds(figures: Figures) -> None:
    await figures.add({a_tally(NOW): 1})
    assert (await figures.of(TODAY, TODAY, TOWN, NOW)).total == 1
    await figures.add({a_tally(NOW): 1})
    assert (await figures.of(TODAY, TODAY, TOWN, NOW + timedelta(seconds=10))).total == 2


async def test_what_can_change_no_more_is_read_once(database: Database, figures: Figures) -> None:
    old = NOW - 30 * DAY
    await figures.add({a_tally(old): 5})
    day = old.astimezone(TOWN).date()
    assert (await figures.of(day, day, TOWN, NOW)).total == 5
    await by_hand(database, "DELETE FROM tally")
    assert (await figures.of(day, day, TOWN, NOW + timedelta(hours=2))).total == 5
    assert (await figures.of(day, day, TOWN, NOW + 2 * DAY)).total == 0


async def test_a_count_that_came_as_late_as_it_may_is_not_missed(figures: Figures) -> None:
    hour = NOW - timedelta(days=6)
    day = hour.astimezone(TOWN).date()
    for late in range(0, 8 * 24, 6):
        now = hour + timedelta(hours=late)
        await figures.of(day, day, TOWN, now)
        if now - hour <= LATEST:
            await figures.add({a_tally(hour): 1})
    assert (await figures.of(day, day, TOWN, NOW + 9 * DAY)).total == 5


async def test_counts_past_their_time_are_deleted_and_the_others_stay(database: Database, figures: Figures) -> None:
    await figures.add({a_tally(NOW - DAY * ago, subject=f"entry-{n}"): 1 for ago in (0, 10, 11, 400) for n in range(3)})
    assert await figures.forget(NOW - 10 * DAY + timedelta(hours=1)) == 9
    assert await by_hand(database, "SELECT count(*) FROM tally") == [(3,)]
    assert await figures.forget(NOW - 10 * DAY) == 0


async def test_feedback_is_summed_over_versions_and_channels(database: Database, figures: Figures) -> None:
    async def say(connection: AsyncConnection) -> None:
        told = {"language": "en", "entry": "fees", "helped": 1, "not_helped": 2}
        rows = [
            {**told, "day": TODAY, "channel": "web", "version": "a" * 12},
            {**told, "day": TODAY - DAY, "channel": "sms", "version": "b" * 12},
            {**told, "day": TODAY - 9 * DAY, "channel": "sms", "version": "b" * 12},
            {**told, "day": TODAY, "channel": "web", "version": "a" * 12, "entry": "permit", "not_helped": 0},
        ]
        await connection.execute(insert(feedback), rows)

    await database.run(say)
    assert await figures.helped(TODAY - DAY, TODAY) == {"fees": (2, 4), "permit": (1, 0)}
    assert await figures.helped(TODAY - DAY, TODAY, "sms", "en") == {"fees": (1, 2)}


# A day without 2 a.m., one with two of them, and what is around.
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (AUTUMN + DAY, 24)])
def test_a_day_has_the_hours_that_the_clocks_gave_it(day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    every = {a_tally(noon + timedelta(hours=ago)): 1 for ago in range(-40, 40)}
    assert tallied(every, day, day).total == hours


def test_both_hours_at_one_in_the_night_the_clocks_go_back_are_one_at_night() -> None:
    twice = {a_tally(datetime(2026, 11, 1, hour, tzinfo=UTC)): 1 for hour in (5, 6)}
    found = tallied(twice, AUTUMN, AUTUMN).by_hour()
    assert found[6][1] == 2


@pytest.mark.parametrize("zone", ["America/New_York", "America/St_Johns", "Asia/Kolkata", "Pacific/Auckland"])
@settings(max_examples=60)
@given(st.dictionaries(st.integers(1_750_000_000, 1_850_000_000), st.integers(1, 9), max_size=30))
def test_any_count_stands_on_the_day_and_at_the_hour_that_the_towns_clocks_showed(
    zone: str, counted: dict[int, int]
) -> None:
    town, expected, at_hour = ZoneInfo(zone), Counter[date](), Counter[tuple[int, int]]()
    counts: dict[Tally, int] = {}
    for second, count in counted.items():
        moment = datetime.fromtimestamp(second, UTC)
        tally = Tally(hour_of(moment, town), ChannelName.WEB, "en", "answered", "")
        counts[tally] = counts.get(tally, 0) + count
        shown = tally.hour.astimezone(town)
        expected[shown.date()] += count
        at_hour[shown.weekday(), shown.hour] += count
    found = tallied(counts, date(2025, 1, 1), date(2030, 1, 1), town)
    assert found.by_day().get("answered", {}) == dict(expected)
    assert {(day, hour): n for day, row in enumerate(found.by_hour()) for hour, n in enumerate(row) if n} == at_hour
    assert found.total == sum(counted.values())


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 1100))
def test_every_day_of_a_period_stands_in_one_step_of_it(first: date, days: int) -> None:
    last = first + days * DAY
    found = list(steps(first, last))
    assert (found[0].first, found[-1].last) == (first, last)
    assert all(one.last + DAY == two.first for one, two in itertools.pairwise(found))
    assert len(found) <= 60
    assert sum(summed({first + at * DAY: 1 for at in range(days + 1)}, found)) == days + 1


def test_a_short_period_goes_by_days_a_longer_one_by_weeks_from_sunday_a_long_one_by_months() -> None:
    def parts(days: int) -> list[Step]:
        return list(steps(date(2026, 1, 1), date(2026, 1, 1) + (days - 1) * DAY))

    assert parts(30)[0] == Step(date(2026, 1, 1), date(2026, 1, 1))
    assert parts(90)[:2] == [Step(date(2026, 1, 1), date(2026, 1, 3)), Step(date(2026, 1, 4), date(2026, 1, 10))]
    assert parts(500)[:2] == [Step(date(2026, 1, 1), date(2026, 1, 31)), Step(date(2026, 2, 1), date(2026, 2, 28))]
