"""The promise on advisories, clause by clause, as what must hold in a town after every step."""

from datetime import timedelta

from bot.core.delivery import MOST_IN_FLIGHT, State
from tests.promise_town import RATE, Town


def complete(town: Town) -> None:
    """Clause 1: the audience is frozen; each is in one state; finished is only what adds up."""
    ledger = town.books.look()
    assert set(ledger.rows) == set(town.model.rows)
    for notice in town.model.notices.values():
        told = ledger.notices[notice.number]
        assert (told.released_at is not None) == (notice.place is not None)
        if notice.place is not None:
            assert told.audience == len(notice.rows)
        if told.stage == "finished":
            assert all(State(ledger.rows[number].state).is_final for number in notice.rows)
    for number, row in town.model.rows.items():
        kept = ledger.rows[number]
        assert (kept.advisory, kept.subscription) == (row.notice.number, row.wish.number)
        state = State(kept.state)
        assert (state is State.SENDING) == (row.holder is not None)
        assert not state.is_final or town.model.explained(row, state, town.now), (state, row)


def at_least_once_and_at_most_one_extra_copy(town: Town) -> None:
    """Clause 2: a copy more only for an unknown end, two at most; and whoever got one is not told otherwise."""
    ledger = town.books.look()
    for number, row in town.model.rows.items():
        kept = ledger.rows[number]
        assert row.copies <= min(2, 1 + row.unknowns)
        assert kept.unknowns == row.unknowns <= 2
        if row.copies and not row.unknowns and row.holder is None:
            assert kept.state == "sent"


def never_after_opt_out(town: Town) -> None:
    """Clause 3: no send begins to who has stopped, or has stopped this topic; and their address is forgotten."""
    for begun in town.begun:
        assert begun.wish_state == "active"
        assert begun.is_wanted
        assert not begun.had_left
    assert all((kept.state == "stopped") == (kept.address is None) for kept in town.books.look().wishes.values())


def never_after_cancel_or_expiry(town: Town) -> None:
    """Clause 4: none begins of what was withdrawn, has expired or is paused; and a withdrawal goes first."""
    for begun in town.begun:
        assert begun.ended is None
        assert begun.at < begun.row.notice.expires_at
        assert not begun.was_paused
        assert begun.row.notice.is_cancel or not begun.cancels_passed_over


def in_order_per_person(town: Town) -> None:
    """Clause 5: one message of a thread at a time, none after a later one."""
    for begun in town.begun:
        assert not begun.newer
        assert begun.others == 0


def one_sender(town: Town) -> None:
    """Clause 6: a row has one owner; three at most are under way; a lane keeps its pace and its rests."""
    for begun in town.begun:
        assert not begun.was_held
        assert begun.in_flight < MOST_IN_FLIGHT
        assert begun.rests_until is None or begun.rests_until <= begun.at
        # Who wakes late loses no time: two may begin close together, and never three.
        assert begun.second_last_at is None or begun.at - begun.second_last_at >= timedelta(seconds=0.99 / RATE)
        assert begun.level_allowed
    held = {number: kept.owner for number, kept in town.books.look().rows.items() if kept.owner is not None}
    assert held == {row.number: row.holder for row in town.model.rows.values() if row.holder is not None}


def an_exercise_is_not_live(town: Town) -> None:
    """Clause 7: an exercise addresses nobody but those who agreed to be in one."""
    for row in town.model.rows.values():
        assert row.notice.kind is row.wish.kind


def the_same_after_power_loss(town: Town) -> None:
    """Clause 8: what was confirmed stands. That the disk has it is `synchronous=FULL`: see the database's tests."""
    wishes = town.books.look().wishes
    for wish in town.model.wishes.values():
        kept = wishes[wish.number]
        assert (kept.state, kept.topics, kept.level) == (wish.state, wish.topics, wish.reach.value)


def every_act_is_in_the_books(town: Town) -> None:
    assert town.books.acts() == town.acts


CLAUSES = (
    complete,
    at_least_once_and_at_most_one_extra_copy,
    never_after_opt_out,
    never_after_cancel_or_expiry,
    in_order_per_person,
    one_sender,
    an_exercise_is_not_live,
    the_same_after_power_loss,
    every_act_is_in_the_books,
)
