"""What the matcher learns from phrasings: the regression, what the judges weigh, and what their scores deserve.

The last two are measured on the phrasings themselves. In each of three rounds a third of them is held out, and of some
entries all: what asks for these stands for a question that nobody has an answer to.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from bot.core.features import Floats, Sparse
from bot.core.likelihood import Likelihood
from bot.core.match import Learned, Phrasings
from bot.core.sketch import Sketch
from bot.core.training import Rows, regression

_FREEDOM = 30.0  # from 15 to 60 the figures stay within a hundredth
_ROUNDS, _MEASURING_ROUNDS = 60, 30
_FOLDS = 3
_LEFT_OUT = 6  # one entry in so many is left out of a fold
_SHARES = (0.15, 0.25, 0.35, 0.5, 0.75, 1.0, 1.4)  # tried for each judge
_FEWEST_ENTRIES, _FEWEST_PHRASINGS = 10, 5  # of a folder, and of an entry on the average: with less nothing is measured
# What our own phrasings gave, with so many entries. Among few, some entry is always rather likely: it counts for less.
_USUAL_SHARES, _USUAL_SCORES, _USUAL_ENTRIES = (0.25, 0.75), (0.95, -0.6), 150
_SCALES = (0.5, 0.75, 1.0)
_NEVER = np.float32(-50.0)  # the score of an entry that a fold knows nothing of
_HELD = 1e-3  # keeps slope and bias finite where everything is right
_SEED = 0

_Whole = npt.NDArray[np.int64]


def learned(phrasings: Phrasings, vectors: Floats | None) -> Learned:
    """Learn from the phrasings and one sentence vector for each; from their words alone when there are no vectors."""
    is_by_vector = vectors is not None
    met = [phrasings.features.of(words.tokens) for words in phrasings.words]
    if vectors is None:
        sketch = Sketch(phrasings.features.count)
        vectors = np.array([sketch.of(each) for each in met], np.float32)
    labels = np.array(phrasings.labels, np.int64)
    shares, (slope, bias) = _USUAL_SHARES, _USUAL_SCORES
    bias -= math.log(_USUAL_ENTRIES / max(1, min(_USUAL_ENTRIES, len(phrasings.entries) - 1))) / 2
    if phrasings.own >= _FEWEST_ENTRIES and len(labels) >= _FEWEST_PHRASINGS * phrasings.own:
        counted, regressed, truth = _held_out(phrasings, met, labels, vectors)
        # Beside vectors the counts weigh a third: held-out phrasings hardly tell from a sixth to a half, questions do.
        tried = [(one / 3, one) for one in _SCALES] if is_by_vector else list(product(_SHARES, _SHARES))
        shares = _weighed(counted, regressed, truth, tried)
        slope, bias = _calibrated(shares[0] * counted + shares[1] * regressed, truth, phrasings.own)
    weights = _regression(vectors, labels, len(phrasings.entries), _ROUNDS)
    return Learned(weights, is_by_vector, shares[0], shares[1], slope, bias)


def _regression(vectors: Floats, labels: _Whole, classes: int, rounds: int) -> Floats:
    nothing = Sparse(np.zeros(1, np.int32), np.zeros(1, np.float32))
    rows = Rows.of([nothing] * len(vectors), 1, vectors)
    found = regression(rows, labels.tolist(), classes, [1.0] * len(vectors), _FREEDOM, rounds)
    return np.ascontiguousarray(found[:, 1:].T)


def _held_out(
    phrasings: Phrasings, met: Sequence[Sparse], labels: _Whole, vectors: Floats
) -> tuple[Floats, Floats, _Whole]:
    """Both judges' scores of phrasings they had not seen, and whose each was; -1 where its entry was left out."""
    lots, classes = np.random.RandomState(_SEED), len(phrasings.entries)
    fold = np.zeros(len(labels), np.int64)
    for label in range(classes):
        own = lots.permutation(np.flatnonzero(labels == label))
        fold[own] = np.arange(len(own)) % _FOLDS
    drawn = lots.permutation(phrasings.own)
    found: list[tuple[Floats, Floats, _Whole]] = []
    for number in range(_FOLDS):
        left_out = np.isin(labels, drawn[number::_FOLDS][: phrasings.own // _LEFT_OUT])
        known = np.flatnonzero((fold != number) & ~left_out)
        asked = np.flatnonzero((fold == number) & ~left_out)
        strange = lots.permutation(np.flatnonzero(left_out))[: len(asked) // _FOLDS]
        every = np.concatenate([asked, strange])
        likelihood = Likelihood.counted(
            [phrasings.numbers[at] for at in known.tolist()], labels[known].tolist(), classes, phrasings.features.count
        )
        counted = np.array([likelihood.of(met[at]) for at in every.tolist()], np.float32)
        regressed = vectors[every] @ _regression(vectors[known], labels[known], classes, _MEASURING_ROUNDS)
        unknown = np.setdiff1d(np.arange(classes), labels[known])
        counted[:, unknown] = regressed[:, unknown] = _NEVER
        found.append((counted, regressed, np.where(left_out[every], -1, labels[every])))
    counted, regressed, truth = (np.concatenate(part) for part in zip(*found, strict=True))
    return counted, regressed, truth


def _weighed(
    counted: Floats, regressed: Floats, truth: _Whole, tried: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """What the judges must weigh so that their sum makes the held-out phrasings likeliest."""
    answerable = np.flatnonzero(truth >= 0)
    if not answerable.size:
        return 0.5, 0.5

    def surprise(shares: tuple[float, float]) -> float:
        scores = shares[0] * counted[answerable] + shares[1] * regressed[answerable]
        return -float(_log_likely(scores)[np.arange(len(answerable)), truth[answerable]].mean())

    return min(tried, key=surprise)


def _calibrated(scores: Floats, truth: _Whole, own: int) -> tuple[float, float]:
    """Slope and bias under which the log-odds of the best own entry say how often it is right (Platt)."""
    likely = np.exp(_log_likely(scores))[:, :own]
    if not likely.size:
        return 1.0, 0.0
    best = np.clip(likely.max(1).astype(np.float64), 1e-9, 1 - 1e-6)
    is_right = (likely.argmax(1) == truth).astype(np.float64)
    odds = np.stack([np.log(best / (1 - best)), np.ones_like(best)], 1)
    found = np.zeros(2)
    for _ in range(50):  # Newton's steps; six are enough where the two kinds overlap
        p = 1 / (1 + np.exp(-odds @ found))
        bend = (odds * (p * (1 - p))[:, None]).T @ odds + _HELD * np.eye(2)
        found -= np.linalg.solve(bend, odds.T @ (p - is_right) + _HELD * found)
    return (float(found[0]), float(found[1])) if found[0] > 0 else (1.0, 0.0)


def _log_likely(scores: Floats) -> Floats:
    scores = scores - scores.max(1, keepdims=True)
    found: Floats = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return found
