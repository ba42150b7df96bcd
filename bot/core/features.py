"""A message as numbers: the words, pairs of words and runs of letters that everything learned reads."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, compress, count, pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.floating]
"""Of many messages, a row each; half as exact is exact enough."""

# What is read of a long message: its first and its last words. The rules read all of it; here a pasted page must not
# cost more than a long message, and what somebody needs stands at one of the ends.
_FIRST_WORDS, _LAST_WORDS = 80, 40
_LONGEST_WORD = 24  # letters of a word that are read; no word of the three languages is longer
_EDGES = ("^", "$")
_SHORTEST_RUN = 2
_REMEMBERED = 10_000  # words whose runs are kept: they come again and again; one person cannot fill the memory
_NO_RUNS: tuple[tuple[int, ...], tuple[str, ...]] = ((), ())
_NONE, _NOUGHT = np.zeros(0, np.int32), np.zeros(1, np.int64)
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
        self._ends = [*accumulate(map(len, self.blocks), initial=1)]  # of the blocks
        self._taken_apart: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {}
        self._learned: Mapping[tuple[str, ...], Ids] = {}  # of the messages they were learned from: asked for again
        self._rarest = float(rarity.max(initial=0))
        self._unseen = _UNSEEN * self._rarest**2

    @classmethod
    def learned(cls, messages: Iterable[Sequence[str]], shares: Shares) -> "Features":
        """The features that enough of the messages share; the fewer share one, the more it weighs."""
        said = [tuple(words) for words in messages]
        names, met, owners = _met_by_all([_read(words) for words in said], shares.longest_run)
        times = np.bincount(met, minlength=1)
        is_kept = times >= shares.seen_in
        is_kept[0] = True
        firsts = np.cumsum([1, *map(len, names)]).tolist()
        blocks = [list(compress(block, is_kept[at:].tolist())) for at, block in zip(firsts, names, strict=False)]
        rarity = np.log((1 + len(said)) / (1 + times[is_kept])) + 1
        rarity[0] = 1
        features = cls(shares, blocks, rarity.astype(np.float32))
        is_known, number = is_kept[met], np.cumsum(is_kept, dtype=np.int32) - 1
        ids, ends = number[met[is_known]], np.searchsorted(owners[is_known], np.arange(len(said) + 1)).tolist()
        features._learned = {words: ids[at:end] for words, (at, end) in zip(said, pairwise(ends), strict=True)}
        return features

    def numbers(self, words: Sequence[str]) -> Ids:
        """The numbers of the features of folded words that are known, in no order."""
        if (ids := self._learned.get(tuple(words))) is not None:
            return ids
        return np.array([0, *chain.from_iterable(known for known, _ in self._met(words))], np.int32)

    def of(self, words: Sequence[str]) -> Sparse:
        """The features of folded words; each block has the length that its share says."""
        if self.shares.seen_in == 1 and (learned := self._learned.get(tuple(words))) is not None:
            ids, ends = learned, np.searchsorted(learned, self._ends).tolist()
            unseen = (0, 0, 0)  # it was learned from
        else:
            known, unseen = zip(*self._met(words), strict=True)
            ids, ends = np.array([0, *chain.from_iterable(known)], np.int32), [*accumulate(map(len, known), initial=1)]
        values = self.rarity[ids]
        weights = self.shares.words, self.shares.pairs, self.shares.runs
        for (at, end), weight, others in zip(pairwise(ends), weights, unseen, strict=True):
            block = values[at:end]
            squared = float(block @ block) + self._unseen * others
            block *= np.float32(weight / math.sqrt(squared or 1.0))
        values[0] = 1
        return Sparse(ids, values)

    def unknown(self, words: Sequence[str]) -> float:
        """How much of folded words no message had, from 0 to 1: each counts as it is rare, unknown ones as rarest."""
        known, others = _known(self._numbered[0], _once(_read(words)))
        missing = others * self._rarest
        return missing / (missing + float(self.rarity[known].sum())) if missing else 0.0

    def _met(self, words: Sequence[str]) -> tuple[tuple[Collection[int], int], ...]:
        """Of each block the numbers of the features met that are known, and how many others were met."""
        words = _read(words)
        once = _once(words)
        runs, unknown = zip(_NO_RUNS, *map(self._runs_in, once), strict=True)
        of_runs = frozenset().union(*runs), len(frozenset().union(*unknown))
        return (*map(_known, self._numbered, (once, _pairs(words))), of_runs)

    def _runs_in(self, word: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Of a word the numbers of the runs that are known, and the other runs."""
        if (found := self._taken_apart.get(word)) is not None:
            return found
        runs, numbered = dict.fromkeys(_runs(word, self.shares.longest_run)), self._numbered[-1]
        found = tuple(filter(None, map(numbered.get, runs))), tuple(run for run in runs if run not in numbered)
        if len(self._taken_apart) >= _REMEMBERED:
            self._taken_apart.clear()
        self._taken_apart[word] = found
        return found


