"""The little language of the emergency files: words in order, with gaps, inside one clause.

    PERSON HAVE WEAPON        three word classes, side by side
    smell|smells .. GAS       either word, then up to three words of anything, then a class
    PERSON is? NOT ..5 MOVE   an optional word; a gap of up to five words
    ^ 911 $                   the whole clause

A name in capitals is a class of `words.yaml`; anything else is the word itself. Words of the class FILLER ("the",
"really", "un") may stand between any two terms without counting. An optional word that is left out takes the gap before
it along.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from bot.core.text import fold_word
from bot.core.vocabulary import Vocabulary

FILLER = "FILLER"
_GAP = 3  # words that ".." may skip
_LONGEST_GAP = 8
_CLASS = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_DOTS = re.compile(r"\.\.(\d*)\Z")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says what is wrong with it and how to mend it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One term of a pattern: any of these names, at most this many words after the one before."""

    names: frozenset[str]
    gap: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps to be found in order in one clause, from its first word or to its last when so anchored."""

    steps: tuple[Step, ...]
    from_start: bool
    to_end: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as patterns see it: for each name where it stands, one bit a word; the first word is the lowest bit.

    An emoji that stands for nothing is a filler.
    """

    words: tuple[str, ...]
    marks: Mapping[str, int]

    @classmethod
    def of(cls, words: Iterable[str], vocabulary: Vocabulary) -> "Clause":
        words = tuple(words)
        places: dict[str, int] = {}
        for at, word in enumerate(words):
            places[word] = places.get(word, 0) | 1 << at
        marks: dict[str, int] = {}
        for word, its in places.items():
            for name in vocabulary.names(word) or (() if word[0].isalnum() else (FILLER,)):
                marks[name] = marks.get(name, 0) | its
        return cls(words, marks)

    def where(self, names: frozenset[str]) -> int:
        """The words that any of these names stands for."""
        found = 0
        for name in self.marks.keys() & names:
            found |= self.marks[name]
        return found

    def after(self, places: int, gap: int) -> int:
        """The words that come after any of these places with at most so many words between, fillers not counted.

        From a filler on, all are reached up to the next word that is none: a bit added to a run of ones carries to the
        end of the run, and changes every bit on its way.
        """
        fillers = self.marks.get(FILLER, 0)
        found = 0
        for _ in range(gap + 1):
            found |= places << 1
            found |= ((found & fillers) + fillers) ^ fillers
            places = found
        return found

    def with_fillers_before(self) -> int:
        """The places that have nothing but fillers before them."""
        fillers = self.marks.get(FILLER, 0)
        return (((fillers & 1) + fillers) ^ fillers) | 1

    def with_fillers_after(self) -> int:
        """The places that have nothing but fillers after them."""
        every = (1 << len(self.words)) - 1
        last = (every & ~self.marks.get(FILLER, 0)).bit_length() - 1
        return every & -(1 << max(last, 0))


def parse(line: str, classes: Mapping[str, object]) -> tuple[Pattern, ...]:
    """Patterns the line stands for: one, or more when it has optional terms. Raises `PatternError`."""
    found, named = _parsed(line)
    if unknown := [name for name in named if name not in classes]:
        raise PatternError(f"no class {unknown[0]} in words.yaml: {line!r}")
    return found


@lru_cache(maxsize=20_000)  # the files are checked with it, then made ready with it: three thousand lines
def _parsed(line: str) -> tuple[tuple[Pattern, ...], tuple[str, ...]]:
    """The patterns, and the classes that the line names."""
    terms = line.split()
    from_start, to_end = terms[:1] == ["^"], terms[-1:] == ["$"]
    terms = terms[from_start : len(terms) - to_end]
    choices: list[tuple[Step | None, ...]] = []
    gap, widened = 0, False
    for term in terms:
        if dots := _DOTS.match(term):
            gap, widened = int(dots[1] or _GAP), True
            if not choices or gap > _LONGEST_GAP:
                raise PatternError(f"a gap stands between two terms and spans at most {_LONGEST_GAP} words: {line!r}")
            continue
        optional = term.endswith("?")
        step = Step(frozenset(_names(term.removesuffix("?"), line)), gap)
        choices.append((step, None) if optional else (step,))
        gap, widened = 0, False
    if widened:
        raise PatternError(f"a gap needs a term after it: {line!r}")
    picked = (tuple(step for step in steps if step) for steps in product(*choices))
    found = tuple(Pattern(steps, from_start, to_end) for steps in picked)
    if not all(pattern.steps for pattern in found):
        raise PatternError(f"a pattern needs a term that is not optional: {line!r}")
    return found, tuple(name for term in terms for name in term.removesuffix("?").split("|") if is_class(name))


