"""The moment of release, line by line: what is planned for whom, what is refused, what of a thread is taken back."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL, select

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Ended, ReleaseRefused, Stage
from bot.core.channel import MayHaveArrived, Refused, TryLater
from bot.core.delivery import State
from bot.core.subscription import Reach
from bot.store import planning
from bot.store.ledger import Ledger
from bot.store.planning import continuing, is_urgent, refusals
from bot.store.schema import delivery
from tests.ledger import COMMUNITY, HOUR, MINUTE, NO_WORDS, NOON, ROAD, SECOND, WORDS, Books, somebody
from tests.quick_books import quick_books

LIVE = AdvisoryKind.LIVE
NOT_OUT = "what it follows has not gone out: change that instead"
WITHDRAWN = "what it follows was withdrawn, and nothing follows a withdrawal: begin a new one"


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with quick_books(store) as books:
        yield books


async def kept(books: Books, *names: str) -> list[tuple[Any, ...]]:
    """Those columns of the ledger, by advisory and subscription."""
    asked = select(*(delivery.c[name] for name in names)).order_by(delivery.c.advisory, delivery.c.subscription)
    return [tuple(row) for row in await books.database.run(lambda connection: connection.execute(asked))]


async def found(books: Books, advisory: Advisory) -> Advisory:
    return next(each for each in await books.advisories.thread(advisory.number) if each.number == advisory.number)


async def test_a_release_plans_one_delivery_for_each_of_its_audience(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_LOTS", 1)
    await books.subscribe(1, 2)
    await books.subscribe(3, topic="weather")
    await books.subscribe(4, reach=Reach.URGENT)  # hears how an Alert went on, whatever level that has
    first = await books.released()
    books.now += SECOND
    second = await books.released(COMMUNITY, follows=first)
    names = ("kind", "advisory", "subscription", "thread", "channel", "state", "turn", "attempts", "unknowns", "due_at",
             "settled_at", "note", "owner")  # fmt: skip
    assert await kept(books, *names) == [
        ("live", number, person, first.number, "telegram", state, 0, 0, 0, due_at, settled_at, None, None)
        for number, state, due_at, settled_at in (
            (first.number, "withdrawn", NOON, books.now), (second.number, "due", books.now, None)
        )
        for person in (1, 2, 4)
    ]  # fmt: skip
    assert (second.stage, second.released_at, second.audience, second.paused_for) == (
        Stage.SENDING, books.now, 3, None
    )  # fmt: skip
    assert (await books.released(COMMUNITY)).audience == 2
    compared = "SELECT count(*) FROM delivery JOIN advisory ON number = advisory WHERE due_at = released_at"
    assert [tuple(row) for row in await books.by_hand(compared)] == [(8,)]  # also as the database compares


async def test_the_lots_are_many_and_never_below_nought(books: Books) -> None:
    await books.subscribe(*range(1, 41))
    await books.released()
    lots = {turn for (turn,) in await kept(books, "turn")}
    assert len(lots) == 40
    assert 0 <= min(lots) < 2**30 < max(lots) < 2**31  # once in a million million runs all are in one half


# Who may hold a copy.


async def test_a_withdrawal_is_for_whoever_may_hold_a_copy_of_any_message_of_the_thread(books: Books) -> None:
    """Sent, on its way, ended unknown, due again after that; not who was refused, nor who was never written to."""
    await books.subscribe(*range(1, 7))
    road = await books.released()
    held = [await books.take() for _ in range(3)]
    for claimed, end in zip(held, (None, Refused("no"), MayHaveArrived("cut")), strict=True):
        await books.settle(claimed, end)
    refused, unknown = (claimed.delivery.subscription for claimed in held[1:])
    sending, later = [await books.take() for _ in range(2)]
    await books.settle(later, TryLater("away"))
    assert await Ledger(books.database).may_hold(road) == 3
    await books.released(COMMUNITY)  # of another thread
    other = await books.released(follows=road)
    expected = {held[0].delivery.subscription, unknown, sending.delivery.subscription}
    cancel = await books.cancelled(other)
    assert set(await books.states(cancel)) == expected
    states = await books.states(road)
    assert {states[number] for number in {*range(1, 7)} - expected - {refused}} == {State.WITHDRAWN}
    assert states[unknown] is State.UNCERTAIN  # to call it withdrawn would hide a copy


async def test_a_withdrawal_is_not_for_who_cannot_be_reached_or_has_stopped(books: Books) -> None:
    await books.subscribe(1, 2, 3)
    road = await books.released()
    await books.send()
    await books.subscribe(4)
    await books.released(COMMUNITY)
    assert len(await books.send()) == 4  # what the fourth has a copy of is another thread's
    await books.outbox.lose(somebody(1), "gone", has_opted_out=False, now=books.now)
    await books.subscriptions.stop(somebody(2), None, books.now)
    assert list(await books.states(await books.cancelled(road))) == [3]


async def test_a_withdrawal_of_an_exercise_goes_to_no_subscriber(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(2, kind=AdvisoryKind.EXERCISE)
    exercise, _ = await books.released(kind=AdvisoryKind.EXERCISE), await books.released()
    await books.send()
    withdrawn = await books.released(follows=exercise, type=AdvisoryType.CANCEL, kind=AdvisoryKind.EXERCISE)
    assert (withdrawn.audience, list(await books.states(withdrawn))) == (1, [3])


# What is taken back.


async def test_what_follows_supersedes_what_holds_and_leaves_other_threads_and_drafts_alone(books: Books) -> None:
    await books.subscribe(1)
    other, road = await books.released(COMMUNITY), await books.released()
    drafted = await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.UPDATE, follows=2, prefix="dpd")
    books.now += SECOND
    second = await books.released(follows=road)
    books.now += SECOND
    third = await books.released(follows=second)
    ends = [(each.ended, each.ended_at) for each in [await found(books, each) for each in (road, second, third)]]
    assert ends == [
        (Ended.SUPERSEDED, NOON + SECOND), (Ended.SUPERSEDED, NOON + 2 * SECOND), (None, None)
    ]  # fmt: skip
    assert ((await found(books, other)).ended, await books.stage(drafted)) == (None, Stage.DRAFT)
    assert set((await books.states(other)).values()) == {State.DUE}


async def test_a_withdrawal_ends_all_of_its_thread_and_discards_what_was_to_follow(books: Books) -> None:
    await books.subscribe(1)
    other, road = await books.released(COMMUNITY), await books.released()
    waiting = [
        await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.UPDATE, follows=2, prefix="dpd"),
        await books.released(follows=road, starts_at=NOON + HOUR),
        await books.released(follows=road, starts_at=NOON + HOUR),
        await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.UPDATE, follows=2, prefix="dpd"),
    ]
    await books.advisories.pause(waiting[1].number, "bob", "wait", NOON)
    await books.advisories.approve(waiting[3].number, "bob", 1, WORDS, NO_WORDS, None, NOON)
    strange = await books.advisories.draft(COMMUNITY, LIVE, "ann", NOON, prefix="dpd")
    await books.advisories.pause(road.number, "bob", "a wrong street", NOON)
    second = await books.released(follows=road)
    books.now += MINUTE
    cancel = await books.cancelled(second)
    thread = [await found(books, each) for each in (road, second)]
    assert [(each.ended, each.ended_at) for each in thread] == [(Ended.CANCELLED, NOON + MINUTE)] * 2
    assert [await books.stage(each) for each in waiting] == [Stage.DISCARDED] * 4
    assert [(await found(books, each)).ended for each in (*waiting, cancel, strange, other)] == [None] * 7
    stages = [await books.stage(each) for each in (strange, other, road, second)]
    assert stages == [Stage.DRAFT, Stage.SENDING, Stage.PAUSED, Stage.SENDING]  # what is out is yet to be finished
    assert await kept(books, "advisory", "state", "settled_at") == [
        (other.number, "due", None), (road.number, "withdrawn", NOON), (second.number, "withdrawn", NOON + MINUTE)
    ]  # fmt: skip


# Why it may not go out.


async def refused(books: Books, advisory: Advisory, by: str = "ann") -> tuple[str, ...]:
    return await books.database.run(refusals, advisory, by, books.now)


async def test_every_reason_against_a_release_is_told_in_its_words(books: Books) -> None:
    await books.subscribe(1, 2)
    drafted = await books.advisories.draft(COMMUNITY, LIVE, "ann", NOON, prefix="dpd")
    ready = replace(drafted, texts=WORDS)
    expired = "it would have expired by then: give it a later end"
    assert await refused(books, ready) == ()
    assert await refused(books, drafted) == ("it has no words in any language",)
    assert await refused(books, replace(ready, stage=Stage.SENDING)) == ("it is sending already",)
    (grown,) = await refused(books, replace(ready, approved_count=1))
    assert grown.startswith("the audience grew from 1 to 2 people")
    alert = replace(ready, content=ROAD)
    (alone,) = await refused(books, alert)
    assert alone == "an Alert needs the approval of a second person; alone on duty, give the reason"
    assert await refused(books, replace(alert, override="alone on duty")) == ()
    assert len(await refused(books, replace(alert, approved_by="ann", author="ann"))) == 1
    assert await refused(books, replace(alert, approved_by="ann", author="ann"), "bob") == ()
    begins = replace(ready, starts_at=COMMUNITY.expires_at - SECOND)
    assert await refused(books, begins) == ()
    assert await refused(books, replace(begins, starts_at=COMMUNITY.expires_at)) == (expired,)
    books.now = COMMUNITY.expires_at - SECOND
    assert await refused(books, ready) == ()
    books.now = COMMUNITY.expires_at
    assert await refused(books, ready) == await refused(books, replace(ready, starts_at=NOON)) == (expired,)
    # Everything at once, and what it follows as well.
    books.now = NOON
    road = await books.released()
    await books.cancelled(road)
    odd = replace(drafted, type=AdvisoryType.UPDATE, thread=road.thread, stage=Stage.PAUSED,
                  starts_at=NOON + 7 * HOUR)  # fmt: skip
    assert await refused(books, odd) == (
        "it is paused already", "it has no words in any language", expired, WITHDRAWN
    )  # fmt: skip


async def test_a_refused_release_changes_nothing(books: Books) -> None:
    await books.subscribe(1)
    drafted = await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")
    with pytest.raises(ReleaseRefused):
        await books.advisories.release(drafted.number, "ann", WORDS, NO_WORDS, None, None, NOON)
    assert (await found(books, drafted), await kept(books, "id")) == (drafted, [])


async def test_what_a_thread_allows_and_how_urgent_it_is(books: Books) -> None:
    fair = await books.advisories.draft(COMMUNITY, LIVE, "ann", NOON, prefix="dpd")
    out = replace(fair, released_at=NOON)
    gone = replace(out, ended=Ended.CANCELLED)
    threads: list[tuple[Sequence[Advisory], list[str]]] = [
        ([out], []), ([fair], [NOT_OUT]), ([out, gone], [WITHDRAWN]), ([replace(gone, released_at=None)],
        [NOT_OUT, WITHDRAWN]), ([replace(out, ended=Ended.SUPERSEDED), replace(out, ended=Ended.EXPIRED), fair], []),
    ]  # fmt: skip
    assert [continuing(thread) for thread, _ in threads] == [reasons for _, reasons in threads]
    alert = replace(out, content=ROAD)
    advised = replace(fair, content=replace(ROAD, level=AdvisoryLevel.ADVISORY))
    unreleased = replace(alert, released_at=None)
    urgent = [is_urgent(fair, thread) for thread in ([], [out], [alert], [out, alert], [unreleased])]
    assert urgent == [False, False, True, True, False]
    assert (is_urgent(alert, [out]), is_urgent(advised, [out])) == (True, False)
