"""What `check` prints: lines to search, groups to read, and what the department must still confirm."""

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import checking
from bot.cli import main
from bot.core.entry import Place
from bot.knowledge import launch, schema, source
from bot.knowledge.about import About
from bot.knowledge.launch import Kind, Open
from bot.knowledge.source import Problem
from tests import small_folder

OURS, STATE = "https://danbury-ct.gov/266/Police-Department", "https://state.example/fees"
ENTRIES = f"""\
- id: fee
  source: {{title: The state, url: {STATE}}}
  en: {{title: Fee, asks: [fee], answer: "It costs $9.00 at 12 High Road. Call 203-555-0199."}}
  es:
    title: Costo
    asks: [costo]
    answer: Cuesta US$ 9,00 en 12 High Road. Llame al 203-555-0199.
    approved_by: A. Reader
  pt: {{title: Taxa, asks: [taxa], answer: "Custa US$ 9,00 em 12 High Road. Ligue 203-555-0199."}}
- id: unsaid
  source: {{title: Ours, url: {OURS}}}
  en: {{title: Unsaid, asks: [unsaid], answer: null}}
  es: {{title: Nada, asks: [nada], answer: null}}
"""
DESK = f"""\
- id: desk
  checked_on: 2026-11-22
  source: {{title: Ours, url: {OURS}}}
  channels: [{{kind: phone, value: null}}, {{kind: hours, value: null}}]
  en: {{title: The desk, asks: [desk], answer: Come in.}}
"""
FACTS = f"""\
- {{value: $9.00, what: fee, source: "{STATE}", as_of: "2024"}}
- {{value: 12 High Road, what: the desk, source: "{OURS}", as_of: "2022", local: true, confirmed_by: null}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = small_folder.write(tmp_path_factory.mktemp("launch"))
    (made / "programs/b.yaml").unlink()
    (made / "faqs/a.yaml").write_text(ENTRIES)
    (made / "contacts.yaml").write_text(DESK)
    (made / "facts.yaml").write_text(FACTS)
    (made / "questions/q.yaml").unlink()
    return made


@pytest.fixture(scope="module")
def rows(folder: Path) -> tuple[Open, ...]:
    sources = source.read(folder, folder)
    return launch.still_open(schema.knowledge(sources), sources)


def of(rows: tuple[Open, ...], kind: Kind) -> list[tuple[str, ...]]:
    return [(row.entries, row.what, row.value, row.source, row.as_of) for row in rows if row.kind is kind]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_law_3_each_value_of_the_departments_own_is_to_be_confirmed_once(rows: tuple[Open, ...]) -> None:
    values = of(rows, Kind.VALUE)
    assert ("fee", "the desk", "12 High Road", OURS, "2022") in values
    assert ("fee", "phone", "203-555-0199", "none: not listed in facts.yaml", "") in values
    assert not any("9.00" in value for _, _, value, _, _ in values)  # the state's own
    assert len(values) == len(set(values))


def test_law_3_a_value_that_somebody_has_confirmed_is_no_longer_listed(folder: Path, tmp_path: Path) -> None:
    signed = shutil.copytree(folder, tmp_path / "signed")
    (signed / "facts.yaml").write_text(FACTS.replace("confirmed_by: null", "confirmed_by: Records"))
    sources = source.read(signed, signed)
    values = of(launch.still_open(schema.knowledge(sources), sources), Kind.VALUE)
    assert "12 High Road" not in [value for _, _, value, _, _ in values]


def test_a_null_channel_a_null_answer_and_a_source_elsewhere_are_listed(rows: tuple[Open, ...]) -> None:
    assert of(rows, Kind.CHANNEL) == [
        ("desk", "phone", "", OURS, "checked on 2026-11-22"),
        ("desk", "hours", "", OURS, "checked on 2026-11-22"),
    ]
    assert of(rows, Kind.ANSWER) == [("unsaid", "en es", "", OURS, "")]
    assert of(rows, Kind.SOURCE) == [("fee", "", "", STATE, "")]


def test_a_translation_without_an_approver_is_listed_and_a_signed_one_is_not(rows: tuple[Open, ...]) -> None:
    assert of(rows, Kind.TRANSLATION) == [("fee", "en to pt", "", "", "")]


def test_without_facts_every_value_is_to_be_confirmed(folder: Path) -> None:
    read = source.read(folder, folder)
    sources = replace(read, files={name: node for name, node in read.files.items() if name != "facts.yaml"})
    values = of(launch.still_open(schema.knowledge(sources), sources), Kind.VALUE)
    assert {"$9.00", "12 High Road", "203-555-0199"} <= {value for _, _, value, _, _ in values}


@pytest.mark.parametrize("cell", ["=1+1", "+1-203", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_no_cell_of_the_csv_is_a_formula(cell: str) -> None:
    file = io.StringIO(newline="")
    checking.write_csv([Open(Kind.VALUE, cell, cell, cell, cell, cell, Place(cell, 1))], file)
    (_, row) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert row == [Kind.VALUE.value, *[f"'{cell}"] * 6, "1"]


def test_the_csv_holds_every_row_with_its_place(rows: tuple[Open, ...]) -> None:
    file = io.StringIO(newline="")
    checking.write_csv(rows, file)
    head, *read = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert head == ["kind", "entries", "what", "value", "source", "as of", "file", "line"]
    assert len(read) == len(rows)
    assert [Kind.CHANNEL.value, "desk", "hours", "", OURS, "checked on 2026-11-22", "contacts.yaml", "1"] in read


def test_check_launch_adds_tables_with_counts(folder: Path) -> None:
    result = run("check", "--launch", "--knowledge", str(folder))
    assert result.exit_code == 0
    assert "channels without a value: 2" in result.output
    assert "12 High Road" in result.output
    assert "1 translations nobody has signed" in result.output
    assert "note: phone '203-555-0199' is not listed in facts.yaml" in result.output


def test_check_launch_csv_leaves_standard_output_to_the_csv(folder: Path, tmp_path: Path) -> None:
    result = run("check", "--launch", "--csv", "-", "--knowledge", str(folder))
    lines = list(csv.reader(io.StringIO(result.stdout)))
    assert {len(line) for line in lines} == {8}
    assert "To confirm:" in result.stderr
    run("check", "--launch", "--csv", str(tmp_path / "open.csv"), "--knowledge", str(folder))
    assert list(csv.reader(io.StringIO((tmp_path / "open.csv").read_bytes().decode(), newline=""))) == lines


def test_csv_without_launch_is_explained(folder: Path) -> None:
    result = run("check", "--csv", "-", "--knowledge", str(folder))
    assert result.exit_code == 2
    assert "--csv is the list of --launch" in result.output


def test_notes_stand_under_headings_with_their_number_and_keep_file_and_line() -> None:
    notes = [
        Problem(Place("b.yaml", 2), "two", is_fault=False, about=About.LONG),
        Problem(Place("a.yaml", 1), "one", is_fault=False, about=About.UNTRACED),
        Problem(Place("c.yaml", 3), "three", is_fault=False, about=About.LONG),
    ]
    assert list(checking.lines(notes)) == [
        f"# 1 {About.UNTRACED.value}",
        "a.yaml:1: note: one",
        f"# 2 {About.LONG.value}",
        "b.yaml:2: note: two",
        "c.yaml:3: note: three",
    ]


def test_faults_come_first_and_bare() -> None:
    problems = [
        Problem(Place("a.yaml", 1), "note", is_fault=False, about=About.FILE),
        Problem(Place("b.yaml", 1), "fault"),
    ]
    assert next(checking.lines(problems)) == "b.yaml:1: fault"
