"""The net under the emergency cues: learned from examples, it raises what they missed and weighs what they found."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.emergency import Level
from bot.core.features import Features, Floats, Shares, Sparse
from bot.core.text import Words
from bot.core.training import Rows, regression

# Chosen by cross-validation over the examples, in four parts: each message scored by a net that had not seen it. Runs
# of two to four letters carry what a misspelling leaves; with five the net is half as large again and no better. A
# feature of one message only is dropped: that halves the net and costs nothing.
SHARES = Shares(words=0.6, pairs=0.5, runs=0.6, longest_run=4, seen_in=2)
_FREEDOM = 10.0  # from 3 to 30 the figures stay within a hundredth
_ROUNDS = 80  # of the descent; forty find three in a hundred less at the same false alarms, more find nothing


@dataclass(frozen=True, slots=True)
class Reading:
    """How likely a message is an emergency, and how likely it calls for caution; `is_whole` when a vector was read.

    The last two say the same of the most alarming part of a message that has several: a harmless question beside an
    emergency halves what the whole of it says. Of a message in one piece they are 0.
    """

    emergency: float
    caution: float
    is_whole: bool = False
    part_emergency: float = 0.0
    part_danger: float = 0.0

    @property
    def danger(self) -> float:
        """How likely it is either."""
        return self.emergency + self.caution


@dataclass(frozen=True, slots=True)
class Scale:
    """What the log-odds of a level are made of: those of the whole message and of its most alarming part, each with
    its weight, and what it adds that the cues found nothing, a caution, or a soft emergency. It tips at nought."""

    whole: float
    part: float
    found: Mapping[Level, float]

    def tips(self, whole: float, part: float | None, found: Level) -> bool:
        """Whether the message is of the level; a message in one piece is its own most alarming part."""
        odds = _odds(whole)
        return self.whole * odds + self.part * (odds if part is None else _odds(part)) + self.found[found] >= 0


# The cues and the net err on different messages, so neither overrules the other: what both say is added up. Weights and
# differences come from a logistic regression over the examples, each read by a net that had not seen it; the common
# part of `found` was then raised until recall stood where fixed bars had held it. On 11,400 messages, by fixed bars and
# by these (and, between the two, better cues and more examples): of emergencies 96.7 and 96.7 % are sent to 911, 98.8
# and 98.9 % get its line; of look-alikes 8.2 and 5.2 %, 15.4 and 8.9 %; of ordinary questions 5.2 and 3.5 %, 9.2 and
# 6.6 %. Without a vector all of these are within a hundredth and a half.
# These figures are older than the examples near the edge of danger. With those `found` of DANGER was moved by hand
# until an emergency beside a question, or typed without spaces, kept its line about as often as before.
EMERGENCY = Scale(whole=0.92, part=0.24, found={Level.NONE: 0.05, Level.CAUTION: 0.05, Level.EMERGENCY: 2.5})
DANGER = Scale(whole=1.05, part=0.13, found={Level.NONE: 0.6, Level.CAUTION: 1.5, Level.EMERGENCY: 2.9})
# Nothing around a part so alarming keeps the 911 line away: one emergency in 600 more gets it, one harmless message in
# 500.
_PART_ALONE = 0.95
_LEAST, _MOST = 0.001, 0.999  # likelihoods between which odds are read: beyond them the net is no surer, only steeper
NO_DANGER = Reading(0.0, 0.0)

_WINDOW, _STEP = 12, 6  # words of a part: clauses that nobody ended with a stop are read piece by piece
_SHORTEST_PART = 3  # words; fewer say too little alone
_FIRST_PARTS, _LAST_PARTS = 10, 6  # read of a long text: what a part costs is a tenth of a millisecond


def settled(reading: Reading, found: Level, is_hard: bool) -> Level:
    """The level of a message on which the cues found this much; what a hard cue found is never lowered."""
    has_parts = reading.part_danger > 0
    if EMERGENCY.tips(reading.emergency, reading.part_emergency if has_parts else None, found):
        level = Level.EMERGENCY
    elif DANGER.tips(reading.danger, reading.part_danger if has_parts else None, found):
        level = Level.CAUTION
    else:
        level = Level.CAUTION if reading.part_danger >= _PART_ALONE else Level.NONE
    return max(level, found) if is_hard else level


class Net:
    """Weights for the words alone, and for words and sentence vector together when it learned with an encoder.

    With a vector the two are averaged: they err on different messages, and together find three in a hundred more.
    """

    def __init__(self, features: Features, alone: Floats, whole: Floats | None) -> None:
        """Take weights with one row a feature and one column a level; `whole` has the vector's rows at its end."""
        self.features, self.alone, self.whole = features, alone, whole

    @classmethod
    def trained(
        cls, messages: Sequence[Sequence[str]], levels: Sequence[Level], counts: Sequence[float], vectors: Floats | None
    ) -> "Net":
        """Learn from folded messages; `counts` is what each one weighs, `vectors` has one row a message."""
        features = Features.learned(messages, SHARES)
        sparse = [features.of(words) for words in messages]
        alone = _weights(Rows.of(sparse, features.count), levels, counts)
        if vectors is None:
            return cls(features, alone, None)
        return cls(features, alone, _weights(Rows.of(sparse, features.count, vectors), levels, counts))

    def of(self, words: Words, vector: Floats | None = None) -> Reading:
        """What the net reads in a message; without a vector, or without weights for one, in its words alone."""
        if not words.tokens:
            return NO_DANGER
        met = self.features.of(words.tokens)
        alone = _likely(_scored(met, self.alone))
        parts = [_likely(_scored(self.features.of(part), self.alone)) for part in _parts(words)]
        emergency = max((each[0] for each in parts), default=0.0)
        danger = max((sum(each) for each in parts), default=0.0)
        if vector is None or self.whole is None:
            return Reading(*alone, False, emergency, danger)
        whole = _likely(_scored(met, self.whole) + vector @ self.whole[self.features.count :])
        return Reading((alone[0] + whole[0]) / 2, (alone[1] + whole[1]) / 2, True, emergency, danger)


def _odds(likely: float) -> float:
    """The logarithm of the odds."""
    likely = min(max(likely, _LEAST), _MOST)
    return math.log(likely / (1 - likely))


def _weights(rows: Rows, levels: Sequence[Level], counts: Sequence[float]) -> Floats:
    found = regression(rows, [int(level) for level in levels], len(Level), counts, _FREEDOM, _ROUNDS)
    return np.ascontiguousarray(found.T)


def _scored(met: Sparse, weights: Floats) -> Floats:
    scores: Floats = met.values @ weights[met.ids]
    return scores


def _likely(scores: Floats) -> tuple[float, float]:
    """How likely emergency and caution are."""
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    return float(likely[Level.EMERGENCY]), float(likely[Level.CAUTION])


def _parts(words: Words) -> list[tuple[str, ...]]:
    """The clauses, long ones in pieces that overlap; none of a message that is one short clause."""
    parts: list[tuple[str, ...]] = []
    for clause in words.clauses:
        if len(clause) <= _WINDOW + _STEP // 2:
            parts.append(clause)
        else:
            parts += [clause[at : at + _WINDOW] for at in range(0, len(clause) - _STEP, _STEP)]
    if len(parts) > _FIRST_PARTS + _LAST_PARTS:
        parts = [*parts[:_FIRST_PARTS], *parts[-_LAST_PARTS:]]
    return [part for part in parts if len(part) >= _SHORTEST_PART] if len(parts) > 1 else []
