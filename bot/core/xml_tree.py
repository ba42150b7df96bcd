"""XML from strangers to a tree: no document type, no entities, bounded in size, depth and number of elements."""

import codecs
from typing import Final
from xml.etree.ElementTree import Element
from xml.parsers import expat

LARGEST: Final = 2_000_000  # bytes; the largest real collection of alerts seen has less than a quarter of that
DEEPEST: Final = 40  # elements inside one another; CAP in EDXL-DE in a feed needs twelve
MOST_ELEMENTS: Final = 30_000  # the most alerts that are read, a hundred and fifty elements each
MOST_ATTRIBUTES: Final = 64  # of one element; CAP has none, Atom and signatures have three

# Expat knows the first four by itself. Of any other it asks Python, which looks in its files for a module of that name:
# the one that older Windows writes is looked up here, once, so that reading a stranger's file opens none.
_ENCODINGS: Final = ("utf-8", "utf-16", "iso-8859-1", "us-ascii", "windows-1252")
codecs.lookup(_ENCODINGS[-1])


class XmlRefused(Exception):
    """Not XML, or more of it than is read; the text says what and in which line."""


class Node(Element):
    """An element that knows in which line it began."""

    line = 0


def parsed(data: bytes, most: int = MOST_ELEMENTS) -> Element:
    """The root element; names stand in braces after their namespace. Raises `XmlRefused`, and nothing else."""
    if len(data) > LARGEST:
        raise XmlRefused(f"line 1: the file has {len(data):,} bytes, and at most {LARGEST:,} are read: split it")
    reader = _Reader(most)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as e:
        raise XmlRefused(f"line {e.lineno}: not well-formed XML: {expat.errors.messages[e.code]}") from None
    except (LookupError, ValueError):
        raise XmlRefused("line 1: its encoding is not one that is read: save it as UTF-8") from None
    if reader.root is None:
        raise XmlRefused("line 1: the file is empty")
    return reader.root


def line_of(element: Element) -> int:
    """The line the element began in; 0 when it was not read from a file."""
    return element.line if isinstance(element, Node) else 0


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """The namespace of the element's name, "" for none."""
    return str(element.tag).rpartition("}")[0].removeprefix("{")


class _Reader:
    """Builds the tree from expat's calls. A document type ends it at once: before any entity could be declared."""

    def __init__(self, most: int) -> None:
        self.root: Node | None = None
        self._most = most
        self._open: list[Node] = []
        self._pieces: list[str] = []  # of text: joined once, or a comment after every letter would cost the square
        self._count = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._pieces.append

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise XmlRefused("line 1: its encoding is not one that is read: save it as UTF-8")

    def _doctype(self, *_declared: object) -> None:
        raise XmlRefused(f"line {self.parser.CurrentLineNumber}: a document type (DOCTYPE) is never read: remove it")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._told()
        self._count += 1
        line = self.parser.CurrentLineNumber
        if len(self._open) >= DEEPEST:
            raise XmlRefused(f"line {line}: more than {DEEPEST} elements inside one another")
        if self._count > self._most:
            raise XmlRefused(f"line {line}: more than {MOST_ELEMENTS:,} elements: split the file")
        if len(attributes) > MOST_ATTRIBUTES:
            raise XmlRefused(f"line {line}: more than {MOST_ATTRIBUTES} attributes in one element")
        node = Node(_named(name), {_named(key): value for key, value in attributes.items()})
        node.line = line
        if self._open:
            self._open[-1].append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._told()
        self._open.pop()

    def _told(self) -> None:
        """Hang the text read so far where it belongs: behind the last child, or before the first."""
        if not self._pieces:
            return
        parent, text = self._open[-1], "".join(self._pieces)
        self._pieces.clear()
        if len(parent):
            parent[-1].tail = text
        else:
            parent.text = text


def _named(name: str) -> str:
    return "{" + name if "}" in name else name
