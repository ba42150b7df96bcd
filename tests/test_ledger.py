"""What a page asks of one advisory's ledger: who was not reached and why, and who may hold a copy."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import URL

from bot.core.channel import MayHaveArrived, Refused, SendFailed, TryLater, Unreachable
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.store.ledger import Ledger, Reason
from bot.store.progress import LedgerRow
from tests.ledger import COMMUNITY, Books
from tests.quick_books import quick_books

LOST, UNCERTAIN = State.UNDELIVERABLE, State.UNCERTAIN
ENDS: dict[int, SendFailed | None] = {
    1: Unreachable("blocked"), 2: None, 3: MayHaveArrived("cut"), 4: Refused("empty"), 5: Unreachable("blocked"),
    6: TryLater("busy"),
}  # fmt: skip


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with quick_books(store) as books:
        yield books


async def test_whoever_was_not_reached_is_told_with_the_reason_the_uncertain_first(books: Books) -> None:
    """One subscription is of another language, and another advisory has a ledger of its own."""
    await books.subscribe(*range(1, 6))
    await books.subscribe(6, language="es")
    road, other = await books.released(COMMUNITY), await books.released(COMMUNITY)
    settled: dict[int, tuple[int, datetime]] = {}
    while len(settled) < len(ENDS):
        claimed = await books.take()
        person = claimed.delivery.subscription
        if claimed.delivery.advisory == road.number:
            settled[person] = (claimed.delivery.id, books.now)
        await books.settle(claimed, ENDS[person] if claimed.delivery.advisory == road.number else None)
    ledger = Ledger(books.database)
    assert await ledger.reasons(road.number) == (
        Reason(LOST, ChannelName.TELEGRAM, "unreachable: blocked", 2),
        Reason(UNCERTAIN, ChannelName.TELEGRAM, "no answer", 1),
        Reason(LOST, ChannelName.TELEGRAM, "refused: empty", 1),
    )
    told = [(3, UNCERTAIN, "no answer"), (1, LOST, "unreachable: blocked"), (4, LOST, "refused: empty"),
            (5, LOST, "unreachable: blocked")]  # fmt: skip
    rows = tuple(
        LedgerRow(settled[person][0], person, ChannelName.TELEGRAM, "en", state, 1, note, settled[person][1], None)
        for person, state, note in told
    )
    assert await ledger.not_reached(road.number, 100) == rows
    assert await ledger.not_reached(road.number, 2) == rows[:2]
    assert await ledger.may_hold(road) == 2  # whom it was sent to, and where nobody knows
    await books.by_hand("UPDATE delivery SET note = NULL WHERE state = 'uncertain'")
    assert Reason(UNCERTAIN, ChannelName.TELEGRAM, "", 1) in await ledger.reasons(road.number)
    assert (await ledger.reasons(other.number), await ledger.not_reached(other.number, 100)) == ((), ())
