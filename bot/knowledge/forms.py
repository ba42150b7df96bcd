"""The YAML forms as pydantic models: what a file may hold. `schema` checks with them; editors get their JSON Schema."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

_DURATION = re.compile(r"([0-9]{1,4}) (day|week|month|year)s?\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LONGEST_REVIEW = 3650  # days
# Control and format characters: what turns the line around or hides a word. Line ends, and what joins emoji, are kept.
_CONTROLS = ("Cc", "Cf", "Cs", "Zl", "Zp")
_KEPT_CONTROLS = "\n\t\u200d"
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def _duration(text: Any) -> timedelta:
    found = _DURATION.match(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("write a number and a unit, such as `180 days`")
    days = int(found[1]) * _DAYS[found[2]]
    if days > _LONGEST_REVIEW:
        raise ValueError("must be at most ten years")
    return timedelta(days=days)


def _day(text: Any) -> date:
    try:
        day = date.fromisoformat(text if _DAY.match(text) else "")  # it would also take 20261122 and 2026-W47-7
    except (TypeError, ValueError):
        raise ValueError("write a day as year-month-day, such as `2026-11-22`") from None
    if not 2000 <= day.year < 2100:
        raise ValueError("must lie between 2000 and 2099")
    return day


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone; write one such as `America/New_York`") from None
    return text


def _without_control(text: str) -> str:
    # Of a text that Python would print as it is, line ends aside, nothing need be looked at.
    for character in () if text.replace("\n", "").isprintable() else text:
        if character not in _KEPT_CONTROLS and unicodedata.category(character) in _CONTROLS:
            raise ValueError(f"holds a control character that no screen shows (U+{ord(character):04X}): type it anew")
    return text


def _flag(text: Any) -> bool:
    if text not in ("true", "false"):
        raise ValueError("write `true` or `false`")
    return bool(text == "true")


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_without_control)
]
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=6000), AfterValidator(_without_control)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+\.[^\s]+$", max_length=500)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,4} (day|week|month|year)s?$", "examples": ["180 days"]}),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-22"]}),
]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Languages = Annotated[dict[Code, Prose], Field(min_length=1)]


class Form(BaseModel):
    """Every form refuses what it does not know: a misspelt key must not pass in silence."""

    # The lines under the fields are what an editor shows about them.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SourceForm(Form):
    """The page an answer rests on."""

    title: Line
    """Whose page it is and what it is called, as a resident reads it."""
    url: Url
    """The page that was read, not one that should say it."""


class WordingForm(Form):
    """An entry in one language."""

    title: Line
    """Short; its first 20 letters tell it from all others."""
    asks: list[Line]
    """How residents say it: 15 to 20 different ways, small letters are fine."""
    answer: Prose | None
    """The useful thing first, 40 to 120 words, steps as a list. null: the department has not said."""
    who: Prose | None = None
    """Of a program: whom it is for."""
    when: Prose | None = None
    """Of a program: when it takes place."""
    where: Prose | None = None
    """Of a program: where it takes place."""
    join: Prose | None = None
    """Of a program: how to join."""
    translates: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None
    """Names the original answer this was translated from; `danbury-bot check` tells the right one."""
    approved_by: Line | None = None
    """Who has read and signed this translation."""


class ChannelForm(Form):
    """A way to reach a desk."""

    kind: Literal["phone", "address", "email", "url", "hours"]
    value: Line | Languages | None
    """One text, or one for each language. null: not confirmed, so not shown."""


class EntryForm(Form):
    """An entry of any kind. A language (`en`, `es`, `pt`) is a key beside the others."""

    id: Slug
    """Never changes: links and figures use it."""
    wordings: Annotated[dict[Code, WordingForm], Field(min_length=1)]
    risk: Literal["low", "high"] = "low"
    """high: fees, deadlines, legal steps. The bot must be surer, and does not show it when its review is overdue."""
    owner: Line | None = None
    """Who keeps it right: a desk, not a person."""
    checked_on: Day | None = None
    """The day somebody compared it with the source."""
    review_every: Duration | None = None
    """After that the bot says that it is due."""
    source: SourceForm | None = None
    related: list[Slug] = []
    """Other entries, offered as buttons under the answer."""
    channels: list[ChannelForm] = []
    """Of a contact: phone, address, email, url, hours."""
    crisis: Flag = False
    """true: who asks this may be in distress. They are not asked whether it helped, and such questions are not kept."""


class DepartmentForm(Form):
    """Whose bot this is."""

    name: Languages
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    """Such as America/New_York."""
    languages: Annotated[list[Code], Field(min_length=1)]
    """The first one is used when nobody can tell which a resident wants."""
    links: dict[Slug, Url] = {}
    """Pages of the department; `website` is where official answers are published."""
    own_places: list[Line] = []
    """Names of the town: a message that has one is about it, whatever other place it names."""
    other_places: list[Line] = []
    """Towns, states and countries a resident may ask about that the department must not answer for."""


class PhrasesForm(Form):
    """The bot's own sentences, and what people type for its commands."""

    sentences: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")], Languages]
    """Each sentence by language. Words in {braces} are filled from the knowledge."""
    commands: dict[Slug, dict[Code, list[Line]]]
    """Whole messages that mean a command, by language."""


class WordsForm(Form):
    """The words that emergency cues are made of."""

    classes: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")], list[Line]]
    """Words that a cue treats alike. A class may name another one."""
    ordinary: list[Line] = []
    """Words that are never a misspelling of a word of danger."""


class CueForm(Form):
    """What sends a message to 911, or puts the 911 line above its answer."""

    id: Slug
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    """What figures are told by."""
    level: Literal["emergency", "caution"]
    any: Annotated[list[Line], Field(min_length=1)]
    """Patterns; one of them is enough."""
    unless: list[Line] = []
    """Patterns that take it back."""
    hard: Flag = False
    """true: nothing around it stands it down."""
    past: Literal["none", "caution"] = "caution"
    """What is left of it when it happened long ago."""
    line: Slug | None = None
    """A line of replies.yaml to add."""
    raises: Annotated[list[Line], Field(min_length=1)]
    """Messages that it must raise."""
    spares: list[Line] = []
    """Messages that it must spare."""


class ContextsForm(Form):
    """Patterns by context; every context must be there, so that none is lost to a misspelling."""

    now: list[Line]
    past: list[Line]
    paperwork: list[Line]
    hypothetical: list[Line]
    close: list[Line]
    nobody_hurt: list[Line]
    resolved: list[Line]
    fiction: list[Line]
    idiom: list[Line]
    called_off: list[Line]


class RepliesForm(Form):
    """The fixed 911 texts, by language."""

    redirect: Languages
    """The whole reply to an emergency; its first line is what a locked phone shows."""
    notice: Languages
    """Goes on top of an ordinary answer."""
    lines: dict[Slug, Languages]
    """Added when a cue names them."""


class QuestionForm(Form):
    """A question kept as a test, in other words than the asks."""

    ask: Line
    language: Code
    expect: Slug | None
    """The entry it must find; null: none of the department's."""


class FactForm(Form):
    """A value that the knowledge says, and what it rests on."""

    value: Line
    """One phone number, address, fee, e-mail, time, day, number or link, as it is said."""
    what: Line
    """What it is, in a few words."""
    source: Url | None
    """The page it was read on. null: our own, an example or a setting of the bot."""
    as_of: Line | None = None
    """What the source itself says of its age."""
    read_on: Day | None = None
    """The day somebody read it there."""
    local: Flag = False
    """true: it is this department's or this town's, so the department must confirm it."""
    confirmed_by: Line | None = None
    """Who in the department has confirmed it."""
