"""Gaps filled by staff: a template and a few typed values become an advisory in every language at once."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.advisory import Area, Content, Statement
from bot.core.entry import Phrases
from bot.core.moment import FORM, MomentUnclear, in_words, moment
from bot.core.problem import NotReady, Problem
from bot.core.text import fold
from bot.core.topic import Slot, SlotKind, Template

LONGEST_NAME = 120  # characters: a street and its cross streets; more belongs into a text written by hand
_NUMBER = re.compile(r"\d{1,9}")
_GAP = re.compile(r"\{([a-z0-9_-]+)\}")
_LOOSE = re.compile(r"\s+([.,;:!?])")


def filled(
    template: Template,
    typed: Mapping[str, str],
    *,
    area: Area,
    phrases: Phrases,
    zone: ZoneInfo,
    now: datetime,
    expires_at: datetime | None = None,
    web: str | None = None,
) -> Content:
    """The advisory in every language that the template is written in. Raises `NotReady` with every fault of a slot.

    Without an expiry it lasts until the last moment that it names; when none is to come, as long as the template says.
    """
    known = [slot.id for slot in template.slots]
    problems = [
        Problem(name, f"`{template.id}` has no such gap", f"it has {', '.join(known) or 'none'}")
        for name in typed
        if name not in known
    ]
    moments: list[datetime] = []
    words: dict[str, Mapping[str, str]] = {}
    languages = tuple(template.statements)
    for slot in template.slots:
        try:
            words[slot.id] = _words(slot, typed.get(slot.id, ""), languages, phrases, zone, moments)
        except _Unfit as e:
            problems.append(Problem(slot.id, str(e), e.mend))
    if problems:
        raise NotReady(problems)
    return Content(
        level=template.level,
        topic=template.topic,
        event=template.event,
        statements={
            language: Statement(*(_with(getattr(statement, each.name), words, language) for each in fields(statement)))
            for language, statement in template.statements.items()
        },
        area=area,
        expires_at=expires_at or max((at for at in moments if at > now), default=now + template.lasts),
        category=template.category,
        web=web,
        template=template.id,
        slots={name: " ".join(typed[name].split()) for name in known if typed.get(name, "").strip()},
    )


def unfilled(text: str) -> tuple[str, ...]:
    """Names of the gaps that nobody has filled."""
    return tuple(_GAP.findall(text))


class _Unfit(Exception):
    """A typed value that does not fit its gap."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


def _words(
    slot: Slot,
    typed: str,
    languages: tuple[str, ...],
    phrases: Phrases,
    zone: ZoneInfo,
    moments: list[datetime],
) -> Mapping[str, str]:
    """What stands in the gap, by language; every moment is also put to the list."""
    typed = unicodedata.normalize("NFC", typed.strip())
    if not typed:
        if slot.is_optional:
            return dict.fromkeys(languages, "")
        label = slot.labels.get("en") or next(iter(slot.labels.values()), slot.id)
        raise _Unfit("nothing typed", f"give {label} as {slot.id}={_example(slot)}")
    match slot.kind:
        case SlotKind.NAME:
            name = _name(typed)
            return dict.fromkeys(languages, name)
        case SlotKind.NUMBER:
            if not _NUMBER.fullmatch(typed):
                raise _Unfit("not a number", "type digits only, at most nine")
            return dict.fromkeys(languages, str(int(typed)))
        case SlotKind.MOMENT:
            try:
                at = moment(typed, zone)
            except MomentUnclear as e:
                raise _Unfit("not a clear moment", str(e)) from e
            moments.append(at)
            return {language: in_words(at, language, phrases) for language in languages}
        case SlotKind.CHOICE:
            return _choice(slot, typed, languages)


def _name(typed: str) -> str:
    if len(typed.splitlines()) > 1 or any(unicodedata.category(character)[0] == "C" for character in typed):
        raise _Unfit("more than plain words on one line", "type it on one line, without tabs or hidden marks")
    if set(typed) & set("{}<>"):
        raise _Unfit("a brace or an angle bracket in it", "leave { } < > out")
    name = " ".join(typed.split())
    if len(name) > LONGEST_NAME:
        raise _Unfit(f"{len(name)} characters", f"at most {LONGEST_NAME}: name the place, not the story")
    return name


def _choice(slot: Slot, typed: str, languages: tuple[str, ...]) -> Mapping[str, str]:
    asked = fold(typed).line
    for name, words in slot.choices.items():
        if asked in (fold(name).line, *(fold(word).line for word in words.values())):
            return {language: words.get(language) or next(iter(words.values())) for language in languages}
    raise _Unfit("not one of the choices", f"choose {' | '.join(slot.choices)}")


def _example(slot: Slot) -> str:
    match slot.kind:
        case SlotKind.MOMENT:
            return f'"{FORM}"'
        case SlotKind.NUMBER:
            return "3"
        case SlotKind.CHOICE:
            return "|".join(slot.choices)
        case SlotKind.NAME:
            return '"..."'


def _with(text: str, words: Mapping[str, Mapping[str, str]], language: str) -> str:
    """The text with its gaps filled, in one pass: what stands in one gap is never read as another."""
    told = _GAP.sub(lambda gap: words[gap[1]][language] if gap[1] in words else gap[0], text)
    return "\n".join(_tidy(told))


def _tidy(text: str) -> Iterator[str]:
    """Lines without the holes that an empty gap leaves."""
    yield from (_LOOSE.sub(r"\1", " ".join(line.split())) for line in text.strip().splitlines())
