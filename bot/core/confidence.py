"""How likely the entry that scores best is the one that was asked for: scores against each other, as a probability."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.core.features import Floats, Places

Numbers = npt.NDArray[np.float64]

_AT_ONCE = 1_000  # messages
_HELD = 1e-3  # keeps the weights finite where everything is right
_STEPS = 50  # of Newton's; six are enough where right and wrong overlap
_LEAST, _SHORTEST = 1e-9, 2.0**-10  # fall for a step to count; of a step that goes too far


@dataclass(frozen=True, slots=True)
class Confidence:
    """What turns scores into a probability (Platt's, of two things that tell).

    `odds` weighs the log-odds of an entry against all others and `nothing`, which is what no entry scores on such a
    message: it stands for all that nobody has thought of. `length` weighs the logarithm of the number of words: the
    longer a message, the more had to fit. `unknown` is what a message loses none of whose words was ever said.
    """

    odds: float
    bias: float
    length: float = 0.0
    unknown: float = 0.0
    nothing: float = -math.inf

    def of(self, scores: Floats, words: int, unknown: float) -> Numbers:
        """The probability of each entry; `unknown` is how much of the words nobody has said, from 0 to 1."""
        told = self.bias + self.length * _length(words) - self.unknown * unknown
        likely: Numbers = 1 / (1 + np.exp(-told - self.odds * log_odds(scores, self.nothing)))
        return likely


def calibrated(
    scores: Floats, truth: Places, own: int, words: Places, nothing: float, unknown: float = 0.0
) -> Confidence:
    """How often the best own entry is right, by its odds and by how many words a message has.

    A row of scores and an entry a message, -1 where it has none; from number `own` on they are not the department's.
    """
    if not scores[:, :own].size:
        return Confidence(1.0, 0.0, unknown=unknown, nothing=nothing)
    # A few at a time: the odds of all entries together would be 60 MB.
    parts = np.array_split(scores, 1 + len(scores) // _AT_ONCE)
    best = np.concatenate([log_odds(part, nothing)[:, :own].max(1) for part in parts])
    is_right = (scores[:, :own].argmax(1) == truth).astype(np.float64)
    odds, bias, length = _fitted(np.column_stack([best, np.ones(len(best)), _length(words)]), is_right)
    if odds <= 0:  # a higher score would be less likely right
        return Confidence(1.0, 0.0, unknown=unknown, nothing=nothing)
    return Confidence(float(odds), float(bias), float(length), unknown, nothing)


def log_odds(scores: Floats, nothing: float) -> Numbers:
    """Of each entry against all others and nothing; the entries lie along the last axis."""
    top = np.maximum(scores.max(-1, keepdims=True).astype(np.float64), nothing)
    likely = np.exp(scores - top)
    likely = np.clip(likely / (likely.sum(-1, keepdims=True) + np.exp(nothing - top)), 1e-9, 1 - 1e-6)
    odds: Numbers = np.log(likely / (1 - likely))
    return odds


def _length(words: int | Places) -> Numbers:
    return np.log(1.0 + words)


def _fitted(known: Numbers, is_right: Numbers) -> Numbers:
    """Weights under which what is known says best what is right, by Newton's steps, halved where they go too far."""

    def loss(weights: Numbers) -> float:
        sums = known @ weights
        return float((np.logaddexp(0, sums) - is_right * sums).sum() + _HELD * weights @ weights / 2)

    found = np.zeros(known.shape[1])
    now = loss(found)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-known @ found))
        bend = (known * (p * (1 - p))[:, None]).T @ known + _HELD * np.eye(len(found))
        step, size = np.linalg.solve(bend, known.T @ (p - is_right) + _HELD * found), 1.0
        while (then := loss(found - size * step)) > now and size > _SHORTEST:
            size /= 2
        if now - then < _LEAST:
            break
        found, now = found - size * step, then
    return found
