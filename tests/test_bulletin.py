"""What people read: the order of the lines, the marks of an exercise, and what Update and Cancel say they replace."""

from dataclasses import replace

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType
from bot.core.bulletin import correction, counters, rendered, superseded, withdrawn
from tests.advisory_builders import an_advisory, some_content
from tests.staff_builders import announcing

KNOWN = announcing()
LANGUAGES = ("en", "es", "pt")
MARKS = {"en": "EXERCISE", "es": "SIMULACRO", "pt": "SIMULADO"}


def test_a_first_message_tells_level_source_hazard_place_time_action_its_number_and_how_to_stop() -> None:
    content = some_content(web="https://police.example/roads")
    assert rendered(an_advisory(content=content), "en", KNOWN) == (
        "ADVISORY - Danbury Police\n"
        "Main Street is closed after a crash.\n"
        "Main Street, from West Street to Elm Street\n"
        "Until 6:00 PM on Tuesday, November 24\n"
        "Use another road.\n"
        "More: https://police.example/roads\n"
        "Message danbury-pd-2026-000001.1\n"
        "STOP to end."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_gets_its_own_words(language: str) -> None:
    text = rendered(an_advisory(), language, KNOWN)
    said = some_content().statements[language]
    assert all(each in text for each in (said.source, said.hazard, said.place, said.time, said.action))
    assert {other: some_content().statements[other].hazard in text for other in LANGUAGES} == {
        other: other == language for other in LANGUAGES
    }


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (AdvisoryLevel.ALERT, ("ALERT", "ALERTA", "ALERTA")),
        (AdvisoryLevel.ADVISORY, ("ADVISORY", "AVISO", "AVISO")),
        (AdvisoryLevel.COMMUNITY, ("COMMUNITY", "COMUNIDAD", "COMUNIDADE")),
    ],
)
def test_the_level_is_the_first_word(level: AdvisoryLevel, words: tuple[str, ...]) -> None:
    advisory = an_advisory(content=some_content(level=level))
    assert tuple(rendered(advisory, language, KNOWN).split(" - ")[0] for language in LANGUAGES) == words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("type", AdvisoryType)
def test_an_exercise_says_so_first_and_last_whatever_it_is(type: AdvisoryType, language: str) -> None:  # noqa: A002
    advisory = an_advisory(type=type, kind=AdvisoryKind.EXERCISE)
    for text in (
        rendered(advisory, language, KNOWN),
        correction(advisory, language, KNOWN),
        superseded(advisory, language, KNOWN),
        withdrawn(AdvisoryKind.EXERCISE, language, KNOWN),
    ):
        lines = text.splitlines()
        assert (lines[0], lines[-1]) == (MARKS[language], MARKS[language])
        assert len(lines) > 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("type", AdvisoryType)
def test_a_live_message_never_says_exercise(type: AdvisoryType, language: str) -> None:  # noqa: A002
    advisory = an_advisory(type=type)
    assert MARKS[language] not in rendered(advisory, language, KNOWN) + correction(advisory, language, KNOWN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_update_and_a_withdrawal_name_what_they_replace(language: str) -> None:
    update = an_advisory(3, thread=1)
    before = "danbury-pd-2026-000001.2"
    assert before in rendered(update, language, KNOWN, before).splitlines()[1]
    assert "danbury-pd-2026-000001.1" in rendered(update, language, KNOWN).splitlines()[1]
    assert update.identifier in rendered(update, language, KNOWN, before).splitlines()[-1]
    assert update.identifier in correction(update, language, KNOWN)
    cancel = replace(update, type=AdvisoryType.CANCEL)
    assert before in rendered(cancel, language, KNOWN, before)


def test_the_prepared_withdrawal_names_event_and_place_and_says_that_it_no_longer_applies() -> None:
    assert correction(an_advisory(), "en", KNOWN) == (
        "CANCELLED - Danbury Police\n"
        "Our message danbury-pd-2026-000001.1 no longer applies. It was about: Road closed. "
        "Main Street, from West Street to Elm Street"
    )


def test_how_to_stop_stands_under_first_messages_only() -> None:
    assert "STOP" in rendered(an_advisory(), "en", KNOWN)
    assert "STOP" not in rendered(an_advisory(2, thread=1), "en", KNOWN)


def test_who_reads_a_language_it_is_not_written_in_gets_the_departments_first() -> None:
    only = some_content(statements={"en": some_content().statements["en"]}, only_in="en")
    text = rendered(an_advisory(content=only), "es", KNOWN)
    assert text.startswith("AVISO - Danbury Police\nMain Street is closed")


def test_braces_that_somebody_typed_stay_braces() -> None:
    content = some_content()
    odd = replace(content.statements["en"], source="Unit {id}")
    text = rendered(an_advisory(content=some_content(statements={"en": odd})), "en", KNOWN)
    assert text.startswith("ADVISORY - Unit {id}\n")


@pytest.mark.parametrize(
    ("text", "fits_90", "fits_360", "sms", "is_gsm"),
    [
        ("a" * 90, True, True, 1, True),
        ("a" * 91, False, True, 1, True),
        ("a" * 360, False, True, 3, True),
        ("a" * 361, False, False, 3, True),
        ("á" * 71, True, True, 2, False),
        ("–" + "a" * 100, False, True, 1, True),
    ],
)
def test_the_counters_tell_both_alert_lengths_and_the_price_by_sms(
    text: str, fits_90: bool, fits_360: bool, sms: int, is_gsm: bool
) -> None:
    found = counters(text)
    assert (found.characters, found.fits_90, found.fits_360) == (len(text), fits_90, fits_360)
    assert (found.sms, found.is_gsm) == (sms, is_gsm)


def test_a_usual_advisory_fits_a_phones_alert() -> None:
    assert all(counters(rendered(an_advisory(), language, KNOWN)).fits_360 for language in LANGUAGES)
