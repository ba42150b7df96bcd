"""The promise on advisories: whatever happens, its eight clauses hold. And stories that once broke it."""

from datetime import timedelta

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType
from tests.postgres_server import PostgresServer
from tests.promise_machine import Promise, hold
from tests.promise_on_postgres import on_postgres
from tests.promise_town import End
from tests.sizes import IS_CI

HOURS = timedelta(hours=6)

ON_POSTGRESQL = 4 if IS_CI else 1  # the statements are the same; what differs shows soon
EXAMPLES = 300 if IS_CI else 8  # a minute and a half of a processor, and three seconds by hand


def test_the_promise_holds_whatever_happens() -> None:
    hold(examples=EXAMPLES, steps=50, seed=6)


def test_the_promise_holds_on_postgresql(postgres: PostgresServer) -> None:
    with on_postgres(postgres):
        hold(examples=ON_POSTGRESQL, steps=40, seed=6)


def a_town() -> Promise:
    machine = Promise()
    machine.begins(seed=0, crowd=0, level=AdvisoryLevel.ADVISORY, waits=False)
    return machine


def sends(machine: Promise, most: int) -> None:
    for _ in range(most):
        machine.send([End.TAKEN] * 4, 1)
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


def test_a_withdrawal_goes_to_those_too_whose_copy_is_uncertain_or_on_its_way() -> None:
    machine = a_town()
    for who in range(3):
        machine.subscribe(who, {"traffic"}, None, AdvisoryKind.LIVE)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    machine.send([End.LOST, End.HOLDS, End.TAKEN], 1)
    machine.follow(0, AdvisoryType.CANCEL, AdvisoryLevel.ADVISORY, HOURS, goes_out=True)
    machine.teardown()
    cancel = machine.town.model.notices[2]
    assert [row.copies for row in cancel.rows.values()] == [1, 1, 1]


def test_a_withdrawal_overtakes_what_expires_sooner() -> None:
    machine = a_town()
    machine.subscribe(0, {"traffic"}, None, AdvisoryKind.LIVE)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    sends(machine, 1)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ALERT, "traffic", timedelta(minutes=4), None)
    machine.follow(0, AdvisoryType.CANCEL, AdvisoryLevel.COMMUNITY, HOURS, goes_out=True)
    machine.send([End.TAKEN], 1)
    assert [begun.row.notice.is_cancel for begun in machine.town.begun] == [True]
    machine.teardown()


def test_what_was_paused_before_it_went_out_waits_for_a_release_once_it_is_approved_again() -> None:
    machine = a_town()
    machine.subscribe(0, {"traffic"}, None, AdvisoryKind.LIVE)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, 1)
    machine.staff(0, "pause")
    machine.tick(2)
    machine.staff(0, "approve")
    machine.send([End.TAKEN], 1)
    assert machine.town.begun == []
    machine.staff(0, "release")
    machine.send([End.TAKEN], 1)
    assert len(machine.town.begun) == 1
    machine.teardown()


def test_what_is_paused_stays_where_it_is_until_it_is_resumed() -> None:
    machine = a_town()
    machine.subscribe(0, {"traffic"}, None, AdvisoryKind.LIVE)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    machine.staff(0, "pause")
    machine.send([End.TAKEN], 1)
    assert machine.town.begun == []
    machine.staff(0, "resume")
    machine.send([End.TAKEN], 1)
    assert [begun.row.copies for begun in machine.town.begun] == [1]
    machine.teardown()


def test_who_said_stop_where_a_chat_moves_to_gets_nothing_there() -> None:
    machine = a_town()
    moves_to = 2
    machine.subscribe(0, {"traffic"}, None, AdvisoryKind.LIVE)
    machine.stop(moves_to, None)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    machine.send([End.MOVED], moves_to)
    machine.publish(AdvisoryKind.LIVE, AdvisoryLevel.ADVISORY, "traffic", HOURS, None)
    machine.teardown()
    assert [len(notice.rows) for notice in machine.town.model.notices.values()] == [1, 0]
