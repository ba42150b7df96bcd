"""An alert from outside as the beginnings of a draft: what is taken, what is left to a person, whom it may reach."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, Content
from bot.core.cap import cap_xml
from bot.core.cap_draft import UNTIL_SAID, drafted, level_of
from bot.core.cap_reader import Imported, ImportedInfo, read
from bot.core.topic import Template
from tests.advisory_builders import ALERTING, NOW, STATEMENTS, an_advisory, some_content
from tests.hostile_cap import SAMPLES


def sample(name: str) -> Imported:
    return read((SAMPLES / f"{name}.xml").read_bytes())[0]


def draft_of(name: str, now: datetime = NOW) -> tuple[Content, AdvisoryKind, tuple[str, ...]]:
    return drafted(sample(name), ALERTING, now)


def test_the_five_things_are_taken_where_the_alert_has_them_and_the_time_is_left_to_a_person() -> None:
    content, kind, notes = draft_of("three_languages")
    assert kind is AdvisoryKind.LIVE
    assert list(content.statements) == ["en", "es", "pt"]
    said = content.statements["es"]
    assert (said.source, said.hazard, said.place) == (
        "Policía de Ejemplo", "Main Street está cerrada", "Main Street",
    )  # fmt: skip
    assert said.missing() == ("time",)
    assert notes[:3] == ("en: write time", "es: write time", "pt: write time")
    assert (content.event["pt"], content.category) == ("Rua fechada", "Transport")
    assert content.expires_at == datetime(2026, 11, 24, 23, 0, tzinfo=UTC)


def test_the_alert_itself_is_kept_beside_what_was_taken() -> None:
    content, _, _ = draft_of("canada_two_languages")
    assert content.original is not None
    assert "avertissement de neige en vigueur" in content.original
    assert "Signature" in content.original


def test_languages_that_are_not_ours_and_blocks_not_taken_are_named() -> None:
    content, _, notes = draft_of("canada_two_languages")
    assert list(content.statements) == ["en"]
    assert content.statements["en"].hazard == "snowfall warning in effect"
    assert "es: it has no text in this language; write it" in notes
    assert "en: 1 more block(s) in this language stand in the original only" in notes
    assert "not a language of the department, kept in the original only: fr-CA" in notes


@pytest.mark.parametrize("name", ["exercise", "ipaws_test", "restricted", "rss_that_links"])
def test_what_is_not_said_to_be_real_and_for_the_public_can_only_be_an_exercise(name: str) -> None:
    assert draft_of(name)[1] is AdvisoryKind.EXERCISE


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft", ""])
def test_only_actual_is_live(status: str) -> None:
    _, kind, notes = drafted(replace(sample("three_languages"), status=status), ALERTING, NOW)
    assert kind is AdvisoryKind.EXERCISE
    assert f"its status is {status or 'not given'}: it can only be an exercise" in notes


@pytest.mark.parametrize(("severity", "urgency", "level"), [
    ("Extreme", "Immediate", AdvisoryLevel.ALERT),
    ("Severe", "Expected", AdvisoryLevel.ALERT),
    ("Severe", "Future", AdvisoryLevel.ADVISORY),
    ("Moderate", "Immediate", AdvisoryLevel.ADVISORY),
    ("Minor", "Immediate", AdvisoryLevel.ADVISORY),
    ("Minor", "Future", AdvisoryLevel.COMMUNITY),
    ("Unknown", "Unknown", AdvisoryLevel.ADVISORY),
])  # fmt: skip
def test_the_level_follows_from_severity_and_urgency(severity: str, urgency: str, level: AdvisoryLevel) -> None:
    assert level_of(ImportedInfo("en-US", "x", urgency=urgency, severity=severity)) is level


@pytest.mark.parametrize("level", AdvisoryLevel)
def test_what_we_wrote_ourselves_comes_back_as_it_was(level: AdvisoryLevel) -> None:
    written = an_advisory(content=some_content(level=level))
    (back,) = read(cap_xml(written, (), ALERTING, ZoneInfo("America/New_York"), "https://a.example/").encode())
    content, kind, _ = drafted(back, ALERTING, NOW)
    assert (content.level, kind, content.expires_at) == (level, AdvisoryKind.LIVE, written.content.expires_at)
    assert content.area.geocodes == written.content.area.geocodes
    assert content.event == written.content.event
    for language, said in STATEMENTS.items():
        assert (content.statements[language].source, content.statements[language].action) == (said.source, said.action)


def test_an_update_or_cancel_says_what_it_is_about_so_that_nobody_announces_it_anew() -> None:
    assert draft_of("update_of_a_flood")[2][0] == (
        "it updates an earlier alert (flood-example-1): if that one is here, update ours instead"
    )
    content, _, notes = draft_of("cancel_without_text")
    assert notes[0] == "it withdraws an earlier alert (flood-example-2): if that one is here, cancel ours instead"
    assert content.statements == {}


def test_without_an_end_it_lasts_six_hours_and_says_so() -> None:
    content, _, notes = draft_of("sweden_list")
    assert content.expires_at == NOW + UNTIL_SAID == NOW + timedelta(hours=6)
    assert "give its end: without one it was set to six hours from now" in notes


def test_the_end_of_the_danger_is_told_beside_the_end_of_the_message() -> None:
    assert "the danger itself ends at 2026-11-26T01:00:00-05:00" in draft_of("nws_alert")[2]


def test_a_whole_polygon_is_taken_and_a_broken_or_double_one_is_not() -> None:
    assert len(draft_of("nws_alert")[0].area.polygon) == 5
    assert draft_of("canada_two_languages")[0].area.polygon == ()


def test_official_line_breaks_are_taken_out() -> None:
    action = draft_of("nws_alert")[0].statements["en"].action
    assert action.endswith("food, and water in your vehicle in case of an emergency.")


def test_without_a_headline_the_description_begins_the_draft() -> None:
    assert draft_of("update_of_a_flood")[0].statements["en"].hazard == (
        "Water on Mill Road is three feet deep. The bridge is closed."
    )
    long = " ".join(["This is a sentence of thirty-six letters."] * 40)
    info = replace(sample("update_of_a_flood").infos[0], description=long)
    content, _, _ = drafted(replace(sample("update_of_a_flood"), infos=(info,)), ALERTING, NOW)
    hazard = content.statements["en"].hazard
    assert len(hazard) <= 300
    assert hazard.endswith("letters.")


def test_the_topic_is_that_of_the_templates_of_its_category_and_else_a_person_chooses() -> None:
    assert "choose its topic" in draft_of("three_languages")[2]
    template = Template("closed", "traffic", AdvisoryLevel.ADVISORY, "Transport", {}, {}, (), timedelta(hours=4))
    alerting = replace(ALERTING, templates=(template,))
    content, _, notes = drafted(sample("three_languages"), alerting, NOW)
    assert content.topic == "traffic"
    assert "choose its topic" not in notes
    other = replace(template, topic="weather")
    assert drafted(sample("three_languages"), replace(alerting, templates=(template, other)), NOW)[0].topic == ""


def test_a_link_is_taken_only_when_it_is_one() -> None:
    info = sample("three_languages").infos[0]
    for web, taken in (
        ("https://a.example/x", "https://a.example/x"),
        ("javascript:alert(1)", None),
        ("see page", None),
    ):
        alert = replace(sample("three_languages"), infos=(replace(info, web=web),))
        assert drafted(alert, ALERTING, NOW)[0].web == taken


def test_what_begins_later_keeps_its_beginning() -> None:
    info = replace(sample("three_languages").infos[0], effective=NOW + timedelta(hours=1))
    alert = replace(sample("three_languages"), infos=(info,))
    assert drafted(alert, ALERTING, NOW)[0].effective_at == NOW + timedelta(hours=1)
    assert drafted(alert, ALERTING, NOW + timedelta(hours=2))[0].effective_at is None
