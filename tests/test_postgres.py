"""What only a server does: it is shared, it waits for row locks, it goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import URL, Executable, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import AdvisoryKind
from bot.core.message import ChannelName
from bot.core.tally import Tally
from bot.store import database as database_module
from bot.store import engines
from bot.store.audit import Audit, in_turn
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.figures import Figures
from bot.store.inbox import Claim, Inbox
from bot.store.planning import freeze
from bot.store.schema import inbox
from tests.benchmarks.kills import Patient
from tests.builders import NOW
from tests.ledger import KEYED, NO_WORDS, NOON, ROAD, WORDS, books_in, by_hand, somebody
from tests.postgres_server import PostgresServer
from tests.test_store import MESSAGE


@asynccontextmanager
async def replicas(where: URL, most: int = 2, kind: type[Database] = Database) -> AsyncIterator[list[Database]]:
    async with AsyncExitStack() as rooms:
        found = [await rooms.enter_async_context(kind(where)) for _ in range(most)]
        await asyncio.gather(*(database.open() for database in found))
        yield found


@asynccontextmanager
async def held(database: Database, statement: Executable) -> AsyncIterator[None]:
    """What the statement touches is locked for as long as the block lasts."""
    is_held, is_over = asyncio.Event(), asyncio.Event()

    async def hold(connection: AsyncConnection) -> None:
        await connection.execute(statement)
        is_held.set()
        await is_over.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.run_long(hold))
        await is_held.wait()
        try:
            yield
        finally:
            is_over.set()


@pytest.fixture
async def both(postgres: PostgresServer) -> AsyncIterator[list[Database]]:
    async with replicas(postgres.emptied()) as found:
        yield found


@pytest.fixture
async def patient(postgres: PostgresServer) -> AsyncIterator[list[Database]]:
    """Both, where what is tested is not how long a busy machine takes."""
    async with replicas(postgres.emptied(), kind=Patient) as found:
        yield found


async def test_replicas_that_start_at_once_on_nothing_migrate_one_after_the_other(postgres: PostgresServer) -> None:
    async with replicas(postgres.fresh(is_made=False), 3) as found:
        claims = await asyncio.gather(*(Inbox(each, KEYED).claim(MESSAGE, NOW) for each in found))
    assert sorted(claim.value for claim in claims) == ["in flight", "in flight", "new"]


async def test_of_many_that_claim_a_message_at_once_on_two_replicas_one_has_it(patient: list[Database]) -> None:
    doors = [Inbox(database, KEYED) for database in patient]
    for number in range(20):
        message = replace(MESSAGE, id=str(number))
        claims = await asyncio.gather(*(door.claim(message, NOW) for door in doors * 3))
        assert sorted(claim.value for claim in claims) == ["in flight"] * 5 + ["new"]


async def test_acts_of_staff_on_two_replicas_hang_on_one_chain(patient: list[Database]) -> None:
    await asyncio.gather(*(Audit(each).note("ann", "draft", str(at), {}, NOW) for at in range(10) for each in patient))
    books = Audit(patient[0])
    assert len(await books.newest(100)) == 20
    assert await books.verify(await books.anchor()) == ()


async def test_counts_that_two_replicas_add_at_once_add_up(patient: list[Database]) -> None:
    tallies = [Tally(NOW, ChannelName.SMS, "en", "answered", f"entry-{number}") for number in range(40)]
    ways = (dict.fromkeys(tallies, 1), dict.fromkeys(reversed(tallies), 1))
    adding = (Figures(each).add(way) for _ in range(5) for each, way in zip(patient, ways, strict=True))
    await asyncio.gather(*adding)
    assert await by_hand(patient[0], "SELECT DISTINCT count FROM tally") == [(10,)]


async def test_a_row_that_somebody_holds_costs_whoever_wants_it_half_a_second_and_nobody_else(
    both: list[Database],
) -> None:
    door, holder = Inbox(both[0], KEYED), both[1]
    await door.claim(MESSAGE, NOW)
    async with held(holder, update(inbox).values(claimed_at=NOW)):
        async with asyncio.timeout(2):
            with pytest.raises(StoreDown, match="55P03"):
                await door.claim(MESSAGE, NOW + timedelta(hours=1))
            assert await door.claim(replace(MESSAGE, id="another"), NOW) is Claim.NEW
    assert await door.claim(MESSAGE, NOW) is Claim.IN_FLIGHT


async def test_a_stop_does_not_wait_for_a_release_that_is_under_way(postgres: PostgresServer) -> None:
    async with books_in(postgres.emptied()) as books, books_in(postgres.url("emptied")) as others:
        await books.subscribe(1, 2)
        road = await books.advisories.draft(ROAD, AdvisoryKind.LIVE, "ann", NOON, prefix="dpd")
        road = await books.advisories.approve(road.number, "bob", 2, WORDS, NO_WORDS, None, NOON)

        async def releases(connection: AsyncConnection) -> None:
            await in_turn(connection)
            await freeze(connection, road, NOON)
            async with asyncio.timeout(5):
                assert await others.subscriptions.stop(somebody(1), None, NOON) is None

        await books.database.run_long(releases)
        gone = await books.send()
        assert [claimed.delivery.to for claimed in gone] == [somebody(2)]


async def test_transactions_that_stand_in_each_others_way_are_begun_anew(patient: list[Database]) -> None:
    """PostgreSQL ends one of them after a second; neither of those who asked hears of it."""
    rows = [{"message": name * 26, "channel": "web", "claimed_at": NOW} for name in "ab"]
    await patient[0].run(lambda connection: connection.execute(insert(inbox), rows))
    has_first = [asyncio.Event(), asyncio.Event()]

    async def crossing(connection: AsyncConnection, here: int, order: str) -> None:
        for name in order:
            touched = update(inbox).where(inbox.c.message == name * 26)
            await connection.execute(touched.values(channel=inbox.c.channel + "+"))
            has_first[here].set()
            await has_first[1 - here].wait()

    await asyncio.gather(patient[0].run_long(crossing, 0, "ab"), patient[1].run_long(crossing, 1, "ba"))
    assert await by_hand(patient[0], "SELECT channel FROM inbox") == [("web++",)] * 2


async def test_what_did_not_end_in_time_is_not_stored_afterwards(
    both: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that is stored when its sender has given up would hold its place until the lease ends."""
    monkeypatch.setattr(database_module, "_ANSWER_WAIT", timedelta(milliseconds=300))
    ended = asyncio.Event()

    async def slow(connection: AsyncConnection) -> None:
        try:
            await connection.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=NOW))
            await asyncio.sleep(0.5)
        finally:
            ended.set()

    for database in both:
        ended.clear()
        with pytest.raises(StoreDown, match="in time"):
            await database.run(slow)
        await ended.wait()
    assert await by_hand(both[0], "SELECT count(*) FROM inbox") == [(0,)]


