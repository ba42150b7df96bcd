"""An unknown word to the word it was meant to be, or itself."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

# Two edits in eight letters, one in four. From 0.66 to 0.72 the answers stay the same.
_CLOSE = 0.72
_SHORTEST, _LONGEST = 3, 24  # letters; shorter words have too many neighbours, longer ones are no words
_MOST_EDITS = 2
# What tips the scale between words as near: the knowledge's own, the ones it says most, the same first letter. One edit
# of eight letters is 0.12.
_OURS, _FIRST_LETTER, _SAID = 0.07, 0.02, 0.005
_REMEMBERED = 20_000
_ROUNDING = 1e-6  # of an edit: one that is just allowed must not be lost
# Letters that Spanish and Portuguese write for each other because they sound alike: s, c, z, x and ç; b and v; ll and
# y; g and j; a silent h; n before b, v and p. In this order, on folded words.
_SOUNDS = (("ce", "se"), ("ci", "si"), ("ge", "je"), ("gi", "ji"), ("gue", "ge"), ("gui", "gi"), ("que", "ke"),
           ("qui", "ki"), ("ch", "#"), ("h", ""), ("ll", "y"), ("v", "b"), ("nb", "mb"), ("np", "mp"), ("z", "s"),
           ("x", "s"), ("c", "k"))  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")

Letters = npt.NDArray[np.uint32]
Key = TypeVar("Key", bound=Hashable)


class Speller:
    """The knowledge's vocabulary by length, and real words by first letter and length.

    A slip in a real word that the knowledge never says is undone too: taken for the nearest word that it does say, the
    message would be about something else.
    """

    def __init__(self, vocabulary: Mapping[str, int], real_words: Collection[str] = frozenset()) -> None:
        """Take the words to be recognised with how often they are said, and real words, never bent into others."""
        self._said, self._real = vocabulary, real_words
        self._by_length = _shelved(vocabulary, len)
        self._real_by = _shelved(real_words, lambda word: (word[:1], len(word)))
        shared = sorted(vocabulary.keys() & real_words, key=lambda word: (vocabulary[word], word))
        # All in one text: word by word it would take three times as long. The one that is said most stays.
        self._sounding = dict(zip(_sound("\n".join(shared)).split("\n"), shared, strict=False))
        self._meant: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """The word itself when it is real, known, or like nothing known.

        A word that is known and not real may be a misspelling some phrasing holds: it is taken for the real word that
        sounds the same when this is said more often.
        """
        if word in self._real or not _SHORTEST <= len(word) <= _LONGEST or word.isdigit():
            return word
        meant = self._meant.get(word)
        if meant is None:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            meant = self._meant[word] = self._found(word)
        return meant

    def _found(self, word: str) -> str:
        alike, times = self._sounding.get(_sound(word)), self._said.get(word, 0)
        if alike is not None and self._said[alike] > times:
            return alike
        return word if times else max(self._near(word), default=(0.0, word))[1]

    def _near(self, word: str) -> Iterator[tuple[float, str]]:
        """Words it may have been meant to be, each with how likely."""
        letters = _letters([word])
        room = min(_MOST_EDITS, int(len(word) / _CLOSE) - len(word))
        for length in range(len(word) - room, len(word) + room + 1):
            for near, likeness in _alike(word, letters, self._by_length.get(length)):
                first = _FIRST_LETTER if near[0] == word[0] else 0.0
                yield likeness + _OURS + first + _SAID * math.log1p(self._said[near]), near
        for length in range(len(word) - 1, len(word) + 2) if len(word) > _SHORTEST else ():
            for near, likeness in _alike(word, letters, self._real_by.get((word[0], length))):
                yield likeness, near


class _Shelf:
    """Words of one length, put in order when one is first looked for among them: most shelves never are."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._letters: Letters | None = None

    def near(self, word: str, letters: Letters, edits: int) -> list[str]:
        """All that have no more edits between them and the word with these letters, and others.

        An edit changes two of the letters at most; to count those takes a twentieth of the time of comparing words.
        """
        if self._letters is None:
            self.words.sort()
            self._letters = _letters(self.words)
        longer = abs(len(self.words[0]) - len(word))
        others = np.bitwise_count(self._letters ^ letters)
        return [self.words[at] for at in np.flatnonzero(others <= 2 * edits - longer).tolist()]


def _shelved(words: Iterable[str], by: Callable[[str], Key]) -> dict[Key, _Shelf]:
    shelves: dict[Key, _Shelf] = defaultdict(_Shelf)
    for word in words:
        shelves[by(word)].words.append(word)
    return shelves


def _letters(words: Sequence[str]) -> Letters:
    """Which letters each of the words has, a bit a letter; they are of one length."""
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    bits = np.uint32(1) << (codes & np.uint32(31))
    found: Letters = np.bitwise_or.reduce(bits.reshape(len(words), -1), axis=1)
    return found


def _sound(word: str) -> str:
    for written, meant in _SOUNDS:
        word = word.replace(written, meant)
    return _DOUBLED.sub(r"\1", word)


def _alike(word: str, letters: Letters, shelf: _Shelf | None) -> Iterator[tuple[str, float]]:
    if shelf is None:
        return iter(())
    edits = int((1 - _CLOSE) * max(len(word), len(shelf.words[0])) + _ROUNDING)
    others = shelf.near(word, letters, edits)
    found = process.extract(word, others, scorer=OSA.normalized_similarity, score_cutoff=_CLOSE, limit=10)
    return ((near, likeness) for near, likeness, _ in found)
