"""What became of a send, line by line: its row, its lane, and the subscription behind it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import URL, Table, select

from bot.core.advisory import AdvisoryType, Ended
from bot.core.channel import MayHaveArrived, OptedOut, SendFailed, TryLater, Unreachable
from bot.core.delivery import LEASE, Settlement, State, sent
from bot.core.message import Address, ChannelName
from bot.store.outbox import Claimed
from bot.store.schema import delivery, lane, subscription
from tests.ledger import COMMUNITY, HOUR, KEYED, LANE, MINUTE, NOON, ROAD, SEAL, SECOND, Books, somebody
from tests.quick_books import quick_books


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with quick_books(store) as books:
        yield books


async def kept(books: Books, table: Table, number: int | str, *names: str) -> tuple[Any, ...]:
    """What stands in those columns of the row."""
    (key,) = table.primary_key
    its = select(*(table.c[name] for name in names)).where(key == number)
    return tuple((await books.database.run(lambda connection: connection.execute(its))).one())


async def claimed_by(books: Books) -> Claimed:
    await books.subscribe(1)
    await books.released()
    return await books.take()


WRITTEN = ("state", "note", "provider_id", "attempts", "unknowns", "owner", "lease_until", "settled_at", "due_at")


async def test_what_a_send_came_to_is_written_down_whole(books: Books) -> None:
    claimed = await claimed_by(books)
    (due_at,) = await kept(books, delivery, 1, "due_at")
    later = NOON + 3 * MINUTE
    again = Settlement(State.DUE, "away", None, later, attempts=4, unknowns=1)
    assert await books.outbox.settle(claimed.delivery, again, LANE, NOON + SECOND)
    assert await kept(books, delivery, 1, *WRITTEN) == ("due", "away", None, 4, 1, None, None, None, later)
    books.now = later
    claimed = await books.take()
    assert await books.outbox.settle(claimed.delivery, Settlement(State.DUE), LANE, later + SECOND)
    assert await kept(books, delivery, 1, *WRITTEN) == ("due", None, None, 0, 0, None, None, None, later + SECOND)
    books.now = later + 2 * SECOND
    claimed = await books.take()
    assert await books.outbox.settle(claimed.delivery, Settlement(State.SENT, "n", "m", attempts=2), LANE, later + HOUR)
    assert await kept(books, delivery, 1, *WRITTEN) == (
        "sent", "n", "m", 2, 0, None, None, later + HOUR, later + SECOND
    )  # fmt: skip
    assert due_at == NOON


async def test_only_whoever_holds_the_row_settles_it_and_nothing_else_is_learned_from_another(books: Books) -> None:
    claimed = await claimed_by(books)
    closed = Settlement(State.UNDELIVERABLE, "gone", lane_until=NOON + HOUR, suspends=True, ends=True)
    for other in (replace(claimed.delivery, owner="x"), replace(claimed.delivery, id=2)):
        assert await books.outbox.settle(other, replace(closed, moved_to=somebody(9)), LANE, NOON) is False
    assert await kept(books, lane, LANE, "paused_until", "paused_for") == (None, None)
    assert await kept(books, subscription, 1, "state", "person") == ("active", KEYED.of(somebody(1)))


async def test_a_lane_rests_for_the_longest_that_was_asked_and_says_who_asked_first(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.released()
    held = [await books.take() for _ in range(3)]
    later = NOON + MINUTE
    for claimed, until, why in zip(held, (later, later, NOON + SECOND), ("first", "second", "third"), strict=True):
        told = Settlement(State.DUE, why, lane_until=until)
        assert await books.outbox.settle(claimed.delivery, told, LANE, NOON)
    assert await kept(books, lane, LANE, "paused_until", "paused_for") == (later, "first")
    books.now = later
    longer = Settlement(State.DUE, lane_until=later + HOUR)
    assert await books.outbox.settle((await books.take()).delivery, longer, LANE, later)
    assert await kept(books, lane, LANE, "paused_until", "paused_for") == (later + HOUR, None)


async def test_a_lane_that_rests_holds_up_no_other(books: Books) -> None:
    await books.subscribe(1)
    await books.released()
    claimed = await books.take()
    await books.claim(lane="another")
    told = Settlement(State.DUE, "first", lane_until=NOON + HOUR)
    assert await books.outbox.settle(claimed.delivery, told, LANE, NOON)
    assert await kept(books, lane, LANE, "paused_until") == (NOON + HOUR,)
    assert await kept(books, lane, "another", "paused_until") == (None,)


# The subscription.


async def test_whoever_cannot_be_reached_rests_and_keeps_the_first_reason(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscriptions.stop(somebody(2), None, NOON)
    for why in ("blocked", "gone"):
        await books.outbox.lose(somebody(1), why, has_opted_out=False, now=NOON + SECOND)
        await books.outbox.lose(somebody(2), why, has_opted_out=False, now=NOON + HOUR)
    state = ("state", "note", "changed_at")
    assert await kept(books, subscription, 1, *state) == ("suspended", "blocked", NOON + SECOND)
    assert await kept(books, subscription, 2, *state) == ("stopped", None, NOON)


async def test_a_send_rests_or_ends_the_subscription_it_was_for_and_no_other(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.released()
    failures: dict[int, SendFailed] = {1: Unreachable("blocked"), 2: OptedOut("21610")}
    for claimed in [await books.take() for _ in range(3)]:
        await books.settle(claimed, failures.get(claimed.delivery.subscription))
    found = [await kept(books, subscription, number, "state", "note", "changed_at") for number in (1, 2, 3)]
    assert found == [("suspended", "unreachable: blocked", books.now), ("stopped", None, books.now),
                     ("active", None, NOON)]  # fmt: skip


async def test_an_opt_out_that_is_told_again_changes_nothing(books: Books) -> None:
    await books.subscribe(1)
    for now in (NOON + SECOND, NOON + HOUR):
        await books.outbox.lose(somebody(1), "21610", has_opted_out=True, now=now)
        await books.outbox.lose(somebody(7), "21610", has_opted_out=True, now=now)
    assert await kept(books, subscription, 1, "state", "changed_at") == ("stopped", NOON + SECOND)


async def test_a_chat_that_moved_is_kept_whole_under_its_new_name(books: Books) -> None:
    claimed = await claimed_by(books)
    to = Address(ChannelName.SMS, "+12035550142")
    assert await books.outbox.settle(claimed.delivery, sent(claimed.delivery, "m", to), LANE, NOON + SECOND)
    person, channel, address, state, changed_at = await kept(
        books, subscription, 1, "person", "channel", "address", "state", "changed_at"
    )
    assert (person, channel, SEAL.open(address), state, changed_at) == (
        KEYED.of(to), "sms", to, "active", NOON + SECOND
    )  # fmt: skip


async def test_a_move_to_itself_or_of_somebody_who_stopped_changes_nothing(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.subscriptions.stop(somebody(2), None, NOON)
    for old, new in ((1, 1), (2, 9), (7, 8), (3, 13)):
        await books.outbox.move(somebody(old), somebody(new), NOON + HOUR)
    assert [await kept(books, subscription, number, "state", "person", "changed_at") for number in (1, 2, 3)] == [
        ("active", KEYED.of(somebody(1)), NOON), ("stopped", KEYED.of(somebody(2)), NOON),
        ("active", KEYED.of(somebody(13)), NOON + HOUR),
    ]  # fmt: skip


# Still to be tried again?


@pytest.mark.parametrize(("following", "state"), [
    (None, State.DUE), (AdvisoryType.UPDATE, State.WITHDRAWN), (AdvisoryType.CANCEL, State.WITHDRAWN),
])  # fmt: skip
async def test_what_was_replaced_or_withdrawn_meanwhile_is_not_tried_again(
    books: Books, following: AdvisoryType | None, state: State
) -> None:
    claimed = await claimed_by(books)
    road = await books.advisories.find(claimed.delivery.advisory)
    assert road is not None
    if following is not None:
        await books.released(follows=road, type=following)
    await books.settle(claimed, TryLater("away"))
    assert (await books.states(road))[1] is state


@pytest.mark.parametrize(("late", "failure", "state"), [
    (-SECOND, TryLater("away"), State.DUE),
    (timedelta(), TryLater("away"), State.EXPIRED),
    (timedelta(), MayHaveArrived("cut"), State.UNCERTAIN),
])  # fmt: skip
async def test_what_has_run_out_meanwhile_is_not_tried_again(
    books: Books, late: timedelta, failure: SendFailed, state: State
) -> None:
    claimed = await claimed_by(books)
    books.now = ROAD.expires_at + late
    await books.settle(claimed, failure)
    road = await books.advisories.find(claimed.delivery.advisory)
    assert road is not None
    assert ((await books.states(road))[1], road.ended) == (state, None)


async def test_what_has_run_out_by_the_books_is_expired_whatever_the_clock_says_since(books: Books) -> None:
    claimed = await claimed_by(books)
    road = await books.advisories.find(claimed.delivery.advisory)
    assert road is not None
    await books.by_hand(f"UPDATE advisory SET ended = '{Ended.EXPIRED.value}', ended_at = '{NOON.isoformat()}'")
    await books.settle(claimed, TryLater("away"))
    assert (await books.states(road))[1] is State.EXPIRED


@pytest.mark.parametrize(("change", "end"), [
    ("UPDATE subscription SET state = 'suspended'", ("undeliverable", "unreachable: found out by another message")),
    ("UPDATE subscription SET state = 'stopped', address = NULL", ("opted_out", "TryLater")),
    ("DELETE FROM subscribed_topic", ("opted_out", "TryLater")),
    ("UPDATE subscription SET level = 'urgent'", ("opted_out", "TryLater")),
    ("DELETE FROM subscribed_topic WHERE topic = 'weather'", ("due", "TryLater")),
])  # fmt: skip
async def test_whoever_wants_it_no_more_is_not_tried_again_and_the_row_says_why(
    books: Books, change: str, end: tuple[str, str]
) -> None:
    await books.subscribe(1)
    await books.subscribe(1, topic="weather")
    await books.released(COMMUNITY)
    claimed = await books.take()
    await books.by_hand(change)
    await books.settle(claimed, TryLater("away"))
    assert await kept(books, delivery, 1, "state", "note") == end


async def test_a_lease_that_ran_out_tells_nothing_about_the_lane(books: Books) -> None:
    await claimed_by(books)
    await books.tick(LEASE)
    assert await kept(books, lane, LANE, "paused_until", "paused_for") == (None, None)
    assert await kept(books, delivery, 1, "state", "note", "unknowns") == ("due", "crash", 1)
