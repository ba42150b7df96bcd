"""An advisory as the Common Alerting Protocol 1.2 has it, and the list of them as Atom: what other systems read.

Times carry a numeric offset and no fractions, as the standard's examples and its validators want them ("Z" is refused
by some); text is plain, without characters that XML 1.0 forbids.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType
from bot.core.topic import Alerting

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"

# What staff choose is a level; CAP's urgency, severity and certainty follow from it (design of Nixle's three levels).
_GRADES: Mapping[AdvisoryLevel, tuple[str, str, str]] = {
    AdvisoryLevel.ALERT: ("Immediate", "Severe", "Observed"),
    AdvisoryLevel.ADVISORY: ("Expected", "Moderate", "Likely"),
    AdvisoryLevel.COMMUNITY: ("Future", "Minor", "Likely"),
}
_FORBIDDEN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_LONGEST_HEADLINE = 160  # characters: what CAP's text says a headline should keep to


def cap_xml(advisory: Advisory, thread: Iterable[Advisory], alerting: Alerting, zone: ZoneInfo, page: str) -> str:
    """The released advisory as a CAP alert. `thread` are the messages of its chain; `page` is where people read it.

    Raises ValueError for one that was never released: it has no time of sending.
    """
    sent = _sent(advisory, zone)
    alert = Element("alert", xmlns=CAP)
    is_live = advisory.kind is AdvisoryKind.LIVE
    _texts(
        alert,
        identifier=advisory.identifier,
        sender=alerting.sender,
        sent=sent,
        status="Actual" if is_live else "Exercise",
        msgType=advisory.type.value.capitalize(),
        scope="Public",
        note=None if is_live else "EXERCISE - EXERCISE - EXERCISE",
        references=_references(advisory, thread, alerting, zone),
    )
    for language in advisory.content.statements:
        _info(SubElement(alert, "info"), advisory, language, alerting, zone, page)
    return _written(alert)


def atom(advisories: Sequence[Advisory], titles: tuple[str, str], links: Mapping[str, str], zone: ZoneInfo) -> str:
    """The released advisories, the newest first, as an Atom feed in the language of `titles` (language, title).

    `links` has `self`, `home` and the start of each advisory's page, `page`. A feed of none is as old as the epoch.
    """
    language, title = titles
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    newest = max((a.released_at for a in advisories if a.released_at), default=datetime.fromtimestamp(0, UTC))
    _texts(feed, id=links["self"], title=title, updated=_moment(newest, zone))
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=links["self"])
    SubElement(feed, "link", rel="alternate", type="text/html", href=links["home"])
    author = SubElement(feed, "author")
    _texts(author, name=title)
    for advisory in advisories:
        _entry(SubElement(feed, "entry"), advisory, language, links["page"], zone)
    return _written(feed)


def headline(advisory: Advisory, language: str) -> str:
    """What it is and where, in one line. A withdrawal begins with its own first words, or it would read as an alert."""
    statement = advisory.content.statements[language]
    event = advisory.content.event.get(language) or statement.hazard
    event = event[:1].upper() + event[1:]
    line = f"{event}: {statement.place}" if statement.place else event
    if advisory.type is AdvisoryType.CANCEL and (opening := advisory.texts.get(language, "").partition("\n")[0]):
        line = f"{opening}. {line}"
    return line if len(line) <= _LONGEST_HEADLINE else line[: _LONGEST_HEADLINE - 1] + "…"


def _entry(entry: Element, advisory: Advisory, language: str, page: str, zone: ZoneInfo) -> None:
    content = advisory.content
    spoken = language if language in content.statements else next(iter(content.statements))
    sent = _sent(advisory, zone)
    where = page + advisory.identifier
    _texts(entry, id=where, title=headline(advisory, spoken), updated=sent, published=sent)
    SubElement(entry, "link", rel="alternate", type="text/html", href=where)
    SubElement(entry, "link", rel="related", type=CAP_TYPE, href=f"{where}.cap")
    SubElement(entry, "category", term=content.level.value)
    told = SubElement(entry, "content", {"type": "text", "xml:lang": spoken})
    told.text = _plain("\n\n".join(advisory.texts.values()))


def _info(info: Element, advisory: Advisory, language: str, alerting: Alerting, zone: ZoneInfo, page: str) -> None:
    content, statement = advisory.content, advisory.content.statements[language]
    urgency, severity, certainty = _GRADES[content.level]
    withdrawn = advisory.type is AdvisoryType.CANCEL
    told = " ".join(filter(None, (statement.hazard, statement.place, statement.time)))
    _texts(
        info,
        language=alerting.languages.get(language, language),
        category=content.category,
        event=content.event.get(language) or statement.hazard,
        urgency="Past" if withdrawn else urgency,
        severity=severity,
        certainty=certainty,
        effective=_moment(content.effective_at, zone) if content.effective_at else None,
        expires=_moment(content.expires_at, zone),
        senderName=statement.source,
        headline=headline(advisory, language),
        description=advisory.texts.get(language, told) if withdrawn else told,
        instruction=None if withdrawn else statement.action,
        web=content.web or page,
    )
    area = SubElement(info, "area")
    described = content.area.description
    _texts(area, areaDesc=described.get(language) or next(iter(described.values())))
    if content.area.polygon:
        _texts(area, polygon=" ".join(f"{lat:.5f},{lon:.5f}" for lat, lon in content.area.polygon))
    for name, value in content.area.geocodes:
        _texts(SubElement(area, "geocode"), valueName=name, value=value)


def _references(advisory: Advisory, thread: Iterable[Advisory], alerting: Alerting, zone: ZoneInfo) -> str | None:
    """Every earlier message of the chain that has not run out, and in any case the one just before.

    A message never names itself nor a later one.
    """
    if advisory.type is AdvisoryType.ALERT or advisory.released_at is None:
        return None
    mine = advisory.released_at
    sent = [
        (a.released_at, a) for a in thread if a.released_at and a.number < advisory.number and a.released_at <= mine
    ]
    earlier = [a for _, a in sorted(sent, key=lambda pair: (pair[0], pair[1].number))]
    named = [a for a in earlier if a.content.expires_at > mine or a is earlier[-1]]
    return " ".join(f"{alerting.sender},{a.identifier},{_sent(a, zone)}" for a in named) or None


def _sent(advisory: Advisory, zone: ZoneInfo) -> str:
    if advisory.released_at is None:
        raise ValueError(f"{advisory.identifier} was never released")
    return _moment(advisory.released_at, zone)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """With a numeric offset; UTC is -00:00, as CAP has it."""
    written = at.astimezone(zone).isoformat(timespec="seconds")
    return written.removesuffix("+00:00") + "-00:00" if written.endswith("+00:00") else written


def _texts(parent: Element, **texts: str | None) -> None:
    for name, text in texts.items():
        if text:
            SubElement(parent, name).text = _plain(text)


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("", text).strip()


def _written(root: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")
