"""Which entry a message asks for: candidates with calibrated scores, and whether they are sure enough to answer.

Two signals are added. How likely the entry's phrasings make the message's words and pairs of words, against all
phrasings together; and how like the nearest phrasing is, compared both ways - how much of the message it explains, how
much of it the message contains - so that neither a short phrasing nor a long message wins by length.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from rapidfuzz import fuzz

from bot.core.entry import Ask, Entry, EntryKind, Risk
from bot.core.spelling import Speller
from bot.core.text import Words, fold

_MOST_WORDS = 60  # of a message; a question is shorter, and a pasted page must not cost more
_COMPARED = 40  # phrasings looked at closely
_OFFERED = 3  # titles offered at most (law 4)
_RATIO_SHARE = 0.3  # of the likeness that the order of letters decides; the rest is the weighted words
_LIKENESS_WEIGHT = 6.0  # against the log-likelihood; from 3 to 10 the first candidate stays the same
_PRIOR = 5.0  # words every entry is taken to have said in the general way before its own are counted
_UNKNOWN_WEIGHT = 0.6  # of the rarest word's weight: a word nobody wrote speaks against every entry, but may be a name
_TELLING_LETTERS = 4  # and more: shorter words join, they do not name
_TELLING_SHARE = 0.4  # of the entries may use a word that still tells them apart


class Certainty(Enum):
    """What may be done with a match."""

    SURE = "sure"
    NEAR = "near"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its confidence from 0 to 1, and the phrasing that was nearest."""

    entry: Entry
    score: float
    ask: Ask


@dataclass(frozen=True, slots=True)
class Match:
    """Candidates, best first. `SURE`: answer the first; `NEAR`: ask which; `NOTHING`: say so."""

    certainty: Certainty
    candidates: tuple[Candidate, ...] = ()


NO_MATCH = Match(Certainty.NOTHING)


@dataclass(frozen=True, slots=True)
class Bar:
    """Scores an answer needs, and the lead it needs over the next candidate."""

    score: float
    lead: float


# Measured on the questions of `knowledge/questions`, which are no phrasings: four in a hundred are answered wrong.
_BARS = {Risk.LOW: Bar(0.4, 0.05), Risk.HIGH: Bar(0.5, 0.15)}
_NEAR = 0.12  # below it the right entry is among the first three less often than not

# Confidence = sigmoid of a weighted sum: the lead over the next entry, and the share of the message that is known.
# Fitted by logistic regression on the same questions and on messages that no entry is about.
_BIAS, _LEAD, _KNOWN = -7.9, 0.57, 6.0
_MOST_LEAD = 6.0
_WHOLE = 4.0  # log-odds of a message that is a phrasing word for word, and no other entry's


@dataclass(frozen=True, slots=True)
class _Phrasing:
    ask: Ask
    entry: Entry
    words: frozenset[str]
    line: str
    weight: float


