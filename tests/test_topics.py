"""`topics.yaml`: every fault at once, each at its line; what the department must sign; our own templates are whole."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryLevel
from bot.core.scrutiny import problems
from bot.core.template import filled
from bot.core.topic import Alerting, Slot, SlotKind
from bot.knowledge import facts, launch, schema, source, topics, urgent
from bot.knowledge.about import About
from bot.knowledge.source import KnowledgeInvalid, Sources
from tests import real_folder, small_folder
from tests.builders import REAL_FOLDER

SOUND = """\
prefix: town-pd
sender: police.example
languages: {en: en-US, es: es-US}
area:
  description: {en: Town, es: Pueblo}
  geocodes: {SAME: "009001"}
city_alerts: https://town.example/alerts
topics:
  - id: traffic
    en: {title: Roads, says: [traffic, roads]}
    es: {title: Calles, says: [calles]}
templates:
  - id: closed
    topic: traffic
    level: advisory
    category: Transport
    lasts: 6 hours
    slots:
      - {id: street, kind: name, labels: {en: Street, es: Calle}}
      - {id: end, kind: moment, labels: {en: Until, es: Hasta}}
      - id: why
        kind: choice
        labels: {en: Why, es: Por qué}
        choices: {crash: {en: a crash, es: un choque}, tree: {en: a tree, es: un árbol}}
    en:
      event: road closed
      source: Police.
      hazard: "CLOSED: {why}."
      place: "{street}."
      time: "Until: {end}."
      action: Go around.
      approved_by: Captain A. Example
    es:
      event: calle cerrada
      source: Policía.
      hazard: "CERRADA: {why}."
      place: "{street}."
      time: "Hasta: {end}."
      action: Dé la vuelta.