async def test_a_replica_that_vanishes_in_the_middle_frees_what_it_held(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_VANISHED", timedelta(milliseconds=200))
    async with replicas(postgres.emptied()) as (gone, other):
        stuck = asyncio.Event()

        async def hangs(connection: AsyncConnection) -> None:
            await in_turn(connection)
            stuck.set()
            await asyncio.sleep(1)  # it never comes to the next statement
            await connection.execute(text("SELECT 1"))

        lost = asyncio.create_task(gone.run_long(hangs))
        await stuck.wait()
        async with asyncio.timeout(0.9):
            await other.run_long(in_turn)
        with pytest.raises(StoreDown):
            await lost


async def test_a_server_that_goes_away_is_said_at_once_and_used_again_when_it_is_back(
    postgres: PostgresServer,
) -> None:
    async with replicas(postgres.emptied()) as (database, other):
        await Inbox(database, KEYED).claim(MESSAGE, NOW)
        try:
            await asyncio.to_thread(postgres.stop)
            async with asyncio.timeout(2):
                for each in (database, other, database, other):
                    with pytest.raises(StoreDown):
                        await Inbox(each, KEYED).claim(MESSAGE, NOW)
            async with Database(database._url) as late:
                with pytest.raises(StoreDown):
                    await late.open()
        finally:
            await asyncio.to_thread(postgres.start)
        assert [await Inbox(each, KEYED).claim(MESSAGE, NOW) for each in (database, other)] == [Claim.IN_FLIGHT] * 2


async def test_what_is_wrong_with_the_way_to_the_server_is_said_without_a_password(postgres: PostgresServer) -> None:
    right = postgres.url("postgres").set(password="hunter2")
    wrong = {
        right.set(database="nonesuch"): "3D000",
        right.set(username="stranger"): "28000",
        right.update_query_dict({"sslmode": "sometimes"}): "sslmode",
        right.update_query_dict({"options": "-c x=y"}): "options",
        right.set(query={}, host="127.0.0.1", port=1): "Connect call failed",
    }
    for where, why in wrong.items():
        async with Database(where) as database:
            with pytest.raises(StoreDown, match=why) as refused:
                await database.open()
        assert "hunter2" not in str(refused.value)


async def test_an_address_as_others_write_it_is_understood(postgres: PostgresServer) -> None:
    where = str(postgres.emptied()).replace("postgresql+asyncpg://", "postgres://") + "&sslmode=prefer"
    async with Database(where) as database:
        await database.open()
        assert (database.is_open, database.is_shared, database.is_file) == (True, True, False)
