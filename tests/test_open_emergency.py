"""After a 911 reply: what still belongs to the emergency gets 911 again, never a menu; who calls it off gets out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.answer import Outcome, Snapshot, Turn, answer
from bot.core.conversation import Conversation
from bot.core.emergency import check
from bot.core.text import fold
from tests import real_folder
from tests.builders import NOW, a_message


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return real_folder.loaded().snapshot


def after(snapshot: Snapshot, text: str, minutes: int = 2) -> Turn:
    """The turn of a message so many minutes after a 911 reply."""
    conversation = Conversation(spoke="en", emergency_at=NOW - timedelta(minutes=minutes))
    return answer(a_message(text), check(fold(text), snapshot.knowledge.rules), snapshot, conversation, NOW)


@pytest.mark.parametrize(
    "text",
    ["14 Rose Hill", "yes", "hurry", "please", "please hurry up", "apt 3b second floor", "I need help", "ok", "si",
     "??", "no please i need you", "just come", "123 main st danbury", "apurense", "rapido por favor", "por favor",
     "sim", "vem logo", "rua das flores 20", "he is coming back", "where are you", "are you there",
     "i only have 5 minutes", "no he wont stop", "i just need someone to come"],
)  # fmt: skip
def test_what_belongs_to_the_emergency_gets_911_again_and_never_a_menu(snapshot: Snapshot, text: str) -> None:
    turn = after(snapshot, text)
    assert (turn.outcome, turn.reply.choices) == (Outcome.EMERGENCY, ())
    assert "911" in turn.reply.text.splitlines()[0]
    assert turn.conversation.emergency_at == NOW


@pytest.mark.parametrize(
    "text",
    ["no", "no, wrong", "wrong chat sorry", "no, wrong, I only need the report", "it was a false alarm", "by mistake",
     "no emergency", "just asking a question", "nobody is hurt", "me equivoque", "no es una emergencia", "falsa alarma",
     "solo necesito una copia", "foi engano", "não é emergência", "estou bem", "we are safe now", "never mind",
     "i was just testing"],
)  # fmt: skip
def test_who_calls_it_off_gets_out_with_one_sentence(snapshot: Snapshot, text: str) -> None:
    turn = after(snapshot, text)
    closing = snapshot.knowledge.phrases.texts["emergency_closed"].values()
    assert any(turn.reply.text.startswith(sentence) for sentence in closing)
    assert turn.conversation.emergency_at is None
    assert turn.outcome is not Outcome.ASKED_WHICH


def test_a_clear_question_is_answered_under_the_911_notice(snapshot: Snapshot) -> None:
    turn = after(snapshot, "how do i get a copy of a police report")
    assert (turn.outcome, turn.entry) == (Outcome.ANSWERED, "police-report-copy")
    assert turn.reply.text.startswith(snapshot.knowledge.replies.notice["en"])


def test_a_new_danger_is_an_emergency_even_when_called_off_in_the_same_breath(snapshot: Snapshot) -> None:
    assert after(snapshot, "no, wrong, he has a gun").outcome is Outcome.EMERGENCY


def test_after_ten_minutes_it_is_an_ordinary_chat_again(snapshot: Snapshot) -> None:
    assert after(snapshot, "yes", minutes=11).outcome is not Outcome.EMERGENCY


def test_an_emergency_opens_itself(snapshot: Snapshot) -> None:
    text = "my house is on fire"
    turn = answer(a_message(text), check(fold(text), snapshot.knowledge.rules), snapshot, Conversation(), NOW)
    assert turn.conversation == replace(Conversation(), spoke="en", emergency_at=NOW)
