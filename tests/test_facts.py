"""Law 3: every value that the knowledge says is listed with its source, and is the same in every language."""

from pathlib import Path

import pytest

from bot.knowledge import facts, source
from bot.knowledge.about import About
from bot.knowledge.faults import Faults
from bot.knowledge.source import Problem, Sources
from tests import real_folder

ENTRY = """\
- id: permit
  source: {title: State page of 2014, url: "https://state.example/permits"}
  channels: [{kind: phone, value: 203-555-0100}]
  en:
    title: Permit
    asks: [is it $99.00]
    answer: |
      The fee is $70.00.
      You must be 21.
  es:
    title: Permiso
    asks: [cuanto]
    answer: Son US$ 70,00. Debe tener 21 años.
"""
FACTS = """\
- {value: $70.00, what: fee, source: "https://state.example/permits", read_on: 2026-11-22}
- {value: "21", what: age, source: "https://state.example/permits"}
- {value: 203-555-0100, what: the desk, source: "https://police.example", local: true, confirmed_by: null}
"""


@pytest.fixture(scope="module")
def ours() -> Sources:
    return real_folder.sources()


@pytest.fixture(scope="module")
def noted(ours: Sources) -> list[Problem]:
    return list(facts.findings(ours))


def about(problems: list[Problem], kind: About) -> list[str]:
    return [str(problem) for problem in problems if problem.about is kind]


def found(folder: Path, entry: str = ENTRY, listed: str | None = FACTS) -> list[str]:
    (folder / "faqs").mkdir(exist_ok=True)
    (folder / "faqs/a.yaml").write_text(entry)
    if listed is not None:
        (folder / "facts.yaml").write_text(listed)
    return [str(problem) for problem in facts.findings(source.read(folder, folder / "nothing borrowed"))]


def test_law_3_every_value_of_our_knowledge_is_listed_with_its_source(noted: list[Problem]) -> None:
    assert about(noted, About.UNTRACED) == []


def test_law_3_every_fact_of_ours_is_used(noted: list[Problem]) -> None:
    assert about(noted, About.UNUSED) == []


def test_every_translation_of_ours_says_the_values_of_its_original(noted: list[Problem]) -> None:
    assert about(noted, About.DIFFERENT) == []


def test_law_3_every_fact_of_ours_names_its_source_and_when_it_was_read_save_examples(ours: Sources) -> None:
    faults = Faults()
    listed = facts.listed(ours, faults)
    assert faults.problems == []
    assert [fact.value.shown for fact in listed if fact.source is None] == ["12 Main Street"]
    assert [fact.value.shown for fact in listed if fact.source and fact.read_on is None] == []


def test_values_that_are_listed_need_no_note(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "into", "says"),
    [
        ("$70.00.", "$71.00.", "faqs/a.yaml:8: fee '$71.00' is not listed in facts.yaml"),
        ("You must be 21.", "Call 203-555-0199.", "faqs/a.yaml:9: phone '203-555-0199' is not listed in facts.yaml"),
        (
            "value: 203-555-0100",
            "value: 203-555-0101",
            "faqs/a.yaml:3: phone '203-555-0101' is not listed in facts.yaml",
        ),
        ("/permits", "/other", "faqs/a.yaml:2: url 'https://state.example/other' is not listed in facts.yaml"),
        ("State page", "Call 203-555-0177", "faqs/a.yaml:2: phone '203-555-0177' is not listed in facts.yaml"),
        ("title: Permit\n", "title: Permit in 5 days\n", "faqs/a.yaml:5: period '5 days' is not listed in facts.yaml"),
    ],
)
def test_law_3_a_value_that_is_not_listed_is_told_with_its_line(
    tmp_path: Path, change: str, into: str, says: str
) -> None:
    assert says in found(tmp_path, ENTRY.replace(change, into, 1))


def test_what_residents_ask_is_no_claim_of_ours(tmp_path: Path) -> None:
    assert not any("99.00" in text for text in found(tmp_path))


def test_the_year_in_the_name_of_a_page_is_the_pages_own(tmp_path: Path) -> None:
    assert not any("2014" in text for text in found(tmp_path))


def test_a_fact_that_nothing_uses_is_told(tmp_path: Path) -> None:
    listed = FACTS + '- {value: "311", what: the city, source: "https://city.example"}\n'
    assert found(tmp_path, listed=listed) == ["facts.yaml:4: nothing uses '311'"]


@pytest.mark.parametrize(
    ("change", "into", "says"),
    [
        ("Son US$ 70,00.", "Hay un costo.", "lacks $70.00"),
        ("21 años", "21 años. Llame al 911", "adds 911"),
        ("70,00", "71,00", "lacks $70.00 and adds US$ 71,00"),
    ],
)
def test_a_translation_with_other_values_than_its_original_is_told(
    tmp_path: Path, change: str, into: str, says: str
) -> None:
    told = [text for text in found(tmp_path, ENTRY.replace(change, into)) if "compared with" in text]
    assert told == [f"faqs/a.yaml:10: `permit` in `es` {says}, compared with `en`"]


def test_a_folder_without_facts_is_not_traced(tmp_path: Path) -> None:
    assert found(tmp_path, listed=None) == []
