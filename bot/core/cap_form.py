"""The children of one element read as a form: by name whatever their namespace, faults collected with their lines."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from bot.core.xml_tree import line_of, local

MOST_PROBLEMS = 100  # told of one file; who mends a hundred reads it again
_LONGEST_NAME = 40  # characters of an element's name in a complaint
_YEARS = range(1990, 2200)  # of a message; at the ends of the calendar a change of zone overflows
_MAIL_DATE = re.compile(r"(?:\w{3}, )?(\d{1,2}) (\w{3}) (\d{4}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}|GMT|UTC?|Z)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Hopeless(Exception):
    """So much is wrong that nobody would read more of it."""


class Form:
    """What an element says under each name; `problems` takes what is wrong with it."""

    def __init__(self, element: Element, problems: list[str]) -> None:
        self._element, self._problems = element, problems
        self._found: dict[str, list[Element]] = {}
        for child in element:
            self._found.setdefault(local(child), []).append(child)

    def all(self, name: str) -> list[Element]:
        return self._found.get(name, [])

    def text(self, name: str) -> str:
        found = self.all(name)
        return words(found[0]) if found else ""

    def needed(self, name: str) -> str:
        text = self.text(name)
        if not text:
            self.fault(name, "is missing or empty")
        return text

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        text = self.text(name)
        if text not in allowed:
            self.fault(name, f"must be one of {', '.join(allowed)}")
        return text

    def listed(self, name: str, allowed: Sequence[str]) -> Iterator[str]:
        found = [words(each) for each in self.all(name)]
        if not found or any(each not in allowed for each in found):
            self.fault(name, f"must be one or more of {', '.join(allowed)}")
        yield from found

    def moment(self, name: str, *, is_needed: bool = False) -> datetime | None:
        text = self.needed(name) if is_needed else self.text(name)
        if not text:
            return None
        at = moment(text)
        if at is None:
            self.fault(name, "must be a time with its offset, such as 2026-11-24T18:00:00-05:00")
        return at

    def fault(self, name: str, what: str) -> None:
        """Note what is wrong with the child of that name, or with its absence. Raises `Hopeless` in the end."""
        at = next(iter(self.all(name)), self._element)
        self._problems.append(f"line {line_of(at)}: `{name}` in `{named(self._element)}` {what}")
        if len(self._problems) >= MOST_PROBLEMS:
            self._problems.append("and more")
            raise Hopeless


def moment(text: str) -> datetime | None:
    """The time with its offset, as CAP and Atom or as mail and RSS write it; None when it is not one."""
    try:
        if mail := _MAIL_DATE.fullmatch(text):
            day, month, year, clock, offset = mail.groups()
            offset = offset if offset[0] in "+-" else "+0000"
            text = f"{year}-{_MONTHS.index(month) + 1:02}-{day:0>2}T{clock}{offset}"
        at = datetime.fromisoformat(text)
        return at if at.tzinfo is not None and at.astimezone(UTC).year in _YEARS else None
    except (ValueError, OverflowError):
        return None


def named(element: Element) -> str:
    """The element's name as a complaint shows it."""
    return local(element)[:_LONGEST_NAME]


def words(element: Element) -> str:
    """All text in the element, whatever stands around it."""
    return "".join(element.itertext()).strip()
