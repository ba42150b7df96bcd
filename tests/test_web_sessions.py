"""What the web chat keeps of its conversations, and how much of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.channels import web_sessions
from bot.channels.web_sessions import Sessions
from bot.core.message import Part
from tests.builders import NOW
from tests.web_builders import now


def test_an_id_of_the_right_form_is_taken_as_it_is_and_any_other_replaced() -> None:
    sessions = Sessions(now)
    given = "0123456789abcdef" * 2
    known, is_new = sessions.open(given, 7)
    assert (known.id, known.last, is_new, sessions.open(given, 3)[1]) == (given, 7, True, False)
    for odd in ("../../etc", given.upper(), given + "0", ""):
        made, _ = sessions.open(odd, 0)
        assert made.id != odd
        assert len(made.id) == 32


@dataclass(slots=True)
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


def test_conversations_are_bounded_in_number_the_least_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_sessions, "MOST_SESSIONS", 3)
    sessions = Sessions(now)
    first, second, *_ = (sessions.open(None, 0)[0] for _ in range(3))
    sessions.touch(first)
    sessions.open(None, 0)
    assert (len(sessions), sessions.open(first.id, 0)[1], sessions.open(second.id, 0)[1]) == (3, False, True)


def test_conversations_are_bounded_in_age() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    old, _ = sessions.open(None, 0)
    clock.at += timedelta(hours=25)
    sessions.open(None, 0)
    assert (len(sessions), sessions.open(old.id, 0)[1]) == (1, True)


def test_a_conversation_keeps_its_last_twenty_frames() -> None:
    session, _ = Sessions(now).open(None, 0)
    for number in range(30):
        session.keep("q", [Part(str(number))])
    assert [frame.part.text for frame in session.frames] == [str(number) for number in range(10, 30)]
    assert json.loads(json.dumps(session.frames[-1].plain()))["seq"] == 30