class Index:
    """All phrasings of a snapshot, filed by word. Built once, then only read."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        listed = [(entry, ask, fold(ask.text)) for entry in entries for _, ask in entry.asks()]
        used_by: dict[str, set[str]] = defaultdict(set)
        for entry, _, words in listed:
            for word in words.tokens:
                used_by[word].add(entry.id)
        self._entries = {entry.id: entry for entry, _, _ in listed}
        self._owners = {word: len(owners) for word, owners in used_by.items()}
        most = 1 + len(self._entries)
        self._weights = {word: 1 + math.log(most / (1 + owners)) for word, owners in self._owners.items()}
        self._unknown = _UNKNOWN_WEIGHT * (1 + math.log(most))
        self._speller = Speller(self._weights)
        self._phrasings: list[_Phrasing] = []
        self._with: dict[str, list[int]] = defaultdict(list)
        for entry, ask, words in listed:
            weight = sum(self._weights[word] for word in set(words.tokens))
            for word in set(words.tokens):
                self._with[word].append(len(self._phrasings))
            self._phrasings.append(_Phrasing(ask, entry, frozenset(words.tokens), words.line, weight))
        self._says = _Likelihood((entry.id, words.tokens) for entry, _, words in listed)

    def rank(self, words: Words) -> Match:
        """Candidates for the words, best first: a few more than may be offered."""
        meant = [self._speller(word) for word in words.tokens[:_MOST_WORDS]]
        nearest = self._nearest(meant)
        if not nearest:
            return NO_MATCH
        likely = self._says.of(meant)
        total = {e: likely[e] + _LIKENESS_WEIGHT * (nearest[e][0] if e in nearest else 0.0) for e in self._entries}
        best = sorted(nearest, key=lambda entry: -total[entry])
        is_whole = " ".join(meant) == nearest[best[0]][1].line
        known = sum(self._weights.get(word, 0.0) for word in set(meant)) / self._mass(meant)
        rival = total[best[1]] if len(best) > 1 else total[best[0]] - _MOST_LEAD
        candidates = []
        for entry in best[: _OFFERED + 2]:
            lead = total[entry] - (rival if entry == best[0] else total[best[0]])
            sure = _BIAS + _LEAD * max(-_MOST_LEAD, min(lead, _MOST_LEAD)) + _KNOWN * known
            if is_whole and entry == best[0] and lead > 0:
                sure = max(sure, _WHOLE)
            candidates.append(Candidate(self._entries[entry], 1 / (1 + math.exp(-sure)), nearest[entry][1].ask))
        phrasing = nearest[best[0]][1]
        shared = sum(self._tells(word) for word in phrasing.words.intersection(meant))
        return Match(_certainty(candidates, shared, is_whole), tuple(candidates))

    def _tells(self, word: str) -> bool:
        """Whether sharing the word says anything: "for", "como" and "police" are everywhere."""
        return len(word) >= _TELLING_LETTERS and self._owners[word] <= max(2, _TELLING_SHARE * len(self._entries))

    def _mass(self, meant: list[str]) -> float:
        return sum(self._weights.get(word, self._unknown) for word in set(meant)) or 1.0

    def _nearest(self, meant: list[str]) -> dict[str, tuple[float, _Phrasing]]:
        """For each entry that shares a word its nearest phrasing, with a likeness from 0 to 1."""
        mass, shared = self._mass(meant), defaultdict[int, float](float)
        for word in set(meant):
            for at in self._with.get(word, ()):
                shared[at] += self._weights[word]
        overlaps = sorted(((2 * both / (mass + self._phrasings[at].weight), at) for at, both in shared.items()))
        line = " ".join(meant)
        found: dict[str, tuple[float, _Phrasing]] = {}
        for overlap, at in overlaps[-_COMPARED:]:
            phrasing = self._phrasings[at]
            ratio = fuzz.token_sort_ratio(line, phrasing.line) / 100
            likeness = (1 - _RATIO_SHARE) * overlap + _RATIO_SHARE * ratio
            if phrasing.entry.id not in found or likeness > found[phrasing.entry.id][0]:
                found[phrasing.entry.id] = (likeness, phrasing)
        return found


class _Likelihood:
    """How much likelier an entry's phrasings make some words, and pairs of words, than all phrasings together do."""

    def __init__(self, said: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        by_entry: dict[str, Counter[str]] = defaultdict(Counter)
        for entry, words in said:
            by_entry[entry].update(_pairs(words))
        whole = sum(by_entry.values(), Counter())
        total = whole.total()
        self._unsaid = {entry: math.log(_PRIOR / (said.total() + _PRIOR)) for entry, said in by_entry.items()}
        self._gain: dict[str, list[tuple[str, float]]] = {word: [] for word in whole}
        for entry, counts in by_entry.items():
            for word, count in counts.items():
                self._gain[word].append((entry, math.log(1 + count * total / (_PRIOR * whole[word]))))

    def of(self, meant: Sequence[str]) -> dict[str, float]:
        """The log-likelihood ratio of each entry, damped by the length of the message: its words repeat each other."""
        known = [word for word in _pairs(meant) if word in self._gain]
        scores = {entry: unsaid * len(known) for entry, unsaid in self._unsaid.items()}
        for word in known:
            for entry, gain in self._gain[word]:
                scores[entry] += gain
        damping = math.sqrt(max(1, len(meant)))
        return {entry: score / damping for entry, score in scores.items()}


def _pairs(words: Sequence[str]) -> Iterator[str]:
    """The words, and each with its neighbour, the beginning and the end among them."""
    yield from words
    framed = ("^", *words, "$")
    yield from (f"{one} {other}" for one, other in pairwise(framed))


def _certainty(candidates: list[Candidate], shared: int, is_whole: bool) -> Certainty:
    first = candidates[0]
    bar = _BARS[first.entry.risk]
    lead = first.score - (candidates[1].score if len(candidates) > 1 else 0.0)
    # One shared word never answers (law 4), unless the message is the phrasing itself: "fingerprints".
    if (is_whole or shared > 1) and first.score >= bar.score and lead >= bar.lead:
        return Certainty.SURE
    own = [c for c in candidates if c.entry.kind is not EntryKind.OUT_OF_SCOPE]
    return Certainty.NEAR if own and own[0].score >= _NEAR else Certainty.NOTHING
