"""CAP 1.1 and 1.2 from others, in any of its wrappers, to values. A person decides what becomes of them.

The wrappers seen in the wild: a bare `alert`, a home-made list of them, Atom with the alert in its `content` (as XML or
escaped to text), EDXL-DE with up to 59 alerts, and Atom or RSS that only link: of those the title, text and link are
kept, and that it is a part.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, tostring

from bot.core.cap_form import Form, Hopeless, named, words
from bot.core.xml_tree import MOST_ELEMENTS, XmlRefused, line_of, local, namespace, parsed

MOST_ALERTS = 200  # in one file; the largest seen in public held 59
MOST_INFOS = 200  # in one alert: a few languages, and in some countries a block for every region

_STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
_SCOPES = ("Public", "Restricted", "Private")
_CATEGORIES = ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE",
               "Other")  # fmt: skip
_URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
_SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
_CERTAINTY = ("Observed", "Likely", "Very Likely", "Possible", "Unlikely", "Unknown")  # CAP 1.0's second is still sent
_NAMESPACES = ("urn:oasis:names:tc:emergency:cap:", "http://www.incident.com/cap/")  # the second is CAP 1.0's
_HOLDERS = ("content", "description", "encoded", "summary")  # where feeds put an alert that was escaped to text
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
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
    contact: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """One alert from outside. `is_part`: only an index of it came, and `link` is where the whole is.

    `status` is "" when an index does not say it: nobody knows then whether it is a test. `original` is the alert's own
    XML, every language and element of it.
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
    reading = _Reading()
    try:
        root = parsed(data)
    except XmlRefused as e:
        raise CapUnreadable((str(e),)) from e
    found: list[Imported] = []
    with suppress(Hopeless):
        found.extend(reading.alerts(root))
    if not found and not reading.problems:
        what = "holds no alert: a CAP alert, Atom, EDXL-DE or RSS is wanted"
        raise CapUnreadable((f"line {line_of(root)}: `{named(root)}` {what}",))
    if reading.problems:
        raise CapUnreadable(reading.problems)
    return tuple(found)


class _Reading:
    """One file being read: what is wrong so far, and how much more of it may be read."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._alerts = 0
        self._elements = MOST_ELEMENTS

    def alerts(self, element: Element) -> Iterator[Imported]:
        """Alerts at any depth, none inside another; an index entry that holds none stands for its own."""
        if _is_alert(element):
            self._count(element)
            yield _alert(element, self.problems)
            return
        inside = [found for child in element for found in self.alerts(child)]
        if not inside and local(element) in ("entry", "item"):
            inside = list(self._escaped(element)) or list(_linked(element))
            for each in inside:
                if each.is_part:
                    self._count(element)
        yield from inside

    def _escaped(self, entry: Element) -> Iterator[Imported]:
        for holder in entry:
            text = words(holder) if local(holder) in _HOLDERS else ""
            if not text.startswith("<") or not any(each in text for each in _NAMESPACES):
                continue
            before = len(self.problems)
            try:
                root = parsed(_DECLARATION.sub("", text).encode(), self._elements)
                self._elements -= sum(1 for _ in root.iter())
                yield from self.alerts(root)
            except XmlRefused as e:
                self.problems.append(str(e))
            finally:
                at = f"line {line_of(holder)}, inside: "
                self.problems[before:] = [at + problem for problem in self.problems[before:]]

    def _count(self, element: Element) -> None:
        self._alerts += 1
        if self._alerts > MOST_ALERTS:
            raise CapUnreadable((f"line {line_of(element)}: more than {MOST_ALERTS} alerts in one file: split it",))


def _is_alert(element: Element) -> bool:
    spoken = namespace(element)
    return local(element) == "alert" and (not spoken or spoken.startswith(_NAMESPACES))


def _alert(alert: Element, problems: list[str]) -> Imported:
    form = Form(alert, problems)
    if len(form.all("info")) > MOST_INFOS:
        form.fault("info", f"stands more than {MOST_INFOS} times in one alert")
    infos = tuple(_info(info, problems) for info in form.all("info")[:MOST_INFOS])
    kind = form.one_of("msgType", _TYPES)
    references = form.text("references")
    if kind in _TYPES[1:] and not references:
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
        original=_original(alert),
    )


def _info(info: Element, problems: list[str]) -> ImportedInfo:
    form = Form(info, problems)
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
        contact=form.text("contact"),
        parameters=_pairs(form.all("parameter")),
    )


def _area(area: Element, problems: list[str]) -> ImportedArea:
    form = Form(area, problems)
    return ImportedArea(
        form.needed("areaDesc"),
        _pairs(form.all("geocode")),
        tuple(words(each) for each in form.all("polygon")),
        tuple(words(each) for each in form.all("circle")),
    )


def _pairs(elements: Sequence[Element]) -> tuple[tuple[str, str], ...]:
    forms = (Form(each, []) for each in elements)
    return tuple((form.text("valueName"), form.text("value")) for form in forms)


def _linked(item: Element) -> Iterator[Imported]:
    """What an index tells of an alert that it only links to; elements of CAP in it (the old NWS feed) are kept."""
    form = Form(item, [])
    links = [each.get("href") or words(each) for each in form.all("link")]
    title, told = form.text("title"), form.text("summary") or form.text("description") or form.text("content")
    if not title and not told:
        return
    areas = (ImportedArea(form.text("areaDesc")),) if form.text("areaDesc") else ()
    info = ImportedInfo(
        language="en-US",
        event=form.text("event") or title,
        categories=tuple(words(each) for each in form.all("category") if words(each) in _CATEGORIES),
        urgency=_among(form.text("urgency"), _URGENCY),
        severity=_among(form.text("severity"), _SEVERITY),
        certainty=_among(form.text("certainty"), _CERTAINTY),
        headline=title,
        description=told,
        effective=form.moment("effective"),
        expires=form.moment("expires"),
        areas=areas,
    )
    status, kind = form.text("status"), form.text("msgType")
    yield Imported(
        identifier=form.text("identifier") or form.text("id") or form.text("guid"),
        sender="",
        sent=form.moment("sent") or form.moment("published") or form.moment("updated") or form.moment("pubDate"),
        status=status if status in _STATUS else "",
        type=kind if kind in _TYPES else "Alert",
        scope="Public",
        references=(),
        infos=(info,),
        link=next((link for link in links if link), ""),
        is_part=True,
        original=_original(item),
    )


def _original(element: Element) -> str:
    element.tail = None  # what stands behind it is not its own
    return tostring(element, encoding="unicode")


def _among(text: str, allowed: Sequence[str]) -> str:
    return text if text in allowed else "Unknown"
