"""What lets an advisory out, and what stops it: every refusal told on its page, nothing done twice, nothing unseen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, Content, Stage
from bot.core.staff import Act, Role, allowed
from bot.staff.visit import PROOF_LASTS
from tests.advisory_builders import STATEMENTS
from tests.staff_advisories import (
    ANYBODY,
    EXERCISE,
    LIVE,
    REASON,
    ROOMS,
    URGENT,
    Desk,
    at_desk,
    fields,
    place,
    sent,
    the_content,
)
from tests.staff_rooms import Clerk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as made:
        yield made


async def stage(desk: Desk, number: int = 1) -> Stage:
    return (await desk.advisory(number)).stage


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("4", "You typed 4, and it goes to 2 people: look again."),
        ("", "Type how many people it goes to, in digits: nothing was done."),
        ("two", "Type how many people it goes to, in digits: nothing was done."),
        ("9" * 30, "Type how many people it goes to, in digits: nothing was done."),
    ],
)
async def test_the_count_is_typed(desk: Desk, typed: str, why: str) -> None:
    await desk.subscribe("1", "2")
    await desk.drafted()
    answer = await sent(await desk.anna(), "/advisories/1", "/advisories/1/publish", typed=typed, do="now")
    assert (answer.status, why in answer.words, await stage(desk)) == (409, True, Stage.DRAFT)


async def test_a_count_may_be_typed_as_it_is_shown(desk: Desk) -> None:
    await desk.subscribe(*map(str, range(1_001)))
    await desk.drafted()
    page = await (await desk.anna()).get("/advisories/1")
    assert "Type how many subscribers it goes to: 1,001" in page.words
    form = {**fields(page, "/advisories/1/publish"), "typed": "1,001", "do": "now"}
    assert (await (await desk.anna()).post("/advisories/1/publish", form)).status == 303


@pytest.mark.parametrize(
    "changed",
    [
        the_content(web="https://police.example/other"),
        the_content(topic="weather"),
        the_content(level=AdvisoryLevel.COMMUNITY),
        the_content(expires_at=the_content().expires_at + timedelta(hours=1)),
    ],
    ids=["words", "topic", "level", "expiry"],
)
async def test_what_was_shown_is_what_is_released_or_nothing(desk: Desk, changed: Content) -> None:
    await desk.drafted()
    anna = await desk.anna()
    form = fields(await anna.get("/advisories/1"), "/advisories/1/publish")
    await desk.console.office.advising.change(1, ANYBODY, changed)
    answer = await anna.post("/advisories/1/publish", {**form, "typed": "0", "do": "now"})
    assert answer.status == 409
    assert "Its words have changed since you looked: look again." in answer.words
    assert await stage(desk) is Stage.DRAFT


async def test_an_audience_that_grew_is_looked_at_again(desk: Desk) -> None:
    await desk.subscribe("1")
    await desk.drafted()
    anna = await desk.anna()
    form = fields(await anna.get("/advisories/1"), "/advisories/1/publish")
    await desk.subscribe("2")
    answer = await anna.post("/advisories/1/publish", {**form, "typed": "1", "do": "now"})
    assert "The audience grew from 1 to 2 people since you looked: look again." in answer.words
    assert "Type how many subscribers it goes to: 2" in answer.words
    assert await stage(desk) is Stage.DRAFT


@pytest.mark.parametrize("form", [{}, {"count": "-1"}, {"count": "x", "words": "y"}, {"count": "9" * 40}])
async def test_a_form_that_says_not_what_was_seen_does_nothing(desk: Desk, form: dict[str, str]) -> None:
    await desk.drafted()
    answer = await (await desk.anna()).post("/advisories/1/publish", {**form, "typed": "0", "do": "now"})
    assert (answer.status, await stage(desk)) == (409, Stage.DRAFT)


async def test_what_is_not_sound_has_no_form_and_does_not_go_out(desk: Desk) -> None:
    await desk.drafted(the_content(statements={"en": STATEMENTS["en"]}))
    page = await (await desk.otis()).get("/advisories/1")
    assert "It cannot go out like this:" in page.words
    assert "Español: not written in this language; write it" in page.words
    assert 'id="decide"' not in page.text
    preview = await desk.console.office.advising.preview(1, ANYBODY)
    form = {"count": "0", "words": preview.seen.words, "typed": "0", "do": "now"}
    answer = await (await desk.anna()).post("/advisories/1/publish", form)
    assert (answer.status, await stage(desk)) == (409, Stage.DRAFT)


async def test_the_author_of_an_alert_gives_a_reason_for_being_alone(desk: Desk) -> None:
    await desk.drafted(URGENT, by="night")
    night = await desk.night()
    page = await night.get("/advisories/1")
    assert "You wrote this. An Alert needs a second person" in page.words
    form = {**fields(page, "/advisories/1/approve"), "typed": "0", "do": "publish"}
    for reason, why in (("", "An Alert needs a second person"), ("because", "at least 10 characters")):
        answer = await night.post("/advisories/1/approve", {**form, "reason": reason})
        assert (answer.status, why in answer.words, await stage(desk)) == (409, True, Stage.DRAFT)
    answer = await night.post("/advisories/1/approve", {**form, "reason": REASON})
    assert (answer.status, place(answer)) == (303, "/advisories/1")
    advisory = await desk.advisory(1)
    assert (advisory.stage, advisory.override) == (Stage.SENDING, REASON)
    assert f"night published it for 0 people: {REASON}" in (await night.get("/advisories/1")).words


async def test_a_second_person_is_asked_for_no_reason(desk: Desk) -> None:
    await desk.drafted(URGENT)
    assert "You wrote this" not in (await (await desk.otis()).get("/advisories/1")).words
    assert (
        await sent(await desk.otis(), "/advisories/1", "/advisories/1/approve", typed="0", do="publish")
    ).status == 303
    assert await stage(desk) is Stage.SENDING


async def test_an_announcer_is_told_that_an_alert_waits_for_an_approver(desk: Desk) -> None:
    await desk.drafted(URGENT)
    page = await (await desk.anna()).get("/advisories/1")
    assert "An approver has to look at it now: an Alert needs a second person." in page.words
    assert "/advisories/1/publish" not in page.text
    await sent(await desk.otis(), "/advisories/1", "/advisories/1/approve", typed="0", do="approve")
    assert "It is approved. An approver publishes it." in (await (await desk.anna()).get("/advisories/1")).words
    answer = await (await desk.anna()).post("/advisories/1/publish", {"typed": "0", "count": "0"})
    assert (answer.status, await stage(desk)) == (403, Stage.APPROVED)


@pytest.mark.parametrize("act", ["approve", "publish"])
async def test_a_live_alert_asks_again_for_password_and_code(desk: Desk, act: str) -> None:
    await desk.drafted(URGENT)
    otis = await desk.otis()
    if act == "publish":
        await sent(otis, "/advisories/1", "/advisories/1/approve", typed="0", do="approve")
    before = await stage(desk)
    desk.console.now += PROOF_LASTS + timedelta(seconds=1)
    page = await otis.get("/advisories/1")
    assert "You will be asked for your password and code." in page.words
    form = {**fields(page, f"/advisories/1/{act}"), "typed": "0", "do": "now"}
    answer = await otis.post(f"/advisories/1/{act}", form, Referer="http://x/staff/advisories/1")
    assert (answer.status, place(answer)) == (303, "/prove?then=/staff/advisories/1")
    assert await stage(desk) is before


@pytest.mark.parametrize(("content", "kind"), [(None, LIVE), (URGENT, EXERCISE)])
async def test_nothing_else_asks_for_them(desk: Desk, content: Content | None, kind: AdvisoryKind) -> None:
    await desk.drafted(content, kind)
    anna = await desk.anna()
    desk.console.now += PROOF_LASTS + timedelta(seconds=1)
    page = f"{ROOMS[kind]}/1"
    assert place(await sent(anna, page, f"{page}/publish", typed="0", do="now")) == page
    desk.console.now += PROOF_LASTS + timedelta(seconds=1)
    assert (await sent(anna, f"{page}/cancel", f"{page}/cancel")).status == 303
    assert (await desk.advisory(1)).ended is not None


@pytest.mark.parametrize("act", ["publish", "approve"])
async def test_a_form_sent_twice_at_once_is_done_once_and_answered_alike(desk: Desk, act: str) -> None:
    await desk.subscribe("1", topic="safety" if act == "approve" else "traffic")
    await desk.drafted(URGENT if act == "approve" else None)
    clerk = await desk.otis() if act == "approve" else await desk.anna()
    form = fields(await clerk.get("/advisories/1"), f"/advisories/1/{act}")
    pressed = {**form, "typed": "1", "do": "publish" if act == "approve" else "now"}
    answers = await asyncio.gather(*(clerk.post(f"/advisories/1/{act}", pressed) for _ in range(3)))
    assert [(answer.status, place(answer)) for answer in answers] == [(303, "/advisories/1")] * 3
    acts = [act for _, act in await desk.books()]
    assert acts == ["draft", *(["approve"] if act == "approve" else []), "release"]


async def test_a_second_form_for_what_is_out_already_is_refused_in_words(desk: Desk) -> None:
    await desk.drafted()
    anna = await desk.anna()
    first, second = [fields(await anna.get("/advisories/1"), "/advisories/1/publish") for _ in range(2)]
    assert (await anna.post("/advisories/1/publish", {**first, "typed": "0", "do": "now"})).status == 303
    answer = await anna.post("/advisories/1/publish", {**second, "typed": "0", "do": "now"})
    assert (answer.status, "It is sending already." in answer.words) == (409, True)
    assert [act for _, act in await desk.books()].count("release") == 1


async def test_a_withdrawal_pressed_twice_goes_out_once(desk: Desk) -> None:
    await desk.subscribe("1")
    await desk.released()
    anna = await desk.anna()
    form = fields(await anna.get("/advisories/1/cancel"), "/advisories/1/cancel")
    answers = await asyncio.gather(*(anna.post("/advisories/1/cancel", form) for _ in range(2)))
    assert [place(answer) for answer in answers] == ["/advisories/2"] * 2
    again = await anna.post("/advisories/1/cancel", {})
    assert (again.status, "nothing follows a withdrawal" in again.words) == (409, True)
    assert await desk.console.office.advisories.find(3) is None


async def test_a_withdrawal_is_two_presses_from_the_list(desk: Desk) -> None:
    await desk.subscribe("1")
    await desk.released()
    anna = await desk.anna()
    assert 'href="/staff/advisories/1/cancel">Withdraw…' in (await anna.get("/advisories")).text
    assert (await sent(anna, "/advisories/1/cancel", "/advisories/1/cancel")).status == 303


async def test_what_has_not_gone_out_has_no_withdrawal_and_is_discarded(desk: Desk) -> None:
    await desk.drafted()
    anna = await desk.anna()
    assert place(await anna.get("/advisories/1/cancel")) == "/advisories/1"
    assert place(await sent(anna, "/advisories/1", "/advisories/1/discard")) == "/advisories"
    assert await stage(desk) is Stage.DISCARDED
    again = await anna.post("/advisories/1/discard", {})
    assert (again.status, "cannot be discarded" in again.words) == (409, True)


async def test_it_goes_out_later_when_that_is_said_twice(desk: Desk) -> None:
    await desk.drafted()
    anna = await desk.anna()
    form = {**fields(await anna.get("/advisories/1"), "/advisories/1/publish"), "typed": "0"}
    for typed, why in (
        ({"do": "now", "starts_at": "2026-11-22T12:00"}, "press the button for later, or empty that field"),
        ({"do": "later", "starts_at": ""}, "When it begins: a day and an hour are wanted"),
        ({"do": "later", "starts_at": "2026-11-22T09:00"}, "It would begin in the past"),
    ):
        answer = await anna.post("/advisories/1/publish", {**form, **typed})
        assert (answer.status, why in answer.words, await stage(desk)) == (409, True, Stage.DRAFT)
    answer = await anna.post("/advisories/1/publish", {**form, "do": "later", "starts_at": "2026-11-22T12:00"})
    assert (answer.status, await stage(desk)) == (303, Stage.SCHEDULED)
    assert "Begins 2026-11-22 12:00." in (await anna.get("/advisories/1")).words


async def test_a_pause_needs_its_reason(desk: Desk) -> None:
    await desk.released()
    answer = await sent(await desk.anna(), "/advisories/1", "/advisories/1/pause", why=" ")
    assert (answer.status, "Say why it is paused: others will ask." in answer.words) == (409, True)
    assert await stage(desk) is Stage.SENDING


_ACTS = {
    "approve": Act.APPROVE, "publish": Act.PUBLISH, "pause": Act.PAUSE, "resume": Act.PUBLISH,
    "discard": Act.DISCARD, "cancel": Act.CANCEL, "change": Act.DRAFT, "update": Act.DRAFT,
}  # fmt: skip


@pytest.mark.parametrize("kind", AdvisoryKind)
@pytest.mark.parametrize("role", Role)
async def test_only_who_may_opens_a_door_and_only_who_may_is_shown_it(
    desk: Desk, role: Role, kind: AdvisoryKind
) -> None:
    await desk.drafted(kind=kind)
    await desk.released(kind=kind)
    clerk = await desk.console.signed_in(role, name=f"the-{role.value}")
    root, may_see = ROOMS[kind], allowed([role], Act.SEE)
    for path in (root, f"{root}/1", f"{root}/2", f"{root}/2/progress", f"{root}/2/not-reached", f"{root}/2/ledger.csv"):
        assert (await clerk.get(path)).status == (200 if may_see else 403), path
    shown = "".join([(await clerk.get(f"{root}/{number}")).text for number in (1, 2)])
    before = await desk.books()
    for act, needed in _ACTS.items():
        if not allowed([role], needed):
            assert (await clerk.post(f"{root}/1/{act}", {"typed": "0"})).status == 403, act
            assert f"{root}/1/{act}" not in shown, act
            assert f"{root}/2/{act}" not in shown, act
    for path in ("/new", "/new/shelter", "/write", "/import"):
        assert (await clerk.get(root + path)).status == (200 if allowed([role], Act.DRAFT) else 403), path
    assert await desk.books() == before


async def test_nobody_signed_out_gets_in(desk: Desk) -> None:
    await desk.released()
    stranger: Clerk = desk.console.stranger()
    for path in ("/advisories", "/advisories/1", "/advisories/1/ledger.csv", "/exercises", "/exercises/testers"):
        answer = await stranger.get(path)
        assert (answer.status, place(answer).partition("?")[0]) == (303, "/sign-in"), path
    assert (await stranger.post("/advisories/1/cancel")).status == 303
    assert (await desk.advisory(1)).ended is None
