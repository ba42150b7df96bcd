"""The moment of release: who is in the audience, and what of the same thread is taken back for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, and_, case, cast, exists, func, insert, or_, select, update
from sqlalchemy import literal as constant
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryLevel, AdvisoryType, Ended, Stage, may_release
from bot.core.delivery import State
from bot.store.contents import advisory_of
from bot.store.schema import advisory as table
from bot.store.schema import delivery, subscription
from bot.store.subscriptions import wanted

_LOTS = 2**31


async def audience_of(connection: AsyncConnection, advisory: Advisory) -> ColumnElement[bool]:
    """The subscriptions that a release now would address.

    A Cancel goes to everybody who may have got anything of its thread and still wants messages at all. What follows an
    Alert is as urgent as that was: who got the one must hear how it went on.
    """
    kind, thread = subscription.c.kind == advisory.kind.value, await thread_of(connection, advisory)
    if advisory.type is AdvisoryType.CANCEL:
        numbers = [each.number for each in thread]
        got_it = exists().where(
            delivery.c.subscription == subscription.c.id, delivery.c.advisory.in_(numbers), may_have_arrived()
        )
        return and_(kind, subscription.c.state == "active", got_it)
    return and_(kind, wanted(advisory.content.topic, is_urgent=is_urgent(advisory, thread)))


def is_urgent(advisory: Advisory, thread: Sequence[Advisory]) -> bool:
    """Whether it is for those too who want only Alerts."""
    released = [each for each in thread if each.released_at is not None]
    return any(each.content.level is AdvisoryLevel.ALERT for each in (advisory, *released))


def may_have_arrived(rows: FromClause = delivery) -> ColumnElement[bool]:
    """A delivery of which that person may hold a copy, or is about to."""
    states = (State.SENT.value, State.UNCERTAIN.value, State.SENDING.value)
    return or_(rows.c.state.in_(states), rows.c.unknowns > 0)


def unless_it_may_be_there(state: State) -> ColumnElement[str]:
    """How a row ends that is not sent again: uncertain when an attempt of it ended unknown, to hide no copy."""
    return case((delivery.c.unknowns > 0, State.UNCERTAIN.value), else_=state.value)


async def thread_of(connection: AsyncConnection, advisory: Advisory) -> tuple[Advisory, ...]:
    """Every message of its thread in order, itself included."""
    rows = await connection.execute(select(table).where(table.c.thread == advisory.thread).order_by(table.c.number))
    return tuple(advisory_of(row) for row in rows)


async def size(connection: AsyncConnection, who: ColumnElement[bool]) -> int:
    """How many subscriptions those are."""
    return (await connection.execute(select(func.count()).select_from(subscription).where(who))).scalar_one()


async def refusals(connection: AsyncConnection, advisory: Advisory, by: str, now: datetime) -> tuple[str, ...]:
    """Why it may not go out now; nothing when it may. A scheduled one is measured as when it was released."""
    count = await size(connection, await audience_of(connection, advisory))
    reasons = list(may_release(advisory, by, count, advisory.override))
    if not advisory.texts:
        reasons.append("it has no words in any language")
    if advisory.content.expires_at <= max(now, advisory.starts_at or now):
        reasons.append("it would have expired by then: give it a later end")
    if advisory.type is not AdvisoryType.ALERT:
        reasons += continuing(await thread_of(connection, advisory))
    return tuple(reasons)


def continuing(thread: Sequence[Advisory]) -> list[str]:
    """Why nothing may follow in this thread; nothing when it may."""
    reasons = []
    if thread[0].released_at is None:
        reasons.append("what it follows has not gone out: change that instead")
    if any(each.ended is Ended.CANCELLED for each in thread):
        reasons.append("what it follows was withdrawn, and nothing follows a withdrawal: begin a new one")
    return reasons


async def freeze(connection: AsyncConnection, advisory: Advisory, now: datetime) -> int:
    """Plan a delivery for each of the audience, take back what it replaces, and tell how many there are.

    From the same moment what it supersedes or withdraws no longer holds.
    """
    if advisory.type is not AdvisoryType.ALERT:
        await _take_back(connection, advisory, now)
    who = await audience_of(connection, advisory)
    planned: dict[str, ColumnElement[Any]] = {
        "kind": constant(advisory.kind.value),
        "advisory": constant(advisory.number),
        "subscription": subscription.c.id,
        "thread": constant(advisory.thread),
        "channel": subscription.c.channel,
        "state": constant(State.DUE.value),
        "turn": _lot(connection),
        "attempts": constant(0),
        "unknowns": constant(0),
        "due_at": constant(now, delivery.c.due_at.type),
    }
    chosen = select(*(column.label(name) for name, column in planned.items())).where(who)
    count = (await connection.execute(insert(delivery).from_select(list(planned), chosen))).rowcount
    sending = {"stage": Stage.SENDING.value, "released_at": now, "audience": count, "paused_for": None}
    await connection.execute(update(table).where(table.c.number == advisory.number).values(sending))
    return count


async def _take_back(connection: AsyncConnection, advisory: Advisory, now: datetime) -> None:
    is_cancel = advisory.type is AdvisoryType.CANCEL
    others = and_(table.c.thread == advisory.thread, table.c.number != advisory.number)
    ended = {"ended": (Ended.CANCELLED if is_cancel else Ended.SUPERSEDED).value, "ended_at": now}
    # A Cancel withdraws what was superseded or has expired as well: nothing may follow in the thread.
    stands = table.c.released_at.is_not(None)
    holds = stands if is_cancel else and_(stands, table.c.ended.is_(None))
    await connection.execute(update(table).where(others, holds).values(ended))
    if is_cancel:
        unreleased = table.c.released_at.is_(None)
        await connection.execute(update(table).where(others, unreleased).values(stage=Stage.DISCARDED.value))
    numbers = select(table.c.number).where(others)
    due = and_(delivery.c.advisory.in_(numbers), delivery.c.state == State.DUE.value)
    ends = {"state": unless_it_may_be_there(State.WITHDRAWN), "settled_at": now}
    await connection.execute(update(delivery).where(due).values(ends))


def _lot(connection: AsyncConnection) -> ColumnElement[int]:
    if connection.dialect.name == "sqlite":  # any 64 bits
        return func.abs(func.random() % _LOTS)
    return cast(func.floor(func.random() * _LOTS), Integer)  # from 0 up to 1
