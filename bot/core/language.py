"""Which of the department's languages a message is in, learned from the knowledge itself."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, count

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"[^\W\d_]+")
_READ = 400  # characters; the language does not change after them, and a pasted page costs no more
_SMOOTHING = 0.5
# Log-odds the best language must lead by. Below two, the right language and a wrong one are one short word apart.
_CLEAR = 2.0
_CLEAR_BY_LETTERS = 8.0
_REMEMBERED = 10_000  # words whose scores are kept; one person cannot fill the memory

_Scores = tuple[float, ...]


class Languages:
    """Word and letter-group counts per language. Built once for a snapshot, then only read."""

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        number = defaultdict[str, int](count().__next__)
        counts = {language: counted for language, said in texts.items() if len(counted := _counted(said, number))}
        self._number, self._languages = dict(number), tuple(counts)
        # What each feature that is known says for each language, in their order.
        times = np.zeros((len(number), len(counts)))
        for at, counted in enumerate(counts.values()):
            times[: len(counted), at] = counted
        self._scores = np.log(times + _SMOOTHING) - np.log(times.sum(0) + _SMOOTHING * (len(times) + 1))
        self._heard: dict[str, tuple[_Scores, bool]] = {}

    def of(self, text: str) -> str | None:
        """The language of the text; None when it could be more than one of them."""
        heard = [each for word in _words(text[:_READ]) if (each := self._of_word(word))[0]]
        if not heard:
            return None
        sums = map(sum, zip(*(scores for scores, _ in heard), strict=True))
        (best, language), *rest = sorted(zip(sums, self._languages, strict=True), key=lambda each: -each[0])
        # Without one whole word that is known, groups of letters alone would hear a language in any gibberish.
        clear = _CLEAR if any(is_known for _, is_known in heard) else _CLEAR_BY_LETTERS
        return language if not rest or best - rest[0][0] >= clear else None

    def _of_word(self, word: str) -> tuple[_Scores, bool]:
        """What the word says for each language, nothing when none of it is known; and whether it is, as a whole."""
        if (heard := self._heard.get(word)) is not None:
            return heard
        whole, *groups = map(self._number.get, _features_of(word))
        known = [at for at in (whole, *groups) if at is not None]
        found = (tuple(self._scores[known].sum(0).tolist()) if known else (), whole is not None)
        if len(self._heard) >= _REMEMBERED:
            self._heard.clear()
        self._heard[word] = found
        return found


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _features_of(word: str) -> list[str]:
    """The word, and within it groups of three letters: accents are kept, they tell Spanish from Portuguese."""
    framed = f"^{word}$"
    return [framed, *[framed[at : at + 3] for at in range(len(word))]]


def _counted(texts: Iterable[str], number: Mapping[str, int]) -> npt.NDArray[np.float64]:
    """How often the texts have each feature, by number: every word is taken apart once, however often it is said."""
    said = Counter(_words("\n".join(texts)))
    met = [*map(_features_of, said)]
    ids = np.fromiter(map(number.__getitem__, chain.from_iterable(met)), np.int64)
    times = np.repeat(np.array([*said.values()], np.float64), np.array([*map(len, met)], np.int64))
    return np.bincount(ids, times).astype(np.float64)
