"""The examples of `emergency/examples`: messages by kind and level, what the net under the cues learns from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.core.emergency import Level
from bot.core.entry import Place
from bot.knowledge.faults import Faults
from bot.knowledge.source import Node, Sources

FOLDER = "emergency/examples/"

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
# A channel lets people write more, but nobody reads more in a review.
Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Messages = Annotated[list[Message], Field(min_length=1)]
ExamplesForm = dict[Kind, dict[Literal["emergency", "caution", "none"], Messages]]
"""One file: kind → level → messages. The kinds are those of the cues, and of what only looks like them."""


@dataclass(frozen=True, slots=True)
class Example:
    """A message as somebody typed it, the level it must get, and the kind that figures are told by."""

    text: str
    level: Level
    kind: str
    place: Place


def examples(sources: Sources, faults: Faults) -> tuple[Example, ...]:
    """Every example of the folder, in the order of its files; faults are noted, and their files left out."""
    found: list[Example] = []
    for name, node in sources.files.items():
        if name.startswith(FOLDER) and faults.form(ExamplesForm, node) is not None:
            found += _listed(node)
    _once(found, faults)
    return tuple(found)


def _listed(node: Node) -> Iterator[Example]:
    for kind, levels in _fields(node):
        for level, messages in _fields(levels):
            for item in messages.value if isinstance(messages.value, list) else ():
                yield Example(str(item.value).strip(), Level[level.upper()], kind, item.place)


def _fields(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, dict):
        yield from node.value.items()


def _once(found: list[Example], faults: Faults) -> None:
    """Note a message that stands twice with two levels: nothing can be learned from a contradiction."""
    first: dict[str, Example] = {}
    for example in found:
        if (same := first.setdefault(" ".join(example.text.casefold().split()), example)).level is not example.level:
            faults.add(
                example.place, f"is `{example.level.name.lower()}` here and `{same.level.name.lower()}` at {same.place}"
            )
