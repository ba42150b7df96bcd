"""The promise on advisories, clause by clause, on the real ledger (law 7, law 8)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.core.advisory import (
    FIRST_BATCH,
    FIRST_PAUSE,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Ended,
    Stage,
)
from bot.core.channel import Earlier, LaneClosed, MayHaveArrived, Refused, SendFailed, TryLater, Unreachable
from bot.core.delivery import LANE_RESTS, LEASE, MOST_IN_FLIGHT, Settlement, State, sent
from bot.core.message import ChannelName
from bot.core.subscription import Reach
from bot.store import database
from bot.store.faults import StoreDown
from bot.store.outbox import Claimed, Outbox, Wait
from bot.store.progress import LaneRest
from bot.store.sealed import Seal
from tests.ledger import (
    COMMUNITY,
    EVERY_LEVEL,
    HOUR,
    INSTEAD,
    KEYED,
    LANE,
    MINUTE,
    NOON,
    ROAD,
    SEAL,
    SECOND,
    WORDS,
    Books,
    books_in,
    somebody,
)


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as books:
        yield books


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several connections that write to one file without a pause starve one another; here nobody gives up."""
    for name in ("_LOCK_WAIT", "_TURN_WAIT", "_ANSWER_WAIT"):
        monkeypatch.setattr(database, name, MINUTE)


def people(gone: list[Claimed]) -> list[str]:
    return sorted(claimed.delivery.to.id for claimed in gone)


# 1. Complete.


async def test_promise_1_everybody_ends_in_one_state_and_they_add_up_before_it_is_finished(books: Books) -> None:
    await books.subscribe(*range(1, 6))
    road = await books.released(COMMUNITY)
    failures = {"1": Unreachable("blocked"), "2": Refused("too long"), "3": MayHaveArrived("cut")}
    for _ in range(3):
        claimed = await books.take()
        await books.settle(claimed, failures.get(claimed.delivery.to.id))
        assert await books.stage(road) is Stage.SENDING
        await books.tick()
    left = [number for number, state in (await books.states(road)).items() if state is State.DUE]
    await books.subscriptions.stop(somebody(left[0]), None, books.now)
    await books.tick(6 * HOUR)
    ends = await books.states(road)
    assert (ends[left[0]], ends[left[1]], await books.stage(road)) == (State.OPTED_OUT, State.EXPIRED, Stage.FINISHED)
    progress = await books.outbox.progress(road.number)
    assert (sum(progress.states.values()), progress.audience) == (5, 5)
    assert all(state.is_final for state in progress.states)


async def test_promise_1_a_ledger_that_does_not_add_up_is_paused_and_never_called_finished(books: Books) -> None:
    await books.subscribe(1, 2)
    road = await books.released()
    await books.send()
    await books.by_hand("DELETE FROM delivery WHERE subscription = 1")
    await books.tick()
    found = await books.advisories.find(road.number)
    assert found is not None
    assert (found.stage, found.paused_for) == (
        Stage.PAUSED, "its 1 deliveries do not add up to its audience of 2"
    )  # fmt: skip


