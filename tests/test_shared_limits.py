"""Whoever floods the bot is limited by all replicas together, within a second; without the store each goes on alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import URL

from bot.core.allowance import Allowance
from bot.core.message import Address, ChannelName
from bot.house import House
from bot.service.shared_limits import SharedLimits
from bot.service.shedding import Shedding, Strain, Way
from bot.settings import Settings
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.floods import Floods
from bot.store.marks import Marks
from tests.builders import a_message
from tests.ledger import KEYED, NOON, by_hand

PHONE, NETWORK = "+12035550177", "192.0.2.77"
AT_ONCE, EVERY = 20, 3.0  # a person's messages, and the seconds in which one comes back
MARK = "a" * 26


class Shared(Database):
    """A file is shared here as well: what replicas tell each other is the same on either engine."""

    @property
    def is_shared(self) -> bool:
        return self.is_open


@dataclass
class Town:
    """Two replicas on one store, and the clock of both."""

    databases: list[Database]
    seconds: float = 0.0
    count: int = 0

    def __post_init__(self) -> None:
        self.doors = [Shedding(lambda: self.seconds) for _ in self.databases]
        self.limits = [
            SharedLimits(door, Marks.under(KEYED), lambda its=database: its, self.now, lambda: self.seconds)  # type: ignore[misc]
            for door, database in zip(self.doors, self.databases, strict=True)
        ]

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def ask(self, replica: int, times: int, who: str = PHONE, network: str = "") -> int:
        """How many of so many messages get an answer there."""
        found = 0
        for _ in range(times):
            self.count += 1
            sender = Address(ChannelName.SMS, who)
            message = a_message("how do i get a report", str(self.count), sender, network=network)
            found += self.doors[replica].way(message, Strain.CALM) is Way.ANSWER
        return found

    async def exchange(self, *replicas: int) -> None:
        for replica in replicas or (0, 1, 0):  # who told first hears of the other a second later
            await self.limits[replica].exchange()

    async def rows(self) -> list[Any]:
        return await by_hand(self.databases[0], "SELECT who, empties_at FROM flood ORDER BY who")


@pytest_asyncio.fixture
async def town(store: URL) -> AsyncIterator[Town]:
    async with AsyncExitStack() as rooms:
        databases = [await rooms.enter_async_context(Shared(store)) for _ in range(2)]
        for database in databases:
            await database.open()
        yield Town(list(databases))


async def test_what_is_used_up_at_one_replica_is_used_up_at_the_other(town: Town) -> None:
    assert town.ask(0, 12) == 12
    await town.exchange(0)
    assert town.ask(1, 6) == 6  # of which the other has not heard yet
    await town.exchange(1)
    assert town.ask(1, 10) == AT_ONCE - 12 - 6
    await town.exchange()
    assert (town.ask(0, 10), town.ask(1, 10)) == (0, 0)
    assert town.ask(1, 1, who="+12035550178") == 1  # one person's limit is nobody else's


async def test_who_goes_on_gets_what_comes_back_to_one_and_not_twice_that(town: Town) -> None:
    answered = 0
    for _ in range(90):
        answered += town.ask(0, 1) + town.ask(1, 1)
        await town.exchange()
        town.seconds += 1
    assert answered == pytest.approx(AT_ONCE + 90 / EVERY, abs=2)


async def test_after_a_rest_the_whole_allowance_is_back_at_both(town: Town) -> None:
    town.ask(0, 20)
    town.ask(1, 20)
    await town.exchange()
    town.seconds += 2 * AT_ONCE * EVERY
    assert town.ask(0, 20) == AT_ONCE


async def test_one_network_address_is_counted_together_too(town: Town) -> None:
    for number in range(200):
        town.ask(number % 2, 1, who=f"+1475555{number:04}", network=NETWORK)
    await town.exchange()
    assert town.ask(0, 5, who="+14755559999", network=NETWORK) == 0


async def test_of_whoever_asks_no_more_than_people_do_nothing_is_written_and_of_others_no_address(town: Town) -> None:
    assert town.ask(0, 4) == 4
    await town.exchange()
    assert await town.rows() == []
    town.ask(0, 4)
    await town.exchange()
    (row,) = await town.rows()
    assert len(row.who) == 26
    assert PHONE not in str(row)


async def test_replicas_that_tell_at_once_of_somebody_new_lose_nothing(town: Town) -> None:
    for number in range(10):
        for replica in (0, 1):
            town.ask(replica, 8, who=f"+1475555{number:04}")
    await asyncio.gather(town.exchange(0), town.exchange(1))
    left = [await Floods(database).tell({row.who: timedelta() for row in await town.rows()}, NOON)
            for database in town.databases]  # fmt: skip
    assert left[0] == left[1]
    assert set(left[0].values()) == {timedelta(seconds=16 * EVERY)}


async def test_what_has_come_back_leaves_the_store_and_clocks_that_differ_do_no_harm(town: Town) -> None:
    floods = Floods(town.databases[0])
    ahead = await floods.tell({MARK: timedelta(seconds=30)}, NOON + timedelta(seconds=5))
    behind = await floods.tell({MARK: timedelta(seconds=3)}, NOON)
    assert (ahead[MARK], behind[MARK]) == (timedelta(seconds=30), timedelta(seconds=38))
    far = [await floods.tell({"b" * 26: timedelta(seconds=3)}, NOON + timedelta(hours=at)) for at in (5, 0)]
    assert far[1]["b" * 26] == timedelta(minutes=2)
    assert await floods.forget(NOON + timedelta(minutes=59)) == 0
    assert await floods.forget(NOON + timedelta(minutes=63)) == 2
    assert await town.rows() == []


@pytest.mark.sqlite
async def test_without_the_store_each_counts_alone_and_nobody_is_made_to_wait_for_it_later(town: Town) -> None:
    other = town.databases[1]
    await other.__aexit__(None, None, None)
    town.ask(1, 20)
    stopping = asyncio.Event()
    telling = asyncio.create_task(town.limits[1].run(stopping))
    await asyncio.sleep(0)
    assert (town.ask(1, 1), town.ask(0, 20)) == (0, AT_ONCE)
    stopping.set()
    await telling
    town.seconds += AT_ONCE * EVERY  # all has come back to them, and was told to nobody
    await other.open()
    assert town.ask(1, 5) == 5
    await town.exchange(1)
    (row,) = await town.rows()
    assert row.empties_at == (town.now() + timedelta(seconds=5 * EVERY)).isoformat(timespec="microseconds")


@pytest.mark.sqlite
async def test_a_store_that_fails_while_it_is_told_is_told_later(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = asyncio.Event()

    async def down(*_: object) -> dict[str, timedelta]:
        stopping.set()
        raise StoreDown("gone")

    town.ask(0, 6)
    with monkeypatch.context() as patch:
        patch.setattr(Floods, "tell", down)
        await town.limits[0].run(stopping)
    assert await town.rows() == []
    town.ask(0, 1)
    await town.exchange(0)
    (left,) = (await Floods(town.databases[1]).tell({row.who: timedelta() for row in await town.rows()}, NOON)).values()
    assert left == timedelta(seconds=7 * EVERY)


def test_a_replica_alone_tells_nobody_and_its_list_of_who_came_stays_short() -> None:
    limited = Allowance(20, 3.0, most=50)
    for number in range(500):
        for _ in range(6):
            limited.take(number, 0.0)
    told = [limited.untold(0.0, 30) for _ in range(3)]
    assert [len(each) for each in told] == [30, 30, 30]
    assert {*told[0], *told[1]} == set(range(450, 500))
    assert limited.untold(60.0, 30) == {}
    limited.hear("somebody who was forgotten", 20.0, 6.0, 0.0)
    assert len(limited) == 50


async def test_a_file_that_is_nobody_elses_is_left_alone(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path / "data", knowledge=tmp_path)
    house = House.built(chosen, lambda: NOON)
    assert house.pseudonyms is not None
    limits = house.limits(house.pseudonyms)
    await limits.exchange()  # the store is not open yet
    async with Database(f"sqlite:///{tmp_path}/bot.sqlite3") as database:
        await database.open()
        house.join(database)
        message = [a_message("how do i get a report", str(number)) for number in range(10)]
        assert {house.reception.shedding.way(each, Strain.CALM) for each in message} == {Way.ANSWER}
        await limits.exchange()
        assert await by_hand(database, "SELECT who FROM flood") == []
