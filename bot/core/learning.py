"""What the matcher learns from phrasings: the regression, what the counts weigh beside it, what scores deserve.

The last two are measured on the phrasings themselves. In each of three rounds a third of them is held out, and of some
entries all: what asks for these stands for a question that nobody has an answer to.
"""

import math

import numpy as np

from bot.core.features import Floats, Places, Sparse
from bot.core.likelihood import Likelihood
from bot.core.match import Learned, Phrasings, log_odds
from bot.core.sketch import Sketch
from bot.core.training import Rows, regression

_FREEDOM = 30.0  # from 15 to 60 the figures stay within a hundredth
_ROUNDS, _MEASURING_ROUNDS = 60, 30
_FOLDS = 3
_LEFT_OUT = 6  # one entry in so many is left out of a fold
# Tried for the counts, beside one for the regression: the more phrasings an entry has, the more they are worth. They
# get as much as costs no more than so many of the held-out phrasings: what residents write is farther from what the
# regression has seen than these are, and there the counts err less. The more phrasings an entry has, the nearer is one
# that was held out to the others, and the more it may cost: so much for each of them, at most, and at least where the
# regression reads words too and no vectors.
_SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.75, 1.0)
_MAY_COST, _MOST_COST, _LEAST_BY_WORDS = 1e-4, 0.011, 0.004
# What is held out is like its neighbours; what is asked of others may be like nothing at all, and no fold tells how
# much. On knowledge of others (tests/benchmarks/foreign.py) from 5 to 8 tell such questions best; at home 3 to 5.
_NOTHING = 5.0
_FEWEST_ENTRIES, _FEWEST_PHRASINGS = 10, 5  # of a folder, and of an entry on the average: with less nothing is measured
# What our own phrasings gave, with so many entries. Among few, some entry is always rather likely: it counts for less.
_USUAL_SHARES, _USUAL_SCORES, _USUAL_ENTRIES = (0.25, 0.75), (0.95, -0.6), 150
_NEVER = np.float32(-50.0)  # the score of an entry that a fold knows nothing of
_HELD = 1e-3  # keeps slope and bias finite where everything is right
_SEED = 0
_AT_ONCE = 1_000


def learned(phrasings: Phrasings, vectors: Floats | None) -> Learned:
    """Learn from the phrasings and one sentence vector for each; from their words alone when there are no vectors."""
    read = Sketch(phrasings.features).every([phrasings.features.of(words.tokens) for words in phrasings.words], vectors)
    labels = np.array(phrasings.labels, np.int64)
    if phrasings.own >= _FEWEST_ENTRIES and len(labels) >= _FEWEST_PHRASINGS * phrasings.own:
        may_cost = min(_MAY_COST * len(labels) / len(phrasings.entries), _MOST_COST)
        if vectors is None:
            may_cost = max(may_cost, _LEAST_BY_WORDS)
        measured = _measured(phrasings, labels, read, may_cost)
    else:
        slope, bias = _USUAL_SCORES
        bias -= math.log(_USUAL_ENTRIES / max(1, min(_USUAL_ENTRIES, len(phrasings.entries) - 1))) / 2
        measured = *_USUAL_SHARES, slope, bias, -math.inf
    weights = _regression(read, labels, len(phrasings.entries), _ROUNDS)
    return Learned(weights, vectors is not None, *measured)


def _measured(
    phrasings: Phrasings, labels: Places, read: Floats, may_cost: float
) -> tuple[float, float, float, float, float]:
    """What counts and regression weigh, slope and bias of the scores, and what nothing scores."""
    counted, regressed, truth = _held_out(phrasings, labels, read)
    share = _weighed(counted, regressed, truth, may_cost)
    counted *= np.float32(share)
    counted += regressed
    return share, 1.0, *_calibrated(counted, truth, phrasings.own), _NOTHING


