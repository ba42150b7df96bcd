"""Every template that ships can go out as soon as its gaps are filled: in all languages, with every choice."""

from datetime import timedelta
from functools import cache

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryType
from bot.core.bulletin import counters, rendered
from bot.core.entry import Knowledge
from bot.core.scrutiny import problems
from bot.core.template import filled
from bot.core.topic import Alerting, Slot, SlotKind, Template
from bot.service.agreement import disagreements
from tests import real_folder
from tests.advisory_builders import NOW, an_advisory


@cache
def known() -> tuple[Knowledge, Alerting]:
    knowledge = real_folder.loaded().snapshot.knowledge
    assert knowledge.alerting is not None
    return knowledge, knowledge.alerting


def typed(slot: Slot, choice: int) -> str:
    match slot.kind:
        case SlotKind.NAME:
            return {"from_street": "West Street", "to_street": "Elm Street"}.get(slot.id, "Main Street")
        case SlotKind.NUMBER:
            return "9"
        case SlotKind.CHOICE:
            return list(slot.choices)[choice % len(slot.choices)]
        case SlotKind.MOMENT:
            return "2026-11-24 18:30" if slot.id == "end" else "2026-11-24 12:05"


def fill(template: Template, choice: int) -> list[str]:
    """What is wrong with the filled template, notes apart."""
    knowledge, alerting = known()
    values = {slot.id: typed(slot, choice) for slot in template.slots}
    zone = knowledge.department.time_zone
    content = filled(template, values, area=alerting.area, phrases=knowledge.phrases, zone=zone, now=NOW)
    for kind in AdvisoryKind:
        for type_ in AdvisoryType:
            advisory = an_advisory(content=content, kind=kind, type=type_)
            for language in knowledge.department.languages:
                assert counters(rendered(advisory, language, knowledge)).characters < 1_000
    assert content.expires_at > NOW + timedelta(minutes=1)
    found = (*problems(content, AdvisoryKind.LIVE, knowledge, NOW), *disagreements(content))
    return [str(problem) for problem in found if problem.is_blocking]


def test_every_template_can_go_out_once_it_is_filled() -> None:
    faults = {
        f"{template.id} {choice}": found
        for template in known()[1].templates
        for choice in range(max((len(slot.choices) for slot in template.slots), default=1) or 1)
        if (found := fill(template, choice))
    }
    assert faults == {}


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_every_template_is_written_in_every_language_and_an_exercise_has_its_mark(language: str) -> None:
    knowledge, alerting = known()
    assert all(set(template.statements) >= {language} for template in alerting.templates)
    assert knowledge.phrases("exercise_mark", language) in ("EXERCISE", "SIMULACRO", "SIMULADO")
