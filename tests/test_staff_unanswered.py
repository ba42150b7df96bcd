"""The pages of unanswered questions: looked through, mended by a draft, closed, opened again, taken along as a file."""

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core import compose
from bot.core.rating import Seen
from bot.core.staff import Account, Role
from bot.service.grouping import Grouping
from bot.staff.editing import editing_of
from bot.store.audit import Audit
from bot.store.group_lists import GroupLists, Sought
from bot.store.question_groups import QuestionGroups
from tests.staff_rooms import Answered, Clerk, Staffed, staffed

CHICKENS = ("can i keep chickens in my yard", "may i keep chickens in the yard")


@asynccontextmanager
async def desk_with(
    tmp_path: Path, *questions: str, language: str = "en", seen: Seen | None = None
) -> AsyncIterator[Staffed]:
    """The console with these questions asked and grouped."""
    async with staffed(tmp_path) as desk:
        await ask(desk, *questions, language=language, seen=seen)
        yield desk


async def ask(desk: Staffed, *questions: str, language: str = "en", seen: Seen | None = None) -> None:
    for question in questions:
        await desk.office.journal.note_unanswered(question, language, ("lost",), desk.now, seen)
    groups = QuestionGroups(desk.office.database)
    sorter = Grouping(lambda: groups, desk.office.live, lambda: desk.now)
    while await sorter.look():
        pass


async def state_of(desk: Staffed, group: int = 1) -> str:
    whole = await GroupLists(desk.office.database).one(group)
    assert whole is not None
    return whole.group.state


async def saved(desk: Staffed, clerk: Clerk, opened: Answered) -> None:
    """Save the draft that a form has led to, and put it live."""
    assert opened.status == 303, opened.words
    address = opened.headers["Location"].removeprefix("/staff")
    done = await clerk.post(f"{address}/save")
    assert done.status == 303, done.words
    desk.office.live.reload()


def first_entry(desk: Staffed) -> str:
    return next(iter(desk.office.knowledge().entries))


async def test_groups_are_listed_with_how_often_they_were_asked(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS, "register my drone") as desk:
        viewer = await desk.signed_in(Role.VIEWER)
        listed = await viewer.get("/unanswered")
        assert listed.status == 200
        assert listed.text.index("2× asked") < listed.text.index("1× asked")
        assert "2 groups" in listed.words
        found = await viewer.get("/unanswered?q=DRONE")
        assert ("register my drone" in found.text, CHICKENS[0] in found.text) == (True, False)
        assert "No group is like that" in (await viewer.get("/unanswered?q=zebra")).words
        assert "No group is like that" in (await viewer.get("/unanswered?kind=not-helped")).words
        assert "No group is closed" in (await viewer.get("/unanswered?state=closed")).words