def _regression(read: Floats, labels: Places, classes: int, rounds: int, chosen: Places | None = None) -> Floats:
    """Weights learned from rows that have these labels: the `chosen` ones of `read`, or all."""
    nothing = Sparse(np.zeros(1, np.int32), np.zeros(1, np.float32))
    rows = Rows.of([nothing] * len(labels), 1, read, chosen)
    found = regression(rows, labels.tolist(), classes, [1.0] * len(labels), _FREEDOM, rounds)
    return np.ascontiguousarray(found[:, 1:].T)


def _held_out(phrasings: Phrasings, labels: Places, read: Floats) -> tuple[Floats, Floats, Places]:
    """Both judges' scores of phrasings they had not seen, and whose each was; -1 where its entry was left out."""
    lots, classes = np.random.RandomState(_SEED), len(phrasings.entries)
    fold = np.zeros(len(labels), np.int64)
    for label in range(classes):
        own = lots.permutation(np.flatnonzero(labels == label))
        fold[own] = np.arange(len(own)) % _FOLDS
    drawn = lots.permutation(phrasings.own)
    found: list[tuple[Floats, Floats, Places]] = []
    for number in range(_FOLDS):
        left_out = np.isin(labels, drawn[number::_FOLDS][: phrasings.own // _LEFT_OUT])
        known = np.flatnonzero((fold != number) & ~left_out)
        asked = np.flatnonzero((fold == number) & ~left_out)
        strange = lots.permutation(np.flatnonzero(left_out))[: len(asked) // _FOLDS]
        every = np.concatenate([asked, strange])
        likelihood = Likelihood.counted(
            [phrasings.numbers[at] for at in known.tolist()], labels[known].tolist(), classes, phrasings.features.count
        )
        met = (phrasings.features.of(phrasings.words[at].tokens) for at in every.tolist())  # kept, all are 20 MB
        counted = np.array([likelihood.of(each) for each in met], np.float32)
        weights = _regression(read, labels[known], classes, _MEASURING_ROUNDS, known)
        regressed = np.concatenate([read[some] @ weights for some in np.array_split(every, 1 + len(every) // _AT_ONCE)])
        unknown = np.setdiff1d(np.arange(classes), labels[known])
        counted[:, unknown] = regressed[:, unknown] = _NEVER
        found.append((counted, regressed, np.where(left_out[every], -1, labels[every])))
    counted, regressed, truth = (np.concatenate(part) for part in zip(*found, strict=True))
    return counted, regressed, truth


def _weighed(counted: Floats, regressed: Floats, truth: Places, may_cost: float) -> float:
    """The most that the counts may weigh while so few less of the held-out phrasings find their entry."""
    answerable = truth >= 0
    counted, regressed, truth = counted[answerable], regressed[answerable], truth[answerable]
    found = [int(((share * counted + regressed).argmax(1) == truth).sum()) for share in _SHARES]
    enough = max(found) - may_cost * len(truth)
    return max(share for share, times in zip(_SHARES, found, strict=True) if times >= enough)


def _calibrated(scores: Floats, truth: Places, own: int) -> tuple[float, float]:
    """Slope and bias under which the log-odds of the best own entry say how often it is right (Platt)."""
    if not scores[:, :own].size:
        return 1.0, 0.0
    # A few at a time: all their odds together would be 60 MB.
    parts = np.array_split(scores, 1 + len(scores) // _AT_ONCE)
    best = np.concatenate([log_odds(part, _NOTHING)[:, :own].max(1) for part in parts])
    is_right = (scores[:, :own].argmax(1) == truth).astype(np.float64)
    odds = np.stack([best, np.ones_like(best)], 1)
    found = np.zeros(2)
    for _ in range(50):  # Newton's steps; six are enough where the two kinds overlap
        p = 1 / (1 + np.exp(-odds @ found))
        bend = (odds * (p * (1 - p))[:, None]).T @ odds + _HELD * np.eye(2)
        found -= np.linalg.solve(bend, odds.T @ (p - is_right) + _HELD * found)
    return (float(found[0]), float(found[1])) if found[0] > 0 else (1.0, 0.0)
