"""A resident who asks during a broadcast does not wait for it: not for its pace, and not for its rest after a 429."""

from datetime import timedelta

from bot.core.channel import Receipt
from bot.core.delivery import State
from tests.benchmarks import answers_during_broadcast
from tests.benchmarks.answers_during_broadcast import Figures
from tests.simulated_time import StillDatabase, now, simulated


def test_questions_are_answered_at_once_while_the_lane_must_rest_for_a_minute() -> None:
    async def main() -> Figures:
        return await answers_during_broadcast.run(130, 2, now, StillDatabase)

    figures = simulated(main)
    assert {each.receipt for each in figures.answered} == {Receipt.ANSWERED}
    assert figures.texts == len(figures.answered)
    assert len(figures.took(rested=True)) > 100
    # The clock moves only when everybody waits for a timer: whoever had waited for the lane would have seen it move.
    assert max(each.took for each in figures.answered) <= timedelta(milliseconds=50)
    assert figures.sent_in_rest == 0
    assert figures.states == {State.SENT: 130}
