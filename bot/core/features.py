"""A message as numbers: the words, pairs of words and runs of letters that everything learned reads."""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
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
_ALWAYS, _ONE = np.zeros(1, np.int32), np.ones(1, np.float32)
_AT_ONCE, _BITS = 1_000, 32  # messages whose features are made sets of together; bits of a feature's number

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
        self._learned: Mapping[tuple[str, ...], Ids] = {}  # of the messages they were learned from: asked for again
        self._unseen = _UNSEEN * float(rarity.max()) ** 2 if rarity.size else 0.0

    @classmethod
    def learned(cls, messages: Iterable[Sequence[str]], shares: Shares) -> "Features":
        """The features that enough of the messages share; the fewer share one, the more it weighs."""
        said = [tuple(words) for words in messages]
        numbering, rows = _met_by_all(said, shares.longest_run)
        times = np.bincount(np.concatenate([_ALWAYS, *rows])).tolist()
        blocks = [sorted(name for name, met in names.items() if times[met] >= shares.seen_in) for names in numbering]
        met = [names[name] for names, block in zip(numbering, blocks, strict=True) for name in block]
        rarity = [1.0, *(math.log((1 + len(said)) / (1 + times[each])) + 1 for each in met)]
        features = cls(shares, blocks, np.array(rarity, np.float32))
        number = np.full(len(times), -1, np.int32)
        number[[0, *met]] = np.arange(features.count)
        known = (number[row] for row in rows)
        features._learned = dict(zip(said, (ids[ids >= 0] for ids in known), strict=True))
        return features

    def numbers(self, words: Sequence[str]) -> Ids:
        """The numbers of the features of folded words that are known, in no order."""
        if (ids := self._learned.get(tuple(words))) is not None:
            return ids
        met = _met(words, self.shares.longest_run)
        found = (map(numbered.get, names) for numbered, names in zip(self._numbered, met, strict=True))
        return np.array([0, *(number for number in chain.from_iterable(found) if number)], np.int32)

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


def _met_by_all(
    messages: Sequence[Sequence[str]], longest: int
) -> tuple[tuple[Mapping[str, int], Mapping[str, int], Mapping[str, int]], list[Ids]]:
    """The features of all messages, numbered as they come, and the numbers of each message.

    Each word is taken apart once, and sets are made many at a time: one by one 15,000 messages take two seconds.
    """
    numbers = count(1)
    once, pairs, runs = (defaultdict[str, int](numbers.__next__) for _ in range(3))
    of_word: dict[str, array[int]] = {}
    rows: list[Ids] = []
    for at in range(0, len(messages), _AT_ONCE):
        some, lengths = array("q"), []
        for words in map(_read, messages[at : at + _AT_ONCE]):
            before = len(some)
            some.append(0)
            some.extend(map(pairs.__getitem__, _pairs(words)))
            for word in _once(words):
                if word not in of_word:
                    of_word[word] = array("q", [once[word], *map(runs.__getitem__, _runs_in(word, longest))])
                some += of_word[word]
            lengths.append(len(some) - before)
        owners = np.arange(len(lengths)) << _BITS
        met = np.sort(np.array(some) + np.repeat(owners, lengths))
        met = met[np.diff(met, prepend=-1) > 0]  # many times as fast as `np.unique`
        rows += np.split((met & (1 << _BITS) - 1).astype(np.int32), np.searchsorted(met, owners[1:]))
    return (once, pairs, runs), rows


@lru_cache(maxsize=4_000)  # words come again and again; one person cannot fill the memory with others
def _runs(word: str, longest: int) -> frozenset[str]:
    return frozenset(_runs_in(word, longest))


def _runs_in(word: str, longest: int) -> Iterator[str]:
    padded = f" {word} "
    lengths = range(_SHORTEST_RUN, longest + 1)
    return (padded[at : at + length] for length in lengths for at in range(len(padded) - length + 1))
