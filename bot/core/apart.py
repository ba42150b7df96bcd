"""Words typed without spaces ("hehasagun"), taken apart into the likeliest row of known words.

How likely a row is, its words' frequencies say, language by language. A slip of the finger inside stays one piece,
dearer the longer it is, so that the words around it still come apart.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.core.text import SHORT_FORMS, Words

SHORTEST, _LONGEST = 8, 24  # letters: shorter words are left alone; nothing longer is one word
_LONGEST_MISSPELT = 14  # letters up to which a word that looks like a cue word is taken for it, misspelt
_TELLING = 100  # letters that tell the language
_LONGEST_ENDING = 2
_FEWEST = 3  # pieces: two are how ordinary compounds are made ("firearm", "headache")
_RUN = 4 * _LONGEST  # letters: longer is no word, and no few words
_REMEMBERED = 20_000  # words whose pieces are kept; one person cannot fill the memory
_LETTERS = frozenset("aeiouy")  # that are words by themselves

# Costs are negative logarithms of shares. Measured on sentences of the examples with their spaces taken out: of row
# and unknown piece these find the most, 94 of 100 ends of words; of 1,000 unknown single words they split 40, nearly
# all of them inflected forms that come apart harmlessly.
_UNLISTED = 15.0  # a word of the emergency files that no lexicon has
_SHORT_FORM = 13.0
_UNKNOWN, _UNKNOWN_LETTER = 12.0, 2.6  # a piece that is no word, and each of its letters
_END = "\n"  # behind the last letter; no word has it
_DOUBT = 1.0  # what a row of a word that might still be one word may cost beside its letters

_Costs = Mapping[str, float]
"""Every word with its cost; the beginnings of words that are none themselves cost endlessly much."""


@dataclass(frozen=True, slots=True)
class Language:
    """Real words of a language: the common ones with their share of all text, and rarer long ones, which stay whole."""

    shares: Mapping[str, float]
    rarer: frozenset[str] = frozenset()


class Apart:
    """Takes messages apart. Built once for a set of emergency files, then only read."""

    def __init__(
        self, languages: Sequence[Language], cue_words: Iterable[str], resembles: Callable[[str], object]
    ) -> None:
        """Take the languages, the words of the emergency files, and whether a word resembles one of these.

        Without a language the words of the files are all there is, each as likely as the other.
        """
        self._listed = [word for word in cue_words if len(word) > 1 or word in _LETTERS]
        languages = languages or [Language(dict.fromkeys(self._listed, 1 / max(len(self._listed), 1)))]
        self._shares = [language.shares for language in languages]
        self._rarer = [language.rarer for language in languages]
        self._resembles = resembles
        self._met: dict[str, tuple[str, ...]] = {}
        self._last: tuple[Words, Words] | None = None  # as it came, and taken apart

    @cached_property
    def _costs(self) -> list[_Costs]:
        """A tenth of a second, for the first long word: whoever only reads the files does without."""
        return [_costs(shares, self._listed) for shares in self._shares]

    def message(self, words: Words) -> Words:
        """The message with all its words taken apart; the same when none is."""
        if self._last and (words is self._last[0] or words is self._last[1]):  # one turn asks several times
            return self._last[1]
        clauses = tuple(tuple(piece for word in clause for piece in self.word(word)) for clause in words.clauses)
        found = words if clauses == words.clauses else Words(". ".join(map(" ".join, clauses)), clauses)
        self._last = words, found
        return found

    def word(self, word: str) -> tuple[str, ...]:
        """The words that this one is made of; itself alone when it is one word."""
        if len(word) < SHORTEST:
            return (word,)
        if (found := self._met.get(word)) is not None:
            return found
        if len(word) > _RUN:  # the memory must not fill with these
            return self._find(_once(word))
        found = self._find(word)
        if len(self._met) >= _REMEMBERED:
            self._met.clear()
        self._met[word] = found
        return found

    def _find(self, word: str) -> tuple[str, ...]:
        if self._is_one(word) or (len(word) <= _LONGEST_MISSPELT and self._resembles(word)):
            return (word,)
        cost, row = _cheapest(word, self._likeliest(word))
        pieces = tuple(written for piece in row for written in SHORT_FORMS.get(piece, (piece,)))
        if len(row) == 1 or len(pieces) < _FEWEST:
            return (word,)
        return pieces if len(word) > _LONGEST or cost <= _DOUBT + _UNKNOWN_LETTER * len(word) else (word,)

    def _is_one(self, word: str) -> bool:
        """Whether it is a word, or one with an ending of up to two letters more."""
        forms = [word[: len(word) - ending] for ending in range(_LONGEST_ENDING + 1)]
        is_common = any(costs.get(form, math.inf) < math.inf for costs in self._costs for form in forms)
        return is_common or any(form in its for its in self._rarer for form in forms)

    def _likeliest(self, word: str) -> _Costs:
        """The language of the beginning: what somebody pastes may be long, and is read once."""
        return min(self._costs, key=lambda costs: _cheapest(word[:_TELLING], costs)[0])


def _once(word: str) -> str:
    """Of letters that come again and again ("jajaja", a cat on the keyboard) two rounds and some: whatever stands in
    the rest stands there too, wherever in a round it begins."""
    again = word.find(word[:_RUN], 1)
    return word[: 2 * again + _RUN] if again > 0 and word.startswith(word[again:]) else word


def _costs(shares: Mapping[str, float], listed: Iterable[str]) -> _Costs:
    costs = {word: -math.log(share) for word, share in shares.items() if len(word) > 1 or word in _LETTERS}
    for word in listed:
        costs.setdefault(word, _UNLISTED)
    for short in SHORT_FORMS:
        if "'" not in short and len(short) > 1:
            costs.setdefault(short, _SHORT_FORM)
    for word in tuple(costs):
        beginning = word[:-1]
        while beginning and beginning not in costs:  # from one that is there on, so are all that are shorter
            costs[beginning] = math.inf
            beginning = beginning[:-1]
    return costs


def _cheapest(word: str, costs: _Costs) -> tuple[float, tuple[str, ...]]:
    """The cheapest row of pieces and its cost; the time grows with the length and not faster."""
    known, length, ended = costs.get, len(word), word + _END  # looked up once: of 20,000 letters each takes a few steps
    least = [0.0] + [math.inf] * length
    began = [0] * (length + 1)
    lowest, at_lowest = math.inf, 0  # where an unknown piece had best begin, and the cost before it without its letters
    for start in range(length):
        here, end = least[start], start + 1
        if here - _UNKNOWN_LETTER * start < lowest:
            lowest, at_lowest = here - _UNKNOWN_LETTER * start, start
        unknown = lowest + _UNKNOWN + _UNKNOWN_LETTER * end
        if unknown < least[end]:
            least[end], began[end] = unknown, at_lowest
        while (cost := known(ended[start:end])) is not None:
            if here + cost < least[end]:
                least[end], began[end] = here + cost, start
            end += 1
    row: list[str] = []
    end = length
    while end:
        row.append(word[began[end] : end])
        end = began[end]
    return least[-1], tuple(reversed(row))
