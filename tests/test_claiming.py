"""Who is next, line by line: what holds a lane, what stands before what, and what is looked at before a send."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import URL, select
from structlog.testing import capture_logs

from bot.core.advisory import FIRST_BATCH, FIRST_PAUSE, AdvisoryLevel, Stage
from bot.core.channel import Earlier, MayHaveArrived, Refused, SendFailed, TryLater, Unreachable
from bot.core.delivery import LEASE, Delivery, State, not_sent
from bot.core.message import ChannelName
from bot.store import claiming
from bot.store.audit import Audit
from bot.store.outbox import Claimed, Wait
from bot.store.schema import delivery, lane
from tests.ledger import (
    COMMUNITY,
    EVERY_LEVEL,
    HOUR,
    INSTEAD,
    LANE,
    MINUTE,
    NOON,
    ROAD,
    SECOND,
    WORDS,
    Books,
    somebody,
)
from tests.quick_books import quick_books

Row = tuple[object, ...]
WHY_PAUSED = "the first 10 people could not be written to, and for a reason that is ours: see their notes"


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with quick_books(store) as books:
        yield books


async def at(books: Books, later: timedelta, rate: float = 20.0, lane: str = LANE) -> Claimed | Wait:
    """What a claim comes to so long after noon."""
    return await books.outbox.claim(ChannelName.TELEGRAM, lane, rate, EVERY_LEVEL, NOON + later)


async def ends(books: Books) -> list[Row]:
    """Where each delivery stands, why and since when, in the order of the subscriptions."""
    kept = select(delivery.c.state, delivery.c.note, delivery.c.settled_at).order_by(delivery.c.subscription)
    return [tuple(row) for row in await books.database.run(lambda connection: connection.execute(kept))]


# The lane.


async def test_who_comes_late_loses_no_time_and_never_two_sends_worth(books: Books) -> None:
    await books.subscribe(*range(1, 5))
    await books.released()
    slot = SECOND / 20
    assert isinstance(await at(books, timedelta()), Claimed)
    assert await at(books, slot * 0.9) == Wait(NOON + slot, "rate")
    assert isinstance(await at(books, 10 * SECOND), Claimed)
    assert isinstance(await at(books, 10 * SECOND), Claimed)
    assert await at(books, 10 * SECOND) == Wait(NOON + 10 * SECOND + slot, "rate")


async def test_a_lane_as_slow_as_one_in_five_seconds_keeps_its_pace(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.released()
    assert isinstance(await at(books, timedelta(), 0.2), Claimed)
    assert await at(books, timedelta(), 0.2) == Wait(NOON + 5 * SECOND, "rate")
    assert await at(books, 4 * SECOND, 0.2) == Wait(NOON + 5 * SECOND, "rate")
    assert isinstance(await at(books, 5 * SECOND, 0.2), Claimed)


async def test_a_clock_that_was_put_back_holds_no_lane_and_nobody_back(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.released()
    assert isinstance(await at(books, timedelta()), Claimed)
    assert await at(books, -SECOND * 0.9) == Wait(NOON + SECOND / 20, "rate")  # so little may be another replica's
    assert isinstance(await at(books, -HOUR), Claimed)
    assert await at(books, -HOUR) == Wait(NOON - HOUR + SECOND / 20, "rate")


async def test_a_lane_that_went_on_says_no_more_why_it_had_rested(books: Books) -> None:
    await books.subscribe(1)
    await books.released()
    await books.settle(await books.take(), TryLater("flood", SECOND))
    assert await books.claim() == Wait(books.now + SECOND, "paused")
    books.now += SECOND
    await books.take()
    found = await books.database.run(lambda connection: connection.execute(select(lane)))
    assert [tuple(row) for row in found] == [(LANE, books.now, None, None)]


async def test_a_fourth_send_waits_for_the_first_lease_to_end_and_no_longer(books: Books) -> None:
    await books.subscribe(*range(1, 5))
    await books.released()
    for each in range(3):
        assert isinstance(await at(books, each * SECOND), Claimed)
    assert await at(books, 3 * SECOND) == Wait(NOON + 4 * SECOND, "in flight")
    assert await at(books, LEASE - SECOND / 2) == Wait(NOON + LEASE, "in flight")
    assert isinstance(await at(books, LEASE), Claimed)


# The queue.


async def test_of_one_level_what_ends_first_goes_first_and_then_what_is_older(books: Books) -> None:
    await books.subscribe(1)
    late, later = [await books.released(replace(ROAD, expires_at=NOON + 5 * HOUR)) for _ in range(2)]
    soon = await books.released(replace(ROAD, expires_at=NOON + HOUR))
    fair = await books.released(replace(COMMUNITY, expires_at=NOON + HOUR / 2))
    gone = [claimed.delivery.advisory for claimed in await books.send()]
    assert gone == [each.number for each in (soon, late, later, fair)]


async def test_what_may_not_go_at_night_holds_up_nothing_that_may(books: Books) -> None:
    """And when nothing else is due, the reason told is the last in the queue."""
    await books.subscribe(1)
    fair = await books.released(replace(COMMUNITY, expires_at=NOON + HOUR))
    advisory = await books.released(replace(ROAD, level=AdvisoryLevel.ADVISORY))
    by_day = [AdvisoryLevel.COMMUNITY]
    claimed = await books.claim(levels=by_day)
    assert isinstance(claimed, Claimed)
    assert claimed.delivery.advisory == fair.number != advisory.number
    assert await books.claim(levels=by_day) == Wait(books.now + SECOND, "quiet hours")


async def test_what_is_on_its_way_holds_up_its_own_thread_for_that_person_and_no_other(books: Books) -> None:
    await books.subscribe(1)
    road, fair = await books.released(), await books.released(COMMUNITY)
    first, second = await books.take(), await books.take()
    assert [claimed.delivery.advisory for claimed in (first, second)] == [road.number, fair.number]
    update = await books.released(follows=road)
    assert await books.claim() == Wait(books.now + SECOND, "nothing due")
    await books.settle(first)
    assert (await books.take()).delivery.advisory == update.number


# The first few.


@pytest.mark.parametrize("failures", [{}, {0: Unreachable("gone"), 4: MayHaveArrived("cut")}])
async def test_ten_have_been_tried_whatever_came_of_it_and_five_seconds_pass(
    books: Books, failures: dict[int, SendFailed]
) -> None:
    await books.subscribe(*range(1, FIRST_BATCH + 4))
    await books.released(COMMUNITY)
    for each in range(FIRST_BATCH):
        await books.settle(await books.take(), failures.get(each))
    last = books.now - NOON
    for later in (timedelta(), FIRST_PAUSE - SECOND / 1e3):
        assert await at(books, last + later, lane="b") == Wait(NOON + last + later + SECOND, "first batch")
    eleventh = await at(books, last + FIRST_PAUSE, lane="b")
    assert isinstance(eleventh, Claimed)
    # And so it goes on: more than the first few have got it or were tried.
    assert isinstance(await at(books, last + FIRST_PAUSE + SECOND, lane="b"), Claimed)
    books.now += FIRST_PAUSE + SECOND
    await books.settle(eleventh)
    assert isinstance(await at(books, last + FIRST_PAUSE + SECOND, lane="c"), Claimed)


async def test_the_pause_after_the_first_few_ends_for_a_clock_that_was_put_back(books: Books) -> None:
    await books.subscribe(*range(1, FIRST_BATCH + 2))
    await books.released()
    await books.send(FIRST_BATCH)
    assert isinstance(await at(books, books.now - NOON, lane="b"), Wait)
    assert isinstance(await at(books, books.now - NOON - HOUR, lane="b"), Claimed)


async def test_nine_refused_and_one_taken_is_no_fault_for_everybody(books: Books) -> None:
    await books.subscribe(*range(1, FIRST_BATCH + 2))
    road = await books.released()
    for each in range(FIRST_BATCH):
        await books.settle(await books.take(), Refused("no") if each else None)
    assert isinstance(await books.claim(), Claimed)
    assert await books.stage(road) is Stage.SENDING


async def test_the_pause_of_one_that_nobody_could_get_is_told_to_whoever_looks(books: Books) -> None:
    await books.subscribe(*range(1, FIRST_BATCH + 2))
    road, other = await books.released(), await books.released(COMMUNITY)
    for _ in range(FIRST_BATCH):
        await books.settle(await books.take(), Refused("the text is empty"))
    with capture_logs() as logs:
        claimed = await books.take()
    assert claimed.delivery.advisory == other.number
    found = await books.advisories.find(road.number)
    assert found is not None
    assert (found.stage, found.paused_for, await books.stage(other)) == (Stage.PAUSED, WHY_PAUSED, Stage.SENDING)
    paused = {"event": "advisory paused", "advisory": road.identifier, "reason": "first batch refused"}
    assert logs == [paused | {"log_level": "error"}]
    (line,) = await Audit(books.database).newest(1)
    assert (line.at, line.who, line.act, line.subject, line.details) == (
        books.now, "bot", "pause", road.identifier, {"why": WHY_PAUSED}
    )  # fmt: skip


# What is looked at once more.


async def test_so_many_are_passed_over_in_one_claim_and_the_rest_in_the_next(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "_MOST_PASSED_OVER", 2)
    await books.subscribe(1, 2, 3)
    await books.released()
    await books.by_hand("UPDATE subscription SET state = 'suspended'")
    assert await at(books, SECOND) == Wait(NOON + SECOND, "passed over")
    assert await at(books, SECOND) == Wait(NOON + 2 * SECOND, "nothing due")
    passed = (State.UNDELIVERABLE.value, "unreachable: found out by another message", NOON + SECOND)
    assert await ends(books) == [passed] * 3


async def test_whoever_stopped_or_left_is_passed_over_without_a_note(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.released(COMMUNITY)
    await books.by_hand("UPDATE subscription SET state = 'stopped', address = NULL WHERE id = 1")
    await books.by_hand("DELETE FROM subscribed_topic WHERE subscription = 2")
    await books.by_hand("UPDATE subscription SET level = 'urgent' WHERE id = 3")
    assert await at(books, SECOND) == Wait(NOON + 2 * SECOND, "nothing due")
    assert await ends(books) == [(State.OPTED_OUT.value, None, NOON + SECOND)] * 3


async def test_a_withdrawal_of_what_never_came_is_withdrawn_and_says_so(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    on_its_way = await books.take()
    await books.cancelled(road)
    await books.settle(on_its_way, Refused("too long"))
    books.now += SECOND
    assert await books.send() == []
    nothing = (State.WITHDRAWN.value, "nothing to withdraw had reached them", books.now)
    assert (await ends(books))[1:] == [nothing]


async def test_whoever_wants_only_what_is_urgent_hears_how_an_alert_went_on(books: Books) -> None:
    await books.subscribe(1)
    alert = await books.released()
    fair = await books.released(COMMUNITY)
    await books.by_hand("UPDATE subscription SET level = 'urgent'")
    await books.released(COMMUNITY, follows=alert)
    await books.released(COMMUNITY, follows=fair)
    assert [claimed.delivery.advisory for claimed in await books.send()] == [fair.number + 1]


async def test_a_claim_holds_all_that_its_sender_needs(books: Books) -> None:
    await books.subscribe(1, language="es")
    road = await books.released()
    first = await books.take()
    owner = first.delivery.owner
    assert first == Claimed(Delivery(1, road.number, 1, AdvisoryLevel.ALERT, somebody(1), "es", State.SENDING, owner,
                                     attempts=1, unknowns=0), WORDS["es"], None)  # fmt: skip
    held = select(delivery.c.state, delivery.c.attempts, delivery.c.owner, delivery.c.lease_until)
    (row,) = await books.database.run(lambda connection: connection.execute(held))
    assert (len(owner), tuple(row)) == (32, ("sending", 1, owner, books.now + LEASE))
    cut = not_sent(first.delivery, MayHaveArrived("cut"), books.now)
    assert await books.outbox.settle(first.delivery, cut, LANE, books.now)
    books.now += MINUTE
    again = await books.take()
    assert again == Claimed(replace(first.delivery, owner=again.delivery.owner, attempts=2, unknowns=1), WORDS["es"],
                            None)  # fmt: skip
    await books.settle(again)
    update = await books.released(follows=road)
    after = await books.take()
    assert (after.delivery.advisory, after.delivery.earlier) == (update.number, "message 1")
    assert after.earlier == Earlier("message 1", INSTEAD["es"])
