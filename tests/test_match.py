from dataclasses import replace

import numpy as np
import pytest

from bot.core.confidence import Confidence
from bot.core.entry import EntryKind, Risk
from bot.core.features import Floats
from bot.core.match import COUNTED, Certainty, Index, Learned, Phrasings
from bot.core.sketch import BESIDE, WIDTH
from bot.core.text import fold
from tests.builders import an_entry

ENTRIES = (
    an_entry(
        "report-copy",
        "how do i get a copy of my police report",
        "i need a copy of a report",
        "report copy for insurance",
    ),
    an_entry(
        "parking-ticket", "how do i pay a parking ticket", "where do i appeal a parking ticket", "parking ticket fine"
    ),
    an_entry("gun-permit", "how do i apply for a pistol permit", "renew my pistol permit", risk=Risk.HIGH),
    an_entry("trash", "when is my trash picked up", "garbage collection day", kind=EntryKind.OUT_OF_SCOPE),
)
INDEX = Index(Phrasings(ENTRIES))


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("how do i get a copy of my police report", "report-copy"),
        ("hw do i gt a cpy of my polce reprt", "report-copy"),
        ("i need to pay my parking ticket", "parking-ticket"),
        ("how do I apply for the pistol permit", "gun-permit"),
        ("when is trash picked up", "trash"),
    ],
)
def test_the_entry_that_was_meant_comes_first_and_is_sure(text: str, entry: str) -> None:
    match = INDEX.rank(fold(text))
    assert (match.candidates[0].entry.id, match.certainty) == (entry, Certainty.SURE)


@pytest.mark.parametrize(
    "text", ["pistol", "is the report good for a pistol of my ticket", "my appeal", "permit for a parade"]
)
def test_one_shared_word_never_answers(text: str) -> None:
    assert INDEX.rank(fold(text)).certainty is not Certainty.SURE


UNSURE, PLAIN = Confidence(0.0, 0.4), Confidence(0.0, 2.0)  # .60 and .88, whatever the scores


def by_meaning(text: str, confidence: Confidence, entries: int = len(ENTRIES)) -> tuple[str, bool]:
    """What comes first among so many entries, and whether it is sure, where the vector of every text that is meant
    so says that it is about the permit."""
    more = [an_entry(f"more-{number}", f"thing{number} and its other") for number in range(entries - len(ENTRIES))]
    index = Index(Phrasings((*ENTRIES, *more)))
    weights = np.zeros((1 + BESIDE, entries), np.float32)
    weights[0, [entry.id for entry in index.phrasings.entries].index("gun-permit")] = 20

    def embed(read: str) -> Floats:
        return np.array([1 if {"carry", "pistol", "may"} & set(read.split()) else -1], np.float32)

    learned = Learned(weights, True, counted=0.3, regressed=1.0, confidence=confidence)
    match = index.knowing(learned).rank(fold(text), embed)
    return match.candidates[0].entry.id, match.certainty is Certainty.SURE


@pytest.mark.parametrize(("text", "is_sure"), [("carry a pistol downtown", True), ("a pistol for the museum", False)])
def test_who_shares_one_word_answers_only_when_it_comes_first_without_that_word_too(text: str, is_sure: bool) -> None:
    assert by_meaning(text, UNSURE) == ("gun-permit", is_sure)


@pytest.mark.parametrize(("entries", "is_sure"), [(5, True), (6, False)])
def test_where_little_doubt_is_left_it_need_only_come_among_the_first_five_without_that_word(
    entries: int, is_sure: bool
) -> None:
    assert by_meaning("a pistol for the museum", PLAIN, entries) == ("gun-permit", is_sure)


@pytest.mark.parametrize(
    ("text", "confidence", "is_sure"),
    [
        ("may i for a", PLAIN, True),
        ("may i for a", UNSURE, False),
        ("may zig zag zog", PLAIN, False),
    ],
)
def test_words_that_are_everywhere_answer_when_little_doubt_is_left_and_words_nobody_said_never(
    text: str, confidence: Confidence, is_sure: bool
) -> None:
    assert by_meaning(text, confidence) == ("gun-permit", is_sure)


def test_a_title_typed_as_it_stands_is_sure() -> None:
    assert INDEX.rank(fold("Parking ticket")).certainty is Certainty.SURE


@pytest.mark.parametrize("text", ["", "xyzzy plugh", "qwertyuiop asdfghjkl", "12345"])
def test_what_shares_nothing_finds_nothing(text: str) -> None:
    assert INDEX.rank(fold(text)).certainty is Certainty.NOTHING


def test_scores_are_between_nothing_and_certain_and_best_comes_first() -> None:
    scores = [candidate.score for candidate in INDEX.rank(fold("copy of a parking permit report")).candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


@pytest.mark.parametrize(("text", "costs"), [("copy of a parking permit", False), ("copy of a zither permit", True)])
def test_a_word_that_nobody_has_said_costs_every_entry_what_was_learned_to(text: str, costs: bool) -> None:
    weights = np.zeros((WIDTH, len(ENTRIES)), np.float32)
    strict = replace(COUNTED, weights=weights, confidence=replace(COUNTED.confidence, unknown=2.0))
    told = INDEX.knowing(strict).rank(fold(text))
    for with_cost, without in zip(told.candidates, INDEX.rank(fold(text)).candidates, strict=True):
        assert with_cost.entry is without.entry
        assert (with_cost.score < without.score) is costs


def test_an_empty_index_finds_nothing() -> None:
    assert Index(Phrasings(())).rank(fold("anything")).candidates == ()
