"""Behind a balancer nobody notices which replica answers; and when one dies, nobody is lost and nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.core.channel import Receipt
from bot.core.delivery import MOST_IN_FLIGHT
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from tests.benchmarks import replicas
from tests.builders import FakeChannel, a_message
from tests.postgres_server import postgres_server
from tests.replicas import asker, site
from tests.sizes import IS_CI
from tests.test_reception import PSEUDONYMS, reception

LEASE = 2.0  # seconds
PEOPLE = 60


@asynccontextmanager
async def desks(where: URL) -> AsyncIterator[list[Reception]]:
    """Two replicas of what answers."""
    async with AsyncExitStack() as rooms:
        found = []
        for _ in range(2):
            database = await rooms.enter_async_context(Database(where))
            await database.open()
            parts = Inbox(database, PSEUDONYMS), Conversations(database, PSEUDONYMS), Journal(database)
            found.append(reception())
            found[-1].memory = Memory(*parts, is_shared=True)
        yield found


async def test_a_number_is_understood_by_the_replica_that_did_not_offer_it(store: URL) -> None:
    async with desks(store) as (here, there):
        via = FakeChannel()
        for desk in (here, there):  # both know the person
            await desk.receive(a_message("how do i report a crime", f"first {id(desk)}"), via)
        await here.receive(a_message("copy of a crime report", "which"), via)
        offered = [choice.label for choice in via.sent[-1][1][-1].choices]
        await there.receive(a_message("2", "two"), via)
        assert len(offered) > 1
        assert via.texts[-1] != via.texts[-2]
        assert offered[1].lower().replace(" ", "-") in via.texts[-1]


async def test_a_language_chosen_at_one_replica_is_spoken_at_the_other(store: URL) -> None:
    async with desks(store) as (here, there):
        via = FakeChannel()
        for number, desk in enumerate((there, here)):
            await desk.receive(a_message("how do i report a crime", f"first {number}"), via)
        await here.receive(a_message("en español por favor", "language"), via)
        await there.receive(a_message("how do i get a copy of my report", "then"), via)
        assert "La respuesta: report-copy." in via.texts[-1]


async def test_a_message_brought_to_both_replicas_is_answered_once(store: URL) -> None:
    async with desks(store) as (here, there):
        via = FakeChannel()
        message = a_message("how do i report a crime")
        receipts = await asyncio.gather(*(desk.receive(message, via) for desk in (here, there)))
        # The second comes while the first is at it, or finds it done.
        assert receipts.count(Receipt.ANSWERED) == 1
        assert set(receipts) - {Receipt.ANSWERED} <= {Receipt.NOT_SENT, Receipt.DUPLICATE}
        assert len(via.sent) == 1
        assert await there.receive(message, via) is Receipt.DUPLICATE
        assert await there.receive(replace(message, id="another"), via) is Receipt.ANSWERED


@pytest.mark.skipif(not IS_CI, reason="two whole bots and their leases take a quarter of a minute: in CI")
async def test_one_of_two_is_killed_in_a_broadcast_and_a_surge_and_then_the_database_goes(tmp_path: Path) -> None:
    with postgres_server() as server:
        async with site(tmp_path, server, PEOPLE, replicas.command(LEASE)) as town:
            first, second = await town.ready()
            assert first["revision"] == second["revision"]
            figures = await replicas.killed(town, PEOPLE, 10)
            away = await replicas.outage(town, 2, 10)
            assert await town.again(asker(0)) == 200
    assert (figures.lost, figures.unanswered, figures.adds_up) == (0, 0, True)
    assert figures.second_copies <= min(figures.held, MOST_IN_FLIGHT)
    assert figures.most_copies <= 2
    assert figures.second_answers <= 1  # what had been sent and not been noted when it was killed
    assert figures.late is None or figures.late <= 5
    assert away.answered == away.questions
    assert away.back <= 10
