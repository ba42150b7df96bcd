"""The same hours, numbers and streets in every language, however each writes them."""

from dataclasses import replace

import pytest

from bot.core.advisory import Statement
from bot.service.agreement import disagreements
from tests.advisory_builders import STATEMENTS, some_content


def told(**texts: str) -> list[tuple[str, str]]:
    statements = {language: Statement(time=text) for language, text in texts.items()}
    return [(problem.where, problem.what) for problem in disagreements(some_content(statements=statements))]


@pytest.mark.parametrize(
    "texts",
    [
        {"en": "Until 6 PM", "es": "Hasta las 18:00", "pt": "Até as 18h"},
        {"en": "Until 6:00 p.m.", "es": "Hasta las 6 p. m.", "pt": "Até as 18:00"},
        {"en": "From 7:30 AM to 12:15 PM", "es": "De 7:30 a. m. a 12:15 p. m.", "pt": "Das 7h30 às 12h15"},
        {"en": "Tuesday, November 24", "es": "el martes 24 de noviembre", "pt": "terça-feira, 24 de novembro"},
        {"en": "Call 203-555-0100", "es": "Llame al (203) 555-0100", "pt": "Ligue 203-555-0100"},
        {"en": "1,200 homes", "es": "1.200 casas", "pt": "1.200 casas"},
        {"en": "on Main Street", "es": "en la calle Main", "pt": "na Main Street"},
        {"en": "On White Street", "es": "En White Street", "pt": "A White Street"},
        {"en": "at 211 Main St.", "es": "en 211 Main Street", "pt": "no 211 da Main Street"},
        {"en": "I-84 at Exit 5", "es": "I-84 en la salida 5", "pt": "I-84 na saída 5"},
        {"en": "for two hours", "es": "por dos horas", "pt": "por 2 horas"},
        {"en": "Allow 10 more minutes", "es": "Prevea 10 minutos más", "pt": "Preveja mais 10 minutos"},
        {"en": "Route 7", "es": "la Ruta 7", "pt": "a Rota 7"},
    ],
)
def test_the_same_said_three_ways_is_the_same(texts: dict[str, str]) -> None:
    assert told(**texts) == []


@pytest.mark.parametrize(
    ("texts", "where", "what"),
    [
        ({"en": "Until 6 PM", "es": "Hasta las 6 a. m."}, "es", "`6 PM` stands in en and not here"),
        ({"en": "Until 6 PM", "pt": "Até as 19h"}, "pt", "`6 PM` stands in en and not here"),
        ({"en": "November 24", "es": "el 25 de noviembre"}, "es", "`November 24` stands in en and not here"),
        ({"en": "Route 7", "es": "la Ruta 37"}, "es", "`7` stands in en and not here"),
        ({"en": "for two hours", "es": "por dos días"}, "es", "`two hours` stands in en and not here"),
        ({"en": "Call 203-555-0100", "pt": "Ligue 203-555-0101"}, "pt", "`203-555-0100` stands in en and not here"),
        ({"en": "on Main Street", "es": "en la calle Principal"}, "es", "`Main Street` stands in en and not here"),
        ({"en": "at 211 Main Street", "pt": "na Main Street"}, "pt", "`211 Main Street` stands in en and not here"),
        ({"en": "on I-84", "es": "en la I-95"}, "es", "`I-84` stands in en and not here"),
    ],
)
def test_another_hour_number_or_street_is_named_with_its_language(texts: dict[str, str], where: str, what: str) -> None:
    assert (where, what) in told(**texts)


def test_a_value_that_only_a_translation_has_is_named_in_the_others() -> None:
    assert told(en="Until further word", es="Hasta las 18:00") == [("en", "`18:00` stands in es and not here")]


def test_the_builders_advisory_agrees_with_itself_and_one_changed_digit_shows() -> None:
    assert disagreements(some_content()) == ()
    changed = {**STATEMENTS, "pt": replace(STATEMENTS["pt"], time="Até as 17h de terça-feira, 24 de novembro")}
    assert {problem.where for problem in disagreements(some_content(statements=changed))} == {"en", "es", "pt"}


def test_one_language_alone_agrees_with_itself() -> None:
    assert told(en="Until 6 PM on Main Street") == []
