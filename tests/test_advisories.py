"""An advisory from draft to release: who may do what at which stage, what is frozen, and what the books say of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import MappingProxyType

import pytest
from sqlalchemy import URL

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType, Ended, ReleaseRefused, Stage
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.core.subscription import Reach
from bot.store.audit import Audit
from bot.store.faults import NoSuchAdvisory, WrongStage
from tests.ledger import COMMUNITY, HOUR, INSTEAD, MINUTE, NO_WORDS, NOON, ROAD, WORDS, Books, books_in

LIVE = AdvisoryKind.LIVE


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as books:
        yield books


async def acts(books: Books) -> list[str]:
    return [f"{line.who} {line.act} {line.subject}" for line in reversed(await Audit(books.database).newest(100))]


async def test_a_draft_comes_back_as_it_was_written(books: Books) -> None:
    content = replace(
        ROAD, event=MappingProxyType({"es": "Cierre", "en": "Closure"}), original="<alert/>", web="https://x"
    )
    drafted = await books.advisories.draft(content, LIVE, "ann", NOON, prefix="dpd")
    assert drafted == await books.advisories.find(1) == await books.advisories.find("dpd-2026-000001.1")
    assert (drafted.content, list(drafted.content.event)) == (content, ["es", "en"])
    assert (drafted.stage, drafted.thread, drafted.texts, drafted.author) == (Stage.DRAFT, 1, {}, "ann")
    assert await books.advisories.find(2) is None
    assert await books.advisories.find("dpd-2026-000001.2") is None


async def test_the_messages_of_a_thread_are_numbered_within_it(books: Books) -> None:
    await books.subscribe(1)
    first = await books.released()
    update = await books.released(follows=first)
    another = await books.released(COMMUNITY)
    cancel = await books.released(follows=update, type=AdvisoryType.CANCEL)
    assert [each.identifier for each in await books.advisories.thread(update.number)] == [
        "dpd-2026-000001.1", "dpd-2026-000001.2", "dpd-2026-000001.3"
    ]  # fmt: skip
    assert (cancel.thread, another.identifier) == (first.number, "dpd-2026-000003.1")


async def test_approval_freezes_the_words_that_go_out(books: Books) -> None:
    await books.subscribe(1)
    drafted = await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")
    approved = await books.advisories.approve(
        drafted.number, "bob", 1, WORDS, NO_WORDS, None, NOON, replacements=INSTEAD
    )
    assert (approved.stage, approved.approved_by, approved.approved_count) == (Stage.APPROVED, "bob", 1)
    released = await books.advisories.release(drafted.number, "ann", {"en": "other words"}, {}, None, None, NOON)
    assert (released.texts, released.corrections, released.replacements) == (WORDS, NO_WORDS, INSTEAD)
    assert (released.stage, released.audience, released.released_by) == (Stage.SENDING, 1, "ann")
    assert (await books.take()).text == WORDS["en"]


async def test_a_change_takes_the_approval_back_and_makes_whoever_changed_it_the_author(books: Books) -> None:
    drafted = await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")
    await books.advisories.approve(drafted.number, "bob", 0, WORDS, NO_WORDS, None, NOON)
    changed = await books.advisories.change(drafted.number, COMMUNITY, "bob", NOON)
    assert (changed.stage, changed.content, changed.author) == (Stage.DRAFT, COMMUNITY, "bob")
    assert (changed.approved_by, changed.approved_count, changed.texts) == (None, None, {})


async def test_an_alert_without_a_second_person_is_refused_and_nothing_is_planned(books: Books) -> None:
    await books.subscribe(1)
    with pytest.raises(ReleaseRefused, match="second person"):
        await books.released(override=None)
    assert (await books.stage((await books.advisories.newest(1))[0]), await books.states(
        (await books.advisories.newest(1))[0])) == (Stage.DRAFT, {})  # fmt: skip
    released = await books.released(override="alone on duty, fire on Main Street")
    assert released.override == "alone on duty, fire on Main Street"


async def test_an_audience_that_grew_by_more_than_a_twentieth_is_refused_until_it_is_approved_anew(
    books: Books,
) -> None:
    await books.subscribe(*range(1, 21))
    number = (await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")).number
    await books.advisories.approve(number, "bob", 20, WORDS, NO_WORDS, None, NOON)
    await books.subscribe(21, 22)
    with pytest.raises(ReleaseRefused, match="grew from 20 to 22"):
        await books.advisories.release(number, "ann", {}, {}, None, None, NOON)
    await books.advisories.approve(number, "bob", 22, WORDS, NO_WORDS, None, NOON)
    assert (await books.advisories.release(number, "ann", {}, {}, None, None, NOON)).audience == 22


async def test_every_reason_against_a_release_is_told_at_once(books: Books) -> None:
    number = (await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")).number
    with pytest.raises(ReleaseRefused) as refused:
        await books.advisories.release(number, "ann", {}, {}, None, None, NOON + 7 * HOUR)
    assert [reason.split(":")[0].split(";")[0] for reason in refused.value.reasons] == [
        "an Alert needs the approval of a second person",
        "it has no words in any language",
        "it would have expired by then",
    ]


async def test_what_is_scheduled_waits_and_freezes_its_audience_when_it_begins(books: Books) -> None:
    await books.subscribe(*range(1, 41))
    scheduled = await books.released(COMMUNITY, starts_at=NOON + HOUR)
    assert (scheduled.stage, scheduled.released_at, await books.states(scheduled)) == (Stage.SCHEDULED, None, {})
    await books.tick(59 * MINUTE)
    await books.subscribe(41)
    assert await books.stage(scheduled) is Stage.SCHEDULED
    await books.tick(MINUTE)
    begun = await books.advisories.find(scheduled.number)
    assert begun is not None
    assert (begun.stage, begun.audience, begun.released_at) == (Stage.SENDING, 41, NOON + HOUR)


async def test_what_is_scheduled_is_paused_with_the_reason_when_its_audience_grew_too_much(books: Books) -> None:
    await books.subscribe(*range(1, 21))
    scheduled = await books.released(COMMUNITY, starts_at=NOON + HOUR)
    await books.subscribe(21, 22)
    await books.tick(HOUR)
    found = await books.advisories.find(scheduled.number)
    assert found is not None
    assert (found.stage, "grew from 20 to 22" in (found.paused_for or "")) == (Stage.PAUSED, True)
    assert await books.states(scheduled) == {}
    await books.advisories.approve(scheduled.number, "bob", 22, WORDS, NO_WORDS, None, books.now)
    again = await books.advisories.release(scheduled.number, "ann", {}, {}, None, None, books.now)
    assert (again.stage, again.audience, again.paused_for) == (Stage.SENDING, 22, None)


@pytest.mark.parametrize(("at", "may"), [
    (Stage.DRAFT, "change approve release discard"),
    (Stage.APPROVED, "change approve release discard"),
    (Stage.SCHEDULED, "approve pause discard"),
    (Stage.SENDING, "pause"),
    (Stage.PAUSED, "resume"),
    (Stage.FINISHED, ""),
    (Stage.DISCARDED, ""),
])  # fmt: skip
async def test_each_stage_allows_its_acts_and_no_other(books: Books, at: Stage, may: str) -> None:
    acts_on = books.advisories
    tried: dict[str, Callable[[int], Awaitable[object]]] = {
        "change": lambda number: acts_on.change(number, COMMUNITY, "bob", NOON),
        "approve": lambda number: acts_on.approve(number, "bob", 0, WORDS, NO_WORDS, None, NOON),
        "release": lambda number: acts_on.release(number, "bob", WORDS, NO_WORDS, None, None, NOON),
        "pause": lambda number: acts_on.pause(number, "bob", "a wrong street", NOON),
        "resume": lambda number: acts_on.resume(number, "bob", NOON),
        "discard": lambda number: acts_on.discard(number, "bob", NOON),
    }
    done, refused = [], []
    for name, act in tried.items():
        number = await brought_to(books, at)
        try:
            await act(number)
            done.append(name)
        except (WrongStage, ReleaseRefused) as why:
            refused.append(str(why))
    assert done == may.split()
    assert all(at.value in why for why in refused)


async def brought_to(books: Books, stage: Stage) -> int:
    """The number of a new advisory that stands at that stage."""
    advisories = books.advisories
    number = (await advisories.draft(COMMUNITY, LIVE, "ann", NOON, prefix="dpd")).number
    if stage is Stage.APPROVED:
        await advisories.approve(number, "bob", 0, WORDS, NO_WORDS, None, NOON)
    elif stage is Stage.DISCARDED:
        await advisories.discard(number, "ann", NOON)
    elif stage is not Stage.DRAFT:
        starts_at = NOON + HOUR if stage is Stage.SCHEDULED else None
        await advisories.release(number, "ann", WORDS, NO_WORDS, None, starts_at, NOON)
    if stage is Stage.PAUSED:
        await advisories.pause(number, "bob", "a wrong street", NOON)
    elif stage is Stage.FINISHED:
        await books.tick()
    return number


async def test_an_act_on_an_advisory_that_is_not_there_says_so(books: Books) -> None:
    with pytest.raises(NoSuchAdvisory):
        await books.advisories.pause(7, "ann", "why", NOON)
    with pytest.raises(NoSuchAdvisory):
        await books.outbox.progress(7)


async def test_a_pause_holds_every_send_until_it_is_resumed(books: Books) -> None:
    await books.subscribe(1, 2)
    road = await books.released()
    await books.take()
    paused = await books.advisories.pause(road.number, "bob", "a wrong street", NOON)
    assert (paused.stage, paused.paused_for, await books.send()) == (Stage.PAUSED, "a wrong street", [])
    resumed = await books.advisories.resume(road.number, "bob", books.now)
    assert (resumed.stage, resumed.paused_for, len(await books.send())) == (Stage.SENDING, None, 1)


async def test_an_update_or_cancel_keeps_kind_and_topic_and_follows_only_what_has_gone_out(books: Books) -> None:
    drafted = await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")
    with pytest.raises(WrongStage, match="has not gone out"):
        await books.released(follows=drafted)
    road = await books.released()
    with pytest.raises(WrongStage, match="same people"):
        await books.released(replace(ROAD, topic="weather"), follows=road)
    with pytest.raises(WrongStage, match="same people"):
        await books.released(follows=road, kind=AdvisoryKind.EXERCISE)
    with pytest.raises(WrongStage, match="follows"):
        await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.UPDATE, prefix="dpd")
    with pytest.raises(WrongStage, match="follows"):
        await books.advisories.draft(ROAD, LIVE, "ann", NOON, follows=road.number, prefix="dpd")


async def test_nothing_follows_a_withdrawal(books: Books) -> None:
    await books.subscribe(1)
    road = await books.released()
    waiting = await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.UPDATE, follows=1, prefix="dpd")
    later = await books.released(COMMUNITY, follows=road, starts_at=NOON + HOUR)
    cancel = await books.cancelled(road)
    assert [await books.stage(each) for each in (waiting, later)] == [Stage.DISCARDED, Stage.DISCARDED]
    for follows in (road, cancel):
        with pytest.raises(WrongStage, match="withdrawn"):
            await books.released(follows=follows)
    await books.tick(HOUR)
    assert await books.states(later) == {}


async def test_the_public_sees_what_holds_and_nothing_else(books: Books) -> None:
    await books.subscribe(1)
    await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")
    await books.released(kind=AdvisoryKind.EXERCISE)
    road, fair = await books.released(), await books.released(replace(COMMUNITY, expires_at=NOON + HOUR))
    assert [each.number for each in await books.advisories.live(NOON)] == [fair.number, road.number]
    update = await books.released(follows=road)
    assert [each.number for each in await books.advisories.live(NOON + HOUR)] == [update.number]
    await books.cancelled(update)
    assert await books.advisories.live(NOON) == (await books.advisories.find(fair.number),)
    ended = [each.ended for each in await books.advisories.thread(road.number)]
    assert ended == [Ended.CANCELLED, Ended.CANCELLED, None]


async def test_the_newest_come_first_and_a_kind_can_be_asked_for(books: Books) -> None:
    for kind in (LIVE, AdvisoryKind.EXERCISE, LIVE):
        await books.advisories.draft(ROAD, kind, "ann", NOON, prefix="dpd")
    assert [each.number for each in await books.advisories.newest(2)] == [3, 2]
    assert [each.number for each in await books.advisories.newest(9, AdvisoryKind.EXERCISE)] == [2]


async def test_the_audience_shown_is_the_audience_that_is_frozen(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(3, language="es", reach=Reach.URGENT)
    road = await books.released()
    await books.send(2)
    drafts = [
        await books.advisories.draft(ROAD, LIVE, "ann", NOON, type=AdvisoryType.CANCEL, follows=1, prefix="dpd"),
        # What began as an Alert goes on to whoever got that, also when it is no Alert any more.
        await books.advisories.draft(
            replace(ROAD, level=AdvisoryLevel.ADVISORY), LIVE, "ann", NOON, type=AdvisoryType.UPDATE, follows=1,
            prefix="dpd",
        ),
    ]  # fmt: skip
    shown = [sum((await books.advisories.audience(each.number)).values()) for each in drafts]
    update = await books.advisories.release(drafts[1].number, "ann", WORDS, NO_WORDS, None, None, books.now)
    cancel = await books.advisories.release(drafts[0].number, "ann", WORDS, NO_WORDS, None, None, books.now)
    assert (shown, [cancel.audience, update.audience]) == ([2, 3], [2, 3])
    assert await books.advisories.audience(road.number) == {
        (ChannelName.TELEGRAM, "en"): 2, (ChannelName.TELEGRAM, "es"): 1
    }  # fmt: skip


async def test_every_act_stands_in_the_books_and_a_refused_one_does_not(books: Books) -> None:
    await books.subscribe(1)
    number = (await books.advisories.draft(ROAD, LIVE, "ann", NOON, prefix="dpd")).number
    await books.advisories.change(number, ROAD, "ann", NOON)
    with pytest.raises(ReleaseRefused):
        await books.advisories.release(number, "ann", WORDS, NO_WORDS, None, None, NOON)
    await books.advisories.approve(number, "bob", 1, WORDS, NO_WORDS, None, NOON)
    await books.advisories.release(number, "ann", {}, {}, None, None, NOON)
    await books.advisories.pause(number, "cy", "a wrong street", NOON)
    await books.advisories.resume(number, "cy", NOON)
    await books.send()
    await books.tick()
    assert await acts(books) == [
        f"{done} dpd-2026-000001.1"
        for done in ("ann draft", "ann change", "bob approve", "ann release", "cy pause", "cy resume", "bot finish")
    ]
    assert await Audit(books.database).verify() == ()
    assert (await Audit(books.database).newest(1))[0].details == {State.SENT.value: 1}
