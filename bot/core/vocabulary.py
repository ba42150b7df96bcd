"""Which words of the emergency files a typed word was meant to be: typing errors are forgiven here, word by word.

Whole sentences are never compared: "fire" hides in "firearm", and "want to dine" scores 96 against "want to die".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rapidfuzz.distance import OSA

# How many edits (a swap of neighbours counts one) a word of this length may be away. Longer words are rarer words.
# Measured on the training lines: two edits already at six letters double the false readings.
_EDITS = {**dict.fromkeys(range(4), 0), 4: 1, 5: 1, 6: 1, 7: 1, 8: 2}
_MOST_EDITS = 2
_LONGEST = 24  # letters; nothing in the files is longer, and a longer typed word is no misspelling of them
_REMEMBERED = 20_000  # typed words whose meaning is kept; one person cannot fill the memory
_SHORTEST_STEM_WITH_EDITS = 6
_SHORTEST_RUN_TOGETHER = 8


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
        self._near = _deletions(whole)
        self._near_stems = _deletions((stem for stem in stems if len(stem) >= _SHORTEST_STEM_WITH_EDITS), most=1)
        self._known: dict[str, frozenset[str]] = {}

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

    def read(self, words: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """Each word with its names; words run together ("hehasagun") come apart when every piece is known."""
        for word in words:
            names = self.names(word)
            if names or len(word) < _SHORTEST_RUN_TOGETHER or word in self._ordinary:
                yield word, names
            elif pieces := self._apart(word):
                yield from ((piece, self._exactly(piece)) for piece in pieces)
            else:
                yield word, names

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
        near = _nearest(word, self._near, edits)
        if not near:
            # An inflected form misspelt: the beginning of the word against the stems, one edit at most.
            for length in self._stem_lengths:
                if length < _SHORTEST_STEM_WITH_EDITS:
                    break
                for start in {word[: length - 1], word[:length], word[: length + 1]}:
                    near |= _nearest(start, self._near_stems, 1)
                if near:
                    return frozenset().union(*(self._stems[stem] for stem in near))
        return frozenset().union(*(self._whole[candidate] for candidate in near))

    def _apart(self, word: str) -> tuple[str, ...] | None:
        """The fewest known words that make up the whole of this one; None when there are none."""
        if len(word) > 2 * _LONGEST:
            return None
        best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - _LONGEST), end):
                before, piece = best[start], word[start:end]
                if before is None or piece not in self._whole or (len(piece) == 1 and piece not in "aeiouy"):
                    continue
                if (now := best[end]) is None or len(before) + 1 < len(now):
                    best[end] = (*before, piece)
        pieces = best[-1]
        # Two pieces are how ordinary compounds are made ("firearm", "headache"); a run-together cry has more.
        return pieces if pieces and len(pieces) >= 3 else None


def _deletions(words: Iterable[str], most: int = _MOST_EDITS) -> dict[str, list[str]]:
    """Each word under every spelling that leaves out up to as many letters as it may miss (symmetric deletes)."""
    index: dict[str, list[str]] = {}
    for word in words:
        for spelling in _without(word, min(most, _EDITS.get(len(word), _MOST_EDITS))):
            index.setdefault(spelling, []).append(word)
    return index


def _without(word: str, most: int) -> set[str]:
    """The word, and what is left of it when up to so many letters are taken out."""
    found = {word}
    last = found
    for _ in range(most):
        last = {left[:at] + left[at + 1 :] for left in last for at in range(len(left))}
        found = found | last
    return found


def _nearest(word: str, index: Mapping[str, Sequence[str]], edits: int) -> set[str]:
    distances: dict[str, int] = {}
    for spelling in _without(word, edits):
        for candidate in index.get(spelling, ()):
            allowed = min(edits, _EDITS.get(len(candidate), _MOST_EDITS))
            # People miss the first letter of a word rarely; a second edit there is another word.
            if allowed == _MOST_EDITS and candidate[0] != word[0]:
                allowed = 1
            if (distance := OSA.distance(word, candidate, score_cutoff=allowed)) <= allowed:
                distances[candidate] = distance
    if not distances:
        return set()
    least = min(distances.values())
    return {candidate for candidate, distance in distances.items() if distance == least}
