"""What people may subscribe to, and the pre-approved sentences with gaps that advisories are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from bot.core.advisory import AdvisoryLevel, Area, Statement


class SlotKind(Enum):
    """What goes into a gap.

    `NAME` stands as typed in every language (a street), `MOMENT` is a day and an hour that each language writes its own
    way, `NUMBER` is digits, `CHOICE` is one of a list translated beforehand.
    """

    NAME = "name"
    MOMENT = "moment"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Slot:
    """A gap `{id}` in a template. `labels` tell staff what belongs there; `choices` are id -> language -> words."""

    id: str
    kind: SlotKind
    labels: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to subscribe to. `says` are the words people use for it, by language; titles count as well."""

    id: str
    titles: Mapping[str, str]
    says: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Template:
    """An advisory with gaps, approved beforehand in every language. `lasts` is its life when nobody says otherwise.

    `approved_by`: who has signed each language's wording; a language that is absent nobody has signed.
    """

    id: str
    topic: str
    level: AdvisoryLevel
    category: str
    event: Mapping[str, str]
    statements: Mapping[str, Statement]
    slots: tuple[Slot, ...]
    lasts: timedelta
    approved_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alerting:
    """How this department's advisories are named and what they cover by default.

    `prefix` begins every identifier, `sender` is CAP's: neither has a space, comma, `<` or `&`. `languages` map the
    department's languages to CAP's (es -> es-US). `city_alerts` is the page of the city's own emergency alert system.
    """

    prefix: str
    sender: str
    languages: Mapping[str, str]
    area: Area
    city_alerts: str
    topics: tuple[Topic, ...] = ()
    templates: tuple[Template, ...] = ()

    def topic(self, name: str) -> Topic | None:
        return next((topic for topic in self.topics if topic.id == name), None)

    def template(self, name: str) -> Template | None:
        return next((template for template in self.templates if template.id == name), None)
