"""What an edit does before anybody saves it: its faults, its collisions, the questions whose answer it changes."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.core.answer import Outcome, Snapshot
from bot.core.confidence import Confidence
from bot.core.entry import Place, Question
from bot.core.match import Learned
from bot.knowledge import edit_check
from bot.knowledge.edit import Change
from bot.knowledge.edit_blast import Counting, Effect, Stopped
from bot.knowledge.edit_check import checked, collisions, fresh
from bot.knowledge.source import Problem
from tests import builders, real_folder, small_folder
from tests.builders import NOW, an_entry

A = "faqs/a.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_folder.write(tmp_path / "knowledge")


def change(folder: Path, name: str, old: str, new: str) -> Change:
    text = (folder / name).read_text()
    return Change(name, text, text.replace(old, new))


def asking(*entries: object, questions: tuple[tuple[str, str | None], ...] = ()) -> Snapshot:
    """A snapshot whose knowledge has these questions."""
    made = builders.snapshot(*entries)  # type: ignore[arg-type]
    kept = tuple(Question(text, "en", expect, Place("questions/q.yaml", 1)) for text, expect in questions)
    return replace(made, knowledge=replace(made.knowledge, questions=kept))


def nothing(done: int, total: int) -> None:
    pass


def test_a_sound_draft_is_loaded_beside_the_folder_and_the_folder_stays_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    found = checked(folder, (change(folder, A, "first", "second"),))
    assert found.loaded is not None
    assert found.loaded.snapshot.knowledge.entries["a"].wordings["en"].answer == "The second answer."
    assert found.may_be_saved
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_every_fault_of_a_draft_is_told_with_its_line_apart_from_those_that_stand_already(folder: Path) -> None:
    (folder / "programs/b.yaml").write_text("- id: b\n")
    found = checked(folder, (change(folder, A, "title: a", "titel: a"),))
    assert [str(fault) for fault in found.faults] == [
        "faqs/a.yaml:2: `title` is missing: add it",
        "faqs/a.yaml:3: `titel` is not known here: did you mean `title`?",
    ]
    assert [fault.place.file for fault in found.standing] == ["programs/b.yaml"]
    assert not found.may_be_saved


def test_a_draft_that_mends_the_folder_may_be_saved(folder: Path) -> None:
    sound = (folder / A).read_text()
    (folder / A).write_text("- id: [")
    assert checked(folder, (Change(A, "- id: [", sound),)).may_be_saved


def test_a_file_taken_away_and_one_that_is_new_are_part_of_the_check(folder: Path) -> None:
    new = "- id: n\n  en: {title: n, asks: [n], answer: N}\n"
    found = checked(folder, (Change(A, (folder / A).read_text(), None), Change("faqs/n.yaml", None, new)))
    assert found.loaded is not None
    assert set(found.loaded.snapshot.knowledge.entries) == {"n", "b", "contacts"}


def test_a_new_phrase_collides_with_other_words_with_a_cue_and_with_what_it_finds_today() -> None:
    keys, dogs = (
        an_entry("keys", "i lost my keys", "house keys gone"),
        an_entry("dogs", "my dog ran away", "dog missing"),
    )
    today = builders.snapshot(keys, dogs)
    after = builders.knowledge(
        keys, an_entry("dogs", "my dog ran away", "dog missing", "I lost my keys!", "he has a gun", "lost house keys")
    )
    assert [(each.phrase, each.entry, each.is_grave) for each in collisions(today, after)] == [
        ("I lost my keys!", "dogs", True), ("he has a gun", "dogs", True), ("lost house keys", "dogs", False)
    ]  # fmt: skip
    assert list(collisions(today, today.knowledge)) == []


def test_a_note_that_only_moved_to_another_line_is_not_new() -> None:
    old, moved, new = (Problem(Place(A, line), text, is_fault=False) for line, text in ((1, "x"), (9, "x"), (2, "y")))
    assert fresh((old,), (moved, new)) == (new,)


def test_notes_name_what_curators_should_look_at() -> None:
    loaded = real_folder.loaded()
    found = edit_check.notes(loaded.snapshot.knowledge, loaded.sources, date(2035, 1, 1))
    assert any("is due for review" in note.text for note in found)


def test_a_question_that_changes_its_answer_is_told_with_both_and_whether_it_is_for_the_worse() -> None:
    keys, dogs = (
        an_entry("keys", "i lost my keys", "house keys gone"),
        an_entry("dogs", "my dog ran away", "dog missing"),
    )
    today = asking(keys, dogs, questions=(("i lost my house keys", "keys"), ("my dog ran", "dogs")))
    taken = an_entry(
        "dogs", "my dog ran away", "dog missing", "i lost my house keys", "my house keys", "i lost my keys"
    )
    draft = asking(an_entry("keys", "how do i get new locks"), taken, questions=(("i lost my house keys", "keys"),))
    radius = Counting().radius(today, draft, NOW, nothing)
    assert [(shift.question.text, shift.effect, shift.before.entry, shift.after.entry) for shift in radius.shifts] == [
        ("i lost my house keys", Effect.WORSE, "keys", "dogs")
    ]
    assert (radius.asked, radius.is_counted) == (2, False)
    back = Counting().radius(draft, today, NOW, nothing)
    assert [shift.effect for shift in back.shifts] == [Effect.BETTER]


def test_an_edit_of_words_alone_moves_no_question_and_a_question_of_the_draft_counts_as_new() -> None:
    keys = an_entry("keys", "i lost my keys", "house keys gone")
    today = asking(keys, questions=(("lost keys of the house", "keys"),))
    worded = an_entry("keys", "i lost my keys", "house keys gone", answer="Other words.")
    draft = asking(worded, questions=(("lost keys of the house", "keys"), ("he has a gun", None)))
    assert Counting().radius(today, draft, NOW, nothing).shifts == ()
    draft = asking(worded, an_entry("guns", "gun permit"), questions=(("gun permit", "guns"),))
    (shift,) = Counting().radius(today, draft, NOW, nothing).shifts
    assert (shift.is_new, shift.before.outcome, shift.after.outcome) == (True, Outcome.NOT_FOUND, Outcome.ANSWERED)


def test_with_an_entry_more_both_sides_are_judged_by_counted_words() -> None:
    keys, dogs = an_entry("keys", "i lost my keys"), an_entry("dogs", "my dog ran away")
    today = asking(keys, questions=(("i lost my keys", "keys"),))
    learned = Learned(None, False, counted=0.5, regressed=0.0, confidence=Confidence(0.9, -1.0))
    today = replace(today, index=today.index.knowing(learned))
    assert Counting().radius(today, asking(keys, dogs), NOW, nothing).is_counted
    assert not Counting().radius(today, asking(keys), NOW, nothing).is_counted


def test_counting_tells_how_far_it_is_and_stops_when_it_is_called_off() -> None:
    today = asking(an_entry("keys", "i lost my keys"), questions=(("a", None), ("b", None), ("c", None)))
    steps: list[tuple[int, int]] = []

    def step(done: int, total: int) -> None:
        steps.append((done, total))
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        Counting().radius(today, today, NOW, step)
    assert steps == [(0, 3), (1, 3), (2, 3)]


def test_what_questions_get_today_is_asked_once_for_several_drafts() -> None:
    embedded: list[str] = []
    today = asking(an_entry("keys", "i lost my keys"), questions=(("lost my keys", "keys"),))

    def embed(text: str) -> None:
        embedded.append(text)

    learned = Learned(None, True, counted=0.5, regressed=0.0, confidence=Confidence(0.9, -1.0))
    today = replace(today, index=today.index.knowing(learned), lookout=replace(today.lookout, embed=embed))
    counting = Counting()
    counting.radius(today, today, NOW, nothing)
    first = list(embedded)
    counting.radius(today, today, NOW, nothing)
    assert first
    assert len(first) == len(set(first))
    assert embedded == first