async def test_promise_1_the_audience_is_who_was_subscribed_at_release(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(3, topic="weather")
    await books.subscribe(4, reach=Reach.URGENT)
    await books.released(COMMUNITY)
    await books.subscribe(5)
    assert people(await books.send()) == ["1", "2"]


async def test_promise_1_an_advisory_for_nobody_is_finished_at_once(books: Books) -> None:
    road = await books.released()
    await books.tick()
    assert (await books.stage(road), (await books.outbox.progress(road.number)).audience) == (Stage.FINISHED, 0)


# 2. At least once; at most one extra copy.


async def test_promise_2_a_sender_that_died_has_its_row_tried_once_more_and_then_listed_as_uncertain(
    books: Books,
) -> None:
    await books.subscribe(1)
    road = await books.released(COMMUNITY)
    copies = 0
    for _ in range(5):
        if isinstance(await books.claim(), Claimed):
            copies += 1
        await books.tick(LEASE)
    assert (copies, await books.states(road), await books.stage(road)) == (2, {1: State.UNCERTAIN}, Stage.FINISHED)


async def test_promise_2_no_more_than_three_are_in_flight_so_a_crash_repeats_no_more(books: Books) -> None:
    await books.subscribe(*range(1, 10))
    await books.released()
    for _ in range(MOST_IN_FLIGHT):
        await books.take()
    found = await books.claim()
    assert found == Wait(books.now + SECOND, "in flight")
    await books.tick(LEASE)
    assert isinstance(await books.claim(), Claimed)


async def test_promise_2_what_the_platform_did_not_take_is_brought_again_until_it_does(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    for failure in (TryLater("busy"), TryLater("flood", timedelta(seconds=30)), TryLater("busy")):
        claimed = await books.take()
        assert await books.settle(claimed, failure)
        books.now += MINUTE
    assert [claimed.delivery.attempts for claimed in await books.send()] == [3]
    assert await books.states(road) == {1: State.SENT}


async def test_promise_2_an_unknown_end_is_tried_again_at_level_alert_only(books: Books) -> None:
    await books.subscribe(1)
    alert, fair = await books.released(), await books.released(COMMUNITY)
    for _ in range(2):
        await books.settle(await books.take(), MayHaveArrived("cut"))
    books.now += MINUTE
    assert [claimed.delivery.advisory for claimed in await books.send()] == [alert.number]
    assert (await books.states(alert), await books.states(fair)) == ({1: State.SENT}, {1: State.UNCERTAIN})


async def test_promise_2_whoever_was_tried_before_comes_before_those_who_were_not(books: Books) -> None:
    await books.subscribe(*range(1, 6))
    await books.released()
    first = await books.take()
    await books.settle(first, TryLater("busy"))
    books.now += MINUTE
    assert (await books.take()).delivery.id == first.delivery.id


# 3. Never after opt-out.


async def test_promise_3_nothing_due_is_sent_once_stop_is_stored(books: Books) -> None:
    await books.subscribe(1, 2)
    road, fair = await books.released(), await books.released(COMMUNITY)
    await books.subscriptions.stop(somebody(1), None, books.now)
    assert people(await books.send()) == ["2", "2"]
    assert (await books.states(road))[1] is (await books.states(fair))[1] is State.OPTED_OUT


async def test_promise_3_a_send_that_was_to_be_repeated_is_not_when_stop_came_between(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    claimed = await books.take()
    await books.subscriptions.stop(somebody(1), None, books.now)
    assert await books.settle(claimed, TryLater("busy"))
    assert await books.states(road) == {1: State.OPTED_OUT}


async def test_promise_3_a_new_subscription_does_not_bring_back_what_was_stopped(books: Books) -> None:
    await books.subscribe(1)
    await books.released()
    await books.subscriptions.stop(somebody(1), None, books.now)
    await books.subscribe(1)
    assert await books.send() == []


async def test_promise_3_the_claim_looks_once_more_whatever_the_row_says(books: Books) -> None:
    await books.subscribe(1, 2, 3, 4)
    road = await books.released(COMMUNITY)
    await books.by_hand("UPDATE subscription SET state = 'stopped', address = NULL WHERE id = 1")
    await books.by_hand("DELETE FROM subscribed_topic WHERE subscription = 2")
    await books.by_hand("UPDATE subscription SET level = 'urgent' WHERE id = 3")
    await books.by_hand("UPDATE subscription SET state = 'suspended' WHERE id = 4")
    assert await books.send() == []
    gone = State.OPTED_OUT
    assert await books.states(road) == {1: gone, 2: gone, 3: gone, 4: State.UNDELIVERABLE}


async def test_promise_3_holds_when_stops_race_the_senders(store: URL, patient: None) -> None:
    """Stops and claims from several connections to one store: the ledger's order is the order of their commits."""
    async with books_in(store) as books, books_in(store) as others:
        await books.subscribe(*range(1, 41))
        await books.released()
        stopped: set[str] = set()
        broken: list[str] = []
        books.now += HOUR

        async def sender(outbox: Outbox) -> None:
            given = (ChannelName.TELEGRAM, LANE, 1e6, EVERY_LEVEL)
            clock = books.now
            for _ in range(200):
                clock += SECOND
                before = set(stopped)
                found = await outbox.claim(*given, clock)
                if isinstance(found, Claimed):
                    broken.extend(before & {found.delivery.to.id})
                    await outbox.settle(found.delivery, sent(found.delivery, "1"), LANE, clock)
                elif found.reason == "nothing due":
                    return

        async def stopper() -> None:
            for number in range(1, 41, 2):
                await others.subscriptions.stop(somebody(number), None, books.now)
                stopped.add(str(number))

        await asyncio.gather(sender(books.outbox), sender(others.outbox), stopper())
        assert (len(stopped), broken) == (20, [])


# 4. Never after cancel or expiry.


async def test_promise_4_nothing_starts_after_its_time_even_before_the_clock_has_ticked(books: Books) -> None:
    await books.subscribe(1, 2)
    road = await books.released()
    await books.send(1)
    books.now = ROAD.expires_at
    assert await books.send() == []
    await books.tick()
    assert sorted((await books.states(road)).values(), key=str) == [State.EXPIRED, State.SENT]
    found = await books.advisories.find(road.number)
    assert found is not None
    assert (found.ended, found.stage) == (Ended.EXPIRED, Stage.FINISHED)


async def test_promise_4_a_paused_advisory_expires_as_well(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    await books.advisories.pause(road.number, "bob", "a wrong street", books.now)
    await books.tick(6 * HOUR)
    assert (await books.states(road), await books.stage(road)) == ({1: State.EXPIRED}, Stage.FINISHED)


async def test_promise_4_a_cancel_goes_to_those_who_may_have_got_it_and_before_all_else(books: Books) -> None:
    await books.subscribe(*range(1, 7))
    road = await books.released()
    outcomes = [None, MayHaveArrived("cut"), Unreachable("blocked"), TryLater("busy")]
    tried = [await books.take() for _ in range(MOST_IN_FLIGHT)]
    for claimed, failure in zip(tried, outcomes, strict=False):
        await books.settle(claimed, failure)
    on_its_way = await books.take()
    other = await books.released(replace(ROAD, expires_at=NOON + HOUR))
    cancel = await books.cancelled(road)
    got, cut, _blocked = (claimed.delivery.subscription for claimed in tried)
    assert cancel.audience == 3
    states = await books.states(road)
    assert set(states.values()) == {*State} - {State.DUE, State.OPTED_OUT, State.EXPIRED}
    assert states[cut] is State.UNCERTAIN  # it was due again, and a copy may have arrived: withdrawn would hide that
    gone = [await books.take(), await books.take()]
    assert {claimed.delivery.subscription for claimed in gone} == {got, cut}
    assert {claimed.delivery.advisory for claimed in gone} == {cancel.number}
    for claimed in (*gone, on_its_way):
        await books.settle(claimed)
    after = await books.take()
    assert (after.delivery.advisory, after.delivery.subscription) == (cancel.number, on_its_way.delivery.subscription)
    await books.settle(after)
    assert {claimed.delivery.advisory for claimed in await books.send()} == {other.number}


async def test_promise_4_a_cancel_is_withdrawn_for_whom_the_alert_did_not_reach_after_all(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    on_its_way = await books.take()
    cancel = await books.cancelled(road)
    await books.settle(on_its_way, Refused("too long"))
    assert await books.send() == []
    await books.tick()
    assert (await books.states(cancel), await books.stage(cancel)) == ({1: State.WITHDRAWN}, Stage.FINISHED)


@pytest.mark.parametrize(("failure", "end"), [
    (TryLater("busy"), State.WITHDRAWN),
    (MayHaveArrived("cut"), State.UNCERTAIN),
    (None, State.SENT),
])  # fmt: skip
async def test_promise_4_a_send_under_way_at_the_cancel_is_never_repeated(
    books: Books, failure: SendFailed | None, end: State
) -> None:
    await books.subscribe(1)
    road = await books.released()
    claimed = await books.take()
    await books.cancelled(road)
    await books.settle(claimed, failure)
    assert await books.states(road) == {1: end}


async def test_promise_4_a_cancel_reaches_who_left_the_topic_but_not_who_stopped(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(1, topic="weather")
    road = await books.released()
    await books.send()
    await books.subscriptions.stop(somebody(1), "traffic", books.now)
    await books.cancelled(road)
    await books.subscriptions.stop(somebody(2), None, books.now)
    assert people(await books.send()) == ["1"]


# 5. In order.


async def test_promise_5_an_update_takes_back_what_is_due_and_goes_to_everybody(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    road = await books.released()
    (first,) = await books.send(1)
    await books.subscribe(4)
    update = await books.released(follows=road)
    assert Counter((await books.states(road)).values()) == {State.SENT: 1, State.WITHDRAWN: 2}
    gone = await books.send()
    assert ({claimed.delivery.advisory for claimed in gone}, people(gone)) == ({update.number}, ["1", "2", "3", "4"])
    told = {claimed.delivery.to.id: claimed.earlier for claimed in gone}
    assert told.pop(first.delivery.to.id) == Earlier(f"message {first.delivery.id}", INSTEAD["en"])
    assert set(told.values()) == {None}


async def test_promise_5_an_update_waits_for_the_alert_that_is_on_its_way_to_the_same_person(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    on_its_way = await books.take()
    update = await books.released(follows=road)
    found = await books.claim()
    assert isinstance(found, Wait)
    await books.settle(on_its_way)
    (gone,) = await books.send()
    assert (gone.delivery.advisory, gone.earlier) == (
        update.number, Earlier(f"message {on_its_way.delivery.id}", INSTEAD["en"])
    )  # fmt: skip


async def test_promise_5_nothing_of_the_thread_goes_out_after_its_cancel(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    road = await books.released()
    await books.send(2)
    update = await books.released(follows=road)
    (claimed,) = await books.send(1)
    cancel = await books.cancelled(update)
    assert claimed.delivery.advisory == update.number
    assert {claimed.delivery.advisory for claimed in await books.send()} == {cancel.number}


# 6. One sender.


async def test_promise_6_of_several_senders_each_row_has_one_and_none_is_passed_over(store: URL, patient: None) -> None:
    async with books_in(store) as books, books_in(store) as others:
        await books.subscribe(*range(1, 31))
        road = await books.released()
        gone: list[int] = []

        async def sender(outbox: Outbox) -> None:
            clock = NOON
            while True:
                clock += SECOND
                found = await outbox.claim(ChannelName.TELEGRAM, LANE, 1e6, EVERY_LEVEL, clock)
                if isinstance(found, Claimed):
                    gone.append(found.delivery.id)
                    await outbox.settle(found.delivery, sent(found.delivery, "1"), LANE, clock)
                elif found.reason == "nothing due":
                    return

        outboxes = (books.outbox, others.outbox, Outbox(books.database, KEYED, SEAL))
        await asyncio.gather(*(sender(outbox) for outbox in outboxes))
        assert (len(gone), len(set(gone))) == (30, 30)
        assert set((await books.states(road)).values()) == {State.SENT}


async def test_promise_6_whoever_lost_the_lease_settles_nothing(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    slow = await books.take()
    await books.tick(LEASE)
    assert await books.settle(slow, Unreachable("blocked")) is False
    again = await books.take()
    assert again.delivery.owner != slow.delivery.owner
    assert (await books.settle(slow), await books.states(road)) == (False, {1: State.SENDING})
    assert (await books.settle(again), await books.settle(again)) == (True, False)


async def test_promise_6_the_rate_is_the_lanes_and_not_the_senders(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    await books.released()
    other = Outbox(books.database, KEYED, SEAL)
    given = (ChannelName.TELEGRAM, LANE, 20.0, EVERY_LEVEL)
    assert isinstance(await books.outbox.claim(*given, NOON), Claimed)
    assert await other.claim(*given, NOON) == Wait(NOON + timedelta(milliseconds=50), "rate")
    assert isinstance(await other.claim(*given, NOON + timedelta(milliseconds=50)), Claimed)


# 7. A test is not live (law 8).


async def test_promise_7_an_exercise_goes_to_those_who_agreed_and_to_no_subscriber(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(2, kind=AdvisoryKind.EXERCISE)
    exercise = await books.released(kind=AdvisoryKind.EXERCISE)
    assert (exercise.audience, people(await books.send())) == (1, ["2"])


@pytest.mark.parametrize("kind", ["live", "exercise"])
async def test_promise_7_the_database_refuses_an_exercise_for_a_subscriber(books: Books, kind: str) -> None:
    await books.subscribe(1)
    await books.released()
    exercise = await books.released(kind=AdvisoryKind.EXERCISE)
    row = (
        "INSERT INTO delivery (kind, advisory, subscription, thread, channel, state, turn, attempts, unknowns, due_at)"
    )
    values = f"'{kind}', {exercise.number}, 1, {exercise.number}, 'telegram', 'due', 0, 0, 0, '{NOON.isoformat()}'"
    for forbidden in (f"{row} VALUES ({values})", "UPDATE subscription SET kind = 'exercise'"):
        with pytest.raises(StoreDown, match=r"FOREIGNKEY|23503"):
            await books.by_hand(forbidden)
    assert await books.states(exercise) == {}


# 8. The same after power loss.


async def test_promise_8_the_ledger_is_flushed_to_the_disk_with_every_commit(books: Books) -> None:
    asked, full = ("SHOW synchronous_commit", "on") if books.database.is_shared else ("PRAGMA synchronous", 2)
    ((flushed,),) = await books.by_hand(asked)
    assert flushed == full


async def test_promise_8_a_claim_that_was_stored_is_there_when_the_store_is_opened_again(store: URL) -> None:
    async with books_in(store) as books:
        await books.subscribe(1)
        road = await books.released()
        await books.take()
    async with books_in(store) as books:
        assert await books.states(road) == {1: State.SENDING}
        found = await books.claim()
        assert isinstance(found, Wait)
        assert found.reason == "nothing due"


# What stands between a delivery and its send.


async def test_the_first_few_go_out_then_a_pause_shows_whether_all_is_well(books: Books) -> None:
    await books.subscribe(*range(1, FIRST_BATCH + 5))
    await books.released()
    last = [await books.take() for _ in range(1)]
    for claimed in last:
        await books.settle(claimed)
    await books.send(FIRST_BATCH - 2)
    tenth = await books.take()
    held = await books.outbox.claim(ChannelName.TELEGRAM, LANE, 1e6, EVERY_LEVEL, books.now + SECOND)
    await books.settle(tenth)
    ready = books.now + FIRST_PAUSE
    early = await books.outbox.claim(ChannelName.TELEGRAM, LANE, 1e6, EVERY_LEVEL, ready - SECOND)
    assert [found.reason for found in (held, early) if isinstance(found, Wait)] == ["first batch", "first batch"]
    assert isinstance(await books.outbox.claim(ChannelName.TELEGRAM, LANE, 1e6, EVERY_LEVEL, ready), Claimed)


async def test_a_message_that_the_first_few_could_not_get_waits_for_a_person(books: Books) -> None:
    await books.subscribe(*range(1, 2 * FIRST_BATCH + 5))
    road = await books.released()
    for _ in range(2):
        for _ in range(FIRST_BATCH):
            await books.settle(await books.take(), Refused("the text is empty"))
        assert isinstance(await books.claim(), Wait)
        found = await books.advisories.find(road.number)
        assert found is not None
        assert (found.stage, "reason that is ours" in (found.paused_for or "")) == (Stage.PAUSED, True)
        books.now += SECOND
        await books.advisories.resume(road.number, "bob", books.now)
    assert len(await books.send()) == 4


async def test_an_alert_goes_before_the_rest_and_by_night_nothing_else_goes(books: Books) -> None:
    await books.subscribe(1)
    fair, alert = await books.released(COMMUNITY), await books.released()
    advisory = await books.released(replace(ROAD, level=AdvisoryLevel.ADVISORY))
    night = await books.take()
    await books.settle(night)
    quiet = await books.claim(levels=[AdvisoryLevel.ALERT])
    assert (night.delivery.advisory, quiet) == (alert.number, Wait(books.now + SECOND, "quiet hours"))
    assert [claimed.delivery.advisory for claimed in await books.send()] == [advisory.number, fair.number]


async def test_a_platform_that_asks_for_patience_rests_the_whole_lane_and_says_why(books: Books) -> None:
    await books.subscribe(1, 2)
    road = await books.released()
    await books.settle(await books.take(), TryLater("flood", MINUTE))
    until = books.now + MINUTE
    assert await books.claim() == Wait(until, "paused")
    assert (await books.outbox.progress(road.number)).lanes == (LaneRest(LANE, until, "TryLater"),)
    books.now = until
    assert len(await books.send()) == 2
    assert (await books.outbox.progress(road.number)).lanes == ()


async def test_a_shorter_rest_does_not_end_a_longer_one(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.released()
    one, other = await books.take(), await books.take()
    await books.settle(one, LaneClosed("token"))
    until = books.now + LANE_RESTS
    await books.settle(other, TryLater("flood", SECOND))
    assert await books.claim() == Wait(until, "paused")


async def test_each_person_is_written_to_in_their_language_or_the_departments_first(books: Books) -> None:
    for number, language in enumerate(("en", "es", "pt"), 1):
        await books.subscribe(number, language=language)
    await books.released()
    texts = {claimed.delivery.language: claimed.text for claimed in await books.send()}
    assert texts == {"en": WORDS["en"], "es": WORDS["es"], "pt": WORDS["en"]}


async def test_the_order_is_drawn_by_lot(books: Books) -> None:
    await books.subscribe(*range(1, 41))
    orders = []
    for _ in range(2):
        await books.released()
        orders.append([claimed.delivery.subscription for claimed in await books.send()])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(1, 41))
    assert orders[0] != orders[1]  # once in 40! runs they would be alike


async def test_an_address_that_cannot_be_opened_is_named_and_holds_up_nobody_else(books: Books) -> None:
    other = Seal([b"B" * 42 + b"E="])
    await books.subscribe(1)
    books.subscriptions = type(books.subscriptions)(books.database, KEYED, other)
    await books.subscribe(2)
    road = await books.released()
    assert people(await books.send()) == ["1"]
    notes = {row.subscription: row.note async for row in books.outbox.rows(road.number)}
    assert (await books.states(road), "keys" in (notes[2] or "")) == ({1: State.SENT, 2: State.UNDELIVERABLE}, True)


# A chat that moved.


async def moved(books: Books, claimed: Claimed, to: int) -> bool:
    what = sent(claimed.delivery, "1", somebody(to))
    return await books.outbox.settle(claimed.delivery, what, LANE, books.now)


async def test_whoever_moved_is_written_to_at_the_new_address_from_then_on(books: Books) -> None:
    await books.subscribe(1)
    await books.subscribe(1, kind=AdvisoryKind.EXERCISE)
    await books.released()
    assert await moved(books, await books.take(), to=99)
    await books.released()
    await books.released(kind=AdvisoryKind.EXERCISE)
    assert people(await books.send()) == ["99", "99"]
    assert await books.subscriptions.of(somebody(1)) is None
    assert await books.subscriptions.stop(somebody(99), None, books.now) is None
    assert await books.subscriptions.of(somebody(99)) is None


async def test_where_the_new_chat_has_its_own_subscription_that_one_counts(books: Books) -> None:
    await books.subscribe(1)
    await books.subscribe(2, language="es")
    road, fair = await books.released(), await books.released(COMMUNITY)
    claimed = await books.take()
    while claimed.delivery.to != somebody(1):
        await books.settle(claimed)
        claimed = await books.take()
    assert await moved(books, claimed, to=2)
    assert people(await books.send())[-1:] == ["2"]
    assert ((await books.states(road))[1], (await books.states(fair))[1]) == (State.SENT, State.OPTED_OUT)
    assert await books.subscriptions.of(somebody(1)) is None
    assert (await books.subscriptions.audience("traffic", AdvisoryLevel.ALERT, AdvisoryKind.LIVE)) == {
        (ChannelName.TELEGRAM, "es"): 1
    }


async def test_a_chat_that_moved_to_where_somebody_has_stopped_is_stopped_too(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscriptions.stop(somebody(2), None, books.now)
    await books.released()
    assert await moved(books, await books.take(), to=2)
    await books.released()
    assert (await books.send(), await books.subscriptions.of(somebody(2))) == ([], None)


# Every state and every act.


@pytest.mark.parametrize(("before", "stopped", "updated", "expired", "crashed"), [
    (State.DUE, State.OPTED_OUT, State.WITHDRAWN, State.EXPIRED, State.DUE),
    (State.SENDING, State.SENDING, State.SENDING, State.UNCERTAIN, State.DUE),
    (State.SENT, State.SENT, State.SENT, State.SENT, State.SENT),
    (State.UNDELIVERABLE, State.UNDELIVERABLE, State.UNDELIVERABLE, State.UNDELIVERABLE, State.UNDELIVERABLE),
    (State.UNCERTAIN, State.UNCERTAIN, State.UNCERTAIN, State.UNCERTAIN, State.UNCERTAIN),
])  # fmt: skip
async def test_what_happens_to_a_delivery_in_each_state(
    tmp_path: Path, before: State, stopped: State, updated: State, expired: State, crashed: State
) -> None:
    ends: dict[str, State] = {}
    for act in ("stopped", "updated", "expired", "crashed"):
        folder = tmp_path / act
        async with books_in(folder) as books:
            await books.subscribe(1)
            road = await books.released(COMMUNITY)
            if before is not State.DUE:
                claimed = await books.take()
                settled = Settlement(before, attempts=1)
                if before is not State.SENDING:
                    await books.outbox.settle(claimed.delivery, settled, LANE, books.now)
            if act == "stopped":
                await books.subscriptions.stop(somebody(1), None, books.now)
            elif act == "updated":
                await books.released(COMMUNITY, follows=road)
            else:
                await books.tick(6 * HOUR if act == "expired" else LEASE)
            ends[act] = (await books.states(road))[1]
    assert ends == {"stopped": stopped, "updated": updated, "expired": expired, "crashed": crashed}


# For whoever watches.


async def test_progress_tells_how_far_it_is_and_the_ledger_names_no_address(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    road = await books.released(type=AdvisoryType.ALERT)
    begun = await books.outbox.progress(road.number)
    assert (begun.states, begun.started_at, begun.last_settled_at) == ({State.DUE: 3}, NOON, None)
    await books.send(1)
    books.now += 2 * MINUTE
    await books.send(1)
    progress = await books.outbox.progress(road.number)
    assert progress.states == {State.DUE: 1, State.SENT: 2} == progress.channels[ChannelName.TELEGRAM]
    assert (progress.sent_last_minute, progress.last_settled_at) == (1, books.now)
    rows = [row async for row in books.outbox.rows(road.number)]
    assert [(row.subscription, row.language, row.attempts) for row in rows if row.state is State.SENT] == [
        (row.subscription, "en", 1) for row in rows if row.provider_id == f"message {row.delivery}"
    ]
    assert len(rows) == 3
