"""The promise on advisories: whatever happens, its eight clauses hold. And stories that once broke it."""

from datetime import timedelta

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType
from tests.promise_machine import Promise, hold
from tests.promise_town import End

HOURS = timedelta(hours=6)


def test_the_promise_holds_whatever_happens() -> None:
    hold(examples=300, steps=50, seed=6)


def a_town() -> Promise:
    machine = Promise()
    machine.begins(seed=0, crowd=0, level=AdvisoryLevel.ADVISORY, waits=False)
    return machine


def sends(machine: Promise, most: int) -> None:
    for _ in range(most):
        machine.send([End.TAKEN] * 4, 0)
        machine.tick(1)


def test_a_withdrawal_that_was_written_first_reaches_those_whom_only_a_later_update_had_reached() -> None:
    town = a_town()
    town.subscribe(0, {"traffic"}, None, AdvisoryKind.LIVE)
    town.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    sends(town, 2)
    town.follow(0, AdvisoryType.CANCEL, AdvisoryLevel.ADVISORY, HOURS, goes_out=False)
    town.subscribe(1, {"traffic"}, None, AdvisoryKind.LIVE)
    town.follow(0, AdvisoryType.UPDATE, AdvisoryLevel.ADVISORY, HOURS, goes_out=True)
    sends(town, 2)
    town.staff(0, "release")
    town.teardown()
    cancel = town.town.model.notices[2]
    assert [(row.wish.chat.id, row.copies) for row in cancel.rows.values()] == [("1", 1), ("2", 1)]
