"""The forms: every breach at once, in a curator's words, each at its line."""

from pathlib import Path

import pytest

from bot.knowledge import schema, source
from bot.knowledge.source import KnowledgeInvalid
from tests import small_folder

SOUND = """
- id: permit
  en:
    title: Permit
    asks:
      - how do i get a permit
    answer: Ask at the desk.
"""


def read(folder: Path) -> source.Sources:
    """The folder, and what it lacks from a small whole one."""
    return source.read(folder, small_folder.write(folder.with_name(f"{folder.name} shipped")))


def faults(folder: Path, text: str, name: str = "faqs/a.yaml") -> list[str]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    try:
        schema.knowledge(read(folder))
    except KnowledgeInvalid as e:
        return [str(problem) for problem in e.problems]
    return []


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A folder with its own files of every kind, to be broken one at a time."""
    return small_folder.write(tmp_path)


def test_id_and_one_language_are_enough(tmp_path: Path) -> None:
    assert faults(tmp_path, SOUND) == []
    entry = schema.knowledge(read(tmp_path)).entries["permit"]
    assert (entry.wordings["en"].answer, entry.owner, entry.checked_on) == ("Ask at the desk.", None, None)


@pytest.mark.parametrize(
    ("change", "into", "line", "says"),
    [
        ("    title: Permit\n", "", 3, "`title` is missing"),
        ("title: Permit", "titel: Permit", 3, "`title` is missing"),
        ("title: Permit", "titel: Permit", 4, "did you mean `title`?"),
        ("- id: permit\n  en", "- en", 2, "`id` is missing"),
        ("id: permit", "id: My Permit", 2, "small letters, digits and hyphens"),
        ("id: permit", "id: permit\n  risk: medium", 3, "`low` or `high`"),
        ("id: permit", "id: permit\n  checked_on: 22.11.2026", 3, "such as `2026-11-22`"),
        ("id: permit", "id: permit\n  review_every: often", 3, "such as `180 days`"),
        ("id: permit", "id: permit\n  source: {title: x, url: www.x.y}", 3, "starts with https://"),
        ("id: permit", "id: permit\n  related: permit", 3, "must be a list"),
        ("id: permit", "id: permit\n  channels: [{kind: fax, value: null}]", 3, "`phone`"),
        ("    asks:\n      - how do i get a permit\n", "    asks: how\n", 5, "must be a list"),
        ("answer: Ask at the desk.", "answer: [a, b]", 7, "`answer` must be text"),
        ("  en:\n", "  english:\n", 2, "no language"),
        ("- id: permit\n  en:", "id: permit\nen:", 1, "must be a list"),
    ],
)
def test_a_breach_is_told_with_its_line_and_its_mend(
    tmp_path: Path, change: str, into: str, line: int, says: str
) -> None:
    found = faults(tmp_path, SOUND.replace(change, into))
    assert any(f.startswith(f"faqs/a.yaml:{line}: ") and says in f for f in found), found


def test_all_breaches_of_all_files_are_told_together(tmp_path: Path) -> None:
    faults(tmp_path, SOUND.replace("title", "titel"), "programs/b.yaml")
    found = faults(tmp_path, SOUND.replace("answer: Ask at the desk.", "anser: x\n    x: y"))
    assert {text.split(":")[0] for text in found} == {"faqs/a.yaml", "programs/b.yaml"}
    assert len(found) >= 5


def test_an_id_stands_once_in_the_whole_folder(tmp_path: Path) -> None:
    faults(tmp_path, SOUND)
    (found,) = faults(tmp_path, SOUND, "programs/b.yaml")
    assert found == "programs/b.yaml:2: entry `permit` stands already at faqs/a.yaml:2: keep one"


def test_a_folder_without_an_entry_is_refused(tmp_path: Path) -> None:
    assert "holds no entry" in faults(tmp_path, "[]")[0]


@pytest.mark.parametrize(
    ("name", "change", "into", "says"),
    [
        ("emergency/words.yaml", "classes:", "clases:", "`classes`"),
        ("emergency/replies.yaml", "redirect:", "redirects:", "`redirect`"),
        ("emergency/stand_down.yaml", "now:", "nows:", "`now`"),
        ("phrases.yaml", "sentences:", "sentence:", "`sentences`"),
        ("department.yaml", "America/New_York", "Danbury", "America/New_York"),
    ],
)
def test_a_fault_in_any_kind_of_file_is_told_with_file_and_line(
    whole: Path, name: str, change: str, into: str, says: str
) -> None:
    text = (whole / name).read_text()
    found = faults(whole, text.replace(change, into, 1), name)
    assert any(f.startswith(f"{name}:") and says in f for f in found), found


@pytest.mark.parametrize(
    ("cue", "says"),
    [
        ("[{id: x, kind: x, level: emergency, any: [NO_SUCH_CLASS gun], raises: [x]}]", "no class NO_SUCH_CLASS"),
        ("[{id: x, kind: x, level: high, any: [gun], raises: [x]}]", "`emergency` or `caution`"),
        ("[{id: x, kind: x, level: caution, any: [gun]}]", "`raises` is missing"),
        ("[{id: x, kind: x, level: caution, any: [gun], raises: [x], line: nothing}]", "no line `nothing`"),
        ("[{id: x, kind: x, level: caution, any: [gun], raises: [x], hard: yes}]", "`true` or `false`"),
        ("[{id: x, kind: x, level: caution, any: [.. gun], raises: [x]}]", "gap"),
    ],
)
def test_a_cue_that_cannot_be_used_is_told(whole: Path, cue: str, says: str) -> None:
    (found,) = faults(whole, cue, "emergency/cues/z.yaml")
    assert found.startswith("emergency/cues/z.yaml:1: ")
    assert says in found


def test_a_cue_id_stands_once(whole: Path) -> None:
    cue = "{id: same-cue, kind: x, level: caution, any: [zebra], raises: [zebra]}"
    assert "stands twice" in faults(whole, f"[{cue}, {cue}]", "emergency/cues/z.yaml")[0]


def test_a_class_may_name_another_but_not_itself(whole: Path) -> None:
    name = "emergency/words.yaml"
    text = (whole / name).read_text()
    assert faults(whole, text.replace("classes:", "classes:\n  ZZ_ONE: [ZZ_TWO]\n  ZZ_TWO: [zebra]", 1), name) == []
    found = faults(whole, text.replace("classes:", "classes:\n  ZZ_ONE: [ZZ_TWO]\n  ZZ_TWO: [ZZ_ONE]", 1), name)
    assert any("part of itself" in f for f in found)
