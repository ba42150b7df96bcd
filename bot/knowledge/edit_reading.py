"""The files of the folder as texts, and where in them each entry stands. Read by the one reader, `source`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge import source
from bot.knowledge.edit import EditRefused, Texts
from bot.knowledge.edit_merge import lines_of
from bot.knowledge.source import Node, Problem

_DASH = re.compile(r"\ufeff?( *)-(?=[ \t\r\n]|\Z)")
_NOTHING = re.compile(r"[ \t]*(?:#.*)?(?:\r\n|[\r\n\x85\u2028\u2029])?\Z")
_MARKS = ("---", "...")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a file that is a list: its lines are `first` up to, and without, `end`, counted from 0."""

    node: Node
    first: int
    end: int

    @property
    def id(self) -> str | None:
        return self.text("id")

    def text(self, key: str) -> str | None:
        """What stands at the key; None when it is not there or no text."""
        fields = self.node.value if isinstance(self.node.value, dict) else {}
        value = fields[key].value if key in fields else None
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A file that is a list, item by item."""

    name: str
    lines: tuple[str, ...]
    items: tuple[Item, ...]

    def with_lines(self, first: int, end: int, lines: Sequence[str]) -> str:
        """The file's text with these lines in place of those."""
        return "".join((*self.lines[:first], *lines, *self.lines[end:]))

    def of(self, item: Item) -> tuple[str, ...]:
        """The item's own lines."""
        return self.lines[item.first : item.end]


def texts(folder: Path) -> Texts:
    """Every file of the folder itself that can be read as text, by name; what it borrows is not the curators'."""
    return only(folder, (name for name, _ in source.paths(folder, folder)))


def only(folder: Path, names: Iterable[str]) -> Texts:
    """These files, as far as they are there and are text; what is not is a fault of the folder, told by its check."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = (folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
    return found


def listing(name: str, text: str) -> Listing:
    """The file's items. Raises `EditRefused` when it cannot be read, or is not written one item below the other."""
    problems: list[Problem] = []
    node = source.node(name, text.encode(), problems)
    lines = lines_of(text)
    if problems:
        raise EditRefused(f"{problems[0]}. Mend the file first")
    if node is None:
        return Listing(name, tuple(lines), ())
    if not isinstance(node.value, list):
        raise EditRefused(f"{name} is no list of entries")
    firsts = [_first(name, item, lines) for item in node.value]
    ends = [*firsts[1:], len(lines)]
    if any(first >= end for first, end in zip(firsts, ends, strict=True)):
        raise EditRefused(f"{name} has two entries on one line: change it in an editor")
    found = zip(node.value, firsts, ends, strict=True)
    return Listing(name, tuple(lines), tuple(Item(n, first, _end(lines, first, end)) for n, first, end in found))


def found(texts: Texts, entry: str) -> tuple[Listing, Item]:
    """The entry in its file, also one of what is not ours. Raises `EditRefused` when no file has it."""
    names = re.compile(rf"id[\"']?\s*:\s*[\"']?{re.escape(entry)}(?![\w-])")  # a file is read in some ten milliseconds
    for name, text in texts.items():
        if is_of_entries(name) and names.search(text):
            listed = listing(name, text)
            for item in listed.items:
                if item.id == entry:
                    return listed, item
    raise EditRefused(f"there is no answer `{entry}` in the files any more")


def is_of_entries(name: str) -> bool:
    """Whether a file of that name holds entries."""
    return name.startswith(("faqs/", "programs/")) or name in ("contacts.yaml", "out_of_scope.yaml")


def others(text: str, name: str, entry: str) -> Mapping[str, object] | None:
    """What the file says beside the entry, by id; None when it cannot be read as it stands."""
    try:
        items = listing(name, text).items
    except EditRefused:
        return None
    return {item.id or str(at): item.node.plain() for at, item in enumerate(items) if item.id != entry}


def _first(name: str, item: Node, lines: Sequence[str]) -> int:
    """The line with the item's dash: its own or, when the fields begin below, one above."""
    for at in range(item.place.line - 1, -1, -1):
        if _DASH.match(lines[at]):
            return at
        if at < item.place.line - 1 and not _NOTHING.match(lines[at]):
            break
    raise EditRefused(f"{name} is written in one piece, not one entry below the other: change it in an editor")


def _end(lines: Sequence[str], first: int, end: int) -> int:
    """Where the item's own lines end: empty lines and comments before the next one are that one's."""
    dash = _DASH.match(lines[first])
    column = len(dash[1]) if dash else 0
    while end > first + 1:
        line = lines[end - 1]
        is_deeper = len(line) - len(line.lstrip(" ")) > column and line.strip()
        if is_deeper or not (_NOTHING.match(line) or line.startswith(_MARKS)):
            break
        end -= 1
    return end
