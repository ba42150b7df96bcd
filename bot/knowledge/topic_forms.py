"""The form of `topics.yaml`: what a file of advisory topics and templates may hold."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from bot.core.advisory import LONGEST_LIFE
from bot.knowledge.forms import Code, Flag, Form, Languages, Line, Slug, Url

_LIFE = re.compile(r"([0-9]{1,3}) (minute|hour|day)s?\Z")
_UNIT = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def _life(text: Any) -> timedelta:
    found = _LIFE.match(text) if isinstance(text, str) else None
    if not found or not timedelta() < (life := int(found[1]) * _UNIT[found[2]]) <= LONGEST_LIFE:
        raise ValueError(f"write a number and a unit, such as `6 hours`; at most {LONGEST_LIFE.days} days")
    return life


Life = Annotated[
    timedelta,
    BeforeValidator(_life),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,3} (minute|hour|day)s?$", "examples": ["6 hours"]}),
]
# CAP forbids these in the names that a reference is made of.
Token = Annotated[str, StringConstraints(pattern=r"^[^\s,<&]{1,60}$")]
Gap = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class AreaForm(Form):
    """Where an advisory holds when nobody says otherwise."""

    description: Languages
    geocodes: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]+$")], Token] = Field(default_factory=dict)
    """The same place for machines: SAME is the county, UGC the forecast zone."""


class HeadForm(Form):
    """How this department's advisories are named, and what they cover."""

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,30}$")]
    """Begins the name of every advisory: letters, digits and hyphens."""
    sender: Token
    """Who sends them, for machines: no space, comma, `<` or `&`."""
    languages: Annotated[
        dict[Code, Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]], Field(min_length=1)
    ]
    """Every language the topics and templates are written in, and its name for machines: `es: es-US`."""
    area: AreaForm
    city_alerts: Url
    """The page of the city's own emergency alert system: every sign-up names it."""


class TitleForm(Form):
    """A topic in one language."""

    title: Line
    """As it stands on a button: short."""
    says: list[Line]
    """Words people use for it, alone or before "alerts". No word may stand in two topics."""


class TopicForm(Form):
    """Something to subscribe to. A language (`en`, `es`, `pt`) is a key beside the id."""

    id: Slug
    """Never changes: subscriptions and the command `/subscribe ID` use it."""
    wordings: Annotated[dict[Code, TitleForm], Field(min_length=1)]


class SlotForm(Form):
    """A gap in the statements of a template."""

    id: Gap
    """What stands in {braces}."""
    kind: Literal["name", "moment", "number", "choice"]
    """name: as typed in every language; moment: a day and an hour; number: digits; choice: one of a list."""
    labels: Languages
    """What staff read beside the field."""
    choices: dict[Slug, Languages] = Field(default_factory=dict)
    """Of a choice: what may be picked, in every language."""
    optional: Flag = False
    """true: it may stay empty."""


class StatementForm(Form):
    """A template in one language: the five things every warning tells, in plain words, with {gaps}."""

    event: Annotated[Line, Field(max_length=40)]
    """The hazard in two or three words; no gap."""
    source: Line
    """Who says so."""
    hazard: Line
    """What happens, and what it does to people."""
    place: Line
    """Where."""
    time: Line
    """From when until when, as day and hour: never "tonight"."""
    action: Line
    """What to do."""
    approved_by: Line | None = None
    """Who in the department has signed this wording."""


class TemplateForm(Form):
    """An advisory with gaps. A language (`en`, `es`, `pt`) is a key beside the others."""

    id: Slug
    topic: Slug
    """The topic whose subscribers get it."""
    level: Literal["alert", "advisory", "community"]
    """alert: act now; advisory: be aware; community: events."""
    category: Literal[
        "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
    ]  # fmt: skip
    """CAP's word for the kind of hazard."""
    lasts: Life
    """How long it holds when nobody says otherwise."""
    slots: list[SlotForm] = Field(default_factory=list)
    wordings: Annotated[dict[Code, StatementForm], Field(min_length=1)]


class AlertingForm(HeadForm):
    """Advisories: what people may subscribe to, and what they are made of."""

    topics: Annotated[list[TopicForm], Field(min_length=1)]
    templates: list[TemplateForm] = Field(default_factory=list)