async def test_questions_that_still_wait_for_a_group_are_told_of(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        viewer = await desk.signed_in(Role.VIEWER)
        assert "Nothing is waiting" in (await viewer.get("/unanswered")).words
        await desk.office.journal.note_unanswered(CHICKENS[0], "en", (), desk.now)
        assert "1 question still being sorted" in (await viewer.get("/unanswered")).words


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99999999", "language=%00", "order=x&kind=y"])
async def test_odd_addresses_show_a_page(tmp_path: Path, query: str) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        assert (await (await desk.signed_in(Role.VIEWER)).get(f"/unanswered?{query}")).status == 200


async def test_a_group_shows_its_wordings_and_the_nearest_answers_with_todays_scores(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS, CHICKENS[0]) as desk:
        shown = await (await desk.signed_in(Role.VIEWER)).get("/unanswered/1")
        assert all(question in shown.text for question in CHICKENS)
        assert "2×" in shown.words
        assert "Nearest answers today" in shown.words
        assert re.search(r"\d\.\d\d", shown.words)


async def test_whoever_may_only_look_sees_no_form_and_may_not_send_one(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        viewer = await desk.signed_in(Role.VIEWER)
        assert "/unanswered/1/" not in (await viewer.get("/unanswered/1")).text
        for path in ("phrase", "elsewhere", "dismiss", "open"):
            assert (await viewer.post(f"/unanswered/1/{path}", {"reason": "spam"})).status == 403
        assert await state_of(desk) == "open"


@pytest.mark.parametrize("path", ["/unanswered/99", "/unanswered/999999999999999"])
async def test_a_group_that_is_gone_is_told_of(tmp_path: Path, path: str) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        assert (await clerk.get(path)).status == 404
        assert (await clerk.post(f"{path}/dismiss", {"reason": "spam"})).status == 404


async def test_a_phrase_added_to_an_answer_is_a_test_question_too_and_closes_the_group_when_saved(
    tmp_path: Path,
) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, entry = await desk.signed_in(Role.CURATOR), first_entry(desk)
        typed = {"entry": entry, "language": "en", "phrases": "\n".join((*CHICKENS, ""))}
        opened = await clerk.post("/unanswered/1/phrase", typed)
        assert await state_of(desk) == "open"  # nothing is changed before it is saved
        await saved(desk, clerk, opened)
        assert await state_of(desk) == "answered"
        known = desk.office.knowledge()
        assert set(CHICKENS) <= {ask.text for _, ask in known.entries[entry].asks()}
        assert {question.text for question in known.questions if question.expect == entry} >= set(CHICKENS)
        shown = await clerk.get("/unanswered/1")
        assert "curator closed it as answered" in shown.words
        assert "closed a group: answered" in {noted.act for noted in await Audit(desk.office.database).newest(20)}


async def test_a_mended_group_shows_what_answers_it_now(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, entry = await desk.signed_in(Role.CURATOR), first_entry(desk)
        typed = {"entry": entry, "language": "en", "phrases": "\n".join(CHICKENS)}
        await saved(desk, clerk, await clerk.post("/unanswered/1/phrase", typed))
        await clerk.post("/unanswered/1/open")
        assert await state_of(desk) == "open"
        assert "Now answered by" in (await clerk.get("/unanswered/1")).words
        await clerk.post("/unanswered/1/dismiss", {"reason": "answered"})
        assert await state_of(desk) == "answered"


async def test_a_new_answer_is_begun_with_the_question_and_closes_the_group_when_saved(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        link = re.search(r'href="/staff(/knowledge/new\?[^"]+)"', (await clerk.get("/unanswered/1")).text)
        assert link is not None
        form = await clerk.get(link[1].replace("&amp;", "&"))
        assert any(question in form.text for question in CHICKENS)
        file = next(iter(desk.office.knowledge().entries.values())).place.file
        typed = {
            "title": "Chickens", "file": file, "language": "en", "phrase": CHICKENS[0], "answer": "Ask.", "closes": "1"
        }  # fmt: skip
        await saved(desk, clerk, await clerk.post("/knowledge/new", typed))
        assert await state_of(desk) == "answered"
        assert "chickens" in desk.office.knowledge().entries


async def test_what_is_not_ours_is_said_so_from_now_on(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, elsewhere = await desk.signed_in(Role.CURATOR), desk.office.knowledge().elsewhere[0].id
        typed = {"entry": elsewhere, "language": "en", "phrases": CHICKENS[0]}
        await saved(desk, clerk, await clerk.post("/unanswered/1/elsewhere", typed))
        assert await state_of(desk) == "out_of_scope"
        known = desk.office.knowledge()
        assert CHICKENS[0] in {ask.text for _, ask in known.elsewhere[0].asks()}
        assert (CHICKENS[0], None) in {(question.text, question.expect) for question in known.questions}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"entry": "nothing-like-it", "phrases": "chickens"}, "Choose where"),
        ({"phrases": ""}, "one phrase on each line"),
        ({"phrases": "call me at [phone] about chickens"}, "without [phone]"),
        ({"phrases": "\n".join(f"chickens {at}" for at in range(31))}, "at most thirty"),
    ],
)
async def test_a_form_that_cannot_be_kept_says_why_and_loses_nothing(
    tmp_path: Path, typed: dict[str, str], told: str
) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        refused = await clerk.post("/unanswered/1/phrase", {"entry": first_entry(desk), "language": "en", **typed})
        assert refused.status == 422
        assert told in refused.words
        assert typed["phrases"].splitlines()[:1] == [] or typed["phrases"].splitlines()[0] in refused.text
        assert await editing_of(desk.office).drafts(Account("curator", frozenset({Role.CURATOR}))) == ()


async def test_a_phrase_that_the_answer_has_already_is_refused_with_its_reason(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, entry = await desk.signed_in(Role.CURATOR), first_entry(desk)
        known = next(iter(next(iter(desk.office.knowledge().entries[entry].wordings.values())).asks)).text
        refused = await clerk.post("/unanswered/1/phrase", {"entry": entry, "language": "en", "phrases": known})
        assert refused.status == 422
        assert "has this phrase already" in refused.words


@pytest.mark.parametrize(
    ("typed", "status", "state"),
    [
        ({"reason": "nonsense"}, 303, "dismissed"),
        ({"reason": "other", "note": "the fair is over"}, 303, "dismissed"),
        ({"reason": "other"}, 422, "open"),
        ({"reason": "because"}, 422, "open"),
        ({}, 422, "open"),
    ],
)
async def test_a_group_is_dismissed_only_with_a_reason(
    tmp_path: Path, typed: dict[str, str], status: int, state: str
) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        assert (await clerk.post("/unanswered/1/dismiss", typed)).status == status
        assert await state_of(desk) == state


async def test_two_curators_close_a_group_once(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        await clerk.post("/unanswered/1/dismiss", {"reason": "spam"})
        again = await clerk.post("/unanswered/1/dismiss", {"reason": "nonsense"})
        assert again.headers["Location"] == "/staff/unanswered/1"
        assert "Somebody has closed this group already." in (await clerk.get("/unanswered/1")).words


async def test_a_question_like_a_closed_group_shows_its_history_with_the_open_group(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        await clerk.post("/unanswered/1/dismiss", {"reason": "other", "note": "the fair is over"})
        desk.now += timedelta(days=2)
        clerk = await desk.signed_in(Role.CURATOR)
        await ask(desk, "keep chickens in a yard")
        shown = await clerk.get("/unanswered/1")
        assert "asked again, so the group is open again" in shown.words
        assert "the fair is over" in shown.words
        assert await state_of(desk) == "open"


async def test_an_answer_that_did_not_help_says_whether_it_has_changed_since(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        known, clerk = desk.office.knowledge(), await desk.signed_in(Role.CURATOR)
        entry = next(iter(known.entries.values()))
        await ask(desk, "does it cost anything", seen=Seen(entry.id, compose.version(entry, "en", known)))
        assert "It still says what they saw" in (await clerk.get("/unanswered/1")).words
        await ask(desk, "does it cost anything", seen=Seen(entry.id, "0" * 12))
        assert "has changed since 1 of the 2" in (await clerk.get("/unanswered/1")).words
        await ask(desk, "zebra xylophone", seen=Seen("taken-away", "0" * 12))
        assert "has been taken away since" in (await clerk.get("/unanswered/2")).words
        listed = await clerk.get("/unanswered?kind=not-helped")
        assert "2 groups" in listed.words


async def test_everything_leaves_as_a_file_in_which_no_cell_is_a_formula(tmp_path: Path) -> None:
    formulas = ('=HYPERLINK("http://x.example","click")', "+1+1 chickens", "@sum(1) drones", "-2+3 zebras", " =1 tab")
    async with desk_with(tmp_path, *formulas) as desk:
        file = await (await desk.signed_in(Role.VIEWER)).get("/unanswered.csv")
        assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in file.headers["Content-Disposition"]
        header, *rows = csv.reader(io.StringIO(file.text.removeprefix("\ufeff")))
        assert header[:3] == ["day", "language", "question"]
        assert len(rows) == len(formulas)
        assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r")]


async def test_what_residents_wrote_is_shown_as_text(tmp_path: Path) -> None:
    async with desk_with(tmp_path, "<script>alert(1)</script> chickens") as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        for path in ("/unanswered", "/unanswered/1"):
            page = await clerk.get(path)
            assert "<script>alert" not in page.text
            assert "&lt;script&gt;" in page.text


async def test_a_draft_that_answers_no_group_closes_none(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, entry = await desk.signed_in(Role.CURATOR), first_entry(desk)
        typed = {"entry": entry, "language": "en", "phrases": CHICKENS[0]}
        opened = await clerk.post("/unanswered/1/phrase", typed)
        address = opened.headers["Location"].removeprefix("/staff")
        await clerk.post(f"{address}/discard")
        assert await state_of(desk) == "open"
        assert (await GroupLists(desk.office.database).sought(Sought()))[1] == 1


async def test_another_answer_than_the_nearest_is_chosen_from_the_list_of_all(tmp_path: Path) -> None:
    async with desk_with(tmp_path, *CHICKENS) as desk:
        clerk, *_, last = await desk.signed_in(Role.CURATOR), *desk.office.knowledge().entries
        typed = {"entry": "", "other": last, "language": "en", "phrases": CHICKENS[0]}
        await saved(desk, clerk, await clerk.post("/unanswered/1/phrase", typed))
        assert CHICKENS[0] in {ask.text for _, ask in desk.office.knowledge().entries[last].asks()}
