"""Small transactions that come together go together, and fail apart."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from bot.store.grouped import Grouped
from bot.store.inbox import Claim, Inbox
from bot.store.keys import Pseudonyms
from tests.builders import NOW, a_message

pytestmark = pytest.mark.sqlite  # a server's connections group their commits by themselves


class Counted(Database):
    """Counts its transactions."""

    count = 0

    async def run(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.count += 1
        return await super().run(*args, **kwargs)


async def _write(connection: AsyncConnection, number: int) -> int:
    await connection.execute(text("CREATE TABLE IF NOT EXISTS made (number INTEGER PRIMARY KEY)"))
    await connection.execute(text("INSERT INTO made VALUES (:number)"), {"number": number})
    return number


async def _numbers(connection: AsyncConnection) -> list[int]:
    return [row.number for row in await connection.execute(text("SELECT number FROM made ORDER BY number"))]


async def test_what_comes_while_one_is_under_way_goes_together_in_the_next(tmp_path: Path) -> None:
    async with Counted(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        grouped = Grouped(database)
        assert await asyncio.gather(*(grouped.run(_write, number) for number in range(50))) == list(range(50))
        assert database.count == 1
        assert await grouped.run(_numbers) == list(range(50))


async def test_one_that_fails_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        grouped = Grouped(database)
        numbers = (1, 2, 2, 3)
        ends = await asyncio.gather(*(grouped.run(_write, number) for number in numbers), return_exceptions=True)
        assert [type(end) for end in ends] == [int, int, StoreDown, int]
        assert await grouped.run(_numbers) == [1, 2, 3]


async def test_an_exception_of_the_work_itself_reaches_whoever_asked_and_nobody_else(tmp_path: Path) -> None:
    async def fails(_: AsyncConnection) -> None:
        raise KeyError("a fault of ours")

    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        grouped = Grouped(database)
        failed, written = await asyncio.gather(grouped.run(fails), grouped.run(_write, 1), return_exceptions=True)
        assert (type(failed), written) == (KeyError, 1)


async def test_a_store_that_is_down_is_down_for_all_of_them(tmp_path: Path) -> None:
    grouped = Grouped(Database(in_file(tmp_path / "bot.sqlite3")))
    ends = await asyncio.gather(*(grouped.run(_write, number) for number in range(3)), return_exceptions=True)
    assert [type(end) for end in ends] == [StoreDown] * 3


async def test_whoever_no_longer_waits_is_left_out(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        grouped = Grouped(database)
        first, gone = asyncio.create_task(grouped.run(_write, 1)), asyncio.create_task(grouped.run(_write, 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await first == 1
        assert await grouped.run(_numbers) == [1]


async def test_of_many_claims_of_one_message_at_once_one_wins(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        inbox = Inbox(database, Pseudonyms(b"k" * 32), Grouped(database))
        claims = await asyncio.gather(*(inbox.claim(a_message("x"), NOW) for _ in range(20)))
        assert sorted(claim.value for claim in claims) == sorted([Claim.NEW.value, *[Claim.IN_FLIGHT.value] * 19])


async def test_what_waits_for_something_else_than_its_connection_is_refused_and_nothing_of_it_is_stored(
    tmp_path: Path,
) -> None:
    async def waits(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO mark (name, value, at) VALUES ('a', 'b', '2026-11-23')"))
        await asyncio.sleep(0)

    async def count(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT count(*) FROM mark"))).scalar_one())

    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        with pytest.raises(RuntimeError, match="waits for something else"):
            await database.run_whole(waits)
        assert await database.run_whole(count) == 0
        assert await database.run(count) == 0
