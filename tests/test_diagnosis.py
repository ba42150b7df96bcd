"""Why a turn came out as it did: the values are what the rules really said, held against them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import answer, spoken_in
from bot.core.conversation import Conversation
from bot.core.diagnosis import ByCue, ByNet, Heard, State, heard, ranked, reasons, states, weighed
from bot.core.emergency import Level, Verdict
from bot.core.entry import Entry, Risk, Wording, fingerprint
from bot.core.first_look import looked
from bot.core.message import Kind
from bot.core.text import fold
from tests.builders import NOW, TODAY, a_message, an_entry, knowledge, snapshot

KNOWN = snapshot(
    an_entry("report-copy", "how do i get a copy of my report", es=("quiero una copia de mi reporte",)),
    an_entry("report-crime", "how do i report a crime", "i want to report a theft"),
)


def test_a_cue_is_told_with_its_words_level_and_reason() -> None:
    assert list(reasons(looked("she has a knife!", KNOWN))) == [
        ByCue("has-weapon", "she has a knife", "emergency", "hard cue")
    ]


def test_the_net_is_told_by_its_likelihoods_and_the_rest_in_its_words() -> None:
    verdict = Verdict(Level.NONE, why=("net: emergency 0.07, caution 0.25", "an emergency is open"))
    assert list(reasons(verdict)) == [ByNet(0.07, 0.25), "an emergency is open"]


@given(
    st.sampled_from(["how do i get a copy of my report", "quiero una copia de mi reporte", "ok", "zzz", "/help", ""]),
    st.sampled_from([None, "en", "es", "pt", "xx"]),
    st.sampled_from([None, "en", "es"]),
    st.sampled_from([None, "es", "pt", "fr"]),
    st.sampled_from([Kind.TEXT, Kind.BUTTON, Kind.MEDIA]),
)
def test_what_told_the_language_is_what_the_turn_went_by(
    text: str, wished: str | None, spoke: str | None, device: str | None, kind: Kind
) -> None:
    message = a_message(text, kind=kind, language=device)
    before = Conversation(language=wished, spoke=spoke)
    by = {
        Heard.ASKED_FOR: wished,
        Heard.MESSAGE: KNOWN.languages.of(text),
        Heard.BEFORE: spoke,
        Heard.DEVICE: device,
        Heard.NOTHING: "en",
    }
    assert by[heard(message, KNOWN, before)] == spoken_in(message, KNOWN, before)


@pytest.mark.parametrize(
    "text", ["how do i get a copy of my report", "hello! i want to report a theft please", "report"]
)
def test_the_candidates_begin_with_those_that_the_turn_had(text: str) -> None:
    turn = answer(a_message(text), looked(text, KNOWN), KNOWN, Conversation(), NOW)
    found = ranked(text, turn, KNOWN, 10)
    assert found.candidates[: len(turn.match.candidates)] == turn.match.candidates


def test_a_candidate_stands_beside_its_bars_and_its_nearest_phrase() -> None:
    words = fold("i want to report a theft")
    turn = answer(a_message(words.text), looked(words.text, KNOWN), KNOWN, Conversation(), NOW)
    first, *_ = weighed(ranked(words.text, turn, KNOWN, 10), words, KNOWN.index)
    assert (first.entry.id, first.phrase.text) == ("report-crime", "i want to report a theft")
    assert first.score >= first.sure > first.near > 0


def test_a_high_risk_needs_a_higher_score() -> None:
    risky = snapshot(an_entry("fees", "how much does it cost", risk=Risk.HIGH), an_entry("hours", "when are you open"))
    words = fold("how much is it")
    turn = answer(a_message(words.text), looked(words.text, risky), risky, Conversation(), NOW)
    bars = {each.entry.id: each.sure for each in weighed(ranked(words.text, turn, risky, 10), words, risky.index)}
    assert bars["fees"] > bars["hours"]


def an_old(entry: Entry) -> Entry:
    return replace(entry, checked_on=date(2020, 1, 1), review_every=timedelta(days=30))


def a_translation(**changed: object) -> Entry:
    entry = an_entry("fees", "how much", es=("cuanto",))
    made = Wording("Fees (es)", (), "El costo.", translates=fingerprint("The answer about fees."), approved_by="ana")
    return replace(entry, wordings={**entry.wordings, "es": replace(made, **changed)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "language", "expected"),
    [
        (an_entry("fees", "how much"), "en", []),
        (an_old(an_entry("fees", "how much")), "en", [State.OVERDUE]),
        (an_old(an_entry("fees", "how much", risk=Risk.HIGH)), "en", [State.WITHHELD]),
        (an_entry("fees", "how much", answer=None), "en", [State.UNCONFIRMED]),
        (an_entry("fees", "how much"), "pt", [State.NOT_TRANSLATED]),
        (a_translation(), "es", []),
        (a_translation(), "en", []),
        (a_translation(approved_by=None), "es", [State.UNAPPROVED]),
        (a_translation(translates="0" * 12), "es", [State.OLD_TRANSLATION]),
    ],
)
def test_what_is_not_as_it_should_be_with_an_entry_is_told(entry: Entry, language: str, expected: list[State]) -> None:
    assert list(states(entry, language, knowledge(entry), TODAY)) == expected
