"""A staff draft: what is to become of which files, made from which state of them. Nothing here reads or writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Texts = Mapping[str, str]
"""The folder's own files by name, as `faqs/streets.yaml`, each as it is written, line ends and all."""


class EditRefused(Exception):
    """This cannot be done to the files as they are; the text tells the person why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file. `before` None: there was no such file; `after` None: it is taken away."""

    file: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """Changes to files that belong together. `closes` is the group of questions it answers, None: none.

    `what` goes into the history and the audit log, so it names entries and never quotes a resident. `undoes` are the
    numbers in the history of what it takes back, by file.
    """

    id: str
    who: str
    what: str
    subject: str
    made_at: datetime
    changes: tuple[Change, ...]
    closes: int | None = None
    undoes: Mapping[str, int] = field(default_factory=dict)


def changes(before: Texts, after: Texts) -> tuple[Change, ...]:
    """The files that differ, in the order of `after`: what is built first is written first."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(Change(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n))
