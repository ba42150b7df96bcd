"""Scores against each other, as how likely the best of them is right."""

import math

import numpy as np
import pytest

from bot.core.confidence import Confidence, calibrated, log_odds

LOTS = np.random.RandomState(0)
OWN = 3  # entries of the department's, and two that are not


def test_what_nothing_scores_takes_from_the_odds_of_every_entry() -> None:
    scores = np.array([2.0, 1.0, 0.0], np.float32)
    alone, beside = log_odds(scores, -math.inf), log_odds(scores, 3.0)
    assert alone[0] == pytest.approx(2 - math.log(math.exp(1) + math.exp(0)))
    assert beside[0] == pytest.approx(2 - math.log(math.exp(1) + math.exp(0) + math.exp(3)))
    assert (beside < alone).all()


def test_odds_stay_finite_however_far_scores_lie_apart() -> None:
    assert np.isfinite(log_odds(np.array([[900.0, -900.0], [-900.0, -900.0]], np.float32), 6.0)).all()


def test_the_higher_score_is_likelier_right() -> None:
    likely = Confidence(odds=0.7, bias=-1.0, length=0.5, nothing=3.0).of(np.array([1.0, 5.0, 3.0], np.float32), 7, 0.0)
    assert likely[1] > likely[2] > likely[0]
    assert ((likely > 0) & (likely < 1)).all()


@pytest.mark.parametrize(
    ("fewer", "more"), [({"words": 3}, {"words": 12}), ({"unknown": 1.0}, {"unknown": 0.2})], ids=["words", "unknown"]
)
def test_words_and_what_is_known_of_them_make_it_likelier(fewer: dict[str, float], more: dict[str, float]) -> None:
    confidence = Confidence(odds=0.7, bias=-1.0, length=0.5, unknown=2.0)
    usual = {"words": 5, "unknown": 0.5}
    one, other = (confidence.of(np.zeros(2, np.float32), **(usual | said)) for said in (fewer, more))  # type: ignore[arg-type]
    assert (one < other).all()


def asked(many: int, is_right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores in which the first entry is ever farther ahead, and whose each message was."""
    scores = np.zeros((many, OWN + 2), np.float32)
    scores[:, 0] = np.linspace(0, 8, many)
    return scores, np.where(is_right, 0, 1)


@pytest.mark.parametrize("least", [0.1, 0.6])
def test_scores_say_how_often_they_are_right(least: float) -> None:
    is_right = LOTS.uniform(size=2_000) < np.linspace(least, least + 0.4, 2_000)
    scores, truth = asked(2_000, is_right)
    found = calibrated(scores, truth, OWN, np.full(2_000, 9), 0.0)
    told = np.array([found.of(row, 9, 0.0)[0] for row in scores])
    for half in (slice(1_000), slice(1_000, None)):
        assert told[half].mean() == pytest.approx(is_right[half].mean(), abs=0.05)


def test_where_long_messages_are_right_more_often_length_counts() -> None:
    words = LOTS.randint(1, 30, 2_000)
    scores, truth = asked(2_000, LOTS.uniform(size=2_000) < words / 30)
    assert calibrated(scores, truth, OWN, words, 0.0).length > 0.5


@pytest.mark.parametrize(
    "is_right", [np.ones(50, bool), np.zeros(50, bool), np.arange(50) < 25], ids=["all", "none", "the lower half"]
)
def test_a_higher_score_never_is_less_likely_right_whatever_was_measured(is_right: np.ndarray) -> None:
    scores, truth = asked(50, is_right)
    found = calibrated(scores, truth, OWN, np.full(50, 4), 2.0, unknown=1.5)
    assert found.odds > 0
    assert math.isfinite(found.bias)
    assert (found.nothing, found.unknown) == (2.0, 1.5)


def test_where_nothing_is_the_departments_nothing_is_measured() -> None:
    truth, words = np.full(5, -1, np.int64), np.full(5, 3, np.int64)
    assert calibrated(np.zeros((5, 2), np.float32), truth, 0, words, 1.0) == Confidence(1.0, 0.0, nothing=1.0)
