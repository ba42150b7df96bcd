"""What the bot offers when it is not sure, what somebody says to that who presses no button, and in which language."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import compose
from bot.core.answer import Outcome, Snapshot, Turn, answer
from bot.core.command import NoteUnanswered
from bot.core.conversation import Conversation
from bot.core.emergency import check
from bot.core.match import Candidate, Certainty, Match
from bot.core.text import fold
from tests import real_folder
from tests.builders import NOW, a_message, an_entry


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


def offered(known: Snapshot, entries: Iterable[str], language: str = "en") -> Conversation:
    """A chat in which these titles were just offered."""
    reply = compose.which([known.knowledge.entries[entry] for entry in entries], language, known.knowledge)
    chat = Conversation(spoke=language, asked="copy of a thing", replied_at=NOW)
    return chat.offering(reply.choices, NOW)


def said(text: str, known: Snapshot, before: Conversation, minutes: int = 1) -> Turn:
    now = NOW + timedelta(minutes=minutes)
    return answer(a_message(text), check(fold(text), known.knowledge.rules), known, before, now)


def values(turn: Turn) -> list[str]:
    return [choice.value for choice in turn.reply.choices]


ONE, SOME = ("swat-team",), ("accident-report-copy", "police-report-copy")


def test_a_title_that_nobody_can_mean_is_not_offered() -> None:
    first, second, faint = an_entry("first", "a"), an_entry("second", "b"), an_entry("faint", "c")
    found = (Candidate(first, 0.3), Candidate(second, 0.01), Candidate(faint, 0.001))
    assert Match(Certainty.NEAR, found).likely() == [first, second]


@pytest.mark.parametrize(("language", "question"), [("en", "Is it this?"), ("es", "¿Es esto?"), ("pt", "É isto?")])
def test_one_title_is_asked_about_as_one(known: Snapshot, language: str, question: str) -> None:
    entry = known.knowledge.entries["swat-team"]
    reply = compose.which([entry], language, known.knowledge)
    assert reply.text.endswith(question)
    assert [choice.value for choice in reply.choices] == ["=swat-team", "/none"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("yes", "en"), ("Yes please!", "en"), ("sí", "es"), ("SI", "es"), ("eso", "es"), ("sim", "pt"), ("é isso", "pt")],
)
def test_a_yes_to_the_only_title_picks_it(known: Snapshot, text: str, language: str) -> None:
    turn = said(text, known, offered(known, ONE, language))
    assert (turn.outcome, turn.entry, turn.language) == (Outcome.ANSWERED, "swat-team", language)


@pytest.mark.parametrize("text", ["yes", "sí", "sim"])
def test_a_yes_to_several_titles_picks_none(known: Snapshot, text: str) -> None:
    assert said(text, known, offered(known, SOME)).outcome is not Outcome.ANSWERED


@pytest.mark.parametrize("entries", [ONE, SOME])
@pytest.mark.parametrize("text", ["no", "nope", "No, something else", "ninguna", "otra cosa", "não", "nenhuma"])
def test_a_no_is_none_of_these_and_keeps_the_question_for_the_curators(
    known: Snapshot, text: str, entries: tuple[str, ...]
) -> None:
    turn = said(text, known, offered(known, entries))
    assert turn.outcome is Outcome.NOT_FOUND
    assert turn.actions == (NoteUnanswered("copy of a thing", turn.language, entries),)


@pytest.mark.parametrize("text", ["yes", "sim"])
def test_under_a_reply_that_asks_nothing_it_picks_nothing(known: Snapshot, text: str) -> None:
    answered = said("how do i get a copy of a police report", known, Conversation())
    assert answered.reply.choices
    after = said(text, known, answered.conversation)
    assert (after.entry, after.actions) == (None, ())


@pytest.mark.parametrize("text", ["yes", "si", "sim"])
def test_law_1_while_an_emergency_is_open_a_yes_is_about_that(known: Snapshot, text: str) -> None:
    before = replace(offered(known, ONE), emergency_at=NOW)
    turn = said(text, known, before)
    assert (turn.outcome, "911" in turn.reply.text.splitlines()[0]) == (Outcome.EMERGENCY, True)


def test_law_1_an_emergency_is_one_whatever_was_offered(known: Snapshot) -> None:
    assert said("yes he has a gun", known, offered(known, ONE)).outcome is Outcome.EMERGENCY


@pytest.mark.parametrize(
    ("text", "language"),
    [("and how much does it cost?", "en"), ("how long does it take", "en"), ("y cuanto cuesta?", "es"),
     ("e quanto custa", "pt")],
)  # fmt: skip
def test_asking_on_before_having_picked_offers_the_same_titles_again(known: Snapshot, text: str, language: str) -> None:
    turn = said(text, known, offered(known, SOME, language))
    assert (turn.outcome, values(turn)) == (Outcome.ASKED_WHICH, [*(f"={entry}" for entry in SOME), "/none"])


@pytest.mark.parametrize("text", ["where do i pay a parking ticket", "fingerprints"])
def test_another_question_is_another_question(known: Snapshot, text: str) -> None:
    assert said(text, known, offered(known, SOME)).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("text", "language"),
    [("how do i get a copy of a police report", "en"), ("hay un hombre con una pistola en mi casa", "es"),
     ("asdf qwer", "en"), ("obrigado", "pt"), ("/help", "en")],
)  # fmt: skip
def test_a_reply_tells_the_language_it_is_in(known: Snapshot, text: str, language: str) -> None:
    assert said(text, known, Conversation()).reply.language == language


def test_a_911_reply_in_several_languages_tells_none(known: Snapshot) -> None:
    turn = said("911", known, Conversation())
    assert (turn.outcome, turn.reply.language) == (Outcome.EMERGENCY, None)


def test_the_day_after_nothing_is_open_any_more(known: Snapshot) -> None:
    assert said("yes", known, offered(known, ONE), minutes=24 * 60).entry is None
