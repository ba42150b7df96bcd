"""Writing an advisory in the console: a template or one's own words, faults beside their fields, nothing lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.advisory import AdvisoryLevel, AdvisoryType, Stage
from bot.core.message import Address, ChannelName
from bot.core.subscription import Reach
from tests.advisory_builders import STATEMENTS
from tests.staff_advisories import ROAD, URGENT, Desk, at_desk, fields, place, sent, the_content
from tests.staff_rooms import Answered

NEW = "/advisories/new/road-closed"
OWN = {
    "template": "", "topic": "traffic", "level": "advisory", "expires": "2026-11-22T18:00", "web": "", "only_in": "",
    "en.event": "Road closed", "es.event": "Calle cerrada", "pt.event": "Rua fechada",
    **{f"{code}.{name}": getattr(said, name) for code, said in STATEMENTS.items()
       for name in ("source", "hazard", "place", "action")},
    "en.time": "Until 6:00 PM on Sunday, November 22",
    "es.time": "Hasta las 6:00 p. m. del domingo 22 de noviembre",
    "pt.time": "Até as 18h de domingo, 22 de novembro",
}  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as made:
        yield made


def fault(page: Answered, name: str) -> str:
    """What is told beside the field."""
    found = re.search(rf'id="fault-{re.escape(name)}"[^>]*>(.*?)</span>\n', page.text)
    return re.sub(r"<[^>]+>", "", found[1]) if found else "no such field"


async def test_every_template_can_be_picked_by_its_name_and_level(desk: Desk) -> None:
    page = await (await desk.anna()).get("/advisories/new")
    known = desk.console.office.knowledge().alerting
    assert known is not None
    for template in known.templates:
        assert f'href="/staff/advisories/new/{template.id}"' in page.text
    assert "Road closed not signed yet: en, es, pt" in page.words
    assert "Alert act now: goes out at any hour, needs a second person" in page.words


async def test_a_template_asks_for_its_gaps_and_shows_what_belongs_there(desk: Desk) -> None:
    page = await (await desk.anna()).get(NEW)
    assert "Street that is affected As on the sign; it stands like this in every language." in page.words
    assert '<input type="datetime-local" id="f-start" name="start"' in page.text
    assert '<option value="crash">a crash</option>' in page.text
    assert 'name="topic" aria-describedby="fault-topic"><option value="safety">Urgent safety</option>' in page.text
    assert '<option value="traffic" selected>' in page.text


async def test_what_is_kept_says_it_in_every_language_and_ends_with_its_last_hour(desk: Desk) -> None:
    await desk.subscribe("1")
    await desk.subscribe("2", language="pt")
    assert place(await sent(await desk.anna(), NEW, NEW, **ROAD)) == "/advisories/1"
    content = (await desk.advisory(1)).content
    zone = ZoneInfo("America/New_York")
    assert f"{content.expires_at.astimezone(zone):%H:%M}" == "18:00"
    assert content.statements["es"].hazard == "CALLE CERRADA por un choque. Los autos no pueden pasar."
    page = await (await desk.anna()).get("/advisories/1")
    assert "Goes to 2 subscribers now Channel Language People Telegram en 1 Telegram pt 1" in page.words
    assert re.search(r"\d+ characters: fits 360, over 90", page.words)
    assert re.search(r"Messages: Telegram 1, WhatsApp 1, SMS \d", page.words)
    assert "◆ Road closed: Main Street between West Street and Elm Street, Danbury." in page.words


async def test_what_is_not_finished_is_kept_as_it_is_and_marked_and_cannot_go_out(desk: Desk) -> None:
    anna = await desk.anna()
    half = {**ROAD, "to_street": "", "end": "2026-11-22T00:00", "reason": ""}
    kept = await sent(anna, NEW, NEW, **half)
    assert place(kept) == "/advisories/1/change"
    page = await anna.get("/advisories/1/change")
    assert "Kept as a draft. What is still missing is marked." in page.words
    assert fault(page, "to_street") == "Nothing typed: fill it in."
    assert "midnight may be read as either day" in fault(page, "end")
    assert 'name="end" aria-describedby="fault-end" aria-invalid="true" value="2026-11-22T00:00"' in page.text
    assert 'value="Main Street"' in page.text
    assert fault(page, "street") == ""
    shown = await anna.get("/advisories/1")
    assert "Not finished. Still to fill in: Why, To which cross street, When it ends" in shown.words
    assert 'id="decide"' not in shown.text
    preview = await desk.console.office.advising.preview(1, (await desk.console.office.accounts.all())[0].account)
    assert preview.blocking
    done = await sent(anna, "/advisories/1/change", "/advisories/1/change", **ROAD)
    assert place(done) == "/advisories/1"
    assert 'id="decide"' in (await anna.get("/advisories/1")).text


async def test_what_cannot_be_kept_is_told_beside_its_field_with_all_that_was_typed(desk: Desk) -> None:
    answer = await sent(await desk.anna(), NEW, NEW, **{**ROAD, "topic": "gossip", "expires": "soon"})
    assert answer.status == 422
    assert "Nobody can subscribe to that" in fault(answer, "topic")
    assert "A day and an hour are wanted" in fault(answer, "expires")
    assert 'value="Main Street"' in answer.text
    assert await desk.console.office.advisories.newest(9) == ()


async def test_a_form_sent_twice_keeps_one_draft(desk: Desk) -> None:
    anna = await desk.anna()
    form = {**fields(await anna.get(NEW), NEW), **ROAD}
    answers = await asyncio.gather(*(anna.post(NEW, form) for _ in range(3)))
    assert [place(answer) for answer in answers] == ["/advisories/1"] * 3
    assert len(await desk.console.office.advisories.newest(9)) == 1


async def test_a_preview_while_typing_keeps_nothing_and_tells_what_is_wrong_so_far(desk: Desk) -> None:
    await desk.subscribe("1")
    anna = await desk.anna()
    part = await anna.post("/advisories/preview", {**ROAD, "to_street": "", "street": "Main {Street}"})
    assert part.status == 200
    assert "<html" not in part.text
    assert "Still to fill in: Street that is affected, To which cross street." in part.words
    assert "Goes to 1 subscriber now" in part.words
    assert '<span class="faults" id="fault-street" hx-swap-oob="true"><span class="fault">A brace' in part.text
    assert '<span class="faults" id="fault-to_street" hx-swap-oob="true"></span>' in part.text
    whole = await anna.post("/advisories/preview", ROAD)
    assert "ROAD CLOSED because of a crash. Cars cannot pass." in whole.words
    assert "Message danbury-pd-2026-000001.1" in whole.words
    assert await desk.console.office.advisories.newest(9) == ()
    assert await desk.books() == []


async def test_the_preview_of_a_draft_is_what_it_says_once_it_is_kept(desk: Desk) -> None:
    anna = await desk.anna()
    await desk.released()
    before = await anna.post("/advisories/preview", ROAD)
    await sent(anna, NEW, NEW, **ROAD)
    after = await anna.get("/advisories/2")
    bubbles = [re.findall(r'<p class="bubble bot">(.*?)</p>', page.text, re.DOTALL) for page in (before, after)]
    assert bubbles[0] == bubbles[1]
    assert len(bubbles[0]) >= 6


async def test_the_preview_of_a_correction_reaches_whom_the_alert_did(desk: Desk) -> None:
    await desk.subscribe("1", "2", topic="safety")
    people, now = desk.console.office.subscriptions, desk.console.now
    await people.set_reach(Address(ChannelName.TELEGRAM, "1"), Reach.URGENT, now)
    number = await desk.released(URGENT)
    anna = await desk.anna()
    form = {**OWN, "topic": "safety", "level": "advisory"}
    assert "Goes to 1 subscriber now" in (await anna.post("/advisories/preview", form)).words
    follows = {**form, "follows": str(number)}
    assert "Goes to 2 subscribers now" in (await anna.post("/advisories/preview", follows)).words


async def test_ones_own_words_go_out_in_every_language(desk: Desk) -> None:
    anna = await desk.anna()
    assert place(await sent(anna, "/advisories/write", "/advisories/write", **OWN)) == "/advisories/1"
    advisory = await desk.advisory(1)
    assert (advisory.content.template, list(advisory.content.statements)) == (None, ["en", "es", "pt"])
    page = await anna.get("/advisories/1")
    assert 'id="decide"' in page.text


async def test_faults_of_ones_own_words_stand_beside_their_fields(desk: Desk) -> None:
    anna = await desk.anna()
    typed = {**OWN, "en.time": "until tonight", "es.hazard": "<b>Cerrada</b>", "pt.action": ""}
    await sent(anna, "/advisories/write", "/advisories/write", **typed)
    page = await anna.get("/advisories/1/change")
    assert "`tonight` means another time to whoever reads it later" in fault(page, "en-time")
    assert "HTML in it" in fault(page, "es-hazard")
    assert "Action missing: every warning tells all five." in fault(page, "pt")
    assert "English, when: `tonight` means another time" in (await anna.get("/advisories/1")).words


async def test_languages_that_disagree_are_told_where_it_is_missing(desk: Desk) -> None:
    anna = await desk.anna()
    await sent(
        anna, "/advisories/write", "/advisories/write", **{**OWN, "pt.time": "Até as 19h de domingo, 22 de novembro"}
    )
    page = await anna.get("/advisories/1")
    assert "Português: `6:00 PM` stands in en and not here" in page.words


async def test_one_language_for_everybody_is_said_on_purpose(desk: Desk) -> None:
    anna = await desk.anna()
    await sent(anna, NEW, NEW, **{**ROAD, "only_in": "en"})
    content = (await desk.advisory(1)).content
    assert (content.only_in, list(content.statements)) == ("en", ["en"])
    page = await anna.get("/advisories/1/change")
    assert '<option value="en" selected>English only, for everybody</option>' in page.text
    assert place(await sent(anna, "/advisories/1/change", "/advisories/1/change", **ROAD)) == "/advisories/1"
    assert list((await desk.advisory(1)).content.statements) == ["en", "es", "pt"]


async def test_an_empty_text_can_be_kept_and_seen(desk: Desk) -> None:
    anna = await desk.anna()
    empty = {"template": "", "topic": "traffic", "level": "advisory", "expires": "2026-11-22T18:00"}
    assert place(await sent(anna, "/advisories/write", "/advisories/write", **empty)) == "/advisories/1"
    page = await anna.get("/advisories/1")
    assert (page.status, "Nothing written yet" in page.words) == (200, True)
    assert (await anna.get("/advisories")).status == 200


async def test_topic_level_and_end_of_a_template_can_be_others(desk: Desk) -> None:
    typed = {**ROAD, "topic": "community", "level": "alert", "expires": "2026-11-22T20:30"}
    await sent(await desk.anna(), NEW, NEW, **typed)
    content = (await desk.advisory(1)).content
    assert (content.topic, content.level) == ("community", AdvisoryLevel.ALERT)
    page = await (await desk.anna()).get("/advisories/1/change")
    assert 'name="expires" aria-describedby="hint-expires fault-expires" value="2026-11-22T20:30"' in page.text


async def test_the_sentences_of_a_template_can_be_changed_by_hand(desk: Desk) -> None:
    anna = await desk.anna()
    await sent(anna, NEW, NEW, **ROAD)
    assert 'href="/staff/advisories/1/change?own"' in (await anna.get("/advisories/1/change")).text
    page = await anna.get("/advisories/1/change?own")
    assert "ROAD CLOSED because of a crash. Cars cannot pass.</textarea>" in page.text
    assert place(await sent(anna, "/advisories/1/change?own", "/advisories/1/change", **OWN)) == "/advisories/1"
    assert (await desk.advisory(1)).content.template is None


async def test_a_change_takes_the_approval_away_and_says_who_made_it(desk: Desk) -> None:
    await desk.drafted()
    otis = await desk.otis()
    page = await otis.get("/advisories/1")
    assert 'formaction="/staff/advisories/1/approve" name="do" value="approve">Only approve it' in page.text
    seen = fields(page, "/advisories/1/publish")
    await otis.post("/advisories/1/approve", {**seen, "typed": "0", "do": "approve"})
    assert (await desk.advisory(1)).approved_by == "otis"
    anna = await desk.anna()
    await sent(anna, "/advisories/1/change", "/advisories/1/change", **OWN)
    advisory = await desk.advisory(1)
    assert (advisory.stage, advisory.approved_by) == (Stage.DRAFT, None)
    assert "anna changed it" in (await anna.get("/advisories/1")).words


async def test_what_is_out_is_not_changed_but_corrected_by_another(desk: Desk) -> None:
    number = await desk.released()
    anna = await desk.anna()
    page = f"/advisories/{number}"
    assert f"{page}/change" not in (await anna.get(page)).text
    before = await desk.advisory(number)
    answer = await anna.post(f"{page}/change", OWN)
    assert (answer.status, "cannot be changed" in answer.words) == (422, True)
    assert await desk.advisory(number) == before
    form = await anna.get(f"{page}/update")
    assert "This goes out beside the old message and takes its place" in form.words
    kept = await anna.post(f"{page}/update", {**fields(form, f"{page}/update"), **OWN, "en.action": "Use Elm Street."})
    update = await desk.advisory(int(place(kept).rpartition("/")[2]))
    assert (update.type, update.thread, update.stage) == (AdvisoryType.UPDATE, number, Stage.DRAFT)
    assert await desk.advisory(number) == before


async def test_nothing_follows_what_was_withdrawn(desk: Desk) -> None:
    number = await desk.released()
    anna = await desk.anna()
    await sent(anna, f"/advisories/{number}/cancel", f"/advisories/{number}/cancel")
    page = (await anna.get(f"/advisories/{number}")).text
    assert f"/advisories/{number}/update" not in page
    answer = await anna.post(f"/advisories/{number}/update", OWN)
    assert (answer.status, "nothing follows a withdrawal" in answer.words) == (422, True)


async def test_a_draft_whose_template_is_gone_is_changed_by_hand(desk: Desk) -> None:
    await desk.drafted(the_content(template="gone-long-ago", slots={"street": "Main Street"}))
    page = await (await desk.anna()).get("/advisories/1/change")
    assert (page.status, 'name="en.hazard"' in page.text) == (200, True)


async def test_an_unknown_template_is_told(desk: Desk) -> None:
    anna = await desk.anna()
    for answer in (await anna.get("/advisories/new/nothing"), await anna.post("/advisories/new/nothing", ROAD)):
        assert (answer.status, "There is no such template" in answer.words) == (404, True)


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "'\"><img src=x>", "a\x00b", "x" * 5_000]
)
async def test_whatever_is_typed_is_shown_as_text_or_refused(desk: Desk, value: str) -> None:
    anna = await desk.anna()
    for form in ({**ROAD, "street": value}, {**OWN, "en.hazard": value}):
        path = NEW if form["template"] else "/advisories/write"
        answer = await sent(anna, path, path, **form)
        page = await anna.get(place(answer)) if answer.status == 303 else answer
        assert page.status in (200, 422)
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "49" not in fault(page, "street")
