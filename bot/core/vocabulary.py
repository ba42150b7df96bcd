"""Which words of the emergency files a typed word was meant to be: typing errors are forgiven here, word by word.

Whole sentences are never compared: "fire" hides in "firearm", and "want to dine" scores 96 against "want to die".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

_Marks = npt.NDArray[np.uint64]
_NO_MARKS, _LAST = np.zeros(0, np.uint64), np.uint64(2**64 - 1)

# How many edits (a swap of neighbours counts one) a word of this length may be away. Longer words are rarer words.
# Measured on the training lines: two edits already at six letters double the false readings.
_EDITS = {**dict.fromkeys(range(4), 0), 4: 1, 5: 1, 6: 1, 7: 1, 8: 2}
_MOST_EDITS = 2
_LONGEST = 24  # letters; nothing in the files is longer, and a longer typed word is no misspelling of them
_REMEMBERED = 20_000  # typed words whose meaning is kept; one person cannot fill the memory
_SHORTEST_STEM_WITH_EDITS = 6
_TOLD_BY = 4  # letters of a stem, itself with one left out, that any misspelling of it begins with, with one left out
_BASE = np.uint64(0x9E3779B97F4A7C15)  # of the numbers that stand for spellings: any odd one that looks like chance
_SAME_SOUND = ("bv", "ckq", "csz", "gj", "iy", "ly")  # first letters that are written for each other


class Vocabulary:
    """Typed words to the names they stand for. Built once for a set of emergency files, then only read."""

    def __init__(self, meanings: Mapping[str, Iterable[str]], ordinary: Iterable[str] = ()) -> None:
        """Take words (``stem*`` for every word that starts so) with their names, and words never to be bent."""
        whole: dict[str, frozenset[str]] = {}
        stems: dict[str, frozenset[str]] = {}
        for word, names in meanings.items():
            stem = word.endswith("*")
            (stems if stem else whole)[word.rstrip("*")] = frozenset(names)
        self._whole, self._stems = whole, stems
        self._stem_lengths = sorted({len(stem) for stem in stems}, reverse=True)
        self._ordinary = frozenset(ordinary)
        self._near = _Near(whole)
        self._near_stems: dict[str, list[str]] = defaultdict(list)
        for beginning in stems:
            for spelling in _without_one(beginning) if len(beginning) >= _SHORTEST_STEM_WITH_EDITS else ():
                self._near_stems[spelling].append(beginning)
        self._beginnings = {spelling[:_TOLD_BY] for spelling in self._near_stems}
        self._known: dict[str, frozenset[str]] = {}

    @property
    def words(self) -> Iterable[str]:
        """Every word that stands for something by itself."""
        return self._whole

    def names(self, word: str) -> frozenset[str]:
        """Names that the typed word stands for, by itself or as the nearest misspelling; empty when none."""
        if len(word) > 2 * _LONGEST:  # no word, and the memory must not fill with such
            return self._exactly(word)
        found = self._known.get(word)
        if found is None:
            found = self._find(word)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[word] = found
        return found

    def _exactly(self, word: str) -> frozenset[str]:
        names = self._whole.get(word, frozenset())
        for length in self._stem_lengths:
            if length <= len(word) and (more := self._stems.get(word[:length])):
                names |= more
        return names

    def _find(self, word: str) -> frozenset[str]:
        if (names := self._exactly(word)) or word in self._ordinary or len(word) > _LONGEST or word.isdigit():
            return names
        edits = _EDITS.get(len(word), _MOST_EDITS)
        if not edits:
            return names
        near = _nearest(word, self._near.to(word, edits), edits)
        if not near and not self._beginnings.isdisjoint(_without_one(word[: _TOLD_BY + 1])):
            # An inflected form misspelt: the beginning of the word against the stems, one edit at most.
            for length in self._stem_lengths:
                if length < _SHORTEST_STEM_WITH_EDITS:
                    break
                for start in {word[: length - 1], word[:length], word[: length + 1]}:
                    alike = (stem for spelling in _without_one(start) for stem in self._near_stems.get(spelling, ()))
                    near |= _nearest(start, alike, 1)
                if near:
                    return frozenset().union(*(self._stems[stem] for stem in near))
        return frozenset().union(*(self._whole[candidate] for candidate in near))


def _begin_alike(word: str, other: str) -> bool:
    """Whether one may be the other misspelt: people rarely miss the first letter, unless it sounds the same.

    "negaron" is not "pegaron"; "bentana" is "ventana", "ospital" is "hospital", "uqick" is "quick".
    """
    if word[0] == other[0] or word[:2] == other[1::-1]:
        return True
    if word[0] == "h" or other[0] == "h":
        return word.removeprefix("h")[:1] == other.removeprefix("h")[:1]
    return any(word[0] in sound and other[0] in sound for sound in _SAME_SOUND)


class _Near:
    """Words under the mark of every spelling that leaves out as many letters as they may miss (symmetric deletes).

    As numbers in order the 160,000 spellings take two megabytes; as strings they would take ten times that.
    """

    def __init__(self, words: Iterable[str]) -> None:
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in words:
            by_length[len(word)].append(word)
        self._words = [word for some in by_length.values() for word in some]
        marks = [_marks(some, _EDITS.get(length, _MOST_EDITS)) for length, some in by_length.items()]
        each = np.concatenate([_NO_MARKS, *(some.ravel() for some in marks)])
        whose = np.repeat(np.arange(len(self._words), dtype=np.int32), [some.shape[1] for some in marks for _ in some])
        order = np.argsort(each)
        self._marks, self._whose = np.append(each[order], _LAST), whose[order]

    def to(self, word: str, edits: int) -> set[str]:
        """All words that have no more edits between them and this one, and maybe others."""
        marks = _marks([word], edits)[0]
        starts = np.searchsorted(self._marks, marks)
        is_met = self._marks[starts] == marks
        ends = np.searchsorted(self._marks, marks[is_met], "right")
        ranges = zip(starts[is_met].tolist(), ends.tolist(), strict=True)
        return {self._words[at] for start, end in ranges for at in self._whose[start:end].tolist()}


def _marks(words: Sequence[str], most: int) -> _Marks:
    """Words of one length: for each, a number for itself and for all that is left of it without up to so many letters.

    Two spellings may have one number: what is found by it is compared again.
    """
    letters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return letters.reshape(len(words), len(words[0])) @ _weights(len(words[0]), most)


@lru_cache(maxsize=100)
def _weights(length: int, most: int) -> _Marks:
    """How much each letter of a word adds to its numbers, by its place among those that are left; left out, nothing."""
    by_place = np.cumprod(np.full(length, _BASE))
    found = []
    for many in range(min(most, length) + 1):
        left = np.array(list(combinations(range(length), length - many)), np.int64)
        weights = np.zeros((len(left), length), np.uint64)
        np.put_along_axis(weights, left, by_place[: length - many], axis=1)
        found.append(weights)
    return np.concatenate(found).T


def _without_one(word: str) -> set[str]:
    """The word, and what is left of it without any one letter."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _nearest(word: str, candidates: Iterable[str], edits: int) -> set[str]:
    """Those with the fewest edits between, so many at most; several when they are as near."""
    distances: dict[str, int] = {}
    for candidate in candidates:
        if not _begin_alike(word, candidate):
            continue
        allowed = min(edits, _EDITS.get(len(candidate), _MOST_EDITS))
        if (distance := OSA.distance(word, candidate, score_cutoff=allowed)) <= allowed:
            distances[candidate] = distance
    least = min(distances.values(), default=0)
    return {candidate for candidate, distance in distances.items() if distance == least}
