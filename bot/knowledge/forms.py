"""The YAML forms as pydantic models: what a file may hold. `schema` checks with them; editors get their JSON Schema."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

_DURATION = re.compile(r"(\d{1,4}) (day|week|month|year)s?\Z")
_LONGEST_REVIEW = 3650  # days
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
        day = date.fromisoformat(text)
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
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise ValueError("holds a control character that no screen shows: type the text anew")
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
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Day = Annotated[date, BeforeValidator(_day)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Languages = Annotated[dict[Code, Prose], Field(min_length=1)]


class Form(BaseModel):
    """Every form refuses what it does not know: a misspelt key must not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceForm(Form):
    title: Line
    url: Url


class WordingForm(Form):
    title: Line
    asks: list[Line]
    answer: Prose | None
    who: Prose | None = None
    when: Prose | None = None
    where: Prose | None = None
    join: Prose | None = None
    translates: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None
    approved_by: Line | None = None


class ChannelForm(Form):
    kind: Literal["phone", "address", "email", "url", "hours"]
    value: Line | Languages | None


class EntryForm(Form):
    """An entry of any kind. A language (`en`, `es`, `pt`) is a key beside the others."""

    id: Slug
    wordings: Annotated[dict[Code, WordingForm], Field(min_length=1)]
    risk: Literal["low", "high"] = "low"
    owner: Line | None = None
    checked_on: Day | None = None
    review_every: Duration | None = None
    source: SourceForm | None = None
    related: list[Slug] = []
    channels: list[ChannelForm] = []


class DepartmentForm(Form):
    name: Languages
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    languages: Annotated[list[Code], Field(min_length=1)]
    links: dict[Slug, Url] = {}


class PhrasesForm(Form):
    sentences: dict[str, Languages]
    commands: dict[Slug, dict[Code, list[Line]]]


class WordsForm(Form):
    classes: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")], list[Line]]
    ordinary: list[Line] = []


class CueForm(Form):
    id: Slug
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    level: Literal["emergency", "caution"]
    any: Annotated[list[Line], Field(min_length=1)]
    unless: list[Line] = []
    hard: Flag = False
    past: Literal["none", "caution"] = "caution"
    line: Slug | None = None
    raises: Annotated[list[Line], Field(min_length=1)]
    spares: list[Line] = []


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
    redirect: Languages
    notice: Languages
    lines: dict[Slug, Languages]


class QuestionForm(Form):
    ask: Line
    language: Code
    expect: Slug | None