def literals(patterns: Iterable[Pattern]) -> Iterator[str]:
    """Words that patterns name directly, which the vocabulary must therefore know."""
    for pattern in patterns:
        for step in pattern.steps:
            yield from (name for name in step.names if not is_class(name))


def is_class(name: str) -> bool:
    """Whether a name is written the way classes are: in capitals."""
    return _CLASS.match(name) is not None


def _names(term: str, line: str) -> Iterator[str]:
    for name in term.split("|"):
        if is_class(name):
            yield name
            continue
        folded = fold_word(name)
        if " " in folded or not folded.strip("*"):
            raise PatternError(f"{name!r} is not one word once folded ({folded or 'nothing'}): {line!r}")
        yield folded


class Index:
    """Patterns numbered in their order, and for each name the steps it may fulfil: a clause meets only patterns of
    which it has every step. Sets of patterns are bits of a number, so that a clause asks all of them at once."""

    def __init__(self, patterns: Iterable[tuple[Pattern, str]]) -> None:
        self._patterns = tuple(patterns)
        most = max((len(pattern.steps) for pattern, _ in self._patterns), default=0)
        self._shorter = [0] * most  # by step: the patterns that have no such step
        by_name: dict[str, dict[int, int]] = {}
        for number, (pattern, _) in enumerate(self._patterns):
            for at, step in enumerate(pattern.steps):
                for name in step.names:
                    fulfilled = by_name.setdefault(name, {})
                    fulfilled[at] = fulfilled.get(at, 0) | 1 << number
            for at in range(len(pattern.steps), most):
                self._shorter[at] |= 1 << number
        # By name: which step it fulfils of which patterns.
        self._by_name = {name: tuple(fulfilled.items()) for name, fulfilled in by_name.items()}

    def found_in(self, clause: Clause) -> Iterator[tuple[str, Iterator[tuple[int, int]]]]:
        """Owners of the patterns that the clause fulfils, in their order, with first and last word of every place."""
        for owner, reached in self._fulfilled(clause):
            yield owner, _places(reached)

    def ends_in(self, clause: Clause) -> dict[str, int]:
        """Owners of the patterns that the clause fulfils, with the last words of all their places, as bits."""
        ends: dict[str, int] = {}
        for owner, reached in self._fulfilled(clause):
            ends[owner] = ends.get(owner, 0) | reached[-1]
        return ends

    def _fulfilled(self, clause: Clause) -> Iterator[tuple[str, list[int]]]:
        for number in _bits(self._possible(clause)):
            pattern, owner = self._patterns[number]
            reached = _reached(pattern, clause)
            if reached[-1]:
                yield owner, reached

    def _possible(self, clause: Clause) -> int:
        fulfilled = list(self._shorter)
        for name in clause.marks:
            for at, patterns in self._by_name.get(name, ()):
                fulfilled[at] |= patterns
        possible = -1 if self._patterns else 0
        for patterns in fulfilled:
            possible &= patterns
        return possible


def _bits(number: int) -> Iterator[int]:
    """Which bits are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _reached(pattern: Pattern, clause: Clause) -> list[int]:
    """For each step where it is fulfilled with all before it; it ends early with nowhere."""
    here = clause.where(pattern.steps[0].names)
    if pattern.from_start:
        here &= clause.with_fillers_before()
    reached = [here]
    for step in pattern.steps[1:]:
        if not here:
            return reached
        here = clause.after(here, step.gap) & clause.where(step.names)
        reached.append(here)
    if pattern.to_end:
        reached[-1] &= clause.with_fillers_after()
    return reached


def _places(reached: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last word of each place, given where each step is fulfilled; of several first words the nearest."""
    for last in _bits(reached[-1]):
        first = last
        for before in reversed(reached[:-1]):
            first = (before & (1 << first) - 1).bit_length() - 1
        yield first, last
