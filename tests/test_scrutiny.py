"""What keeps an advisory from going out, and what its writer should only look at."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.advisory import AdvisoryKind, Content
from bot.core.scrutiny import problems
from tests.advisory_builders import NOW, STATEMENTS, some_content
from tests.staff_builders import announcing

KNOWN = announcing()


def told(content: Content, kind: AdvisoryKind = AdvisoryKind.LIVE) -> list[str]:
    return [str(problem) for problem in problems(content, kind, KNOWN, NOW)]


def with_words(language: str = "en", **words: str) -> Content:
    return some_content(statements={**STATEMENTS, language: replace(STATEMENTS[language], **words)})


def test_a_whole_advisory_has_no_problems() -> None:
    assert told(some_content()) == []


@pytest.mark.parametrize("language", ["en", "es", "pt"])
@pytest.mark.parametrize("element", ["source", "hazard", "place", "time", "action"])
def test_each_of_the_five_elements_is_wanted_in_every_language(language: str, element: str) -> None:
    said = told(with_words(language, **{element: " "}))
    assert f"{language}: {element} missing; every warning tells all five" in said


def test_each_language_is_wanted_unless_somebody_decided_otherwise() -> None:
    only = {"en": STATEMENTS["en"]}
    assert [line.split(":")[0] for line in told(some_content(statements=only))] == ["es", "pt"]
    assert told(some_content(statements=only, only_in="en")) == []
    assert told(some_content(statements=only, only_in="es"))[0].startswith("es: not written in this language")


def test_the_same_words_in_two_languages_are_no_translation() -> None:
    copied = some_content(statements={**STATEMENTS, "pt": STATEMENTS["es"]})
    assert "pt: the same words as in es; translate it, or mark it as in one language" in told(copied)


@pytest.mark.parametrize(
    ("language", "time"),
    [
        ("en", "Until 6 PM tonight"),
        ("en", "Until further notice, from 6 PM on November 24"),
        ("en", "Tomorrow from 8 AM"),
        ("en", "Now until 6 PM"),
        ("en", "Starting soon, November 24"),
        ("en", "TODAY at 18:00"),
        ("es", "Hoy hasta las 18:00"),
        ("es", "Hasta las 8:00 p. m. de esta noche"),
        ("es", "Mañana a las 18:00"),
        ("es", "Desde las 8:00 de la mañana de mañana"),
        ("es", "Hasta nuevo aviso, desde el 24 de noviembre"),
        ("pt", "Hoje às 18h"),
        ("pt", "Amanhã às 18h"),
        ("pt", "Até segunda ordem, a partir de 24 de novembro"),
        ("pt", "Hoje à noite, 18h"),
    ],
)
def test_a_time_that_depends_on_when_it_is_read_is_refused(language: str, time: str) -> None:
    assert any("means another time to whoever reads it later" in line for line in told(with_words(language, time=time)))


@pytest.mark.parametrize(
    ("language", "time"),
    [
        ("en", "From 12:00 PM (noon) to 6:00 PM on Tuesday, November 24"),
        ("en", "Until 6 PM on November 24"),
        ("es", "Desde las 8:00 de la mañana del martes 24 de noviembre"),
        ("es", "Hasta las 6:00 p. m. del martes 24 de noviembre"),
        ("pt", "Das 8h da manhã às 18h de terça-feira, 24 de novembro"),
        ("pt", "Até 18h de terça-feira, 24 de novembro"),
    ],
)
def test_a_day_and_an_hour_are_absolute(language: str, time: str) -> None:
    assert told(with_words(language, time=time)) == []


def test_a_time_names_a_day_or_an_hour() -> None:
    assert told(with_words(time="For a while")) == [
        "en time: neither a day nor an hour in it; name the day and the hour"
    ]


@pytest.mark.parametrize("text", ["<b>Leave</b>", "Leave<br/>", "Fire &amp; smoke", "Fire &#39;", "</p>Leave"])
def test_html_is_refused(text: str) -> None:
    assert "en action: HTML in it; write plain text: other systems show it as it stands" in told(
        with_words(action=text)
    )


@pytest.mark.parametrize("text", ["5 < 6 and 7 > 3", "Q&A at the library", "Leave & go north"])
def test_signs_that_are_no_markup_are_fine(text: str) -> None:
    assert told(with_words(action=text)) == []


@pytest.mark.parametrize("text", ["Leave\u202e now", "Leave\u200b", "Leave\x07"])
def test_what_nobody_can_see_is_refused(text: str) -> None:
    assert any("an invisible character" in line for line in told(with_words(action=text)))


@pytest.mark.parametrize("text", ["Go to {place}.", "Go { there"])
def test_a_gap_left_open_is_refused(text: str) -> None:
    assert len(told(with_words(action=text))) == 1


def test_a_sentence_in_capitals_is_pointed_out_and_does_not_block() -> None:
    said = problems(with_words(hazard="LEAVE YOUR HOMES AT ONCE. A gas main broke."), AdvisoryKind.LIVE, KNOWN, NOW)
    assert [(each.what, each.is_blocking) for each in said] == [("a whole sentence in capitals", False)]
    assert told(with_words(hazard="GAS LEAK on Main Street: LEAVE by the east side.")) == []


@pytest.mark.parametrize("text", ["javascript:alert(1)", "See ftp://x.example/a", "file://etc", "data:text/html"])
def test_a_link_that_is_not_of_the_web_is_refused(text: str) -> None:
    assert "en action: a link that is not of the web; only https:// links" in told(with_words(action=text))
    assert "link: not a page of the web; start it with https://" in told(some_content(web=text))


@pytest.mark.parametrize("web", ["https://danbury-ct.gov/x", "http://danbury-ct.gov"])
def test_a_page_of_the_web_is_fine(web: str) -> None:
    assert told(some_content(web=web)) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"expires_at": NOW}, "expiry: it is past"),
        ({"expires_at": NOW - timedelta(hours=1)}, "expiry: it is past"),
        ({"expires_at": NOW + timedelta(days=31)}, "expiry: more than 30 days away"),
        ({"slots": {"end": "2026-11-24 19:00"}}, "expiry: before the moment it names (end 2026-11-24 19:00)"),
        ({"effective_at": NOW + timedelta(hours=7)}, "effective: not before the expiry"),
    ],
)
def test_a_life_that_cannot_be_is_refused(change: dict[str, object], what: str) -> None:
    assert [line.split(";")[0] for line in told(some_content(**change))] == [what]


def test_a_moment_that_is_past_is_pointed_out() -> None:
    assert told(some_content(slots={"since": "2026-11-24 08:00"})) == [
        "note: since: 2026-11-24 08:00 is past; is that meant?"
    ]


@pytest.mark.parametrize(("language", "mark"), [("en", "exercise"), ("es", "Simulacro"), ("pt", "SIMULADO")])
def test_a_live_advisory_may_not_call_itself_an_exercise(language: str, mark: str) -> None:
    content = with_words(language, hazard=f"{mark}: una cosa")
    assert any("a live advisory that says" in line for line in told(content))
    assert told(content, AdvisoryKind.EXERCISE) == []


@pytest.mark.parametrize(
    ("language", "claim"),
    [("en", "This is not a drill."), ("es", "¡No es un simulacro!"), ("pt", "Isto não é um simulado")],
)
def test_an_exercise_may_not_say_that_it_is_none(language: str, claim: str) -> None:
    said = told(with_words(language, hazard=claim), AdvisoryKind.EXERCISE)
    assert any("an exercise that says" in line for line in said)


def test_length_is_pointed_out_before_it_blocks() -> None:
    assert [line[:9] for line in told(with_words(action="Stay inside. " * 30))] == ["note: en:"]
    assert any("at most 600" in line for line in told(with_words(action="Stay inside. " * 60)))
