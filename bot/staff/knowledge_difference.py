"""What a change of a text comes to, as a reader sees it: lines taken out and put in, and the words inside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from bot.knowledge.edit_merge import lines_of

_AROUND = 2  # lines shown before and after a change
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 2_000  # of a line; longer ones are shown whole, not compared word by word
_ALIKE = 0.4  # of the words; below it two lines are read better as one out and one in


class Sort(Enum):
    """What became of a stretch of text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words of a line that share one fate."""

    sort: Sort
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the difference; `sort` SAME with stretches of other sorts: words inside it changed."""

    sort: Sort
    stretches: tuple[Stretch, ...]

    @property
    def has_changed(self) -> bool:
        return any(stretch.sort is not Sort.SAME for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines with what stands around them; `number` is that of the first, in the newer text."""

    number: int
    lines: tuple[Line, ...]


def difference(before: str | None, after: str | None) -> tuple[Hunk, ...]:
    """From one text to the other. None: there is no text."""
    old, new = _bare(before), _bare(after)
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    # A file has thousands of lines and a change touches some: the rest of them is not compared.
    first, below = max(0, head - _AROUND), max(0, tail - _AROUND)
    old, new = old[first : len(old) - below], new[first : len(new) - below]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    groups = matcher.get_grouped_opcodes(_AROUND)
    return tuple(Hunk(first + group[0][3] + 1, tuple(_lines(group, old, new))) for group in groups)


def _bare(text: str | None) -> list[str]:
    return [line.rstrip("\r\n\x85\u2028\u2029") for line in lines_of(text or "")]


def _lines(group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (Line(Sort.SAME, (Stretch(Sort.SAME, line),)) for line in new[j1:j2])
        elif i2 - i1 == j2 - j1:
            for was, is_ in zip(old[i1:i2], new[j1:j2], strict=True):
                yield from _reworded(was, is_)
        else:
            yield from (_whole(Sort.GONE, line) for line in old[i1:i2])
            yield from (_whole(Sort.NEW, line) for line in new[j1:j2])


def _whole(sort: Sort, line: str) -> Line:
    return Line(sort, (Stretch(sort, line),))


def _reworded(was: str, is_: str) -> Iterator[Line]:
    old, new = _WORD.findall(was), _WORD.findall(is_)
    said, says = ([word for word in words if not word.isspace()] for words in (old, new))
    if max(len(old), len(new)) > _MOST_WORDS or SequenceMatcher(None, said, says, autojunk=False).ratio() < _ALIKE:
        yield _whole(Sort.GONE, was)
        yield _whole(Sort.NEW, is_)
        return
    stretches: list[Stretch] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            stretches.append(Stretch(Sort.SAME, "".join(new[j1:j2])))
            continue
        if i1 < i2:
            stretches.append(Stretch(Sort.GONE, "".join(old[i1:i2])))
        if j1 < j2:
            stretches.append(Stretch(Sort.NEW, "".join(new[j1:j2])))
    yield Line(Sort.SAME, tuple(stretches))
