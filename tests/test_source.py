"""Untrusted YAML: every refusal names the file, the line and the mend; nothing hangs, nothing crashes."""

from pathlib import Path

import pytest

from bot.core.entry import Place
from bot.knowledge import source
from tests.builders import REAL_FOLDER

BORROWED = Path(__file__).parent  # no knowledge folder: nothing is borrowed, so that only the file at hand is read


def problems(folder: Path, content: bytes, name: str = "faqs/a.yaml") -> list[str]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return [str(problem) for problem in source.read(folder, BORROWED).problems]


def node(folder: Path, content: bytes) -> source.Node:
    assert problems(folder, content) == []
    return source.read(folder, BORROWED).files["faqs/a.yaml"]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"a: &x 1\nb: *x\n", 1, "anchors"),
        (b"a: 1\nb: *x\n", 2, "anchors"),
        (b"a: !!python/object:os.system x\n", 1, "tags"),
        (b"a: !x 1\n", 1, "tags"),
        (b"a: 1\na: 2\n", 2, "stands twice (first in line 1)"),
        (b"a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "stands twice"),
        (b"<<: {a: 1}\n", 1, "merge keys"),
        (b"? [a, b]\n: 1\n", 1, "key must be a word"),
        (b"[" * 30_000, 1, "deeper than 20"),
        (b"- " * 40 + b"a\n", 1, "deeper than 20"),
        (b"a: 1\n\tb: 2\n", 2, "not YAML"),
        (b"a: 'never closed\n", 2, "not YAML"),
        (b"a: 1\n--- \nb: 2\n", 2, "not YAML"),
        (b"a: caf\xe9\n", 1, "not UTF-8"),
        (b"a: 1\nb: \xff\xfe\n", 2, "not UTF-8"),
        (b"a: 1\nb: x\x00y\n", 2, "not YAML"),
        (b"a: " + b"x" * (3 * 1024 * 1024), 1, "split it"),
    ],
)
def test_what_is_refused_is_refused_with_its_line(tmp_path: Path, content: bytes, line: int, says: str) -> None:
    (found,) = problems(tmp_path, content)
    assert found.startswith(f"faqs/a.yaml:{line}: ")
    assert says in found


def test_a_bomb_of_aliases_costs_nothing(tmp_path: Path) -> None:
    bomb = b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i) for i in range(20))
    assert "anchors" in problems(tmp_path, bomb)[0]


def test_scalars_stay_text_and_only_a_bare_null_is_none(tmp_path: Path) -> None:
    read = node(tmp_path, b"a: no\nb: 22:30\nc: 0123\nd: null\ne: ~\nf:\ng: 'null'\nh: ''\n").plain()
    assert read == {"a": "no", "b": "22:30", "c": "0123", "d": None, "e": None, "f": None, "g": "null", "h": ""}


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfa: 1\nb: 2\n", b"a: 1\r\nb: 2\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path, content: bytes) -> None:
    assert node(tmp_path, content).at(("b",)).place == Place("faqs/a.yaml", 2)


def test_every_value_remembers_its_line(tmp_path: Path) -> None:
    read = node(tmp_path, b"- id: x\n  en:\n    asks:\n      - one\n      - two\n")
    assert read.at((0, "en", "asks", 1)).place.line == 5
    assert read.at((0, "en", "gone")).place.line == 2


def test_a_fault_ends_its_own_file_and_every_other_is_still_reported(tmp_path: Path) -> None:
    problems(tmp_path, b"a: &x 1\n", "faqs/a.yaml")
    found = problems(tmp_path, b"b: !x 1\n", "programs/b.yaml")
    assert [text.split(":")[0] for text in found] == ["faqs/a.yaml", "programs/b.yaml"]


def test_a_link_in_a_circle_and_a_folder_named_as_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "faqs").mkdir()
    (tmp_path / "faqs" / "loop.yaml").symlink_to(tmp_path / "faqs" / "loop.yaml")
    (tmp_path / "faqs" / "folder.yaml").mkdir()
    found = [str(problem) for problem in source.read(tmp_path, BORROWED).problems]
    assert len(found) == 2
    assert "not a regular file" in found[0]
    assert "cannot be opened" in found[1]


def test_another_ending_is_told_and_does_not_stop_the_folder(tmp_path: Path) -> None:
    (tmp_path / "faqs").mkdir()
    (tmp_path / "faqs" / "a.yml").write_text("- x")
    (problem,) = source.read(tmp_path, BORROWED).problems
    assert (problem.is_fault, "rename it" in problem.text) == (False, True)


def test_the_revision_names_the_content(tmp_path: Path) -> None:
    first = problems(tmp_path, b"- x\n") or source.read(tmp_path, BORROWED).revision
    second = problems(tmp_path, b"- y\n") or source.read(tmp_path, BORROWED).revision
    third = problems(tmp_path, b"- x\n") or source.read(tmp_path, BORROWED).revision
    assert first == third != second


def test_what_a_folder_may_lack_comes_from_the_projects_own_and_entries_never_do(tmp_path: Path) -> None:
    problems(tmp_path, b"- x\n")
    names = set(source.read(tmp_path, REAL_FOLDER).files)
    assert {"phrases.yaml", "department.yaml", "emergency/words.yaml"} <= names
    assert {name for name in names if name.startswith(("faqs/", "programs/", "questions/", "contacts", "out_"))} == {
        "faqs/a.yaml"
    }
