"""An unknown word to the word it was meant to be, or itself."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

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
# Letters that Spanish and Portuguese write for each other because they sound alike: s, c, z, x and ç; b and v; ll and
# y; g and j; a silent h; n before b, v and p. In this order, on folded words.
_SOUNDS = (("ce", "se"), ("ci", "si"), ("ge", "je"), ("gi", "ji"), ("gue", "ge"), ("gui", "gi"), ("que", "ke"),
           ("qui", "ki"), ("ch", "#"), ("h", ""), ("ll", "y"), ("v", "b"), ("nb", "mb"), ("np", "mp"), ("z", "s"),
           ("x", "s"), ("c", "k"))  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")


class Speller:
    """The knowledge's vocabulary by length, and real words by first letter and length.

    A slip in a real word that the knowledge never says is undone too: taken for the nearest word that it does say, the
    message would be about something else.
    """

    def __init__(self, vocabulary: Mapping[str, int], real_words: Collection[str] = frozenset()) -> None:
        """Take the words to be recognised with how often they are said, and real words, never bent into others."""
        self._said, self._real = vocabulary, real_words
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(vocabulary):
            self._by_length[len(word)].append(word)
        self._real_by: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(real_words):
            if len(word) >= _SHORTEST:
                self._real_by[word[0], len(word)].append(word)
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
        room = min(_MOST_EDITS, int(len(word) / _CLOSE) - len(word))
        for length in range(len(word) - room, len(word) + room + 1):
            for near, likeness in _alike(word, self._by_length.get(length, ())):
                first = _FIRST_LETTER if near[0] == word[0] else 0.0
                yield likeness + _OURS + first + _SAID * math.log1p(self._said[near]), near
        for length in range(len(word) - 1, len(word) + 2) if len(word) > _SHORTEST else ():
            for near, likeness in _alike(word, self._real_by.get((word[0], length), ())):
                yield likeness, near


def _sound(word: str) -> str:
    for written, meant in _SOUNDS:
        word = word.replace(written, meant)
    return _DOUBLED.sub(r"\1", word)


def _alike(word: str, others: Collection[str]) -> Iterator[tuple[str, float]]:
    found = process.extract(word, others, scorer=OSA.normalized_similarity, score_cutoff=_CLOSE, limit=10)
    return ((near, likeness) for near, likeness, _ in found)
