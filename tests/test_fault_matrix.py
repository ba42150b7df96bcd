"""The page of faults is whole: every act under every fault, each with a test that exists or why it cannot happen."""

import re

import pytest

from tests.named_tests import PAGES, known, named

ACTS = ("answer", "emergency", "publish", "send", "stop", "cancel", "start", "reload", "staff save")
FAULTS = (
    "Killed", "Told to stop", "No room", "A flush that fails", "The store locked", "The store's file cut",
    "A flipped byte", "The write-ahead log missing", "PostgreSQL gone", "The clock an hour", "Daylight saving",
    "A leap day", "A clock that says 1970", "A storm of 429", "A platform that answers 5xx",
    "A platform that takes thirty seconds", "A connection reset", "An answer that is no JSON", "200, and in it",
    "A certificate that has expired", "Two programs", "A file of the knowledge replaced", "The encoder's process",
    "A limit of 256 MB", "Ten thousand open chats",
)  # fmt: skip
TEXT = (PAGES / "faults.md").read_text(encoding="utf-8")
SECTIONS = {title: body for title, _, body in (part.partition("\n") for part in TEXT.split("\n## ")[1:])}
NOT_HELD = {"The write-ahead log missing", "A limit of 256 MB of memory"}


def cells(title: str) -> list[tuple[str, str, str]]:
    """Act, outcome and tests, for each act under the fault."""
    found = []
    for line in SECTIONS[title].splitlines():
        if line.startswith("| ") and not line.startswith(("| act |", "| --- |")):
            acts, outcome, held = (cell.strip() for cell in line.strip("|").split(" | "))
            found += [(act.strip(), outcome, held) for act in acts.split(",")]
    return found


def test_every_fault_has_its_place() -> None:
    assert [next((title for title in SECTIONS if title.startswith(fault)), None) for fault in FAULTS] == list(SECTIONS)


@pytest.mark.parametrize("title", SECTIONS)
def test_every_act_under_a_fault_has_an_outcome_and_a_test_or_cannot_happen(title: str) -> None:
    found = cells(title)
    assert sorted(act for act, _, _ in found) == sorted(ACTS)
    for act, outcome, held in found:
        assert len(outcome) >= 3, act
        assert (named(held) != ()) != outcome.startswith("cannot happen: "), act
        assert [name for name in named(held) if name not in known()] == [], act


def test_there_are_more_than_forty_cells_with_a_test_and_the_page_names_no_other() -> None:
    held = [(title, act) for title in SECTIONS for act, _, by in cells(title) if named(by)]
    assert len(held) >= 40
    assert len(set(named(TEXT))) >= 40
    assert len(named(TEXT)) == len(re.findall(r"::", TEXT))


def test_what_is_not_held_is_said() -> None:
    said = {title for title in SECTIONS for _, outcome, _ in cells(title) if "**not held**" in outcome}
    assert said == NOT_HELD
