"""One item of a YAML file changed so that only what was changed is written anew. ruamel writes; it is no reader."""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    PlainScalarString,
    ScalarString,
    SingleQuotedScalarString,
)

from bot.knowledge.edit import EditRefused

_NULLS = ("", "~", "null", "Null", "NULL")  # what the reader takes for nothing when it is not in quotes
_KEY = re.compile(r"( *)[^\s#'\"{\[-][^:]*:(?: |$)")
_ITEM = re.compile(r"( *)-(?: |$)")
_NEVER = 1 << 20  # no line is broken


class _AsWritten(VersionedResolver):
    """Every scalar is text, as for the reader: `on`, `0123` and `null` come back as they were written."""

    @property
    def versioned_resolver(self) -> Mapping[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class Shape:
    """How an item is laid out: its dash, the column of its fields, and the indents inside."""

    dash: str
    mapping: int = 2
    offset: int = 2
    end: str = "\n"

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Shape":
        """The shape of an item that is written already."""
        first = lines[0]
        found = re.match(r"(\ufeff? *-)( *)([^\s#])?", first)
        dash = first[: found.start(3)] if found and found[3] else ""
        if not dash:  # the fields begin below
            below = next((line for line in lines[1:] if line.strip() and not line.lstrip().startswith("#")), "  x")
            dash = f"{found[1] if found else '-'}".ljust(len(below) - len(below.lstrip(" ")))
        column = len(dash.lstrip("\ufeff"))
        mapping, offset = _indents(lines, column)
        return cls(dash, mapping, offset, "\r\n" if first.endswith("\r\n") else "\n")

    @property
    def column(self) -> int:
        return len(self.dash.lstrip("\ufeff"))

    def bare(self, lines: Sequence[str]) -> list[str]:
        """The lines without the dash and the indent, as a document of their own."""
        first, *rest = [line.rstrip("\r\n\x85\u2028\u2029") for line in lines]
        return [first[len(self.dash) :], *(self._without_indent(line) for line in rest)]

    def worn(self, lines: Sequence[str]) -> list[str]:
        """A document of its own as an item again."""
        first, *rest = lines
        indent = " " * self.column
        return [f"{self.dash}{first}", *(f"{indent}{line}" if line else line for line in rest)]

    def yaml(self) -> YAML:
        writer = YAML()
        writer.Resolver = _AsWritten
        writer.preserve_quotes = True
        writer.width = _NEVER
        writer.indent(mapping=self.mapping, sequence=self.offset + 2, offset=self.offset)
        return writer

    def _without_indent(self, line: str) -> str:
        indent = len(line) - len(line.lstrip(" "))
        return line[min(indent, self.column) :]


def edited(lines: Sequence[str], change: Callable[[CommentedMap], None]) -> list[str]:
    """The item's lines after `change` has changed it. Raises `EditRefused` when it cannot be read.

    Where ruamel would lay out a line otherwise than it stands there, it stands as it was, unless it was changed.
    """
    shape = Shape.of(lines)
    bare = "\n".join(shape.bare(lines)) + "\n"
    try:
        before, item = _loaded(bare, shape), _loaded(bare, shape)
        if not isinstance(item, CommentedMap):
            raise EditRefused("it is not written as fields with values: change it in an editor")
        change(item)
        base, theirs = _dumped(before, shape), _dumped(item, shape)
    except YAMLError as e:
        raise EditRefused("the entry cannot be read as YAML: mend it in an editor") from e
    ours = [line.rstrip("\r\n") for line in lines]
    return [line + shape.end for line in _by_hand(shape.worn(base), ours, shape.worn(theirs))]


def written(item: Mapping[str, Any], shape: Shape) -> list[str]:
    """A new item, with quotes where they are needed and texts of several lines as blocks."""
    made = item if isinstance(item, CommentedMap) else value(item)
    return [line + shape.end for line in shape.worn(_dumped(made, shape))]


def put(item: CommentedMap, key: str, new: Any, order: Sequence[str]) -> None:
    """Set the field, in the style it had; a new one stands behind those that come before it in `order`."""
    if key in item:
        item[key] = value(new, item[key])
        return
    earlier = order[: order.index(key)] if key in order else list(item)
    at = max((place + 1 for place, name in enumerate(item) if name in earlier), default=0)
    item.insert(at, key, value(new))


def value(new: Any, old: Any = None) -> Any:
    """The value as ruamel is to write it: quotes as they were, several lines as a block, nothing as `null`."""
    match new:
        case None:
            return PlainScalarString("null")  # a plain `str` would be put in the quotes of what it replaces
        case str():
            return _text(new, old)
    made: CommentedMap | CommentedSeq
    if isinstance(new, Mapping):
        made = CommentedMap((key, value(each)) for key, each in new.items())
    else:
        made = CommentedSeq(value(each) for each in new)
    if isinstance(old, CommentedMap | CommentedSeq) and old.fa.flow_style():
        made.fa.set_flow_style()
    return made


def flow(item: Mapping[str, str | None], quoted: str) -> CommentedMap:
    """A map that is written on one line; what stands at `quoted` is in double quotes."""
    made = CommentedMap((key, value(each)) for key, each in item.items())
    made[quoted] = DoubleQuotedScalarString(item[quoted] or "")
    made.fa.set_flow_style()
    return made


def relisted(old: CommentedSeq, new: Sequence[str]) -> None:
    """Make the list say `new`: what stays keeps its line, its quotes and its comment."""
    wanted = list(new)
    for at in range(len(old) - 1, -1, -1):
        if str(old[at]) not in wanted:
            del old[at]
    for at, text in enumerate(wanted):
        if at < len(old) and str(old[at]) == text:
            continue
        if text in (later := [str(each) for each in old[at:]]):
            del old[at + later.index(text)]
        old.insert(at, value(text))


def _text(new: str, old: Any) -> str:
    kind = type(old) if isinstance(old, ScalarString) else None
    made: str
    if "\n" in new or (kind in (LiteralScalarString, FoldedScalarString) and new):
        made = LiteralScalarString(new.rstrip("\n") + "\n")
    elif kind in (DoubleQuotedScalarString, SingleQuotedScalarString):
        made = kind(new)
    else:
        made = SingleQuotedScalarString(new) if new in _NULLS else PlainScalarString(new)
    if (comment := getattr(old, "comment", None)) is not None and isinstance(made, LiteralScalarString):
        made.comment = comment  # type: ignore[attr-defined]
    return made


def _loaded(text: str, shape: Shape) -> Any:
    return shape.yaml().load(text)


def _dumped(item: Any, shape: Shape) -> list[str]:
    out = io.StringIO()
    shape.yaml().dump(item, out)
    return out.getvalue().removesuffix("\n").split("\n")


def _by_hand(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """`theirs`, with every line that it has from `base` as a hand laid it out in `ours`."""
    laid_out = _laid_out(base, ours)
    for tag, start, end, first, last in SequenceMatcher(None, base, theirs, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from theirs[first:last]
            continue
        for at in range(start, end):
            stretch, lines = laid_out[at]
            if stretch[0] >= start and stretch[1] <= end:
                yield from lines if at == stretch[0] else ()
            else:  # a part of it was changed: it is all written anew
                yield base[at]


def _laid_out(base: Sequence[str], ours: Sequence[str]) -> list[tuple[tuple[int, int], Sequence[str]]]:
    """For each line of `base` the stretch of lines that it is part of, and how a hand laid that stretch out."""
    found: list[tuple[tuple[int, int], Sequence[str]]] = []
    for _, start, end, first, last in SequenceMatcher(None, base, ours, autojunk=False).get_opcodes():
        if start == end and found:  # more lines than the writer needs, under the one before
            stretch, lines = found[-1]
            found[stretch[0] :] = [(stretch, [*lines, *ours[first:last]])] * (stretch[1] - stretch[0])
        elif end - start == last - first:
            found += (((at, at + 1), ours[first + at - start : first + at - start + 1]) for at in range(start, end))
        else:
            found += [((start, end), ours[first:last])] * (end - start)
    return found


def _indents(lines: Sequence[str], column: int) -> tuple[int, int]:
    """How far the item indents a field below a field, and a dash below the field it belongs to."""
    mapping, offset = 2, 2
    above = column
    for line in lines[1:]:
        if found := _KEY.match(line):
            if len(found[1]) > column and above == column:
                mapping = len(found[1]) - column
            above = len(found[1])
        elif (found := _ITEM.match(line)) and above <= len(found[1]):
            offset = len(found[1]) - above
            break
    return mapping, offset
