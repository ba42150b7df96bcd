"""The console's knowledge: found by words and state, edited in a form or as YAML, checked before it is saved."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account, NotAllowed, Role
from bot.knowledge.edit import Texts
from bot.knowledge.edit_builders import add_phrases, add_question
from bot.staff.editing import open_draft
from bot.store.schema import tally
from tests.staff_knowledge import CURATOR, MORE, desk, draft_in, fields, keys_folder, reads, saying
from tests.staff_rooms import Answered


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return keys_folder(tmp_path / "knowledge")


a_phrase = saying("where is my a")


async def count(connection: AsyncConnection, entry: str, number: int, hour: datetime) -> None:
    row = {"channel": "web", "language": "en", "outcome": "answered"}
    await connection.execute(insert(tally).values(hour=hour, subject=entry, count=number, **row))


FOUND = {
    "q=perdidas": {"keys"},
    "q=LLAVES+estacion": {"keys"},
    "q=zzz": set(),
    "state=high": {"keys"},
    "state=overdue": {"keys"},
    "state=stale": {"keys"},
    "state=unsigned": {"keys"},
    "state=no-source": {"a", "b", "contacts"},
    "kind=program": {"b"},
    "kind=out_of_scope": {"out-of-scope"},
    "use=never&q=first": {"b", "contacts"},
    "state=nonsense&page=x": {"a", "b", "contacts", "keys", "out-of-scope"},
}


def listed(answered: Answered) -> list[str]:
    return re.findall(r'href="/staff/knowledge/answers/([^"]+)"', answered.text)


async def test_answers_are_found_by_words_without_accents_by_state_by_kind_and_by_use(
    tmp_path: Path, folder: Path
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        await room.console.office.database.run(count, "a", 3, room.console.now)
        clerk = await room.clerk("vera", Role.VIEWER)
        assert {asked: set(listed(await clerk.get(f"/knowledge?{asked}"))) for asked in FOUND} == FOUND


async def test_the_most_used_stand_first(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        for subject, number, days in (("keys", 2, 1), ("b", 1, 1), ("b", 4, 2), ("a", 99, 100)):
            hour = room.console.now - timedelta(days=days)
            await room.console.office.database.run(count, subject, number, hour)
        page = await (await room.clerk()).get("/knowledge?use=most")
        assert listed(page)[:2] == ["b", "keys"]
        assert "used 5×" in page.words


async def test_values_that_nobody_has_confirmed_are_told_once_they_are_looked_through(
    tmp_path: Path, folder: Path
) -> None:
    text = (folder / "faqs/a.yaml").read_text()
    (folder / "faqs/a.yaml").write_text(text.replace("The first answer.", "Call 203-555-0100."))
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        await clerk.get("/knowledge")
        await room.counted()
        assert set(listed(await clerk.get("/knowledge?state=unconfirmed"))) == {"a", "keys"}  # a number, a page
        assert "Value not confirmed" in (await clerk.get("/knowledge/answers/a")).words


async def test_an_answer_stands_in_every_language_with_its_source_in_a_new_tab(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        page = await (await room.clerk()).get("/knowledge/answers/keys")
        for shown in ("Lost keys", "Ask at the desk.", "Llaves pérdidas", "Pregunte en la estación.", "Review overdue"):
            assert shown in page.words
        assert '<a href="https://police.example/keys" target="_blank" rel="noopener noreferrer">' in page.text
        assert "Not written yet" in page.words  # in Portuguese
        assert (await (await room.clerk()).get("/knowledge/answers/nothing")).status == 404


async def test_a_viewer_sees_and_is_offered_no_edit(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        viewer = await room.clerk("vera", Role.VIEWER)
        assert "/edit" not in (await viewer.get("/knowledge/answers/keys")).text
        assert (await viewer.get("/knowledge/answers/keys/edit")).status == 403
        assert (await viewer.post("/knowledge/answers/keys/withdraw")).status == 403
        with pytest.raises(NotAllowed):
            await open_draft(room.console.office, Account("vera", frozenset({Role.VIEWER})), "x", a_phrase)


async def test_an_edit_in_the_form_goes_live_with_nothing_else_changed(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        form = dict(fields(await clerk.get("/knowledge/answers/keys/edit")))
        assert draft_unchanged(await clerk.post("/knowledge/answers/keys/edit", form))
        form["en.answer"] = "Ask at the desk.\r\nBring a card: any.  \r\n"
        form["en.asks"] = f"{form['en.asks']}\r\nwhere r my keys"
        draft = draft_in(await clerk.post("/knowledge/answers/keys/edit", form))
        assert room.text("faqs/keys.yaml") == MORE  # nothing is written yet
        page = await room.examined(clerk, draft)
        assert "No faults found." in page.words
        assert "Bring a card: any." in reads(page)
        assert (await clerk.post(f"/knowledge/drafts/{draft}/save")).status == 303
        assert room.text("faqs/keys.yaml") == MORE.replace(
            "Ask at the desk.\n", "Ask at the desk.\n      Bring a card: any.\n"
        ).replace("      - keys gone\n", "      - keys gone\n      - where r my keys\n")
        assert "goes live in a few seconds" in (await clerk.get(f"/knowledge/drafts/{draft}")).words
        await room.goes_live()
        assert "It is live" in (await clerk.part(f"/knowledge/drafts/{draft}/examination")).words
        assert "Bring a card" in (await clerk.get("/knowledge/answers/keys")).words


def draft_unchanged(answered: object) -> bool:
    return getattr(answered, "status", 0) == 422 and "nothing was changed" in getattr(answered, "words", "")


async def test_every_fault_of_a_draft_is_shown_with_its_line_and_it_is_not_saved(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        yaml = str(fields(await clerk.get("/knowledge/answers/keys/yaml"))["text"])
        broken = yaml.replace("risk: high", "risk: huge").replace("answer: |", "anser: |")
        draft = draft_in(await clerk.post("/knowledge/answers/keys/yaml", {"text": broken}))
        page = await room.examined(clerk, draft)
        assert "faqs/keys.yaml:2: `risk` must be `low` or `high`" in reads(page)
        assert "faqs/keys.yaml:11: `anser` is not known here: did you mean `answer`?" in reads(page)
        await clerk.post(f"/knowledge/drafts/{draft}/save")
        assert "keep it from going live" in (await clerk.get(f"/knowledge/drafts/{draft}")).words
        assert room.text("faqs/keys.yaml") == MORE
        again = await clerk.get(f"/knowledge/answers/keys/yaml?draft={draft}")
        assert fields(again)["text"] == broken.rstrip("\n") + "\n"


async def test_yaml_that_cannot_be_read_is_kept_as_typed_and_mended_in_place(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        typed = "id: keys\nen: {title: [\n"
        draft = draft_in(await clerk.post("/knowledge/answers/keys/yaml", {"text": typed}))
        assert "not YAML" in (await room.examined(clerk, draft)).words
        assert fields(await clerk.get(f"/knowledge/answers/keys/yaml?draft={draft}"))["text"] == typed
        mended = "id: keys\nen: {title: Keys, asks: [keys], answer: Here.}\n"
        newer = draft_in(await clerk.post("/knowledge/answers/keys/yaml", {"text": mended, "draft": draft}))
        assert (await clerk.get(f"/knowledge/drafts/{draft}")).status == 404
        await clerk.post(f"/knowledge/drafts/{newer}/save")
        assert room.text("faqs/keys.yaml") == f"- {mended}".replace("\nen", "\n  en")


async def test_known_questions_whose_answer_changes_are_told_before_the_save(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()

        def take(texts: Texts) -> Texts:
            taken = add_phrases(texts, "keys", "en", ["how do i get an a please", "get an a"])
            return add_question(taken, "somebody found keys gone missing", "en", "keys")

        draft = await open_draft(room.console.office, CURATOR, "Add phrases: keys", take, subject="keys")
        page = await room.examined(clerk, draft)
        assert "of 2 known questions" in page.words
        assert "how do i get an a" in page.words


async def test_phrases_that_something_else_has_a_claim_to_are_told(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()

        def take(texts: Texts) -> Texts:
            return add_phrases(texts, "a", "en", ["Keys gone!", "he has a gun"])

        draft = await open_draft(room.console.office, CURATOR, "x", take, subject="a")
        page = await room.examined(clerk, draft)
        assert "“Keys gone!” stands word for word in `keys` too" in page.words
        assert "“he has a gun” is sent to 911" in page.words


async def test_counting_is_called_off_and_begun_again(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        draft = await open_draft(room.console.office, CURATOR, "x", a_phrase, subject="a")
        kept = await room.editing.find(CURATOR, draft)
        seen = room.editing.examination(kept)
        room.editing.stop(kept)
        await room.counted()
        assert (seen.radius, seen.is_over) == (None, True)
        clerk = await room.clerk()
        assert "stopped" in (await clerk.get(f"/knowledge/drafts/{draft}")).words
        await clerk.post(f"/knowledge/drafts/{draft}/count")
        assert "No faults" in (await room.examined(clerk, draft)).words
