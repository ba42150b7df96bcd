"""The net under the emergency cues: learned from examples, it raises what the cues missed and never lowers anything."""

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
class Bar:
    """From where on the net raises: to emergency, and to caution."""

    emergency: float
    danger: float


# By what the cues found. Measured with the cues, each message scored by a net that had not seen it: of the third of the
# training messages that the cues were not written on, 97.3 % of emergencies are sent to 911 and 99.1 % get its line
# (the cues alone: 78.4, 82.5), and three ordinary messages in a hundred more get the line. At 0.5 it is 98.3, 99.5 and
# five; at 0.7 safe recall falls under 99. Without a vector the same bars give the same within a hundredth.
BARS: Mapping[Level, Bar] = {Level.NONE: Bar(0.65, 0.65), Level.CAUTION: Bar(0.55, 0.65)}
# Of a part alone, torn from what surrounds it, the net must be surer: at these bars the parts raise one ordinary
# message in two hundred more, and of emergencies beside a harmless question find 83 of 100, where the whole finds 40.
PART_BAR = Bar(0.8, 0.9)
# Below this a soft cue counts one level less. Of the ordinary messages that cues and net send to 911 a third to a half
# are spared; of emergencies one in two hundred becomes a caution, and none of those measured lost its 911 line.
_DOUBT = 0.2
NO_DANGER = Reading(0.0, 0.0)

_WINDOW, _STEP = 12, 6  # words of a part: clauses that nobody ended with a stop are read piece by piece
_SHORTEST_PART = 3  # words; fewer say too little alone
_FIRST_PARTS, _LAST_PARTS = 10, 6  # read of a long text: what a part costs is a tenth of a millisecond


def raised(reading: Reading, found: Level = Level.NONE) -> Level:
    """The level of a message on which the cues found this much: that, or higher."""
    if found is Level.EMERGENCY:
        return found
    bar = BARS[found]
    if reading.emergency >= bar.emergency or reading.part_emergency >= PART_BAR.emergency:
        return Level.EMERGENCY
    is_danger = reading.danger >= bar.danger or reading.part_danger >= PART_BAR.danger
    return max(found, Level.CAUTION) if is_danger else found


def settled(reading: Reading, found: Level, is_hard: bool) -> Level:
    """As `raised`, but one level lower where only a soft cue was met and the net sees next to no danger."""
    is_doubted = max(reading.danger, reading.part_danger) < _DOUBT
    return Level(found - 1) if found and is_doubted and not is_hard else raised(reading, found)


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
