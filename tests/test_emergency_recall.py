"""The shipped check on labelled messages that nothing was trained on: what finds less, or alarms more, fails."""

import json
from collections.abc import Callable, Sequence
from functools import cache

import pytest

from bot.core.emergency import Level, check
from bot.core.text import fold
from bot.recall import Scored, score
from tests import real_emergency
from tests.benchmarks.command import DATA

# Which share of the emergencies is sent to 911 at least, and which gets its line; which of the ordinary ones is sent
# to 911 at most, and which gets its line. As measured, and two to five messages of 400 worse.
CUES_AND_NET = (0.975, 0.99, 0.018, 0.05)
CUES_ALONE = (0.91, 0.92, 0.025, 0.085)
NO_SPACES = (0.95, 0.97, 0.03, 0.065)


@cache
def lines() -> tuple[str, ...]:
    return tuple((DATA / "emergency_dev.jsonl").read_text(encoding="utf-8").splitlines())


@cache
def texts() -> tuple[str, ...]:
    return tuple(json.loads(line)["text"] for line in lines())


def by_cues(messages: Sequence[str]) -> list[Level]:
    return [check(fold(text), real_emergency.files().rules).level for text in messages]


def without_spaces(messages: Sequence[str]) -> list[Level]:
    return real_emergency.levels([text.replace(" ", "") for text in messages])


def shares(scored: tuple[Scored, ...]) -> tuple[float, float, float, float]:
    emergencies = [each.got for each in scored if each.label is Level.EMERGENCY]
    ordinary = [each.got for each in scored if each.label is Level.NONE]
    return (
        emergencies.count(Level.EMERGENCY) / len(emergencies),
        sum(map(bool, emergencies)) / len(emergencies),
        ordinary.count(Level.EMERGENCY) / len(ordinary),
        sum(map(bool, ordinary)) / len(ordinary),
    )


@pytest.mark.parametrize(
    ("bounds", "levels_of"),
    [(CUES_AND_NET, real_emergency.levels), (CUES_ALONE, by_cues), (NO_SPACES, without_spaces)],
)
def test_the_labelled_emergencies_are_found_and_ordinary_messages_left_alone(
    bounds: tuple[float, float, float, float], levels_of: Callable[[Sequence[str]], list[Level]]
) -> None:
    got = dict(zip(texts(), levels_of(texts()), strict=True))
    strict, safe, false_emergency, false_line = shares(score(lines(), got.__getitem__))
    assert strict >= bounds[0]
    assert safe >= bounds[1]
    assert false_emergency <= bounds[2]
    assert false_line <= bounds[3]
