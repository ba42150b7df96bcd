"""YAML files to Nodes that remember file and line. What a curator saves is untrusted input: small, shallow, plain."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Mapping
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
BORROWED = ("emergency", "phrases.yaml", "topics.yaml", "department.yaml")
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
        if (read_as := node(name, content, problems)) is not None:
            files[name] = read_as
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


def node(name: str, content: bytes, problems: list[Problem]) -> Node | None:
    """One file's content as a node; None, with every problem added to those given, when it cannot be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = content.count(b"\n", 0, e.start) + 1
        problems.append(Problem(Place(name, line), "is not UTF-8 text here: save the file as UTF-8"))
        return None
    found: list[Problem] = []
    try:
        read = _Reader(name, text).document(found)
    except KnowledgeInvalid as e:
        problems += e.problems
        return None
    except yaml.YAMLError as e:
        mark: yaml.Mark | None = getattr(e, "problem_mark", None)
        what = getattr(e, "problem", None) or "cannot be read"
        place = Place(name, mark.line + 1 if mark else _unprintable(text))
        problems.append(Problem(place, f"not YAML: {what}: check indentation, colons and quotes here and just above"))
        return None
    problems += found[:_MOST_TOLD]
    if more := found[_MOST_TOLD:]:
        problems.append(Problem(more[0].place, f"{len(more)} more from here on: mend the ones above first"))
    return read


def shown(name: str) -> str:
    """A name from a file as a terminal may show it: not a megabyte, nothing that turns the line around."""
    plain = name if name.isprintable() else ascii(name)[1:-1]
    return plain if len(plain) <= 60 else f"{plain[:60]}…"


def _unprintable(text: str) -> int:
    """The line of the first character YAML forbids; 1 when none is found."""
    found = _FORBIDDEN.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


class _Reader:
    """The events of a file to nodes. Whatever no file of ours may have raises `KnowledgeInvalid` where it stands."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._count, self._depth = name, 0, 0
        self._event: Callable[[], Any] = yaml.CBaseLoader(text).get_event
        self._places: dict[int, Place] = {}  # by line: a field and its value share one

    def document(self, problems: list[Problem]) -> Node | None:
        """The one document of the file; None when it is empty."""
        self._next()  # the stream starts
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), Place(self._name, 1), problems)
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                told = "not YAML of one document: take out the line `---` here, or what stands under it"
                raise self._refused(event, told)
        return node

    def _next(self) -> yaml.Event:
        event: yaml.Event = self._event()
        if self._count > _MOST_EVENTS:
            raise self._refused(event, f"more than {_MOST_EVENTS:,} values, lists and fields in one file: split it")
        self._count += 1
        if type(event) is yaml.ScalarEvent and event.anchor is None and event.tag is None:
            return event  # as nearly all are
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            if self._depth > _MOST_DEPTH:
                raise self._refused(event, f"nested deeper than {_MOST_DEPTH} levels: no form needs that")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if getattr(event, "anchor", None):  # which an alias has too
            told = "anchors and aliases (& and *) are not allowed: write the text out, or quote it"
            raise self._refused(event, told)
        if isinstance(event, yaml.NodeEvent) and (tag := getattr(event, "tag", None)):
            raise self._refused(event, f"tags ({shown(tag)}) are not allowed: write plain text, or quote it")
        return event

    def _node(self, event: yaml.Event, place: Place, problems: list[Problem]) -> Node:
        """The value that begins with this event; of the events all that belong to it are taken."""
        if isinstance(event, yaml.ScalarEvent):
            bare_null = not event.style and event.value in _NULLS
            return Node(None if bare_null else event.value, place)
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self._fields(problems), place)
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, self._place(event), problems))
        return Node(items, place)

    def _fields(self, problems: list[Problem]) -> dict[str, Node]:
        fields: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place, unread = self._place(event), list[Problem]()
            key = self._node(event, place, unread).value
            if key is None:
                key = getattr(event, "value", "")  # a bare null is a word here
            if not isinstance(key, str):
                problems.append(Problem(place, "a key must be a word"))
            elif key == "<<":
                problems.append(Problem(place, "merge keys (<<) are not allowed: write the fields out"))
            elif key in fields:
                line = fields[key].place.line
                problems.append(Problem(place, f"`{shown(key)}` stands twice (first in line {line}): keep one"))
            else:
                fields[key] = self._node(self._next(), place, problems)
                continue
            self._node(self._next(), place, unread)  # of what is refused nothing more is told
        return fields

    def _place(self, event: yaml.Event) -> Place:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if (place := self._places.get(line)) is None:
            place = self._places[line] = Place(self._name, line)
        return place

    def _refused(self, event: yaml.Event, told: str) -> KnowledgeInvalid:
        return KnowledgeInvalid((Problem(self._place(event), told),))
