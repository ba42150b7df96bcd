"""YAML files to Nodes that remember file and line. What a curator saves is untrusted input: small, shallow, plain."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.core.entry import Place
from bot.knowledge.about import About

_MOST_BYTES = 2 * 1024 * 1024  # a thousand entries in three languages are half of it
_MOST_EVENTS = 15_000  # a tenth of a second of reading; our longest file has a third of it
_MOST_FILES = 500
_MOST_DEPTH = 20  # the forms need six; without a limit 30,000 open brackets crash the process
_MOST_TOLD = 50  # problems of one file; who mends fifty looks again
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by YAML
_NULLS = ("", "~", "null", "Null", "NULL")

# What a folder may leave out; the project's own is used then. Entries and questions never come from there.
BORROWED = ("emergency", "phrases.yaml", "department.yaml")
OWN = ("faqs", "programs", "contacts.yaml", "out_of_scope.yaml", "questions", "facts.yaml")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file: where, and how to mend it. Only a fault keeps the folder from going live.

    `about` is the heading of a finding; None for a fault.
    """

    place: Place
    text: str
    is_fault: bool = True
    about: About | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class KnowledgeInvalid(Exception):
    """The folder cannot go live. `problems` holds every fault, each with its place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file with its place: text, None for a bare null, a list or a mapping of Nodes."""

    value: "str | list[Node] | dict[str, Node] | None"
    place: Place

    def plain(self) -> Any:
        """The value without its places."""
        match self.value:
            case list(items):
                return [item.plain() for item in items]
            case dict(fields):
                return {key: node.plain() for key, node in fields.items()}
            case scalar:
                return scalar

    def at(self, path: tuple[int | str, ...]) -> "Node":
        """The Node at the end of the path, or the last one on the way that exists."""
        here = self
        for step in path:
            match here.value:
                case dict(fields) if step in fields:
                    here = fields[str(step)]
                case list(items) if isinstance(step, int) and step < len(items):
                    here = items[step]
        return here


@dataclass(frozen=True, slots=True)
class Sources:
    """All files of a knowledge folder as read at one moment."""

    files: Mapping[str, Node]
    problems: tuple[Problem, ...]
    revision: str
    stamp: tuple[object, ...] = field(repr=False)
    contents: Mapping[str, bytes] = field(repr=False)  # as read: what a copy must hold


def paths(folder: Path, shipped: Path) -> tuple[tuple[str, Path], ...]:
    """Every file that makes up the knowledge, named as problems name it, in a fixed order."""
    found: list[tuple[str, Path]] = []
    for part in (*BORROWED, *OWN):
        # A link that leads nowhere stands there too: it must be told, not pass for a file that was left out.
        home = folder if part in OWN or os.path.lexists(folder / part) else shipped
        place = home / part
        if part.endswith(".yaml"):
            found += [(part, place)] if os.path.lexists(place) else []
        elif place.is_dir():
            inside = sorted(path for path in place.rglob("*.y*ml") if not path.name.startswith("."))
            found += [(path.relative_to(home).as_posix(), path) for path in inside]
    return tuple(found)


def stamp(folder: Path, shipped: Path) -> tuple[object, ...]:
    """Changes whenever a file of the folder does; cheap enough to be taken every second."""

    def one(path: Path) -> tuple[int, ...]:
        try:
            status = path.stat()
        except OSError:
            return ()
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    return tuple((name, one(path)) for name, path in paths(folder, shipped))


def read(folder: Path, shipped: Path) -> Sources:
    """Read the folder, and from the shipped one what it may leave out. Faults are returned, not raised."""
    before = stamp(folder, shipped)
    files: dict[str, Node] = {}
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    if not folder.is_dir():
        problems.append(
            Problem(Place(".", 1), "the knowledge folder is not there: look at --knowledge or BOT_KNOWLEDGE")
        )
    digest = hashlib.sha256()
    known = paths(folder, shipped)
    if len(known) > _MOST_FILES:
        problems.append(
            Problem(Place(".", 1), f"{len(known)} files; at most {_MOST_FILES} are read: join some of them")
        )
        known = known[:_MOST_FILES]
    for name, path in known:
        if not name.isprintable():
            problems.append(Problem(Place(shown(name), 1), "has a name that cannot be shown: use plain letters"))
            continue
        if path.suffix != ".yaml":
            told = "is not read: rename it to end in `.yaml`"
            problems.append(Problem(Place(name, 1), told, is_fault=False, about=About.FILE))
            continue
        content = contents[name] = _content(name, path, problems)
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + content + b"\0")
        if (node := _node(name, content, problems)) is not None:
            files[name] = node
    return Sources(files, tuple(problems), digest.hexdigest()[:12], before, contents)


