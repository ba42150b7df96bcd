"""Advisories for tests: whole ones, of which a test says only what it is about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.advisory import (
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Area,
    Content,
    Stage,
    Statement,
)
from bot.core.topic import Alerting
from bot.store.faults import StoreDown

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # noon in Danbury
AREA = Area(
    {"en": "Danbury, Connecticut", "es": "Danbury, Connecticut", "pt": "Danbury, Connecticut"},
    (("SAME", "009001"), ("UGC", "CTZ005")),
)
ALERTING = Alerting(
    prefix="danbury-pd",
    sender="danbury-ct.gov",
    languages={"en": "en-US", "es": "es-US", "pt": "pt-BR"},
    area=AREA,
    city_alerts="https://www.danbury-ct.gov/174/Emergency-Management",
)
_WHERE = "Main Street, {} West Street {} Elm Street"
STATEMENTS = {
    "en": Statement(
        "Danbury Police",
        "Main Street is closed after a crash.",
        _WHERE.format("from", "to"),
        "Until 6:00 PM on Tuesday, November 24",
        "Use another road.",
    ),
    "es": Statement(
        "Policía de Danbury",
        "Main Street está cerrada por un choque.",
        _WHERE.format("de", "a"),
        "Hasta las 6:00 p. m. del martes 24 de noviembre",
        "Use otra calle.",
    ),
    "pt": Statement(
        "Polícia de Danbury",
        "A Main Street está fechada por causa de uma batida.",
        _WHERE.format("da", "à"),
        "Até as 18h de terça-feira, 24 de novembro",
        "Use outra rua.",
    ),
}


def some_content(**changed: Any) -> Content:
    """A road closure in three languages that runs out in six hours."""
    given: dict[str, Any] = {
        "level": AdvisoryLevel.ADVISORY,
        "topic": "traffic",
        "event": {"en": "Road closed", "es": "Calle cerrada", "pt": "Rua fechada"},
        "statements": STATEMENTS,
        "area": AREA,
        "expires_at": NOW + timedelta(hours=6),
        "category": "Transport",
    }
    return Content(**given | changed)


def an_advisory(number: int = 1, **changed: Any) -> Advisory:
    """A released advisory: the first of its chain, unless the test says otherwise."""
    thread = changed.get("thread", number)
    given: dict[str, Any] = {
        "number": number,
        "identifier": f"danbury-pd-2026-{thread:06d}.{number - thread + 1}",
        "kind": AdvisoryKind.LIVE,
        "type": AdvisoryType.ALERT if thread == number else AdvisoryType.UPDATE,
        "thread": thread,
        "stage": Stage.SENDING,
        "content": some_content(),
        "author": "lopez",
        "created_at": NOW - timedelta(minutes=10),
        "texts": {language: f"{each.hazard} {each.action}" for language, each in STATEMENTS.items()},
        "released_by": "lopez",
        "released_at": NOW + timedelta(minutes=number),
        "audience": 3,
    }
    return Advisory(**given | changed)


@dataclass(slots=True)
class Shelf:
    """Advisories in memory, read as the store reads them; `is_down` while it cannot be read."""

    kept: list[Advisory] = field(default_factory=list)
    is_down: bool = False

    async def live(self, now: datetime) -> tuple[Advisory, ...]:
        return tuple(each for each in await self.newest(1000) if each.is_live(now))

    async def newest(self, most: int, kind: AdvisoryKind | None = None) -> tuple[Advisory, ...]:
        if self.is_down:
            raise StoreDown("the disk is full")
        wanted = [each for each in self.kept if kind in (None, each.kind)]
        return tuple(sorted(wanted, key=lambda each: -each.number)[:most])

    async def find(self, name: int | str) -> Advisory | None:
        return next((each for each in await self.newest(1000) if name in (each.number, each.identifier)), None)

    async def thread(self, number: int) -> tuple[Advisory, ...]:
        found = await self.find(number)
        return tuple(each for each in self.kept if found is not None and each.thread == found.thread)
