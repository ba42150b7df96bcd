"""Which entry a message asks for: candidates with calibrated scores, and whether they are sure enough to answer.

Two judges that err on different messages are added up: how likely an entry's phrasings make the words (`likelihood`,
counted), and where the whole lies among theirs (`learning`, a softmax regression on its vector and its letters). What
the first weighs, and what score their sum deserves, is measured on the phrasings themselves.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import chain

import numpy as np
from rapidfuzz import fuzz, process

from bot.core.confidence import Confidence
from bot.core.entry import Ask, Entry, EntryKind, Risk
from bot.core.features import Features, Floats, Vectors
from bot.core.likelihood import SHARES, Likelihood
from bot.core.places import Places
from bot.core.sketch import Sketch
from bot.core.spelling import Speller
from bot.core.text import Words, fold

Embed = Callable[[str], Floats | None]

_FIRST_WORDS, _LAST_WORDS = 80, 40  # of a message, as features read them; a pasted page must not cost more
_SHOWN = 5  # candidates: more than may be offered, so that a few of other offices leave three
# How many of the entries may use a word that still tells them apart: half, a tenth of them where it has three letters
# ("gun" names something, "for" does not), none where it has fewer.
_TELLING_SHARES = {1: 0.0, 2: 0.0, 3: 0.1}
_TELLING_SHARE = 0.5


class Certainty(Enum):
    """What may be done with a match."""

    SURE = "sure"
    NEAR = "near"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its confidence from 0 to 1."""

    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """Candidates, best first. `SURE`: answer the first; `NEAR`: ask which; `NOTHING`: say so."""

    certainty: Certainty
    candidates: tuple[Candidate, ...] = ()

    def likely(self) -> list[Entry]:
        """Entries whose titles are worth a resident's look, best first."""
        return [candidate.entry for candidate in self.candidates if candidate.score >= _FAINT]


NO_MATCH = Match(Certainty.NOTHING)
NO_PLACES = Places()


@dataclass(frozen=True, slots=True)
class Learned:
    """What is learned from phrasings beside their counts.

    `weights` have a row for each number of a sentence vector with a sketch beside it (`by_vector`), or of a sketch
    alone, and a column an entry; None when nothing has been learned yet. `counted` and `regressed` are what the two
    judges weigh, and `confidence` turns the sum of what they say into a score.
    """

    weights: Floats | None
    by_vector: bool
    counted: float
    regressed: float
    confidence: Confidence


# Until something is learned, and when the encoder fails on a message: measured on our own phrasings, held out.
COUNTED = Learned(None, False, counted=0.6, regressed=0.0, confidence=Confidence(0.9, -1.0))

# Scores an answer needs. Measured on phrasings held out: see tests/benchmarks/answers.py for what they give.
_BARS = {Risk.LOW: 0.37, Risk.HIGH: 0.45}
_PLAIN = 0.7  # from here on every message of ours that shared less than two words was right, out of scope or not
_FIRST_FEW = 5  # entries among which the words that are not shared must put it then
_FEWEST_SAID = 3  # words that somebody has said before, where none of them is telling: "can i get out of the car"
_NEAR = 0.06  # below it the right entry is among the first three less often than not
_FAINT = 0.005  # of 360 messages that were asked about, none meant a title below it
_ELSEWHERE = 0.5  # of the likelihood must lie with other offices before the bot says so
_WHOLE = 0.98  # of a message that is a phrasing word for word, and no other entry's


