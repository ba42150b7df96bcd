"""The rules by which a delivery moves from state to state, as one table: what a send came to, and what that means."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.core.advisory import AdvisoryLevel
from bot.core.channel import LaneClosed, MayHaveArrived, OptedOut, Refused, SendFailed, TryLater, Unreachable
from bot.core.delivery import LANE_RESTS, Delivery, Settlement, State, not_sent, sent, unknown_end
from tests.ledger import MINUTE, NOON, SECOND, somebody

ALERT, ADVISORY = AdvisoryLevel.ALERT, AdvisoryLevel.ADVISORY
HELD = Delivery(7, 1, 3, ADVISORY, somebody(3), "en", State.SENDING, "owner", attempts=3, unknowns=0)
TRIED = Settlement(State.DUE, attempts=3)
LATER, LANE_OPENS = NOON + MINUTE, NOON + LANE_RESTS


@pytest.mark.parametrize(("failure", "settlement"), [
    # Who is asked for patience, or refused as a whole, has not tried this person yet.
    (TryLater("flood", MINUTE), replace(TRIED, note="TryLater", due_at=LATER, lane_until=LATER, attempts=2)),
    (LaneClosed("token"), replace(TRIED, note="LaneClosed", due_at=LANE_OPENS, lane_until=LANE_OPENS, attempts=2)),
    (TryLater("away"), replace(TRIED, note="TryLater", due_at=NOON + 8 * SECOND)),
    (MayHaveArrived("cut"), replace(TRIED, state=State.UNCERTAIN, note="no answer", unknowns=1)),
    (SendFailed("odd"), replace(TRIED, state=State.UNCERTAIN, note="no answer", unknowns=1)),
    (OptedOut("21610"), replace(TRIED, state=State.OPTED_OUT, note="21610", ends=True)),
    (Unreachable("gone"), replace(TRIED, state=State.UNDELIVERABLE, note="unreachable: gone", suspends=True)),
    (Refused("empty"), replace(TRIED, state=State.UNDELIVERABLE, note="refused: empty")),
])  # fmt: skip
def test_each_end_of_a_send_settles_its_row_its_lane_and_its_subscription(
    failure: SendFailed, settlement: Settlement
) -> None:
    assert not_sent(HELD, failure, NOON) == settlement


def test_what_was_taken_is_sent_under_the_platforms_id_and_keeps_its_counts() -> None:
    tried = replace(HELD, unknowns=1)
    there = Settlement(State.SENT, provider_id="m7", attempts=3, unknowns=1)
    assert sent(tried, "m7") == there
    assert sent(tried, "m7", somebody(9)) == replace(there, moved_to=somebody(9))


@pytest.mark.parametrize("failure", [TryLater("away"), TryLater("flood", MINUTE), LaneClosed("token"), Refused("no"),
                                     OptedOut("no"), Unreachable("gone")])  # fmt: skip
def test_an_end_that_is_known_forgets_no_copy_that_may_be_there(failure: SendFailed) -> None:
    assert not_sent(replace(HELD, unknowns=1), failure, NOON).unknowns == 1


@pytest.mark.parametrize(("level", "unknowns", "is_crash", "due_at"), [
    (ALERT, 0, False, NOON + 2 * SECOND),
    (ALERT, 0, True, NOON),
    (ADVISORY, 0, True, NOON),
    (ADVISORY, 0, False, None),
    (ALERT, 1, False, None),
    (ALERT, 1, True, None),
    (ADVISORY, 1, True, None),
])  # fmt: skip
def test_an_unknown_end_is_tried_once_more_at_level_alert_or_after_a_crash_and_never_a_third_time(
    level: AdvisoryLevel, unknowns: int, is_crash: bool, due_at: datetime | None
) -> None:
    state, note = State.DUE if due_at else State.UNCERTAIN, "crash" if is_crash else "no answer"
    assert unknown_end(replace(HELD, level=level, unknowns=unknowns), NOON, is_crash=is_crash) == Settlement(
        state, note, due_at=due_at, attempts=3, unknowns=unknowns + 1
    )
    if not is_crash:
        for failure in (MayHaveArrived("cut"), SendFailed("odd")):
            assert not_sent(replace(HELD, level=level, unknowns=unknowns), failure, NOON).state is state


def test_the_pause_between_tries_doubles_up_to_five_minutes() -> None:
    ends = [not_sent(replace(HELD, attempts=attempts), TryLater("away"), NOON) for attempts in (1, 2, 7, 8, 9, 400)]
    assert [end.due_at and (end.due_at - NOON) / SECOND for end in ends] == [2, 4, 128, 256, 300, 300]


def test_all_states_but_the_first_two_are_final() -> None:
    assert [state for state in State if not state.is_final] == [State.DUE, State.SENDING]
