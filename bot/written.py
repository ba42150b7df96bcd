"""An advisory written by hand, as a JSON file: its form, and the advisory it becomes."""

import json
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.advisory import AdvisoryLevel, Area, Content, Statement
from bot.core.entry import Knowledge
from bot.core.moment import FORM, MomentUnclear, moment
from bot.core.problem import NotReady, Problem

LARGEST = 200_000  # bytes of such a file

Line = Annotated[str, Field(max_length=2_000)]


class StatementForm(BaseModel):
    """The five things, and the hazard in two or three words, in one language."""

    model_config = ConfigDict(extra="forbid")

    event: Line
    source: Line
    hazard: Line
    place: Line
    time: Line
    action: Line


class WrittenForm(BaseModel):
    """The file. `expires` and `effective` are moments in the department's own time; `area` says where, by language."""

    model_config = ConfigDict(extra="forbid")

    level: AdvisoryLevel
    topic: Line
    expires: Line
    category: Line = "Safety"
    effective: Line | None = None
    web: Line | None = None
    only_in: Line | None = None
    area: dict[str, Line] = {}
    statements: dict[str, StatementForm]


def content(data: bytes, knowledge: Knowledge) -> Content:
    """The advisory that the file holds. Raises `NotReady` with every fault."""
    if len(data) > LARGEST:
        raise NotReady((Problem("file", f"{len(data):,} bytes", f"an advisory has at most {LARGEST:,}"),))
    try:
        form = WrittenForm.model_validate_json(data)
    except ValidationError as e:
        told = (Problem(".".join(map(str, each["loc"])) or "file", each["msg"], _MEND) for each in e.errors())
        raise NotReady(told) from e
    zone, problems = knowledge.department.time_zone, list[Problem]()
    expires_at = _moment("expires", form.expires, zone, problems)
    effective_at = _moment("effective", form.effective, zone, problems) if form.effective else None
    if expires_at is None or problems:
        raise NotReady(problems)
    default = knowledge.alerting.area if knowledge.alerting else Area({})
    return Content(
        level=form.level,
        topic=form.topic,
        event={language: said.event for language, said in form.statements.items()},
        statements={
            language: Statement(said.source, said.hazard, said.place, said.time, said.action)
            for language, said in form.statements.items()
        },
        area=Area(form.area, default.geocodes, default.polygon) if form.area else default,
        expires_at=expires_at,
        category=form.category,
        effective_at=effective_at,
        web=form.web,
        only_in=form.only_in,
    )


def blank(knowledge: Knowledge, now: datetime) -> str:
    """A file to fill in, in every language of the department."""
    alerting = knowledge.alerting
    expires_at = (now + timedelta(hours=6)).astimezone(knowledge.department.time_zone)
    names = ("event", "source", "hazard", "place", "time", "action")
    told = {
        "level": AdvisoryLevel.ADVISORY.value,
        "topic": alerting.topics[0].id if alerting and alerting.topics else "",
        "expires": expires_at.strftime("%Y-%m-%d %H:%M"),
        "web": None,
        "statements": {
            language: {name: knowledge.department.name.get(language, "") if name == "source" else "" for name in names}
            for language in knowledge.department.languages
        },
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


_MEND = "`advise draft --blank` shows the whole form"


def _moment(name: str, typed: str, zone: ZoneInfo, problems: list[Problem]) -> datetime | None:
    try:
        return moment(typed, zone)
    except MomentUnclear as e:
        problems.append(Problem(name, str(e), f"type it as {FORM}"))
        return None
