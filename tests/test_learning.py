"""What is learned from phrasings: the regression and its scores, with sentence vectors and without."""

import math
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest

from bot.core import learning
from bot.core.features import Floats
from bot.core.match import Index, Learned, Phrasings
from bot.core.sketch import BESIDE, WIDTH
from bot.core.text import fold
from tests.builders import an_entry

TOPICS = (
    "accident report, pistol permit, parking ticket, noise complaint, lost property, towed car, bicycle registration, "
    "fingerprint card, alarm fee, body camera, ride along, animal bite"
).split(", ")
WAYS = ("how do i get a {}", "where is the {} office", "{} cost", "i need help with my {}", "{} hours", "new {} please")
PHRASINGS = Phrasings([an_entry(topic.replace(" ", "-"), *(way.format(topic) for way in WAYS)) for topic in TOPICS])
ADDED = an_entry("animal-bite", *(way.format("animal bite") for way in WAYS), "aardvarks are first in the alphabet")
VECTORS = np.eye(len(TOPICS), dtype=np.float32)[list(PHRASINGS.labels)]  # as if an encoder knew the topics
BY_WORDS = learning.learned(PHRASINGS, None)
BY_VECTOR = learning.learned(PHRASINGS, VECTORS)


def regressed(learned: Learned) -> Learned:
    """The regression alone, so that the counts cannot find what it misses."""
    return replace(learned, counted=0.0)


def first(text: str, learned: Learned, phrasings: Phrasings = PHRASINGS, vector: Floats | None = None) -> str:
    match = Index(phrasings, learned).rank(fold(text), lambda _: vector)
    return match.candidates[0].entry.id


def best_score(text: str, learned: Learned, vector: Floats | None = None) -> float:
    return Index(PHRASINGS, learned).rank(fold(text), lambda _: vector).candidates[0].score


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("what does a bicycle registration cost", "bicycle-registration"),
        ("hours for my pistol permit", "pistol-permit"),
        ("my car was towed", "towed-car"),
        ("an animal has a bite", "animal-bite"),
    ],
)
def test_the_regression_alone_finds_what_was_put_differently(text: str, entry: str) -> None:
    assert first(text, regressed(BY_WORDS)) == entry


@pytest.mark.parametrize("at", [0, 4, 11])
def test_a_vector_finds_what_no_word_says(at: int) -> None:
    vector = np.eye(len(TOPICS), dtype=np.float32)[at]
    assert first("xyzzy plugh", BY_VECTOR, vector=vector) == PHRASINGS.entries[at].id


def test_beside_a_vector_that_says_nothing_the_letters_still_tell() -> None:
    nothing = np.zeros(len(TOPICS), np.float32)
    found = [first(f"my {topic}", regressed(BY_VECTOR), vector=nothing) for topic in TOPICS]
    assert found == [entry.id for entry in PHRASINGS.entries]


def test_where_the_encoder_fails_on_a_message_the_counts_answer_alone() -> None:
    assert first("what does a bicycle registration cost", BY_VECTOR, vector=None) == "bicycle-registration"


def test_weights_have_a_row_for_each_number_read_and_a_column_for_each_entry() -> None:
    assert BY_WORDS.weights is not None
    assert BY_VECTOR.weights is not None
    assert BY_WORDS.weights.shape == (WIDTH, len(TOPICS))
    assert BY_VECTOR.weights.shape == (len(TOPICS) + BESIDE, len(TOPICS))
    assert (BY_WORDS.by_vector, BY_VECTOR.by_vector) == (False, True)


def test_learning_again_learns_the_same() -> None:
    again = learning.learned(PHRASINGS, VECTORS)
    assert np.array_equal(again.weights, BY_VECTOR.weights)  # type: ignore[arg-type]
    assert replace(again, weights=None) == replace(BY_VECTOR, weights=None)


def test_what_was_learned_before_an_edit_still_finds_the_entry_after_it() -> None:
    edited = Phrasings([*PHRASINGS.entries[:-1], replace(PHRASINGS.entries[-1], wordings=ADDED.wordings)])
    assert edited.features.count > PHRASINGS.features.count
    found = [first(f"my {topic}", regressed(BY_WORDS), edited) for topic in TOPICS]
    assert found == [entry.id for entry in PHRASINGS.entries]


@pytest.mark.parametrize("learned", [BY_WORDS, BY_VECTOR], ids=["words", "vectors"])
def test_a_phrasing_put_differently_scores_above_a_message_about_something_else(learned: Learned) -> None:
    asked = np.eye(len(TOPICS), dtype=np.float32)[1] if learned.by_vector else None
    strange = np.full(len(TOPICS), 1 / len(TOPICS), np.float32) if learned.by_vector else None
    ours = best_score("may i get the pistol permit", learned, asked)
    theirs = best_score("how do i get my tomatoes to ripen", learned, strange)
    assert theirs < 0.3 < ours


def test_where_two_entries_say_the_same_scores_say_that_every_second_answer_is_wrong() -> None:
    twins = [an_entry(f"{name}-{topic}", *(way.format(topic) for way in WAYS)) for name in "xy" for topic in TOPICS]
    index = Index(phrasings := Phrasings(twins), learning.learned(phrasings, None))
    scores = [index.rank(fold(f"i need the {topic}")).candidates[0].score for topic in TOPICS]
    assert fmean(scores) == pytest.approx(0.5, abs=0.1)


def test_a_folder_too_small_to_measure_gets_the_usual_scores() -> None:
    small = Phrasings(PHRASINGS.entries[:9])
    found = learning.learned(small, None)
    assert found.confidence.nothing == -math.inf
    best = Index(small, found).rank(fold("what does a towed car cost")).candidates[0]
    assert best.entry.id == "towed-car"
    assert best.score > 0.5
    assert BY_WORDS.confidence.nothing > 0


def test_words_that_nobody_has_said_cost_only_where_no_vector_tells_what_they_mean() -> None:
    assert BY_WORDS.confidence.unknown > BY_VECTOR.confidence.unknown == 0