def _read(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= _FIRST_WORDS + _LAST_WORDS else (*words[:_FIRST_WORDS], *words[-_LAST_WORDS:])


def _once(words: Sequence[str]) -> Collection[str]:
    return dict.fromkeys(word[:_LONGEST_WORD] for word in words)


def _pairs(words: Sequence[str]) -> Collection[str]:
    return dict.fromkeys(f"{one} {other}" for one, other in pairwise((_EDGES[0], *words, _EDGES[1])))


def _known(numbered: Mapping[str, int], names: Collection[str]) -> tuple[list[int], int]:
    known = [*filter(None, map(numbered.get, names))]
    return known, len(names) - len(known)


def _met_by_all(
    messages: Sequence[Sequence[str]], longest: int
) -> tuple[tuple[Sequence[str], Sequence[str], Sequence[str]], Ids, Ids]:
    """The names of all features, numbered from 1 on, block by block; the numbers that were met, and by which message.

    Words are numbered first, and all else is made of their numbers: made of strings, the features of 15,000 messages
    take a second.
    """
    words = list(dict.fromkeys(chain.from_iterable(messages)))
    code = {word: at for at, word in enumerate(words)}
    said = np.fromiter(map(code.__getitem__, chain.from_iterable(messages)), np.int64)
    lengths = np.fromiter(map(len, messages), np.int64)
    ends = np.concatenate([_NOUGHT, np.cumsum(lengths)])
    once = defaultdict[str, int](count().__next__)
    once_said = np.array([once[word[:_LONGEST_WORD]] for word in words], np.int64)[said]
    pairs, paired = _paired((*words, *_EDGES), said, ends)
    runs, many, run = _taken_apart(list(once), longest)
    first = np.cumsum(many) - many

    met, owners = [_NONE], [_NONE]
    for low in range(0, len(messages), _AT_ONCE):
        some = lengths[low : low + _AT_ONCE]
        high, owner = low + len(some), np.arange(len(some)) << _BITS
        word, owner_of_word = once_said[ends[low] : ends[high]], np.repeat(owner, some)
        each = (
            owner,
            owner_of_word + 1 + word,
            np.repeat(owner, some + 1) + 1 + len(once) + paired[ends[low] + low : ends[high] + high],
            np.repeat(owner_of_word, many[word]) + 1 + len(once) + len(pairs) + run[stretched(first[word], many[word])],
        )
        found = np.concatenate(each)
        found.sort()
        found = found[np.append(True, found[1:] != found[:-1])]  # many times as fast as `np.unique`
        met.append((found & (1 << _BITS) - 1).astype(np.int32))
        owners.append((found >> _BITS).astype(np.int32) + np.int32(low))
    return (list(once), pairs, runs), np.concatenate(met), np.concatenate(owners)


def _paired(words: Sequence[str], said: Places, ends: Places) -> tuple[list[str], Places]:
    """The names of all pairs of neighbours, and the number of each pair: a message has one more than it has words.

    The last two of `words` are the edges; `ends` has where each message ends, and a nought before them.
    """
    before, after = np.insert(said, ends[:-1], len(words) - 2), np.insert(said, ends[1:], len(words) - 1)
    pairs, paired = np.unique(before * len(words) + after, return_inverse=True)
    ones, others = (each.tolist() for each in np.divmod(pairs, len(words)))
    return [f"{words[one]} {words[other]}" for one, other in zip(ones, others, strict=True)], paired


def _taken_apart(words: Sequence[str], longest: int) -> tuple[list[str], Places, Places]:
    """The names of all runs; how many each word has, and their numbers end to end."""
    text = f" {' '.join(words)} "
    letters, letter = np.unique(np.frombuffer(text.encode("utf-32-le"), np.uint32), return_inverse=True)
    lengths = np.array([len(word) for word in words], np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    names: list[str] = []
    found, owners, key = [_NOUGHT[:0]], [_NOUGHT[:0]], letter
    for length in range(_SHORTEST_RUN, longest + 1):
        key = key[:-1] * len(letters) + letter[length - 1 :]
        many = np.maximum(lengths + 3 - length, 0)
        at = stretched(starts, many)
        _, first, run = np.unique(key[at], return_index=True, return_inverse=True)
        found.append(run + len(names))
        owners.append(np.repeat(np.arange(len(words)), many))
        names += [text[place : place + length] for place in at[first].tolist()]
    owner = np.concatenate(owners)
    return names, np.bincount(owner, minlength=len(words)), np.concatenate(found)[np.argsort(owner, kind="stable")]


def stretched(starts: Places, lengths: Places) -> Places:
    """All places in stretches of an array, end to end."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)


def _runs(word: str, longest: int) -> Iterator[str]:
    padded = f" {word} "
    lengths = range(_SHORTEST_RUN, longest + 1)
    return (padded[at : at + length] for length in lengths for at in range(len(padded) - length + 1))
