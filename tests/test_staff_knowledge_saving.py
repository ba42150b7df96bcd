"""Saves of the console: whole, in the history, taken back; no other curator, crash or store that is down costs one."""

import asyncio
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.staff import Account, Role
from bot.knowledge.edit import EditRefused
from bot.knowledge.edit_builders import withdraw
from bot.staff.editing import open_draft
from bot.staff.editing_drafts import Stage
from bot.staff.editing_saving import Saved
from bot.store.edits import Edits
from bot.store.faults import StoreDown
from tests.staff_knowledge import CURATOR, MORE, desk, draft_in, fields, keys_folder, reads, saying


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return keys_folder(tmp_path / "knowledge")


a_phrase = saying("where is my a")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True).stdout


async def test_two_curators_save_the_same_file_and_neither_loses_anything(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        ana, ben = await room.clerk("ana"), await room.clerk("ben")
        mine = dict(fields(await ana.get("/knowledge/answers/keys/edit")))
        theirs = dict(mine) | {"en.title": "Keys, lost", "en.answer": "Ask Ben."}
        mine["es.answer"] = "Pregunte a Ana."
        first = draft_in(await ana.post("/knowledge/answers/keys/edit", mine))
        second = draft_in(await ben.post("/knowledge/answers/keys/edit", theirs))
        await ben.post(f"/knowledge/drafts/{second}/save")
        await ana.post(f"/knowledge/drafts/{first}/save")
        page = await ana.get(f"/knowledge/drafts/{first}")
        assert "Somebody else has changed this file" in page.words
        assert "Ask Ben." in reads(page)
        assert "Pregunte a Ana." in reads(page)
        assert "Ana" not in room.text("faqs/keys.yaml")
        await ana.post(f"/knowledge/drafts/{first}/renew")
        await ana.post(f"/knowledge/drafts/{first}/save")
        both = room.text("faqs/keys.yaml")
        assert all(said in both for said in ("Keys, lost", "Ask Ben.", "Pregunte a Ana."))


async def test_two_curators_who_change_the_same_line_are_told_and_the_draft_stays(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        ana = await room.clerk("ana")
        form = dict(fields(await ana.get("/knowledge/answers/keys/edit"))) | {"en.answer": "Ask Ana."}
        draft = draft_in(await ana.post("/knowledge/answers/keys/edit", form))
        (folder / "faqs/keys.yaml").write_text(MORE.replace("Ask at the desk.", "Ask by git."))
        page = await ana.get(f"/knowledge/drafts/{draft}")
        assert "Both changed the same place" in page.words
        await ana.post(f"/knowledge/drafts/{draft}/renew")
        page = await ana.get(f"/knowledge/drafts/{draft}")
        assert "was changed in the same place by somebody else" in page.words
        assert "Ask Ana." in reads(page)
        assert "Ask by git." in room.text("faqs/keys.yaml")


async def test_two_saves_at_the_same_moment_end_as_one_save_and_one_conflict(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        ben = Account("ben", frozenset({Role.CURATOR}))
        drafts = [await room.editing.open(by, "x", saying(f"{by.name} says so"), subject="a") for by in (CURATOR, ben)]
        ended = await asyncio.gather(
            room.editing.save(CURATOR, drafts[0]), room.editing.save(ben, drafts[1]), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in ended) == ["EditConflict", "Kept"]
        assert room.text().count("says so") == 1


async def test_a_folder_that_changes_under_a_draft_elsewhere_is_checked_as_it_is_now(
    tmp_path: Path, folder: Path
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        new = {
            "title": "Lost dog",
            "id": "dog",
            "file": "faqs/a.yaml",
            "phrase": "my dog ran",
            "answer": "Call.",
            "language": "en",
        }
        draft = draft_in(await clerk.post("/knowledge/new", new))
        (folder / "faqs/dog.yaml").write_text("- id: dog\n  en: {title: Dog, asks: [dog], answer: Other.}\n")
        await clerk.post(f"/knowledge/drafts/{draft}/save")
        assert "entry `dog` stands already" in (await clerk.get(f"/knowledge/drafts/{draft}")).words
        assert "dog" not in room.text()


async def test_checked_approved_and_withdrawn_are_saved_at_once(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        await clerk.post("/knowledge/answers/keys/checked")
        assert "checked_on: 2026-11-22" in room.text("faqs/keys.yaml")
        await clerk.post("/knowledge/answers/keys/approve", {"language": "es", "name": "Rosa Lima"})
        assert "approved_by: Rosa Lima" in room.text("faqs/keys.yaml")
        draft = draft_in(await clerk.post("/knowledge/answers/keys/withdraw"))
        assert room.text("faqs/keys.yaml").count("answer: null") == 2
        await room.goes_live()
        assert "It is live" in (await clerk.get(f"/knowledge/drafts/{draft}")).words
        assert "No answer" in (await clerk.get("/knowledge/answers/keys")).words
        await clerk.post("/knowledge/answers/keys/withdraw")
        assert "says nothing already" in (await clerk.get("/knowledge/answers/keys")).words


async def test_every_save_is_in_the_history_and_the_audit_log_and_is_undone_in_one_step(
    tmp_path: Path, folder: Path
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        await clerk.post("/knowledge/answers/keys/withdraw")
        (edit,) = await Edits(room.console.office.database).newest(5, "keys")
        assert (edit.who, edit.what, edit.files) == ("ana", "Withdraw: keys", ("faqs/keys.yaml",))
        page = await clerk.get(f"/knowledge/history/{edit.number}")
        assert re.search(r"<del>.*Pregunte en la estación\.", page.text)
        room.console.now += timedelta(minutes=1)
        await clerk.post(f"/knowledge/history/{edit.number}/undo")
        assert room.text("faqs/keys.yaml") == MORE
        undo, done = await Edits(room.console.office.database).newest(5)
        assert (undo.undoes, done.undone_by) == (edit.number, undo.number)
        noted = [each for each in await room.console.office.audit.newest(10) if each.act == "edit knowledge"]
        assert [each.details["what"] for each in noted] == ["Undo: Withdraw: keys", "Withdraw: keys"]
        await clerk.post(f"/knowledge/history/{edit.number}/undo")
        assert "undone already" in (await clerk.get(f"/knowledge/history/{edit.number}")).words


async def test_an_edit_under_a_later_one_is_not_undone_and_what_stands_in_the_way_is_said(
    tmp_path: Path, folder: Path
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        clerk = await room.clerk()
        await clerk.post("/knowledge/answers/keys/checked")
        (edit,) = await Edits(room.console.office.database).newest(5)
        room.console.now += timedelta(minutes=1)
        await clerk.post("/knowledge/answers/keys/withdraw")
        before = room.text("faqs/keys.yaml")
        await clerk.post(f"/knowledge/history/{edit.number}/undo")
        page = await clerk.get(f"/knowledge/history/{edit.number}")
        assert "Not undone: `keys` has been changed since" in page.words
        assert room.text("faqs/keys.yaml") == before


async def test_a_store_that_is_down_costs_no_save_and_the_history_is_written_later(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        told: list[Saved] = []

        async def tell(saved: Saved) -> None:
            told.append(saved)

        room.editing.on_saved.append(tell)
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a", closes=7)
        database, room.console.office.open_database = room.console.office.open_database, None
        kept = await room.editing.save(CURATOR, draft)
        assert (kept.stage, kept.number) == (Stage.SAVED, None)
        assert "where is my a" in room.text()
        room.console.office.open_database = database
        assert "history could not be written" in (await (await room.clerk()).get(f"/knowledge/drafts/{draft}")).words
        await room.editing.settle()
        await room.editing.settle()
        assert [edit.what for edit in await Edits(room.console.office.database).newest(5)] == ["Add: a"]
        assert [(saved.closes, saved.subject, saved.who) for saved in told] == [(7, "a", "ana")]


async def test_who_waits_for_a_save_is_told_again_after_the_store_was_down(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        asked: list[str] = []

        async def tell(saved: Saved) -> None:
            asked.append(saved.draft)
            if len(asked) == 1:
                raise StoreDown("not now")

        room.editing.on_saved.append(tell)
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a")
        assert not (await room.editing.save(CURATOR, draft)).is_told
        await room.editing.settle()
        await room.editing.settle()
        assert asked == [draft, draft]


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_save_that_a_crash_cut_short_is_finished_or_stays_a_draft(
    tmp_path: Path, folder: Path, is_written: bool
) -> None:
    async with desk(tmp_path, folder=folder) as room:
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a")
        kept = await room.editing.find(CURATOR, draft)
        room.editing._drafts.keep(replace(kept, stage=Stage.WRITING, saved_at=datetime(2026, 11, 22, tzinfo=UTC)))
        if is_written:
            (folder / "faqs/a.yaml").write_text(str(kept.draft.changes[0].after))
        await room.editing.settle()
        again = await room.editing.find(CURATOR, draft)
        assert again.stage is (Stage.SAVED if is_written else Stage.OPEN)
        assert len(await Edits(room.console.office.database).newest(5)) == is_written


async def test_drafts_outlive_the_process_and_are_their_owners_own(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a")
    (tmp_path / "data/drafts/0000000000000000.json").write_text("{")
    async with desk(tmp_path, folder=folder) as room:
        assert "Add: a" in (await (await room.clerk("ana")).get("/knowledge/drafts")).words
        ben = await room.clerk("ben")
        assert (await ben.get(f"/knowledge/drafts/{draft}")).status == 404
        assert (await ben.post(f"/knowledge/drafts/{draft}/save")).status == 404
        assert (await ben.get("/knowledge/drafts/0000000000000000")).status == 404
        await (await room.clerk("ana")).post(f"/knowledge/drafts/{draft}/discard")
        assert "None." in (await (await room.clerk("ana")).get("/knowledge/drafts")).words


async def test_a_save_in_a_checkout_names_its_commit_and_a_failing_git_costs_nothing(
    tmp_path: Path, folder: Path
) -> None:
    git(folder, "-c", "init.defaultBranch=main", "init")
    async with desk(tmp_path, folder=folder) as room:
        kept = await room.editing.at_once(CURATOR, "Add: a", a_phrase, "a")
        assert git(folder, "log", "--format=%an: %s") == "ana: Add: a\n"
        assert kept.commit
        (folder / ".git/index.lock").touch()
        kept = await room.editing.at_once(CURATOR, "Withdraw: a", lambda texts: withdraw(texts, "a"), "a")
        assert kept.trouble is not None
        assert "index.lock" in kept.trouble
        assert "answer: null" in room.text()


async def test_a_fault_somebody_else_left_keeps_no_sound_draft_from_being_saved(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        (folder / "programs/b.yaml").write_text("- id: b\n")
        clerk = await room.clerk()
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a")
        assert "has other faults already" in (await room.examined(clerk, draft)).words
        await clerk.post(f"/knowledge/drafts/{draft}/save")
        assert "where is my a" in room.text()
        await room.goes_live()
        assert "nothing new goes live until that is mended" in (await clerk.get(f"/knowledge/drafts/{draft}")).words


async def test_nothing_to_save_is_no_draft(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        with pytest.raises(EditRefused, match="nothing was changed"):
            await open_draft(room.console.office, CURATOR, "x", lambda texts: texts)


async def test_the_desk_settles_at_its_start_and_stops_counting_at_its_end(tmp_path: Path, folder: Path) -> None:
    async with desk(tmp_path, folder=folder) as room:
        draft = await open_draft(room.console.office, CURATOR, "Add: a", a_phrase, subject="a")
        database, room.console.office.open_database = room.console.office.open_database, None
        await room.editing.save(CURATOR, draft)
        room.console.office.open_database = database
        stopping = asyncio.Event()

        async def stop(saved: Saved) -> None:
            stopping.set()

        room.editing.on_saved.append(stop)
        await room.editing.run(stopping)
        assert (await room.editing.find(CURATOR, draft)).is_done
