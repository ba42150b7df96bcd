"""CAP 1.1 and 1.2 from others, in any of its wrappers, to values. A person decides what becomes of them.

The wrappers seen in the wild: a bare `alert`, a home-made list of them, Atom with the alert in its `content`, EDXL-DE
with up to 59 alerts, and Atom or RSS that only link: of those the title, text and link are kept, and that it is a part.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, tostring

from bot.core.xml_tree import XmlRefused, line_of, local, parsed

MOST_ALERTS = 200  # in one file; the largest seen in public held 59

_STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
_SCOPES = ("Public", "Restricted", "Private")
_CATEGORIES = ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE",
               "Other")  # fmt: skip
_URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
_SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
_CERTAINTY = ("Observed", "Likely", "Very Likely", "Possible", "Unlikely", "Unknown")  # CAP 1.0's second is still sent
_UNFIT = re.compile(r"[\s,<&]")  # what an identifier or a sender must not hold: `references` could not name it


class CapUnreadable(Exception):
    """The file cannot be taken; `problems` say what, where and how to mend each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class ImportedArea:
    """Where an alert holds: words, geocodes as (name, value), polygons and circles as they were written."""

    description: str
    geocodes: tuple[tuple[str, str], ...] = ()
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedInfo:
    """An alert in one language. Texts are as sent, "" where there was none; times None where there was none."""

    language: str
    event: str
    categories: tuple[str, ...] = ()
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    areas: tuple[ImportedArea, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """One alert from outside. `is_part`: only an index of it came, and `link` is where the whole is.

    `original` is the alert's own XML, every language and element of it.
    """

    identifier: str
    sender: str
    sent: datetime | None
    status: str
    type: str
    scope: str
    references: tuple[str, ...]
    infos: tuple[ImportedInfo, ...]
    note: str = ""
    link: str = ""
    is_part: bool = False
    original: str = field(default="", repr=False)


def read(data: bytes) -> tuple[Imported, ...]:
    """Every alert in the file. Raises `CapUnreadable` with all that is wrong; opens no file and no connection."""
    try:
        root = parsed(data)
    except XmlRefused as e:
        raise CapUnreadable((str(e),)) from e
    problems: list[str] = []
    alerts = list(_alerts(root))
    if len(alerts) > MOST_ALERTS:
        raise CapUnreadable((f"{len(alerts)} alerts in one file, and at most {MOST_ALERTS} are read: split it",))
    found = [_alert(each, problems) for each in alerts] or list(_linked(root))
    if not found:
        raise CapUnreadable(
            (f"line {line_of(root)}: `{local(root)}` holds no alert: a CAP alert, Atom, EDXL-DE or RSS is wanted",)
        )
    if problems:
        raise CapUnreadable(problems)
    return tuple(found)


def _alerts(element: Element) -> Iterator[Element]:
    """Alerts at any depth, none inside another."""
    if local(element) == "alert":
        yield element
        return
    for child in element:
        yield from _alerts(child)


def _alert(alert: Element, problems: list[str]) -> Imported:
    form = _Form(alert, problems)
    infos = tuple(_info(info, problems) for info in form.all("info"))
    kind = form.one_of("msgType", _TYPES)
    references = form.text("references")
    if kind in ("Update", "Cancel") and not references:
        form.fault("references", f"is missing: {kind} must name what it is about")
    for name in ("identifier", "sender"):
        if _UNFIT.search(form.text(name)):
            form.fault(name, "holds a space, comma, < or &: references could not name it")
    return Imported(
        identifier=form.needed("identifier"),
        sender=form.needed("sender"),
        sent=form.moment("sent", is_needed=True),
        status=form.one_of("status", _STATUS),
        type=kind,
        scope=form.one_of("scope", _SCOPES),
        references=tuple(references.split()),
        infos=infos,
        note=form.text("note"),
        original=tostring(alert, encoding="unicode"),
    )


def _info(info: Element, problems: list[str]) -> ImportedInfo:
    form = _Form(info, problems)
    return ImportedInfo(
        language=form.text("language") or "en-US",
        event=form.needed("event"),
        categories=tuple(form.listed("category", _CATEGORIES)),
        urgency=form.one_of("urgency", _URGENCY),
        severity=form.one_of("severity", _SEVERITY),
        certainty=form.one_of("certainty", _CERTAINTY),
        sender_name=form.text("senderName"),
        headline=form.text("headline"),
        description=form.text("description"),
        instruction=form.text("instruction"),
        web=form.text("web"),
        effective=form.moment("effective"),
        onset=form.moment("onset"),
        expires=form.moment("expires"),
        areas=tuple(_area(area, problems) for area in form.all("area")),
    )


def _area(area: Element, problems: list[str]) -> ImportedArea:
    form = _Form(area, problems)
    pairs = [_Form(code, problems) for code in form.all("geocode")]
    return ImportedArea(
        form.needed("areaDesc"),
        tuple((pair.text("valueName"), pair.text("value")) for pair in pairs),
        tuple(_words(each) for each in form.all("polygon")),
        tuple(_words(each) for each in form.all("circle")),
    )


def _linked(root: Element) -> Iterator[Imported]:
    """What an index tells of alerts that it only links to; elements of CAP in it (the old NWS feed) are kept."""
    for item in root.iter():
        if local(item) not in ("entry", "item"):
            continue
        form = _Form(item, [])
        links = [each.get("href") or _words(each) for each in form.all("link")]
        title, told = form.text("title"), form.text("summary") or form.text("description") or form.text("content")
        if not title and not told:
            continue
        areas = (ImportedArea(form.text("areaDesc")),) if form.text("areaDesc") else ()
        info = ImportedInfo(
            language="en-US",
            event=form.text("event") or title,
            categories=tuple(_words(each) for each in form.all("category") if _words(each) in _CATEGORIES),
            urgency=form.text("urgency") or "Unknown",
            severity=form.text("severity") or "Unknown",
            certainty=form.text("certainty") or "Unknown",
            headline=title,
            description=told,
            effective=form.moment("effective"),
            expires=form.moment("expires"),
            areas=areas,
        )
        yield Imported(
            identifier=form.text("id") or form.text("guid"),
            sender="",
            sent=form.moment("published") or form.moment("updated"),
            status=form.text("status") or "Actual",
            type=form.text("msgType") or "Alert",
            scope="Public",
            references=(),
            infos=(info,),
            link=next((link for link in links if link), ""),
            is_part=True,
            original=tostring(item, encoding="unicode"),
        )


class _Form:
    """The children of one element, read by name whatever their namespace; faults are collected, with their lines."""

    def __init__(self, element: Element, problems: list[str]) -> None:
        self._element, self._problems = element, problems

    def all(self, name: str) -> list[Element]:
        return [child for child in self._element if local(child) == name]

    def text(self, name: str) -> str:
        found = self.all(name)
        return _words(found[0]) if found else ""

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
        found = [_words(each) for each in self.all(name)]
        if not found or any(each not in allowed for each in found):
            self.fault(name, f"must be one or more of {', '.join(allowed)}")
        yield from found

    def moment(self, name: str, *, is_needed: bool = False) -> datetime | None:
        text = self.needed(name) if is_needed else self.text(name)
        if not text:
            return None
        at = _attempt(lambda: datetime.fromisoformat(text))
        if at is None or at.tzinfo is None:
            self.fault(name, "must be a time with its offset, such as 2026-11-24T18:00:00-05:00")
            return None
        return at

    def fault(self, name: str, what: str) -> None:
        at = next(iter(self.all(name)), self._element)
        self._problems.append(f"line {line_of(at)}: `{name}` in `{local(self._element)}` {what}")


def _attempt(read: Callable[[], datetime]) -> datetime | None:
    try:
        return read()
    except ValueError:
        return None


def _words(element: Element) -> str:
    return "".join(element.itertext()).strip()
