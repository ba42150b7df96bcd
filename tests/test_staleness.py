"""Staleness has consequences: overdue and low risk says so, overdue and high risk is not shown at all."""

from datetime import date
from pathlib import Path

import pytest

from bot.core import compose
from bot.core.entry import Knowledge
from bot.core.message import Reply
from bot.knowledge import schema, source
from tests import small_folder

LANGUAGES = ("en", "es", "pt")
IN_TIME, LATE = date(2026, 6, 1), date(2026, 6, 2)
DAYS = {"en": "March 3, 2026", "es": "3 de marzo de 2026", "pt": "3 de março de 2026"}
SITE = "https://danbury-ct.gov/266/Police-Department"
FEE = """\
- id: fee
  risk: {risk}
  checked_on: 2026-03-03
  review_every: 90 days
  source: {{title: The state, url: "https://state.example/fee"}}
  related: [b]
  channels: [{{kind: phone, value: 203-555-0100}}]
  en: {{title: Fee, asks: [fee], answer: It costs nine dollars., who: Everybody}}
  es: {{title: Costo, asks: [costo], answer: Cuesta nueve dólares., who: Todos}}
  pt: {{title: Taxa, asks: [taxa], answer: Custa nove dólares., who: Todos}}
"""
DESK = """\
- id: desk
  channels: [{kind: address, value: 1 Long Road}]
  en: {title: The desk, asks: [desk], answer: Come in.}
  es: {title: La ventanilla, asks: [ventanilla], answer: Pase.}
  pt: {title: O guichê, asks: [guiche], answer: Entre.}
- id: talk-to-human
  channels: [{kind: address, value: 12 High Road}, {kind: phone, value: null}]
  en: {title: A person, asks: [person], answer: Come in.}
  es: {title: Una persona, asks: [persona], answer: Pase.}
  pt: {title: Uma pessoa, asks: [pessoa], answer: Entre.}
"""
PEOPLE = {"en": "A person", "es": "Una persona", "pt": "Uma pessoa"}


def knowledge(folder: Path, risk: str) -> Knowledge:
    small_folder.write(folder)
    (folder / "faqs/fee.yaml").write_text(FEE.format(risk=risk))
    (folder / "contacts.yaml").write_text(DESK)
    return schema.knowledge(source.read(folder, folder))


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return knowledge(tmp_path_factory.mktemp("low"), "low")


@pytest.fixture(scope="module")
def high(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return knowledge(tmp_path_factory.mktemp("high"), "high")


def reply(known: Knowledge, language: str, today: date) -> Reply:
    return compose.answered(known.entries["fee"], language, known, today)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("risk", ["low", "high"])
def test_until_its_day_an_entry_is_shown_with_the_day_it_was_checked(
    request: pytest.FixtureRequest, risk: str, language: str
) -> None:
    known: Knowledge = request.getfixturevalue(risk)
    text = reply(known, language, IN_TIME).text
    assert known.entries["fee"].wordings[language].answer in text  # type: ignore[operator]
    assert known.phrases("checked", language).replace("{day}", DAYS[language]) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_overdue_low_risk_entry_is_shown_with_its_day_and_a_notice(low: Knowledge, language: str) -> None:
    text = reply(low, language, LATE).text
    assert low.entries["fee"].wordings[language].answer in text  # type: ignore[operator]
    assert low.phrases("overdue", language).replace("{day}", DAYS[language]) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_law_3_an_overdue_high_risk_entry_gives_way_to_the_contact_channel(high: Knowledge, language: str) -> None:
    shown = reply(high, language, LATE)
    withheld = high.phrases("withheld", language).replace("{day}", DAYS[language]).replace("{url}", SITE)
    rests_on = (
        high.phrases("source", language).replace("{title}", "The state").replace("{url}", "https://state.example/fee")
    )
    title = high.entries["fee"].wordings[language].title
    assert shown.text == f"{title}\n\n{withheld}\n\n{PEOPLE[language]}: 12 High Road\n\n{rests_on}"
    assert [choice.value for choice in shown.choices] == ["=talk-to-human", "=desk"]
    assert shown.source == "fee"


@pytest.mark.parametrize("language", LANGUAGES)
def test_law_3_nothing_of_an_overdue_high_risk_answer_is_shown(high: Knowledge, language: str) -> None:
    text = reply(high, language, LATE).text
    wording = high.entries["fee"].wordings[language]
    for said in (wording.answer, *wording.details.values(), "203-555-0100"):
        assert str(said) not in text


def test_law_2_the_withheld_reply_is_approved_words_alone(high: Knowledge) -> None:
    """Every line of it stands in the knowledge, filled with values of the knowledge."""
    for language in LANGUAGES:
        assert "{" not in reply(high, language, LATE).text


def test_an_overdue_high_risk_contact_is_not_what_another_gives_way_to(tmp_path: Path) -> None:
    small_folder.write(tmp_path)
    (tmp_path / "faqs/fee.yaml").write_text(FEE.format(risk="high"))
    late = "  risk: high\n  checked_on: 2026-01-01\n  review_every: 1 day\n"
    (tmp_path / "contacts.yaml").write_text(DESK.replace("- id: talk-to-human\n", f"- id: talk-to-human\n{late}"))
    shown = reply(schema.knowledge(source.read(tmp_path, tmp_path)), "en", LATE)
    assert "The desk: 1 Long Road" in shown.text
    assert [choice.value for choice in shown.choices] == ["=desk"]


def test_an_entry_that_names_no_day_of_review_is_never_overdue(high: Knowledge) -> None:
    assert not compose.is_overdue(high.entries["b"], date(2099, 1, 1))
