"""Two changes of one text put together, line by line, as far as they do not touch the same lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]*(?:\r\n|[\r\n\x85\u2028\u2029]|\Z)")  # YAML's line ends, not Python's


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one text. `conflicts` are lines of the first text, from 1, where both changed something; there
    the second change stands."""

    lines: tuple[str, ...]
    conflicts: tuple[int, ...]

    @property
    def text(self) -> str:
        return "".join(self.lines)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, numbered as the reader of YAML numbers them."""
    return [found for found in _LINE.findall(text) if found]


def merged(base: str, ours: str, theirs: str) -> Merged:
    """What becomes of `base` when it is changed as `ours` and as `theirs` are."""
    return _merged(lines_of(base), lines_of(ours), lines_of(theirs))


def _merged(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Merged:
    made: list[str] = []
    conflicts: list[int] = []
    at = at_ours = at_theirs = 0
    for start, start_ours, start_theirs, length in _in_all(base, ours, theirs):
        was = base[at:start]
        mine, yours = ours[at_ours:start_ours], theirs[at_theirs:start_theirs]
        if list(mine) != list(was) and list(yours) != list(was) and list(mine) != list(yours):
            conflicts.append(at + 1)
        made += mine if list(yours) == list(was) else yours
        made += ours[start_ours : start_ours + length]
        at, at_ours, at_theirs = start + length, start_ours + length, start_theirs + length
    return Merged(tuple(made), tuple(conflicts))


def _in_all(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The stretches that all three have, in order; the last one is empty and stands at the end."""
    mine, yours = _blocks(base, ours), _blocks(base, theirs)
    i = j = 0
    while i < len(mine) and j < len(yours):
        first = max(mine[i][0], yours[j][0])
        end_mine, end_yours = mine[i][0] + mine[i][2], yours[j][0] + yours[j][2]
        end = min(end_mine, end_yours)
        if first < end:
            yield first, mine[i][1] + first - mine[i][0], yours[j][1] + first - yours[j][0], end - first
        i, j = (i + 1, j) if end_mine < end_yours else (i, j + 1)
    yield len(base), len(ours), len(theirs), 0


def _blocks(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where the two agree. The ends they share are taken off first: what lies between is short, and is compared."""
    most = min(len(one), len(other))
    head = next((at for at in range(most) if one[at] != other[at]), most)
    most -= head
    tail = next((at for at in range(most) if one[-1 - at] != other[-1 - at]), most)
    middle = SequenceMatcher(None, one[head : len(one) - tail], other[head : len(other) - tail], autojunk=False)
    found = [(head + a, head + b, size) for a, b, size in middle.get_matching_blocks() if size]
    return [(0, 0, head), *found, (len(one) - tail, len(other) - tail, tail)]
