"""The little language of the emergency files: words in order, with gaps, inside one clause.

    PERSON HAVE WEAPON        three word classes, side by side
    smell|smells .. GAS       either word, then up to three words of anything, then a class
    PERSON is? NOT ..5 MOVE   an optional word; a gap of up to five words
    ^ 911 $                   the whole clause

A name in capitals is a class of `words.yaml`; anything else is the word itself. Words of the class FILLER ("the",
"really", "un") may stand between any two terms without counting.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    """A clause as patterns see it: for each word the names it stands for."""

    words: tuple[str, ...]
    names: tuple[frozenset[str], ...]
    present: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str], vocabulary: Vocabulary) -> "Clause":
        read = tuple(vocabulary.read(words))
        names = tuple(found for _, found in read)
        return cls(tuple(word for word, _ in read), names, frozenset().union(*names))


def parse(line: str, classes: Mapping[str, object]) -> tuple[Pattern, ...]:
    """Patterns the line stands for: one, or more when it has optional terms. Raises `PatternError`."""
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
        step = Step(frozenset(_names(term.removesuffix("?"), classes, line)), gap)
        choices.append((step, None) if optional else (step,))
        gap, widened = 0, False
    if widened:
        raise PatternError(f"a gap needs a term after it: {line!r}")
    found = tuple(_joined(picked, from_start, to_end) for picked in product(*choices))
    if not all(pattern.steps for pattern in found):
        raise PatternError(f"a pattern needs a term that is not optional: {line!r}")
    return found


def literals(patterns: Iterable[Pattern]) -> Iterator[str]:
    """Words that patterns name directly, which the vocabulary must therefore know."""
    for pattern in patterns:
        for step in pattern.steps:
            yield from (name for name in step.names if not _CLASS.match(name))


def is_class(name: str) -> bool:
    """Whether a name is written the way classes are: in capitals."""
    return _CLASS.match(name) is not None


def _names(term: str, classes: Mapping[str, object], line: str) -> Iterator[str]:
    for name in term.split("|"):
        if _CLASS.match(name):
            if name not in classes:
                raise PatternError(f"no class {name} in words.yaml: {line!r}")
            yield name
            continue
        folded = fold_word(name)
        if " " in folded or not folded.strip("*"):
            raise PatternError(f"{name!r} is not one word once folded ({folded or 'nothing'}): {line!r}")
        yield folded


def _joined(picked: Sequence[Step | None], from_start: bool, to_end: bool) -> Pattern:
    steps: list[Step] = []
    gap = 0
    for step in picked:
        if step is None:
            continue
        gap = max(gap, step.gap)
        steps.append(Step(step.names, gap if steps else 0))
        gap = 0
    return Pattern(tuple(steps), from_start, to_end)


class Index:
    """Patterns filed under the rarest thing they need, so that a clause meets only those it could fulfil."""

    def __init__(self, patterns: Iterable[tuple[Pattern, str]], sizes: Mapping[str, int]) -> None:
        self._under: dict[str, list[tuple[Pattern, str]]] = {}
        for pattern, owner in patterns:
            rarest = min(pattern.steps, key=lambda step: sum(sizes.get(name, 1) for name in step.names))
            for name in rarest.names:
                self._under.setdefault(name, []).append((pattern, owner))

    def found_in(self, clause: Clause) -> Iterator[tuple[str, int, int]]:
        """Owners of the patterns that the clause fulfils, each with first and last word of every place."""
        met: set[int] = set()
        for name in clause.present:
            for pattern, owner in self._under.get(name, ()):
                if id(pattern) in met:
                    continue
                met.add(id(pattern))
                if all(not step.names.isdisjoint(clause.present) for step in pattern.steps):
                    yield from ((owner, start, end) for end, start in _places(pattern, clause).items())


def _places(pattern: Pattern, clause: Clause) -> dict[int, int]:
    """Last word of each place that fulfils the pattern, with its first; one walk a step, so the cost stays linear."""
    names = clause.names
    counted = [0]  # words before each that are no fillers: a gap is a difference of two of these
    for found in names:
        counted.append(counted[-1] + (FILLER not in found))
    reached = {at: at for at, found in enumerate(names) if not pattern.steps[0].names.isdisjoint(found)}
    if pattern.from_start:
        reached = {at: at for at in reached if not counted[at]}
    for step in pattern.steps[1:]:
        before, following, first = list(reached.items()), dict[int, int](), 0
        for here, found in enumerate(names):
            while first < len(before) and before[first][0] < here:
                if counted[here] - counted[before[first][0] + 1] <= step.gap:
                    break
                first += 1
            if first < len(before) and before[first][0] < here and not step.names.isdisjoint(found):
                following[here] = before[first][1]
        reached = following
    if pattern.to_end:
        reached = {at: start for at, start in reached.items() if counted[-1] == counted[at + 1]}
    return reached
