"""A message as numbers: the words, pairs of words and runs of letters that everything learned reads."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

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
        self._unseen = _UNSEEN * float(rarity.max()) ** 2 if rarity.size else 0.0

    @classmethod
    def learned(cls, messages: Iterable[Sequence[str]], shares: Shares) -> "Features":
        """The features that enough of the messages share; the fewer share one, the more it weighs."""
        counts: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
        total = 0
        for words in messages:
            total += 1
            for count, met in zip(counts, _met(words, shares.longest_run), strict=True):
                count.update(met)
        blocks = [sorted(name for name, n in count.items() if n >= shares.seen_in) for count in counts]
        shared = chain.from_iterable(
            (count[name] for name in block) for count, block in zip(counts, blocks, strict=True)
        )
        rarity = [1.0, *(math.log((1 + total) / (1 + n)) + 1 for n in shared)]
        return cls(shares, blocks, np.array(rarity, np.float32))

    def numbers(self, words: Sequence[str]) -> Ids:
        """The numbers of the features of folded words that are known, in no order."""
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


def _met(words: Sequence[str], longest: int) -> tuple[Set[str], Set[str], Set[str]]:
    if len(words) > _FIRST_WORDS + _LAST_WORDS:
        words = (*words[:_FIRST_WORDS], *words[-_LAST_WORDS:])
    once = {word[:_LONGEST_WORD] for word in words}
    pairs = {f"{one} {other}" for one, other in pairwise((_EDGES[0], *words, _EDGES[1]))}
    return once, pairs, frozenset().union(*(_runs(word, longest) for word in once))


@lru_cache(maxsize=20_000)  # words come again and again; one person cannot fill the memory with others
def _runs(word: str, longest: int) -> frozenset[str]:
    padded = f" {word} "
    lengths = range(_SHORTEST_RUN, longest + 1)
    return frozenset(padded[at : at + length] for length in lengths for at in range(len(padded) - length + 1))