"""
MORNING = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
AGAIN = "  - id: traffic\n    en: {title: a, says: []}\n    es: {title: b, says: []}\n"


def read(folder: Path, text: str) -> Sources:
    if not (folder / "emergency").exists():
        small_folder.write(folder)
    (folder / "topics.yaml").write_text(text, encoding="utf-8")
    return source.read(folder, folder / "nothing borrowed")


def faults(folder: Path, text: str) -> list[str]:
    try:
        schema.knowledge(read(folder, text))
    except KnowledgeInvalid as e:
        return [str(problem) for problem in e.problems]
    return []


@pytest.fixture(scope="module")
def ours() -> Alerting:
    found = real_folder.loaded().snapshot.knowledge.alerting
    assert found is not None
    return found


def a_value(slot: Slot, at: int) -> str:
    """Something that staff may type into the gap; moments follow each other."""
    match slot.kind:
        case SlotKind.NAME:
            return "Main Street"
        case SlotKind.NUMBER:
            return "12"
        case SlotKind.MOMENT:
            return f"2026-11-24 {10 + at}:00"
        case SlotKind.CHOICE:
            return next(iter(slot.choices))


def test_a_sound_file_becomes_topics_and_templates(tmp_path: Path) -> None:
    alerting = schema.knowledge(read(tmp_path, SOUND)).alerting
    assert alerting is not None
    assert (alerting.prefix, alerting.languages["es"]) == ("town-pd", "es-US")
    assert alerting.area.geocodes == (("SAME", "009001"),)
    (topic,) = alerting.topics
    assert (topic.titles["es"], topic.says["en"]) == ("Calles", ("traffic", "roads"))
    template = alerting.template("closed")
    assert template is not None
    assert (template.level, template.lasts) == (AdvisoryLevel.ADVISORY, timedelta(hours=6))
    assert template.statements["es"].place == "{street}."
    assert [slot.kind for slot in template.slots] == [SlotKind.NAME, SlotKind.MOMENT, SlotKind.CHOICE]
    assert template.approved_by == {"en": "Captain A. Example"}


@pytest.mark.parametrize(
    ("change", "into", "line", "says"),
    [
        ("prefix: town-pd\n", "", 1, "`prefix` is missing"),
        ("prefix: town-pd", "prefix: town pd", 1, "`prefix` is not written"),
        ("sender: police.example", "sender: 'police, town'", 2, "`sender` is not written"),
        ("es: es-US}", "es: spanish}", 3, "`es` is not written"),
        ("es: Pueblo", "pt: Cidade", 5, "`description` lacks es"),
        ("city_alerts: https://town.example/alerts", "city_alerts: town.example", 7, "starts with https://"),
        ("city_alerts:", "city_alert:", 7, "did you mean `city_alerts`?"),
        ("topics:\n", "topic:\n", 1, "`topics` is missing"),
        ("says: [traffic, roads]", "say: [traffic, roads]", 10, "did you mean `says`?"),
        ("    es: {title: Calles, says: [calles]}\n", "", 9, "this topic lacks es"),
        ("says: [calles]}\n", f"says: [calles]}}\n{AGAIN}", 12, "`traffic` stands already at topics.yaml:9"),
        ("topic: traffic", "topic: snow", 14, "there is no topic `snow`: traffic"),
        ("level: advisory", "level: red", 15, "`alert`"),
        ("category: Transport", "category: Roads", 16, "`Transport`"),
        ("lasts: 6 hours", "lasts: a while", 17, "such as `6 hours`"),
        ("lasts: 6 hours", "lasts: 60 days", 17, "at most 30 days"),
        ("kind: name", "kind: street", 19, "`name`"),
        ("{id: end, kind", "{id: street, kind", 20, "`street` stands already at topics.yaml:19"),
        ("labels: {en: Street, es: Calle}", "labels: {en: Street}", 19, "this list of labels lacks es"),
        ("tree: {en: a tree, es: un árbol}", "tree: {en: a tree}", 24, "this choice lacks es"),
        (", tree: {en: a tree, es: un árbol}", "", 21, "at least 2 `choices`"),
        ("kind: choice", "kind: number", 24, "only a choice has `choices`"),
        ("action: Go around.", "action: Go to {exit}.", 31, "{exit} is no slot of this template: end, street, why"),
        ("event: road closed", "event: '{why}'", 26, "`event` has no gap"),
        ("action: Go around.", "action: 'Go {around.'", 31, "a brace that is no gap"),
        ("      action: Go around.\n", "", 25, "`action` is missing"),
        ('place: "{street}."\n      time: "Hasta', 'place: Aquí.\n      time: "Hasta', 19, "`street` is not used"),
        ('      time: "Until: {end}."', "      time: Now.", 20, "`end` is not used in en"),
        ("action: Go around.", f"action: {'go ' * 160}", 25, "more than 459 are not read"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_its_mend(
    change: str, into: str, line: int, says: str, tmp_path: Path
) -> None:
    assert change in SOUND
    found = faults(tmp_path, SOUND.replace(change, into, 1))
    assert any(each.startswith(f"topics.yaml:{line}: ") and says in each for each in found), found


def test_a_slot_that_no_text_uses_is_told(tmp_path: Path) -> None:
    more = SOUND.replace("    slots:\n", "    slots:\n      - {id: age, kind: number, labels: {en: Age, es: Edad}}\n")
    (found,) = faults(tmp_path, more)
    assert found.startswith("topics.yaml:19: slot `age` is used in no text")


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    broken = (
        SOUND.replace("town-pd", "a b").replace("level: advisory", "level: red").replace("says: [calles]", "say: x")
    )
    found = faults(tmp_path, broken)
    assert {each.split(": ")[0] for each in found} >= {"topics.yaml:1", "topics.yaml:11", "topics.yaml:15"}


@pytest.mark.parametrize("text", ["- a\n- b\n", "topics: []\n", "topics: x\n", "templates: {a: b}\n", "x\n"])
def test_a_file_of_another_form_is_refused_and_not_a_crash(text: str, tmp_path: Path) -> None:
    found = faults(tmp_path, text)
    assert found
    assert all(each.startswith("topics.yaml:") for each in found)


def test_a_folder_without_topics_borrows_the_projects_own(tmp_path: Path) -> None:
    small_folder.write(tmp_path)
    borrowed = schema.knowledge(source.read(tmp_path, REAL_FOLDER)).alerting
    assert borrowed == real_folder.loaded().snapshot.knowledge.alerting


def test_a_broken_file_announces_nothing_and_the_rest_is_salvaged(tmp_path: Path) -> None:
    sources = read(tmp_path, SOUND.replace("level: advisory", "level: red"))
    kept = schema.salvaged(sources, urgent.emergency(sources))
    assert kept is not None
    assert (kept.alerting, set(kept.entries)) == (None, {"a", "b", "contacts"})


def test_words_that_mean_two_things_are_noted(tmp_path: Path) -> None:
    snow = "  - id: snow\n    en: {title: Snow, says: [Traffic!]}\n    es: {title: Nieve, says: []}\n"
    twice = SOUND.replace("[traffic, roads]", "[traffic, menu]").replace("templates:\n", f"{snow}templates:\n")
    sources = read(tmp_path, twice)
    found = [str(problem) for problem in topics.findings(schema.knowledge(sources), sources)]
    assert found[:2] == [
        "topics.yaml:10: 'menu' of the topic `traffic` is also said for the command `help`: keep one",
        "topics.yaml:13: 'Traffic!' of the topic `snow` is also said for the topic `traffic`: keep one",
    ]
    assert "are not written in pt" in found[2]


def test_wordings_that_nobody_signed_are_listed_before_a_launch(tmp_path: Path) -> None:
    sources = read(tmp_path, SOUND)
    rows = [row for row in launch.still_open(schema.knowledge(sources), sources) if row.kind is launch.Kind.TEMPLATE]
    assert [(row.entries, row.what, str(row.place)) for row in rows] == [("closed", "es", "topics.yaml:13")]


# --- our own --------------------------------------------------------------------------------------------------------


def test_our_own_topics_share_no_word(ours: Alerting) -> None:
    loaded = real_folder.loaded()
    assert [str(each) for each in topics.findings(loaded.snapshot.knowledge, loaded.sources)] == []
    assert 6 <= len(ours.topics) <= 8


def test_our_own_templates_are_whole_in_every_language(ours: Alerting) -> None:
    assert len(ours.templates) >= 14
    for template in ours.templates:
        assert {language: said.missing() for language, said in template.statements.items()} == dict.fromkeys(
            ours.languages, ()
        )
        assert set(template.event) == set(ours.languages)
    assert {template.topic for template in ours.templates} == {topic.id for topic in ours.topics}


def test_nothing_is_wrong_with_a_template_of_ours_once_it_is_filled(ours: Alerting) -> None:
    known = real_folder.loaded().snapshot.knowledge
    zone = known.department.time_zone
    for template in ours.templates:
        typed = {slot.id: a_value(slot, at) for at, slot in enumerate(template.slots)}
        content = filled(template, typed, area=ours.area, phrases=known.phrases, zone=zone, now=MORNING)
        assert [f"{template.id}: {each}" for each in problems(content, AdvisoryKind.LIVE, known, MORNING)] == []


def test_our_own_templates_name_nobody(ours: Alerting) -> None:
    missing = [template for template in ours.templates if template.topic == "missing"]
    names = {slot.id for template in missing for slot in template.slots if slot.kind is SlotKind.NAME}
    assert names == {"place"}


def test_no_title_of_a_topic_looks_like_another_once_a_channel_cuts_it(ours: Alerting) -> None:
    for language in ours.languages:
        titles = [topic.titles[language] for topic in ours.topics]
        assert len({title[:20].casefold() for title in titles}) == len(titles)
        assert max(map(len, titles)) <= 24


def test_what_residents_are_told_names_only_values_with_a_source() -> None:
    found = [each for each in facts.findings(real_folder.loaded().sources) if each.about is About.UNTRACED]
    assert [str(each) for each in found] == []