def _content(name: str, path: Path, problems: list[Problem]) -> bytes:
    """The file's bytes; none, with the reason noted, when it cannot be used.

    It is opened once and asked afterwards: between two looks a name may come to mean a pipe, which would be waited for.
    """

    def at_once(path: str, flags: int) -> int:
        return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

    try:
        with open(path, "rb", opener=at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise IsADirectoryError
            content = b"" if status.st_size > _MOST_BYTES else file.read(_MOST_BYTES + 1)
            size = max(status.st_size, len(content))  # it may have grown since
    except IsADirectoryError:
        problems.append(Problem(Place(name, 1), "is not a regular file: put the file itself here"))
        return b""
    except OSError as e:
        problems.append(Problem(Place(name, 1), f"cannot be opened ({e.strerror or type(e).__name__})"))
        return b""
    if size > _MOST_BYTES:
        problems.append(Problem(Place(name, 1), f"{size:,} bytes; a file may have {_MOST_BYTES:,}: split it"))
        return b""
    return content


def _node(name: str, content: bytes, problems: list[Problem]) -> Node | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = content.count(b"\n", 0, e.start) + 1
        problems.append(Problem(Place(name, line), "is not UTF-8 text here: save the file as UTF-8"))
        return None
    try:
        if refused := _refused(name, text):
            problems.append(refused)
            return None
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as e:
        mark: yaml.Mark | None = getattr(e, "problem_mark", None)
        what = getattr(e, "problem", None) or "cannot be read"
        place = Place(name, mark.line + 1 if mark else _unprintable(text))
        problems.append(Problem(place, f"not YAML: {what}: check indentation, colons and quotes here and just above"))
        return None
    if root is None:
        return None
    found: list[Problem] = []
    converted = _converted(root, name, Place(name, 1), found)
    problems += found[:_MOST_TOLD]
    if more := found[_MOST_TOLD:]:
        problems.append(Problem(more[0].place, f"{len(more)} more from here on: mend the ones above first"))
    return converted


def shown(name: str) -> str:
    """A name from a file as a terminal may show it: not a megabyte, nothing that turns the line around."""
    plain = name if name.isprintable() else ascii(name)[1:-1]
    return plain if len(plain) <= 60 else f"{plain[:60]}…"


def _unprintable(text: str) -> int:
    """The line of the first character YAML forbids; 1 when none is found."""
    found = _FORBIDDEN.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _refused(name: str, text: str) -> Problem | None:
    def problem(event: yaml.Event, told: str) -> Problem:
        return Problem(Place(name, event.start_mark.line + 1 if event.start_mark else 1), told)

    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CBaseLoader)):
        if count > _MOST_EVENTS:
            return problem(event, f"more than {_MOST_EVENTS:,} values, lists and fields in one file: split it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MOST_DEPTH:
                return problem(event, f"nested deeper than {_MOST_DEPTH} levels: no form needs that")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return problem(event, "anchors and aliases (& and *) are not allowed: write the text out, or quote it")
        if tag := getattr(event, "tag", None):
            return problem(event, f"tags ({shown(tag)}) are not allowed: write plain text, or quote it")
    return None


def _converted(node: yaml.Node, name: str, place: Place, problems: list[Problem]) -> Node:
    match node:
        case yaml.ScalarNode():
            bare_null = not node.style and node.value in _NULLS
            return Node(None if bare_null else node.value, place)
        case yaml.SequenceNode():
            return Node([_converted(item, name, _place(name, item), problems) for item in node.value], place)
        case yaml.MappingNode():
            return Node(dict(_fields(node, name, problems)), place)
    raise TypeError(f"YAML has three kinds of node, not {type(node).__name__}")


def _fields(node: yaml.MappingNode, name: str, problems: list[Problem]) -> Iterator[tuple[str, Node]]:
    first: dict[str, Place] = {}
    for key, value in node.value:
        place = _place(name, key)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(place, "a key must be a word"))
        elif key.value == "<<":
            problems.append(Problem(place, "merge keys (<<) are not allowed: write the fields out"))
        elif key.value in first:
            problems.append(
                Problem(place, f"`{shown(key.value)}` stands twice (first in line {first[key.value].line}): keep one")
            )
        else:
            first[key.value] = place
            yield key.value, _converted(value, name, place, problems)


def _place(name: str, node: yaml.Node) -> Place:
    return Place(name, node.start_mark.line + 1 if node.start_mark else 1)
