"""Which questions ask alike: the same thing in a few other words, misspelt or not, in one language.

A question becomes a row of numbers: its words and the runs of letters in them, weighed by how rare they are, and beside
them its sentence vector where there is an encoder. The product of two rows says how alike they are, up to 1. A group is
the mean of its questions' rows.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bot.core.features import Floats
from bot.core.text import Words

_WIDTH = 512  # numbers of the words' part; features share places by lot, with signs by lot that even it out
_MOST_WORDS = 60  # of a question that are read; what is kept of one has some eighty
_RUNS = (3, 4)  # letters of a run: a slip in a word leaves most of its runs as they were
_OF_RUNS = 0.8  # the share of a word's weight that its runs have
_COMMONEST = 0.1  # what a word still weighs that every phrasing has
_BY_MEANING = 0.4  # what the sentence vector weighs
# From which likeness on a question belongs to a group. Chosen on one half of tests/data/likeness.jsonl, so that of a
# hundred pairs put together few are wrong; tests/test_likeness.py has what that gives on the other half.
ALIKE, ALIKE_BY_WORDS = 0.46, 0.44
_MOST_WEIGHED = 30  # questions after which a group's mean moves no slower: the way of asking changes over the years
_ROOM = 64  # groups a shelf begins with


class Reader:
    """Turns questions into rows. Built once for a snapshot: common words are those of its own phrasings."""

    def __init__(self, phrasings: Iterable[Words], meaning: int = 0) -> None:
        """Take what residents say anyway; `meaning` is how many numbers a sentence vector has, 0 without an encoder."""
        said = [set(words.tokens) for words in phrasings]
        self._said_in = Counter(word for tokens in said for word in tokens)
        self._many = len(said) + 1
        self._meaning = meaning
        self.width = meaning + _WIDTH
        self.alike = ALIKE if meaning else ALIKE_BY_WORDS

    def row(self, words: Words, vector: Floats | None = None) -> Floats:
        """The row of a question.

        `vector` None where the reader expects one: the encoder failed on it, and its words alone speak for it.
        """
        by_words = np.zeros(_WIDTH, np.float32)
        for word in dict.fromkeys(words.tokens[:_MOST_WORDS]):
            weight = math.log(self._many / (1 + self._said_in[word])) + _COMMONEST
            lots = _lots(word)
            np.add.at(by_words, lots.places, np.float32(max(weight, _COMMONEST)) * lots.shares)
        by_words = _unit(by_words)
        if not self._meaning:
            return by_words
        if vector is None:
            return np.concatenate([np.zeros(self._meaning, np.float32), by_words])
        meant, said = np.float32(math.sqrt(_BY_MEANING)), np.float32(math.sqrt(1 - _BY_MEANING))
        return np.concatenate([meant * _unit(vector), said * by_words])


class Shelf:
    """Groups among which a question may belong. They never part nor join: a group keeps its number."""

    def __init__(self, width: int) -> None:
        """Begin empty; `width` is that of the reader."""
        self._groups: list[int] = []
        self._at: dict[int, int] = {}
        self._means = np.zeros((_ROOM, width), np.float32)
        self._units = np.zeros((_ROOM, width), np.float32)

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, group: int) -> bool:
        return group in self._at

    def put(self, group: int, mean: Floats) -> None:
        """Add the group, or let this be its mean from now on."""
        if group not in self._at:
            if len(self._groups) == len(self._means):
                more = np.zeros_like(self._means)
                self._means, self._units = np.concatenate([self._means, more]), np.concatenate([self._units, more])
            self._at[group] = len(self._groups)
            self._groups.append(group)
        self._means[self._at[group]], self._units[self._at[group]] = mean, _unit(mean)

    def join(self, group: int, row: Floats, size: int) -> Floats:
        """Let the row be the `size`th question of the group; returns the mean."""
        before = self._means[self._at[group]]
        mean: Floats = before + (row - before) / np.float32(min(size, _MOST_WEIGHED))
        self.put(group, mean)
        return mean

    def rename(self, group: int, other: int) -> None:
        """Let the group go by another number; it is forgotten when there is one of that number."""
        if other in self._at:
            self.forget(group)
        else:
            self._at[other] = at = self._at.pop(group)
            self._groups[at] = other

    def forget(self, group: int) -> None:
        """Let no question belong to it any more."""
        self._units[self._at.pop(group)] = 0

    def nearest(self, row: Floats) -> tuple[int, float] | None:
        """The group most like the row, the first of several, and how alike they are; None when there is none."""
        if not self._groups:
            return None
        alike = self._units[: len(self._groups)] @ row
        best = int(alike.argmax())
        return self._groups[best], float(alike[best])


def most_typical(rows: Sequence[Floats]) -> int:
    """Which of the rows is most like all the others; the first of several."""
    every = np.stack(rows)
    return int((every @ every.sum(0)).argmax())


def written(row: Floats) -> bytes:
    """The row as it is kept: half as exact, which changes no likeness by more than a thousandth."""
    return row.astype(np.float16).tobytes()


def read(kept: bytes) -> Floats:
    """The row that was written."""
    return np.frombuffer(kept, np.float16).astype(np.float32)


def named(vector: Floats | None) -> str:
    """What tells the rows of one encoder from another's, by its vector of a sentence; None: there is no encoder."""
    return "words" if vector is None else f"meaning {float(np.abs(vector).sum()):.2f}"


class _Lots(NamedTuple):
    """Where a word and its runs of letters count, and which share of the word's weight each has, with its sign."""

    places: npt.NDArray[np.int64]
    shares: Floats


@lru_cache(maxsize=20_000)  # words come again and again
def _lots(word: str) -> _Lots:
    padded = f" {word} "
    runs = sorted({padded[at : at + long] for long in _RUNS for at in range(len(padded) - long + 1)})
    drawn = np.array([crc32(word.encode(), 1), *(crc32(run.encode()) for run in runs)], np.int64)
    shares = np.full(len(drawn), _OF_RUNS / math.sqrt(max(len(runs), 1)), np.float32)
    shares[0] = 1 - _OF_RUNS
    return _Lots(drawn % _WIDTH, np.where(drawn // _WIDTH % 2, shares, -shares))


def _unit(row: Floats) -> Floats:
    length = np.linalg.norm(row)
    return row / np.float32(length) if length else row
