"""Which of the department's languages a message is in, learned from the knowledge itself."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

_WORD = re.compile(r"[^\W\d_]+")
_READ = 400  # characters; the language does not change after them, and a pasted page costs no more
_SMOOTHING = 0.5
# Log-odds the best language must lead by. Below two, the right language and a wrong one are one short word apart.
_CLEAR = 2.0
_CLEAR_BY_LETTERS = 8.0


class Languages:
    """Word and letter-group counts per language. Built once for a snapshot, then only read."""

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        counts = {language: count for language, said in texts.items() if (count := _counted(said))}
        every = set().union(*counts.values())
        totals = [math.log(count.total() + _SMOOTHING * (len(every) + 1)) for count in counts.values()]
        self._languages = tuple(counts)
        # What each feature that is known says for each language, in their order.
        self._scores = {
            feature: tuple(
                math.log(count[feature] + _SMOOTHING) - total
                for count, total in zip(counts.values(), totals, strict=True)
            )
            for feature in every
        }

    def of(self, text: str) -> str | None:
        """The language of the text; None when it could be more than one of them."""
        features = [feature for feature in _features(text[:_READ]) if feature in self._scores]
        if not features:
            return None
        sums = map(sum, zip(*map(self._scores.__getitem__, features), strict=True))
        (best, language), *rest = sorted(zip(sums, self._languages, strict=True), key=lambda each: -each[0])
        # Without one whole word that is known, groups of letters alone would hear a language in any gibberish.
        clear = _CLEAR if any(f.startswith("^") and f.endswith("$") for f in features) else _CLEAR_BY_LETTERS
        return language if not rest or best - rest[0][0] >= clear else None


def _counted(texts: Iterable[str]) -> Counter[str]:
    """How often the texts have each feature: every word is taken apart once, however often it is said."""
    counts: dict[str, int] = defaultdict(int)
    for word, times in Counter(_words("\n".join(texts))).items():
        for feature in _features_of(word):
            counts[feature] += times
    return Counter(counts)


def _features(text: str) -> Iterator[str]:
    return chain.from_iterable(map(_features_of, _words(text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _features_of(word: str) -> Iterator[str]:
    """The word, and within it groups of three letters: accents are kept, they tell Spanish from Portuguese."""
    framed = f"^{word}$"
    yield framed
    yield from (framed[at : at + 3] for at in range(len(framed) - 2))
