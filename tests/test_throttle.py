"""Guesses at passwords: how they are counted, and what that costs whom."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import URL, select

from bot.store.database import Database
from bot.store.keys import Pseudonyms
from bot.store.marks import Marks
from bot.store.staff_schema import sign_in_try
from bot.store.throttle import FORGIVEN, FREE_OF_A_NAME, FREE_OF_AN_ADDRESS, LONGEST, Throttle, wait_after
from tests.builders import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def throttle(database: Database) -> Throttle:
    return Throttle(database, Marks.under(Pseudonyms(b"k" * 32)))


async def rows(database: Database) -> list[tuple[str, int]]:
    found = await database.run(lambda connection: connection.execute(select(sign_in_try)))
    return [(row.who, row.wrong) for row in found]


@pytest.mark.parametrize(
    ("wrong", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (8, 16), (9, 32), (10, 64), (11, 128), (12, 256),
                           (13, 300), (100, 300), (10**9, 300)],
)  # fmt: skip
def test_the_wait_doubles_up_to_five_minutes(wrong: int, seconds: int) -> None:
    assert wait_after(wrong, FREE_OF_A_NAME) == timedelta(seconds=seconds)


async def test_a_try_that_must_wait_is_not_counted_so_hammering_prolongs_nothing(throttle: Throttle) -> None:
    counts = throttle.of_device("ann", "d")
    for _ in range(FREE_OF_A_NAME):
        assert await throttle.take(counts, NOW) is None
    for tenths in range(20):
        assert await throttle.take(counts, NOW + SECOND * tenths / 10) == SECOND * (20 - tenths) / 10
    assert await throttle.take(counts, NOW + 2 * SECOND) is None


async def test_of_a_hundred_tries_at_once_no_more_get_through_than_one_after_the_other(throttle: Throttle) -> None:
    """ASVS 5, 15.4.2: to look and to count is one step."""
    told = await asyncio.gather(*(throttle.take(throttle.of_device("ann", "d"), NOW) for _ in range(30)))
    assert sum(each is None for each in told) == FREE_OF_A_NAME


async def test_two_replicas_and_a_restart_count_together(store: URL, throttle: Throttle) -> None:
    marks = Marks.under(Pseudonyms(b"k" * 32))
    async with Database(store) as other:
        await other.open()
        second = Throttle(other, marks)
        told = [await each.take(each.of_proof("ann"), NOW) for _ in range(3) for each in (throttle, second)]
    assert told == [None] * FREE_OF_A_NAME + [2 * SECOND]


async def test_a_stranger_is_counted_by_name_and_by_address_and_waits_for_the_slower(throttle: Throttle) -> None:
    for number in range(FREE_OF_AN_ADDRESS):
        assert await throttle.take(throttle.of_stranger(f"name {number}", "a"), NOW) is None
    assert await throttle.take(throttle.of_stranger("another name", "a"), NOW) == 2 * SECOND
    assert await throttle.take(throttle.of_stranger("another name", "b"), NOW) is None
    assert await throttle.take(throttle.of_device("another name", "d"), NOW) is None


async def test_a_refused_try_adds_to_none_of_its_counts(throttle: Throttle, database: Database) -> None:
    for number in range(FREE_OF_A_NAME):
        await throttle.take(throttle.of_stranger("ann", f"address {number}"), NOW)
    before = await rows(database)
    assert await throttle.take(throttle.of_stranger("ann", "one more"), NOW) == 2 * SECOND
    assert await rows(database) == before


async def test_whoever_gets_in_has_their_own_count_forgiven_and_the_address_loses_that_try(
    throttle: Throttle, database: Database
) -> None:
    for _ in range(3):
        await throttle.take(throttle.of_stranger("ann", "station"), NOW)
    await throttle.give_back(throttle.of_stranger("ann", "station"))
    assert [wrong for _, wrong in await rows(database)] == [2]


async def test_it_is_forgiven_after_an_hour_and_begins_anew(throttle: Throttle, database: Database) -> None:
    counts = throttle.of_device("ann", "d")
    for _ in range(FREE_OF_A_NAME):
        await throttle.take(counts, NOW)
    assert await throttle.take(counts, NOW + FORGIVEN) is None
    assert [wrong for _, wrong in await rows(database)] == [1]


async def test_what_is_forgiven_is_deleted_and_nothing_else(throttle: Throttle, database: Database) -> None:
    await throttle.take(throttle.of_device("ann", "d"), NOW)
    await throttle.take(throttle.of_device("bob", "d"), NOW + SECOND)
    assert await throttle.forget(NOW + FORGIVEN) == 0
    assert await throttle.forget(NOW + FORGIVEN + SECOND) == 1
    assert len(await rows(database)) == 1


async def test_a_clock_put_back_locks_nobody_out(throttle: Throttle) -> None:
    counts = throttle.of_device("ann", "d")
    for _ in range(FREE_OF_A_NAME):
        await throttle.take(counts, NOW)
    assert await throttle.take(counts, NOW - timedelta(hours=2)) == LONGEST


async def test_neither_names_nor_addresses_lie_in_the_store(throttle: Throttle, database: Database) -> None:
    await throttle.take(throttle.of_stranger("ann.lopez", "203.0.113.7"), NOW)
    assert all(len(who) == 26 and "ann" not in who and "203" not in who for who, _ in await rows(database))
