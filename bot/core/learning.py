"""What the matcher learns from phrasings: the regression, what the counts weigh beside it, what scores deserve.

The last two are measured on the phrasings themselves. In each of three rounds a third of them is held out, and of some
entries all: what asks for these stands for a question that nobody has an answer to.
"""

import math
from collections.abc import Iterator

import numpy as np

from bot.core.confidence import Confidence, calibrated
from bot.core.features import Floats, Places, Sparse, Vectors
from bot.core.likelihood import Likelihood
from bot.core.match import Learned, Phrasings
from bot.core.sketch import Sketch
from bot.core.training import Rows, regression

_FREEDOM = 30.0  # from 15 to 60 the figures stay within a hundredth
_ROUNDS, _MEASURING_ROUNDS = 60, 30
_FOLDS = 3
_MOST_ASKED = 4_000  # phrasings of a fold: three numbers are measured on them, and each costs a kilobyte
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
# What a message loses whose words nobody has said before, where no vector tells what they mean; no fold tells that
# either. On knowledge of others 1 to 4 tell questions out of scope ever better; at home 2 is free.
_UNKNOWN = 2.0
_FEWEST_ENTRIES, _FEWEST_PHRASINGS = 10, 5  # of a folder, and of an entry on the average: with less nothing is measured
# What our own phrasings gave, with so many entries. Among few, some entry is always rather likely: it counts for less.
_USUAL_SHARES, _USUAL_SCORES, _USUAL_ENTRIES = (0.25, 0.75), (0.95, -0.6), 150
_NEVER = np.float32(-50.0)  # the score of an entry that a fold knows nothing of
_SEED = 0
_AT_ONCE = 1_000


def learned(phrasings: Phrasings, vectors: Vectors | None) -> Learned:
    """Learn from the phrasings and one sentence vector for each; from their words alone when there are no vectors."""
    by_vector = vectors is not None
    met = (phrasings.features.of(words.tokens) for words in phrasings.words)  # kept, all are 20 MB
    read = Sketch(phrasings.features).every(met, len(phrasings.words), vectors)
    del vectors  # 40 MB, which nobody else has
    labels = np.array(phrasings.labels, np.int64)
    if phrasings.own >= _FEWEST_ENTRIES and len(labels) >= _FEWEST_PHRASINGS * phrasings.own:
        may_cost = min(_MAY_COST * len(labels) / len(phrasings.entries), _MOST_COST)
        if not by_vector:
            may_cost = max(may_cost, _LEAST_BY_WORDS)
        measured = _measured(phrasings, labels, read, may_cost, 0.0 if by_vector else _UNKNOWN)
    else:
        odds, bias = _USUAL_SCORES
        bias -= math.log(_USUAL_ENTRIES / max(1, min(_USUAL_ENTRIES, len(phrasings.entries) - 1))) / 2
        measured = *_USUAL_SHARES, Confidence(odds, bias)
    weights = _regression(read, labels, len(phrasings.entries), _ROUNDS)
    return Learned(weights, by_vector, *measured)


def _measured(
    phrasings: Phrasings, labels: Places, read: Floats, may_cost: float, unknown: float
) -> tuple[float, float, Confidence]:
    """What counts and regression weigh, and what their sum says."""
    counted, regressed, truth, words = _held_out(phrasings, labels, read)
    share = _weighed(counted, regressed, truth, may_cost)
    counted *= np.float32(share)
    counted += regressed
    return share, 1.0, calibrated(counted, truth, phrasings.own, words, _NOTHING, unknown)


def _regression(read: Floats, labels: Places, classes: int, rounds: int, chosen: Places | None = None) -> Floats:
    """Weights learned from rows that have these labels: the `chosen` ones of `read`, or all."""
    nothing = Sparse(np.zeros(1, np.int32), np.zeros(1, np.float32))
    rows = Rows.of([nothing] * len(labels), 1, read, chosen)
    found = regression(rows, labels.tolist(), classes, [1.0] * len(labels), _FREEDOM, rounds)
    return np.ascontiguousarray(found[:, 1:].T)


def _held_out(phrasings: Phrasings, labels: Places, read: Floats) -> tuple[Floats, Floats, Places, Places]:
    """Both judges' scores of phrasings they had not seen, whose each was, -1 where its entry was left out, and how
    many words it has."""
    classes, folds = len(phrasings.entries), list(_folds(labels, phrasings.own, len(phrasings.entries)))
    many = sum(len(every) for _, every, _ in folds)
    counted, regressed, high = np.empty((many, classes), np.float32), np.empty((many, classes), np.float32), 0
    for known, every, _ in folds:
        low, high = high, high + len(every)
        likelihood = Likelihood.counted(
            [phrasings.numbers[at] for at in known.tolist()], labels[known].tolist(), classes, phrasings.features.count
        )
        weights = _regression(read, labels[known], classes, _MEASURING_ROUNDS, known)
        for at, each in enumerate(every.tolist(), low):
            counted[at] = likelihood.of(phrasings.features.of(phrasings.words[each].tokens))
        for at in range(0, len(every), _AT_ONCE):
            some = every[at : at + _AT_ONCE]
            np.matmul(read[some], weights, out=regressed[low + at : low + at + len(some)])
        unknown = np.setdiff1d(np.arange(classes), labels[known])
        counted[low:high, unknown] = regressed[low:high, unknown] = _NEVER
    lengths = np.array([len(words.tokens) for words in phrasings.words], np.int64)
    asked, truth = (np.concatenate(part) for part in list(zip(*folds, strict=True))[1:])
    return counted, regressed, truth, lengths[asked]


def _folds(labels: Places, own: int, classes: int) -> Iterator[tuple[Places, Places, Places]]:
    """In each round what is known, what is asked, and whose that is, -1 where the entry was left out."""
    lots = np.random.RandomState(_SEED)
    fold = np.zeros(len(labels), np.int64)
    for label in range(classes):
        its = lots.permutation(np.flatnonzero(labels == label))
        fold[its] = np.arange(len(its)) % _FOLDS
    drawn = lots.permutation(own)
    for number in range(_FOLDS):
        left_out = np.isin(labels, drawn[number::_FOLDS][: own // _LEFT_OUT])
        asked = lots.permutation(np.flatnonzero((fold == number) & ~left_out))[:_MOST_ASKED]
        strange = lots.permutation(np.flatnonzero(left_out))[: len(asked) // _FOLDS]
        every = np.concatenate([asked, strange])
        yield np.flatnonzero((fold != number) & ~left_out), every, np.where(left_out[every], -1, labels[every])


def _weighed(counted: Floats, regressed: Floats, truth: Places, may_cost: float) -> float:
    """The most that the counts may weigh while so few less of the held-out phrasings find their entry."""
    found = [int(((np.float32(share) * counted + regressed).argmax(1) == truth).sum()) for share in _SHARES]
    enough = max(found) - may_cost * int((truth >= 0).sum())
    return max(share for share, times in zip(_SHARES, found, strict=True) if times >= enough)
