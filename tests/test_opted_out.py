"""Whoever stopped us where the platform keeps count has stopped: the ledger, the subscription, and what is due."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, select

from bot.core.advisory import AdvisoryKind
from bot.core.channel import OptedOut, Unreachable
from bot.core.delivery import State
from bot.store.schema import subscription
from bot.store.settling import lose
from tests.ledger import COMMUNITY, KEYED, SECOND, Books, books_in, somebody


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as found:
        yield found


async def kept(books: Books, number: int) -> tuple[str, str | None, bool]:
    """The state of a subscription, why it is so, and whether an address is kept."""
    its = select(subscription).where(subscription.c.person == KEYED.of(somebody(number)))
    row = (await books.database.run(lambda connection: connection.execute(its))).one()
    return row.state, row.note, row.address is not None


async def test_an_opt_out_told_by_a_send_ends_the_subscription_and_all_that_is_due(books: Books) -> None:
    await books.subscribe(1)
    first, second = await books.released(COMMUNITY), await books.released(COMMUNITY)
    claimed = await books.take()
    assert await books.settle(claimed, OptedOut("Twilio 21610"))
    assert await books.states(first) == await books.states(second) == {1: State.OPTED_OUT}
    assert await kept(books, 1) == ("stopped", None, False)
    await books.tick()
    progress = await books.outbox.progress(first.number)
    assert (progress.states, progress.audience) == ({State.OPTED_OUT: 1}, 1)


async def test_it_ends_for_that_person_only_and_for_exercises_too(books: Books) -> None:
    await books.subscribe(1, 2)
    code = "sesame-1234"
    await books.subscriptions.join_exercises(somebody(1), code, ["traffic"], "en", "/exercise", books.now)
    await books.released(COMMUNITY)
    gone = await books.take()
    await books.settle(gone, OptedOut("Twilio 21610"))
    left = 3 - int(gone.delivery.to.id)
    assert await books.subscriptions.of(gone.delivery.to) is None
    assert await books.subscriptions.of(gone.delivery.to, AdvisoryKind.EXERCISE) is None
    assert await books.subscriptions.of(somebody(left)) is not None


async def test_a_lost_lease_changes_nothing(books: Books) -> None:
    await books.subscribe(1)
    await books.released(COMMUNITY)
    slow = await books.take()
    await books.tick(180 * SECOND)
    await books.take()
    assert await books.settle(slow, OptedOut("Twilio 21610")) is False
    assert (await kept(books, 1))[0] == "active"


@pytest.mark.parametrize(
    ("failure", "state"),
    [(Unreachable("Twilio 30003"), ("suspended", "Twilio 30003", True)), (OptedOut("x"), ("stopped", None, False))],
)
async def test_what_is_told_after_a_send_rests_or_ends_the_subscription_and_sent_stays_sent(
    failure: Unreachable, state: tuple[str, str | None, bool], books: Books
) -> None:
    await books.subscribe(1, 2)
    road = await books.released(COMMUNITY)
    await books.send()
    has_opted_out = isinstance(failure, OptedOut)
    person = KEYED.of(somebody(1))
    await books.database.run(
        lambda connection: lose(connection, person, str(failure), has_opted_out=has_opted_out, now=books.now)
    )
    assert await kept(books, 1) == state
    assert (await kept(books, 2))[0] == "active"
    assert set((await books.states(road)).values()) == {State.SENT}


async def test_what_a_platform_tells_late_is_kept_by_the_address(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.outbox.lose(somebody(1), "Twilio 30003", has_opted_out=False, now=books.now)
    await books.outbox.lose(somebody(2), "Twilio 21610", has_opted_out=True, now=books.now)
    await books.outbox.lose(somebody(4), "nobody we know", has_opted_out=False, now=books.now)
    found = [(await kept(books, number))[:2] for number in (1, 2, 3)]
    assert found == [("suspended", "Twilio 30003"), ("stopped", None), ("active", None)]


async def test_a_move_that_is_told_takes_the_subscription_along_and_a_stop_there_counts(books: Books) -> None:
    await books.subscribe(1, 2, 3, 4)
    await books.subscriptions.stop(somebody(12), None, books.now)
    for old, new in ((1, 11), (2, 12), (3, 4), (5, 15)):
        await books.outbox.move(somebody(old), somebody(new), books.now)
    states = {number: (await kept(books, number))[0] for number in (2, 3, 4, 11)}
    assert states == {2: "stopped", 3: "stopped", 4: "active", 11: "active"}
    assert await books.subscriptions.of(somebody(12)) is None
    await books.released(COMMUNITY)
    assert {claimed.delivery.to.id for claimed in await books.send()} == {"11", "4"}
