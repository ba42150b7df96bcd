"""The texts that the guide gives for Twilio's Advanced Opt-Out: law 6 where the carrier has the last word."""

import re
from pathlib import Path

import pytest

from bot.core.conversation import Conversation
from bot.core.gsm import is_gsm, segments
from bot.core.optout_words import CARRIER_STOP
from bot.core.subscribing import Unsubscribe
from tests import real_folder

GUIDE = (Path(__file__).parents[1] / ".docs/sms.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\w+), (opt-out|opt-in|help) \| ([^|]+) \| ([^|]+) \|$", GUIDE, re.MULTILINE)


def test_three_languages_have_three_texts_each() -> None:
    assert len(ROWS) == len({row[:2] for row in ROWS}) == 9


@pytest.mark.parametrize(("language", "what", "words", "text"), ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_each_names_911_and_costs_little(language: str, what: str, words: str, text: str) -> None:
    assert "911" in text
    assert is_gsm(text)
    assert segments(text) <= 2
    assert what != "opt-out" or "START" in text
    assert "YES" not in words.split(", ")


@pytest.mark.parametrize("word", [word for row in ROWS if row[1] == "opt-out" for word in row[2].split(", ")])
def test_each_word_that_twilio_is_told_to_stop_at_ends_the_subscription_here_as_well(word: str) -> None:
    assert real_folder.loaded().snapshot.orders.opting_out(word, Conversation()) == Unsubscribe()


def test_every_word_the_carrier_stops_at_is_listed() -> None:
    english = next(row[2] for row in ROWS if row[:2] == ("English", "opt-out"))
    assert {word.lower() for word in english.split(", ")} == CARRIER_STOP