class Phrasings:
    """Every phrasing of the entries, read once: what is counted, and what the regression learns from.

    The department's own entries come first; from number `own` on they are what is not its business.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: entry.kind is EntryKind.OUT_OF_SCOPE))
        self.own = sum(entry.kind is not EntryKind.OUT_OF_SCOPE for entry in self.entries)
        once: dict[str, str] = {}  # a word that stands in a thousand phrasings is kept once
        listed = [
            (at, ask, _kept(fold(ask.text), once)) for at, entry in enumerate(self.entries) for _, ask in entry.asks()
        ]
        self.labels = tuple(at for at, _, _ in listed)
        self.asks = tuple(ask for _, ask, _ in listed)
        self.words = tuple(words for _, _, words in listed)
        self.features = Features.learned((words.tokens for words in self.words), SHARES)
        self.numbers = tuple(self.features.numbers(words.tokens) for words in self.words)


class Index:
    """All phrasings of a snapshot. Built once, then only read."""

    def __init__(
        self,
        phrasings: Phrasings,
        learned: Learned = COUNTED,
        real_words: Collection[str] = frozenset(),
        places: Places = NO_PLACES,
    ) -> None:
        """Take phrasings, what was learned from them, and real words that are no misspelt words of theirs."""
        self.phrasings, self.learned, self._places = phrasings, learned, places
        self._likelihood = Likelihood.counted(
            phrasings.numbers, phrasings.labels, len(phrasings.entries), phrasings.features.count
        )
        self._sketch = Sketch(phrasings.features)
        self._whole: dict[str, set[int]] = defaultdict(set)
        said: list[list[str]] = [[] for _ in phrasings.entries]
        for label, words in zip(phrasings.labels, phrasings.words, strict=True):
            self._whole[words.line].add(label)
            said[label] += words.tokens
        said_by: dict[str, list[int]] = defaultdict(list)
        for label, tokens in enumerate(said):
            for word in dict.fromkeys(tokens):
                said_by[word].append(label)
        self._telling = {word: owners for word, owners in said_by.items() if len(owners) <= _most(word, phrasings)}
        self._said = frozenset(said_by)
        self._speller = Speller(Counter(chain.from_iterable(said)), real_words)

    def knowing(self, learned: Learned) -> "Index":
        """The same index after something was learned."""
        index = object.__new__(Index)
        index.__dict__.update(self.__dict__)
        index.learned = learned
        return index

    def rank(self, words: Words, embed: Embed | None = None, most: int = _SHOWN) -> Match:
        """Candidates for the words, best first: a few more than may be offered."""
        meant, text = self._meant(words)
        if not meant or not self.phrasings.entries:
            return NO_MATCH
        scores, learned = self._scores(meant, text, embed)
        if not learned.by_vector and self._said.isdisjoint(meant):
            return NO_MATCH  # only a vector can tell what words mean that nobody has said before
        whole = self._whole.get(words.line) or self._whole.get(" ".join(meant), set())
        unknown = self.phrasings.features.unknown(meant) if learned.confidence.unknown else 0.0
        likely = learned.confidence.of(scores, len(meant), unknown)
        candidates = []
        for at in np.argsort(-scores, kind="stable"):
            candidates.append((_WHOLE if whole == {int(at)} else float(likely[at]), int(at)))
            if len(candidates) == most and (whole <= {at for _, at in candidates} or len(whole) != 1):
                break
        candidates.sort(key=lambda each: -each[0])
        found = tuple(Candidate(self.phrasings.entries[at], score) for score, at in candidates[:most])
        return Match(self._certainty(candidates[0][1], found, scores, meant, bool(whole), embed), found)

    def read(self, words: Words) -> str:
        """The text whose vector `rank` asks for; empty when it asks for none."""
        meant, text = self._meant(words)
        return text if meant and self.learned.by_vector else ""

    def firsts(self, vectors: Vectors | None) -> list[Entry]:
        """The entry that each phrasing finds first; `vectors` are theirs, None when the words alone decide."""
        every = [self.phrasings.features.of(words.tokens) for words in self.phrasings.words]
        scores = np.array([self._likelihood.of(met) for met in every], np.float32)
        learned = self.learned
        if learned.weights is not None and (vectors is not None or not learned.by_vector):
            read = self._sketch.every(every, len(every), vectors if learned.by_vector else None)
            scores = learned.counted * scores + learned.regressed * (read @ learned.weights)
        return [self.phrasings.entries[at] for at in scores.argmax(1)] if len(scores) else []

    def corrections(self, words: Words) -> tuple[tuple[str, str], ...]:
        """Words that were taken for others, with those."""
        meant = ((word, self._speller(word)) for word in dict.fromkeys(_read(words)))
        return tuple((word, other) for word, other in meant if word != other)

    def nearest(self, entry: Entry, words: Words) -> Ask:
        """The entry's phrasing that is most like the words: what `--why` shows."""
        owner = self.phrasings.entries.index(entry)
        at = [at for at, label in enumerate(self.phrasings.labels) if label == owner]
        lines = [self.phrasings.words[each].line for each in at]
        found = process.extractOne(words.line, lines, scorer=fuzz.token_sort_ratio)
        return self.phrasings.asks[at[found[2]]]

    def _meant(self, words: Words) -> tuple[tuple[str, ...], str]:
        """The words as they were meant, and the text: as it was unless one was misspelt, and then short.

        Of a long text a slip moves the vector little, and as it was typed the emergency check has its vector already.
        """
        tokens = _read(words)
        meant = tuple(self._speller(word) for word in tokens)
        is_long = len(tokens) < len(words.tokens)
        return meant, words.text if is_long or meant == tokens else " ".join(meant)

    def _scores(self, meant: tuple[str, ...], text: str, embed: Embed | None) -> tuple[Floats, Learned]:
        """What each entry scores, and by which rule."""
        met = self.phrasings.features.of(meant)
        learned, scores = self.learned, self._likelihood.of(met)
        vector = embed(text) if embed and learned.by_vector else None
        if learned.weights is None or (vector is None and learned.by_vector):
            return np.float32(COUNTED.counted) * scores, COUNTED
        regressed = self._sketch.of(met, vector) @ learned.weights
        return np.float32(learned.counted) * scores + np.float32(learned.regressed) * regressed, learned

    def _certainty(
        self,
        first: int,
        found: tuple[Candidate, ...],
        scores: Floats,
        meant: tuple[str, ...],
        is_whole: bool,
        embed: Embed | None,
    ) -> Certainty:
        own = self.phrasings.own
        if first >= own:
            likely = np.exp(scores - scores.max())
            if is_whole or float(likely[own:].sum() / likely.sum()) >= _ELSEWHERE:
                return Certainty.SURE
        elif is_whole and found[0].score >= _WHOLE:
            return Certainty.SURE  # "fingerprints" is one word, and the phrasing itself
        elif found[0].score >= _BARS[found[0].entry.risk] and self._is_ours(first, found[0].score, meant, embed):
            return Certainty.SURE
        best = next((c.score for c in found if c.entry.kind is not EntryKind.OUT_OF_SCOPE), 0.0)
        return Certainty.NEAR if best >= _NEAR else Certainty.NOTHING

    def _is_ours(self, entry: int, score: float, meant: tuple[str, ...], embed: Embed | None) -> bool:
        """Whether the entry may answer: no other town is named that it does not name itself, and it shares more than
        one word that says anything, or the meaning of the others alone would put it first - among the first few, where
        the whole leaves next to no doubt (law 4)."""

        def owns(words: Iterable[str]) -> list[str]:
            return [word for word in words if entry in self._telling.get(word, ())]

        if any(len(owns(place)) < len(place) for place in self._places.elsewhere(meant)):
            return False
        shared = owns(dict.fromkeys(meant))
        if len(shared) > 1:
            return True
        is_plain = score >= _PLAIN
        if not shared and not (is_plain and sum(word in self._said for word in meant) >= _FEWEST_SAID):
            return False
        rest = tuple(word for word in meant if word not in shared)
        if not rest:
            return False
        scores, learned = self._scores(rest, " ".join(rest), embed)
        better = int((scores > scores[entry]).sum())
        return learned.by_vector and better < (_FIRST_FEW if is_plain else 1)  # counts would go by "for" and "a"


def _kept(words: Words, once: dict[str, str]) -> Words:
    return Words(words.text, tuple(tuple(once.setdefault(word, word) for word in clause) for clause in words.clauses))


def bars(entry: Entry) -> tuple[float, float]:
    """The scores that the entry needs: to be answered with, and to be offered."""
    return (_ELSEWHERE if entry.kind is EntryKind.OUT_OF_SCOPE else _BARS[entry.risk]), _NEAR


def _read(words: Words) -> tuple[str, ...]:
    """Those of the words that are read: of a pasted page the first and the last."""
    if len(words.tokens) <= _FIRST_WORDS + _LAST_WORDS:
        return words.tokens
    return (*words.tokens[:_FIRST_WORDS], *words.tokens[-_LAST_WORDS:])


def _most(word: str, phrasings: Phrasings) -> float:
    """How many entries may use the word if it is to say anything: "for" and "como" are everywhere."""
    share = _TELLING_SHARES.get(len(word), _TELLING_SHARE)
    return share and max(1 / (1 - share), share * len(phrasings.entries))
