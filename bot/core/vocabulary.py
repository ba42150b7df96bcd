"""Which words of the emergency files a typed word was meant to be: typing errors are forgiven here, word by word.

Whole sentences are never compared: "fire" hides in "firearm", and "want to dine" scores 96 against "want to die".
"""

from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz.distance import OSA

# How many edits (a swap of neighbours counts one) a word of this length may be away. Longer words are rarer words.
# Measured on the training lines: two edits already at six letters double the false readings.
_EDITS = {**dict.fromkeys(range(4), 0), 4: 1, 5: 1, 6: 1, 7: 1, 8: 2}
_MOST_EDITS = 2
_LONGEST = 24  # letters; nothing in the files is longer, and a longer typed word is no misspelling of them
_REMEMBERED = 20_000  # typed words whose meaning is kept; one person cannot fill the memory
_SHORTEST_STEM_WITH_EDITS = 6
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
        self._near = _deletions(whole)
        self._near_stems = _deletions((stem for stem in stems if len(stem) >= _SHORTEST_STEM_WITH_EDITS), most=1)
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


def _begin_alike(word: str, other: str) -> bool:
    """Whether one may be the other misspelt: people rarely miss the first letter, unless it sounds the same.

    "negaron" is not "pegaron"; "bentana" is "ventana", "ospital" is "hospital", "uqick" is "quick".
    """
    if word[0] == other[0] or word[:2] == other[1::-1]:
        return True
    if word[0] == "h" or other[0] == "h":
        return word.removeprefix("h")[:1] == other.removeprefix("h")[:1]
    return any(word[0] in sound and other[0] in sound for sound in _SAME_SOUND)


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
            if not _begin_alike(word, candidate):
                continue
            allowed = min(edits, _EDITS.get(len(candidate), _MOST_EDITS))
            if (distance := OSA.distance(word, candidate, score_cutoff=allowed)) <= allowed:
                distances[candidate] = distance
    if not distances:
        return set()
    least = min(distances.values())
    return {candidate for candidate, distance in distances.items() if distance == least}
