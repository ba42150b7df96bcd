"""What tests of advisories stand on: a department that announces, with the real sentences of its bulletins."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType

import yaml

from bot.core.advisory import AdvisoryLevel, Statement
from bot.core.entry import Knowledge, Phrases
from bot.core.staff import Account, Role
from bot.core.topic import Slot, SlotKind, Template, Topic
from tests import builders
from tests.advisory_builders import ALERTING

TRAFFIC = Topic("traffic", {"en": "Roads", "es": "Calles", "pt": "Ruas"}, {})
SAFETY = Topic("safety", {"en": "Safety", "es": "Seguridad", "pt": "Segurança"}, {})
LABEL = {"en": "What it is"}
REASONS = {
    "crash": {"en": "a crash", "es": "un choque", "pt": "uma batida"},
    "flood": {"en": "flooding", "es": "una inundación", "pt": "um alagamento"},
}
ROAD = Template(
    id="road-closed",
    topic="traffic",
    level=AdvisoryLevel.ADVISORY,
    category="Transport",
    event={"en": "Road closed", "es": "Calle cerrada", "pt": "Rua fechada"},
    statements={
        "en": Statement("Danbury Police", "{street} is closed: {reason}.", "{street} {near}", "Until: {end}",
                        "Allow {minutes} more minutes."),
        "es": Statement("Policía de Danbury", "{street} está cerrada: {reason}.", "{street} {near}", "Hasta: {end}",
                        "Prevea {minutes} minutos más."),
        "pt": Statement("Polícia de Danbury", "{street} está fechada: {reason}.", "{street} {near}", "Até: {end}",
                        "Preveja mais {minutes} minutos."),
    },
    slots=(
        Slot("street", SlotKind.NAME, LABEL),
        Slot("reason", SlotKind.CHOICE, LABEL, REASONS),
        Slot("end", SlotKind.MOMENT, LABEL),
        Slot("minutes", SlotKind.NUMBER, LABEL),
        Slot("near", SlotKind.NAME, LABEL, is_optional=True),
    ),
    lasts=timedelta(hours=6),
)  # fmt: skip
DANGER = replace(ROAD, id="danger", topic="safety", level=AdvisoryLevel.ALERT)
TYPED = {"street": "Main Street", "reason": "crash", "end": "2026-11-24 18:00", "minutes": "10"}

ANNA = Account("anna", frozenset({Role.ANNOUNCER}))
OTIS = Account("otis", frozenset({Role.APPROVER}))
NIGHT = Account("night.sergeant", frozenset({Role.ANNOUNCER, Role.APPROVER}))


@cache
def announcing() -> Knowledge:
    """A made department with two topics and two templates; its bulletins say what residents will read."""
    real = yaml.load((builders.REAL_FOLDER / "phrases.yaml").read_text(encoding="utf-8"), yaml.CBaseLoader)
    alerting = replace(ALERTING, topics=(TRAFFIC, SAFETY), templates=(ROAD, DANGER))
    return replace(builders.knowledge(), phrases=Phrases(MappingProxyType(real["sentences"])), alerting=alerting)
