from datetime import timedelta

import pytest

from bot.core.conversation import Conversation
from bot.core.message import Choice
from tests.builders import NOW

OFFERED = Conversation().offering((Choice("Copy of a report", "=copy"), Choice("Pay a ticket", "=pay")), NOW)


@pytest.mark.parametrize(
    "text", ["2", " 2 ", "2.", "#2", "(2)", "no. 2", "number 2", "opción 2", "la 2", "PAY A TICKET", "pay a ticket!"]
)
def test_a_number_or_the_very_words_pick_a_choice(text: str) -> None:
    assert OFFERED.chosen(text, NOW) == "=pay"


@pytest.mark.parametrize("text", ["3", "0", "2 cars were stolen", "22", "pay", "", "two reports"])
def test_anything_else_picks_none(text: str) -> None:
    assert OFFERED.chosen(text, NOW) is None


def test_a_choice_is_forgotten_after_half_a_day_and_by_the_next_offer() -> None:
    assert OFFERED.chosen("1", NOW + timedelta(hours=13)) is None
    assert OFFERED.offering((), NOW).chosen("1", NOW) is None


def test_what_was_answered_is_gone_on_from_for_ten_minutes_after_the_last_reply() -> None:
    chat = Conversation(entry="copy", replied_at=NOW)
    assert chat.just_answered(NOW + timedelta(minutes=10)) == "copy"
    assert chat.just_answered(NOW + timedelta(minutes=11)) is None
    assert Conversation(entry="copy").just_answered(NOW) is None
