"""How fast, how long yet, and what holds it up: read from the ledger as it stands."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.advisory import AdvisoryLevel, Stage
from bot.core.delivery import State
from bot.service.pace import pace
from bot.store.progress import LaneRest, Progress
from tests.advisory_builders import NOW, an_advisory, some_content

ZONE = ZoneInfo("America/New_York")
NIGHT = NOW + timedelta(hours=12)
SECOND = timedelta(seconds=1)
GOING = Progress(
    stage=Stage.SENDING,
    audience=3000,
    states={State.SENT: 870, State.DUE: 2127, State.SENDING: 3},
    channels={},
    started_at=NOW - timedelta(seconds=30),
    last_settled_at=NOW,
    sent_last_minute=870,
    paused_for=None,
    lanes=(),
)


def limit(now: datetime = NOW, level: AdvisoryLevel = AdvisoryLevel.ADVISORY, **changed: Any) -> str:
    advisory = an_advisory(content=some_content(level=level), starts_at=NOW + timedelta(hours=1))
    return pace(replace(GOING, **changed), advisory, now, ZONE).limits


def test_rate_and_time_left_follow_from_the_last_minute() -> None:
    told = pace(GOING, an_advisory(), NOW, ZONE)
    assert (told.rate, told.left) == (29.0, 2130)
    assert told.done_in is not None
    assert round(told.done_in.total_seconds()) == 73
    assert not told.is_over


def test_the_rate_counts_no_more_than_a_minute() -> None:
    long_since = replace(GOING, started_at=NOW - timedelta(minutes=20), sent_last_minute=1740)
    assert pace(long_since, an_advisory(), NOW, ZONE).rate == 29.0


def test_nothing_tells_how_long_when_nothing_moves() -> None:
    still = replace(GOING, last_settled_at=NOW - timedelta(minutes=5))
    told = pace(still, an_advisory(), NOW, ZONE)
    assert (told.rate, told.done_in) == (0.0, None)
    assert told.limits.startswith("nothing has moved for a minute")


@pytest.mark.parametrize("stage", [Stage.FINISHED, Stage.DISCARDED])
def test_what_is_over_is_over(stage: Stage) -> None:
    told = pace(replace(GOING, stage=stage, states={State.SENT: 3000}), an_advisory(), NOW, ZONE)
    assert (told.is_over, told.left, told.limits) == (True, 0, stage.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "the platform's rate"),
        ({"stage": Stage.DRAFT, "states": {}}, "not published"),
        ({"stage": Stage.PAUSED, "paused_for": "anna: wrong street"}, "paused: anna: wrong street"),
        ({"stage": Stage.SCHEDULED}, "scheduled for 2026-11-24 13:00"),
        ({"lanes": (LaneRest("telegram", NOW + 60 * SECOND, "429"),)}, "telegram rests until 12:01:00: 429"),
        ({"lanes": (LaneRest("telegram", NOW - SECOND, "429"),)}, "the platform's rate"),
        ({"states": {State.SENT: 3000}}, "nothing: the last ones are being counted"),
    ],
)
def test_what_holds_it_up_is_named(changed: dict[str, Any], said: str) -> None:
    assert limit(**changed) == said


def test_at_night_only_an_alert_goes_on() -> None:
    assert limit(NIGHT, last_settled_at=NIGHT) == "quiet hours until 2026-11-25 07:00"
    assert limit(NIGHT, AdvisoryLevel.ALERT, last_settled_at=NIGHT) == "the platform's rate"
