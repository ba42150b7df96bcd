"""An alert from outside made into the beginnings of a draft, and what a person must still write."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, Area, Content, Statement
from bot.core.cap_doubts import corners, doubts
from bot.core.cap_reader import Imported, ImportedInfo
from bot.core.topic import Alerting

UNTIL_SAID = timedelta(hours=6)  # the life of a draft whose alert names no end, until a person gives one
_MOST_WEB = 500  # characters of a link
_LONGEST_HAZARD = 300  # characters taken of a description that has no headline
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_GRAVE, _SOON = ("Extreme", "Severe"), ("Immediate", "Expected")
# CAP's categories are also ours, save the one whose name nobody here would know.
_CATEGORY = "Safety"


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The block taken for one of the department's languages; `others` are blocks of that language not taken."""

    info: ImportedInfo
    others: int


def drafted(imported: Imported, alerting: Alerting, now: datetime) -> tuple[Content, AdvisoryKind, tuple[str, ...]]:
    """The content as far as the alert tells it, whom it may address, and what a person must still look at or write.

    When it holds is left empty in every language: only a person can write it so that nobody misreads it. What
    is not said to be real, and for the public, becomes an exercise: it cannot reach a subscriber.
    """
    spoken = _spoken(imported.infos, alerting)
    infos = [each.info for each in spoken.values()] or list(imported.infos[:1])
    first = infos[0] if infos else ImportedInfo("", "")
    ends = [info.expires for info in infos if info.expires is not None]
    begins = [at for info in infos if (at := info.effective) is not None and at > now]
    category = next(iter(first.categories), _CATEGORY)
    content = Content(
        level=level_of(first),
        topic=_topic(category, alerting),
        event={language: _line(each.info.event) for language, each in spoken.items()},
        statements={language: _statement(each.info, imported) for language, each in spoken.items()},
        area=_area(spoken, first, alerting),
        expires_at=min(ends, default=now + UNTIL_SAID),
        category=category,
        effective_at=min(begins, default=None),
        web=_web(first.web or imported.link),
        original=imported.original,
    )
    is_for_the_public = imported.status == "Actual" and imported.scope == "Public"
    kind = AdvisoryKind.LIVE if is_for_the_public else AdvisoryKind.EXERCISE
    notes = [*_open(imported, spoken, alerting, content), *doubts(imported, now)]
    return content, kind, tuple(dict.fromkeys(notes))


def level_of(info: ImportedInfo) -> AdvisoryLevel:
    """What the alert asks of people, by its severity and urgency; a person may choose another."""
    if info.severity in _GRAVE and info.urgency in _SOON:
        return AdvisoryLevel.ALERT
    if info.severity == "Minor" and info.urgency not in _SOON:
        return AdvisoryLevel.COMMUNITY
    return AdvisoryLevel.ADVISORY


def _spoken(infos: Sequence[ImportedInfo], alerting: Alerting) -> dict[str, _Spoken]:
    """For each language of the department the first block in it: en-US and en-CA are both English."""
    found: dict[str, _Spoken] = {}
    for language in alerting.languages:
        mine = [info for info in infos if info.language.lower().partition("-")[0] == language]
        if mine:
            found[language] = _Spoken(mine[0], len(mine) - 1)
    return found


def _statement(info: ImportedInfo, imported: Imported) -> Statement:
    return Statement(
        source=_line(info.sender_name or imported.sender),
        hazard=_line(info.headline) or _beginning(info.description),
        place=_line("; ".join(area.description for area in info.areas)),
        time="",
        action=_line(info.instruction),
    )


def _area(spoken: Mapping[str, _Spoken], first: ImportedInfo, alerting: Alerting) -> Area:
    """The alert's own; without one the department's, as for everything that is written here."""
    described = {
        language: _line("; ".join(area.description for area in each.info.areas))
        for language, each in spoken.items()
        if each.info.areas
    }
    polygons = [polygon for area in first.areas for polygon in area.polygons]
    ring = corners(polygons[0]) if len(polygons) == 1 else None
    is_whole = ring is not None and len(ring) >= 4 and ring[0] == ring[-1]
    return Area(
        described or alerting.area.description,
        tuple(dict.fromkeys(code for area in first.areas for code in area.geocodes)),
        ring if ring is not None and is_whole else (),
    )


def _open(imported: Imported, spoken: Mapping[str, _Spoken], alerting: Alerting, content: Content) -> Iterator[str]:
    if imported.type in ("Update", "Cancel"):
        what = "updates" if imported.type == "Update" else "withdraws"
        about = " ".join(reference.split(",")[1] for reference in imported.references if "," in reference)
        yield f"it {what} an earlier alert ({about}): if that one is here, {imported.type.lower()} ours instead"
    elif imported.type in ("Ack", "Error"):
        yield f"it is an {imported.type} between systems: nothing for the public"
    if imported.status != "Actual":
        yield f"its status is {imported.status or 'not given'}: it can only be an exercise"
    for language in alerting.languages:
        if language not in spoken:
            yield f"{language}: it has no text in this language; write it"
            continue
        missing = ", ".join(content.statements[language].missing())
        yield f"{language}: write {missing}"
        if spoken[language].others:
            yield f"{language}: {spoken[language].others} more block(s) in this language stand in the original only"
    left = dict.fromkeys(i.language for i in imported.infos if i.language.lower().partition("-")[0] not in spoken)
    if left:
        yield f"not a language of the department, kept in the original only: {', '.join(left)}"
    if not content.topic:
        yield "choose its topic"
    if any(each.info.expires is None for each in spoken.values()):
        yield "give its end: without one it was set to six hours from now"
    ends = {each.info.expires for each in spoken.values()}
    if len(ends) > 1:
        yield "its languages expire at different times: the earliest was taken"
    for name, value in (pair for each in spoken.values() for pair in each.info.parameters):
        if name == "eventEndingTime":
            yield f"the danger itself ends at {_line(value)[:40]}"


def _topic(category: str, alerting: Alerting) -> str:
    """The topic that a template of the same category has, "" when none or several have."""
    topics = {template.topic for template in alerting.templates if template.category == category}
    return topics.pop() if len(topics) == 1 else ""


def _beginning(text: str) -> str:
    """As many whole sentences as fit, at least the first, cut where it must be."""
    told = ""
    for sentence in _SENTENCE.split(_line(text)):
        if told and len(told) + len(sentence) >= _LONGEST_HAZARD:
            break
        told = f"{told} {sentence}".strip()
    return told[:_LONGEST_HAZARD]


def _line(text: str) -> str:
    """The text without its line breaks: official texts are folded at 69 characters."""
    return " ".join(text.split())


def _web(link: str) -> str | None:
    is_fit = link.startswith(("https://", "http://")) and len(link) <= _MOST_WEB and not re.search(r"\s", link)
    return link if is_fit else None
