"""Hundreds of broken and hostile files of every kind: each is refused at its line, and the old answers go on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.answer import Snapshot
from bot.knowledge import live, schema, source
from bot.knowledge.live import Live
from tests import hostile_yaml, small_folder
from tests.hostile_yaml import Case
from tests.sizes import some

CASES = hostile_yaml.cases()
MOST_TOLD = 60  # problems of one file: more are not read
LONGEST_TOLD = 1_000  # characters of a problem: every sentence that is missing, but no name of a megabyte


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Path]]:
    """A bot that answers from a sound folder, and the folder."""
    home = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "SHIPPED", small_folder.write(home / "shipped"))
        opened = Live(hostile_yaml.write(home / "knowledge"), home / "data")
        opened.open()
        assert opened.fault is None
        yield opened, home / "knowledge"


def put_back(folder: Path, case: Case, sound: bytes | None) -> None:
    path = folder / case.file
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if sound is not None:
        path.write_bytes(sound)


def test_there_are_at_least_two_hundred_cases_over_every_kind_of_file() -> None:
    assert len(CASES) >= 200
    assert {case.file for case in CASES} >= {*hostile_yaml.LISTS, *hostile_yaml.MAPPINGS}
    assert len({(case.file, case.content, case.put and case.name) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", some(CASES, 3), ids=lambda case: source.shown(case.name))
def test_it_is_refused_with_file_and_line_and_the_old_answers_go_on(running: tuple[Live, Path], case: Case) -> None:
    bot, folder = running
    before, path = bot.current, folder / case.file
    sound = path.read_bytes() if path.exists() else None
    case.make(folder)
    try:
        bot.reload()
        fault = bot.fault
    finally:
        put_back(folder, case, sound)
    assert isinstance(before, Snapshot)
    assert bot.current is before
    assert fault is not None
    told = [problem for problem in fault.problems if problem.place.file == source.shown(case.file)]
    assert any(case.line in (0, each.place.line) and case.says in each.text for each in told), list(map(str, told))
    assert len(told) <= MOST_TOLD
    assert all(len(str(each)) <= LONGEST_TOLD and str(each).isprintable() for each in told)


def test_the_same_folder_goes_live_again_when_it_is_sound(running: tuple[Live, Path]) -> None:
    bot, folder = running
    (folder / "faqs/a.yaml").write_text((folder / "faqs/a.yaml").read_text() + "# mended\n")
    before = bot.current
    bot.reload()
    assert bot.fault is None
    assert bot.current is not before


def test_of_fifty_megabytes_not_a_byte_is_read(tmp_path: Path) -> None:
    (case,) = [case for case in CASES if case.name == "fifty megabytes"]
    case.make(tmp_path)
    assert source.read(tmp_path, tmp_path).contents["faqs/a.yaml"] == b""


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, real = small_folder.write(tmp_path), os.fstat

    def growing(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        with (folder / "faqs/a.yaml").open("ab") as file:
            file.truncate(3 * hostile_yaml.LARGEST)
        return status

    monkeypatch.setattr(os, "fstat", growing)
    (problem,) = [p for p in source.read(folder, folder).problems if p.place.file == "faqs/a.yaml"]
    assert "split it" in problem.text


@pytest.mark.parametrize("what", ["emptied", "replaced", "gone"])
def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Whatever was read of it, the stamp from before the reading no longer fits, and the next look reloads."""
    folder, real = small_folder.write(tmp_path), os.fstat
    path, sound = folder / "faqs/a.yaml", (folder / "faqs/a.yaml").read_bytes()

    def changing(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        if what == "emptied":
            path.write_bytes(b"")
        elif what == "gone":
            path.unlink(missing_ok=True)
        else:
            (folder / "fresh").write_bytes(sound.replace(b"first", b"second"))
            (folder / "fresh").replace(path)
        return status

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", changing)
        read = source.read(folder, folder)
    assert read.contents["faqs/a.yaml"] in (sound, b"", sound.replace(b"first", b"second"))
    assert read.stamp != source.stamp(folder, folder)


ENTRY = "- id: a\n  owner: {}\n  en:\n    title: a\n    asks: [how do i get an a]\n    answer: {}\n"
LEGAL: tuple[tuple[str, bytes, str], ...] = (
    ("no", ENTRY.format("no", "no").encode(), "no"),
    ("yes", ENTRY.format("yes", "yes").encode(), "yes"),
    ("on", ENTRY.format("on", "on").encode(), "on"),
    ("a time", ENTRY.format("22:30", "22:30").encode(), "22:30"),
    ("a number with a leading zero", ENTRY.format("0123", "0123").encode(), "0123"),
    ("a large number", ENTRY.format("1e400", "1e400").encode(), "1e400"),
    ("a day", ENTRY.format("2026-11-22", "2026-11-22").encode(), "2026-11-22"),
    ("hexadecimal", ENTRY.format("0x1F", "0x1F").encode(), "0x1F"),
    ("underscores", ENTRY.format("1_000", "1_000").encode(), "1_000"),
    ("a quoted null", ENTRY.format("'null'", "'null'").encode(), "null"),
    ("a quoted tilde", ENTRY.format("'~'", "'~'").encode(), "~"),
    ("infinity", ENTRY.format(".inf", ".inf").encode(), ".inf"),
    ("an equals sign", ENTRY.format("=", "=").encode(), "="),
    ("a byte order mark", b"\xef\xbb\xbf" + ENTRY.format("x", "x").encode(), "x"),
    ("line ends of Windows", ENTRY.format("x", "x").replace("\n", "\r\n").encode(), "x"),
    ("line ends of old", ENTRY.format("x", "x").replace("\n", "\r").encode(), "x"),
    ("no line end at the end", ENTRY.format("x", "x").rstrip().encode(), "x"),
    ("a document mark", b"---\n" + ENTRY.format("x", "x").encode() + b"...\n", "x"),
    ("the version of today", b"%YAML 1.1\n---\n" + ENTRY.format("x", "x").encode(), "x"),
    ("comments", b"# a\n" + ENTRY.format("x # a", "x # a").encode() + b"# b\n", "x"),
    ("letters of three languages", ENTRY.format("x", "¿Qué? Não, amanhã.").encode(), "¿Qué? Não, amanhã."),
    ("a family of emoji", ENTRY.format("x", "\U0001f468\u200d\U0001f469").encode(), "\U0001f468\u200d\U0001f469"),
    ("a block of lines", ENTRY.format("x", "|\n      One.\n      Two.").encode(), "One.\nTwo."),
    ("braces and formulas", ENTRY.format("x", "'{day} =1+1'").encode(), "{day} =1+1"),
)


@pytest.mark.parametrize(("content", "says"), [case[1:] for case in LEGAL], ids=[case[0] for case in LEGAL])
def test_what_is_legal_is_read_as_it_stands(tmp_path: Path, content: bytes, says: str) -> None:
    folder = hostile_yaml.write(tmp_path)
    (folder / "faqs/a.yaml").write_bytes(content)
    assert schema.knowledge(source.read(folder, folder)).entries["a"].wordings["en"].answer == says
