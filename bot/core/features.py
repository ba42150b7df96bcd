"""A message as numbers: the words, pairs of words and runs of letters that everything learned reads."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count, pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]

# What is read of a long message: its first and its last words. The rules read all of it; here a pasted page must not
# cost more than a long message, and what somebody needs stands at one of the ends.
_FIRST_WORDS, _LAST_WORDS = 80, 40
_LONGEST_WORD = 24  # letters of a word that are read; no word of the three languages is longer
_EDGES = ("^", "$")
_SHORTEST_RUN = 2
_ALWAYS, _ONE, _NONE = np.zeros(1, np.int32), np.ones(1, np.float32), np.zeros(0, np.int32)

# An unknown feature counts in a block's length as half of the rarest one would, so that a message nobody has seen the
# like of is weighed down instead of being judged by the few words that are known.
_UNSEEN = 0.5


@dataclass(frozen=True, slots=True)
class Sparse:
    """The features of a message that are known, by number, with their values."""

    ids: Ids
    values: Floats


@dataclass(frozen=True, slots=True)
class Shares:
    """How much each block weighs, how many letters a run has at most, and how many messages must share a feature."""

    words: float
    pairs: float
    runs: float
    longest_run: int
    seen_in: int = 1


class Features:
    """The features known, in three blocks. Number 0 is always met: what learns needs no case for an empty message."""

    def __init__(self, shares: Shares, blocks: Sequence[Sequence[str]], rarity: Floats) -> None:
        """Take the names of each block's features in the order of their numbers, and the rarity of each number."""
        self.shares, self.blocks, self.rarity = shares, tuple(tuple(block) for block in blocks), rarity
        self._numbered: list[Mapping[str, int]] = []
        at = 1
        for block in self.blocks:
            self._numbered.append({name: number for number, name in enumerate(block, at)})
            at += len(block)
        self.count = at
        self._numbered_runs: dict[str, Ids] = {}
        self._unseen = _UNSEEN * float(rarity.max()) ** 2 if rarity.size else 0.0

    @classmethod
    def learned(cls, messages: Iterable[Sequence[str]], shares: Shares) -> "Features":
        """The features that enough of the messages share; the fewer share one, the more it weighs."""
        read = [_read(words) for words in messages]
        counts = (
            Counter(chain.from_iterable(map(_once, read))),
            Counter(chain.from_iterable(map(_pairs, read))),
            _counted_runs([_once(words) for words in read], shares.longest_run),
        )
        blocks = [sorted(name for name, n in shared.items() if n >= shares.seen_in) for shared in counts]
        shares_of = chain.from_iterable(map(n.__getitem__, names) for n, names in zip(counts, blocks, strict=True))
        rarity = [1.0, *(math.log((1 + len(read)) / (1 + n)) + 1 for n in shares_of)]
        return cls(shares, blocks, np.array(rarity, np.float32))

    def numbers(self, words: Sequence[str]) -> Ids:
        """The numbers of the features of folded words that are known, in no order."""
        read = _read(words)
        once = _once(read)
        runs = [self._runs_of(word) for word in once]
        ids, pairs, _ = self._numbered
        found = [number for number in chain(map(ids.get, once), map(pairs.get, _pairs(read))) if number]
        return np.concatenate((_ALWAYS, np.array(found, np.int32), np.unique(np.concatenate((_NONE, *runs)))))

    def _runs_of(self, word: str) -> Ids:
        """The numbers of the runs of a word of the phrasings; words of messages are not kept here."""
        found = self._numbered_runs.get(word)
        if found is None:
            numbers = map(self._numbered[2].get, _runs(word, self.shares.longest_run))
            found = self._numbered_runs[word] = np.array([number for number in numbers if number], np.int32)
        return found

    def of(self, words: Sequence[str]) -> Sparse:
        """The features of folded words; each block has the length that its share says."""
        weights = (self.shares.words, self.shares.pairs, self.shares.runs)
        ids, values = [_ALWAYS], [_ONE]
        for weight, numbered, met in zip(weights, self._numbered, _met(words, self.shares.longest_run), strict=True):
            known = np.array([numbered[name] for name in met if name in numbered], np.int32)
            rarity = self.rarity[known]
            squared = float(rarity @ rarity) + self._unseen * (len(met) - len(known))
            ids.append(known)
            values.append(rarity * np.float32(weight / math.sqrt(squared or 1.0)))
        return Sparse(np.concatenate(ids), np.concatenate(values))


def _read(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= _FIRST_WORDS + _LAST_WORDS else (*words[:_FIRST_WORDS], *words[-_LAST_WORDS:])


def _once(words: Sequence[str]) -> Set[str]:
    return {word[:_LONGEST_WORD] for word in words}


def _pairs(words: Sequence[str]) -> Set[str]:
    return {f"{one} {other}" for one, other in pairwise((_EDGES[0], *words, _EDGES[1]))}


def _met(words: Sequence[str], longest: int) -> tuple[Set[str], Set[str], Set[str]]:
    words = _read(words)
    once = _once(words)
    return once, _pairs(words), frozenset().union(*(_runs(word, longest) for word in once))


def _counted_runs(messages: Sequence[Set[str]], longest: int) -> Mapping[str, int]:
    """How many of the messages, each given as its words, share each run: numbered first, because one by one the runs of
    15,000 messages take a second to count."""
    numbers = defaultdict[str, int](count().__next__)
    runs = {word: np.array([numbers[run] for run in _runs(word, longest)]) for word in frozenset().union(*messages)}
    shared = np.zeros(len(numbers), np.int64)
    for words in messages:
        shared[np.concatenate((_NONE, *map(runs.__getitem__, words)))] += 1  # a run met twice is counted once
    return dict(zip(numbers, shared.tolist(), strict=True))


@lru_cache(maxsize=20_000)  # words come again and again; one person cannot fill the memory with others
def _runs(word: str, longest: int) -> frozenset[str]:
    padded = f" {word} "
    lengths = range(_SHORTEST_RUN, longest + 1)
    return frozenset(padded[at : at + length] for length in lengths for at in range(len(padded) - length + 1))
