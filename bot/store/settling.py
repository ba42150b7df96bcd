"""What became of a send, written down by whoever held it, and what that means for the person and the lane."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Ended
from bot.core.delivery import Delivery, Settlement, State
from bot.core.message import ChannelName
from bot.store.claiming import SEEN, obstacle
from bot.store.contents import advisory_of
from bot.store.schema import advisory as advisories
from bot.store.schema import delivery as ledger
from bot.store.schema import lane as lanes
from bot.store.schema import subscription
from bot.store.subscriptions import belongs_to, leave

_DUE_AT = bindparam("due_at", type_=ledger.c.due_at.type)
_WRITTEN = ("state", "note", "provider_id", "attempts", "unknowns", "owner", "lease_until", "settled_at", "due_at")
# Built once, as those of a claim. The fence: a row that somebody else has taken meanwhile is not ours to settle.
_SETTLE = (
    update(ledger)
    .where(
        ledger.c.id == bindparam("its"), ledger.c.state == State.SENDING.value, ledger.c.owner == bindparam("holder")
    )
    .values({name: bindparam(name) for name in _WRITTEN} | {"due_at": func.coalesce(_DUE_AT, ledger.c.due_at)})
)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a chat has gone: its old and its new pseudonym, and the new address, sealed."""

    left: str
    person: str
    channel: ChannelName
    address: str


async def settle(
    connection: AsyncConnection,
    settlement: Settlement,
    delivery: Delivery,
    lane: str | None,
    move: Move | None,
    now: datetime,
) -> bool:
    """As `Outbox.settle`; `lane` None: nothing about it was learned."""
    person = select(subscription.c.person).where(subscription.c.id == delivery.subscription).scalar_subquery()
    if settlement.suspends or settlement.ends or move is not None:
        # Before the delivery, as whoever stops holds them: on PostgreSQL the other order would end in a deadlock.
        await connection.execute(select(subscription.c.id).where(belongs_to(person)).with_for_update(key_share=True))
    if settlement.state is State.DUE:
        settlement = await _still_due(connection, settlement, delivery, now)
    held = {"its": delivery.id, "holder": delivery.owner}
    settled = await connection.execute(_SETTLE, {**held, **_values(settlement, now)})
    if settled.rowcount == 0:
        return False
    if lane is not None and settlement.lane_until is not None:
        await _rest(connection, lane, settlement.lane_until, settlement.note)
    if move is not None:
        # From where it was written to: told twice, by two sends that were under way, a chat moves once.
        await move_to(connection, move, now)
    if settlement.suspends:
        await _suspend(connection, subscription.c.id == delivery.subscription, settlement.note, now)
    if settlement.ends:
        await _end(connection, person, now)
    return True


async def lose(connection: AsyncConnection, person: str, why: str, *, has_opted_out: bool, now: datetime) -> None:
    """What the platform tells of a person when it can tell after all: that they cannot be reached, or have stopped us.

    What was sent stays sent: the platform had taken it.
    """
    if has_opted_out:
        await _end(connection, person, now)
    else:
        await _suspend(connection, belongs_to(person), why, now)


async def _suspend(connection: AsyncConnection, whose: ColumnElement[bool], why: str | None, now: datetime) -> None:
    rests = {"state": "suspended", "note": why, "changed_at": now}
    await connection.execute(update(subscription).where(whose, subscription.c.state == "active").values(rests))


async def _end(connection: AsyncConnection, person: str | ScalarSelect[str], now: datetime) -> None:
    kept = (
        select(subscription.c.id)
        .where(belongs_to(person), subscription.c.state != "stopped")
        .with_for_update(key_share=True)
    )
    if ids := list((await connection.execute(kept)).scalars()):
        await leave(connection, ids, now)


def _values(settlement: Settlement, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": settlement.state.value,
        "note": settlement.note,
        "provider_id": settlement.provider_id,
        "attempts": settlement.attempts,
        "unknowns": settlement.unknowns,
        "owner": None,
        "lease_until": None,
    }
    if settlement.state.is_final:
        return values | {"settled_at": now, "due_at": None}
    return values | {"settled_at": None, "due_at": settlement.due_at or now}


async def _still_due(
    connection: AsyncConnection, settlement: Settlement, delivery: Delivery, now: datetime
) -> Settlement:
    """Not again, when the advisory holds no longer by now, or the person does not want it any more."""
    is_its = advisories.c.number == delivery.advisory
    advisory = advisory_of((await connection.execute(select(advisories).where(is_its))).one())
    if advisory.ended is not None or advisory.content.expires_at <= now:
        ended = State.WITHDRAWN if advisory.ended in (Ended.SUPERSEDED, Ended.CANCELLED) else State.EXPIRED
        # A copy may have arrived: to call it withdrawn would hide that.
        return replace(settlement, state=State.UNCERTAIN if settlement.unknowns else ended)
    its = SEEN.where(ledger.c.id == delivery.id)
    row = (await connection.execute(its, {"topic": advisory.content.topic})).one()
    against = await obstacle(connection, advisory, row)
    if against is None:
        return settlement
    state, why = against
    return replace(settlement, state=state, note=why or settlement.note)


async def _rest(connection: AsyncConnection, lane: str, until: datetime, why: str | None) -> None:
    is_longer = lanes.c.paused_until.is_(None) | (lanes.c.paused_until < until)
    rests = update(lanes).where(lanes.c.name == lane, is_longer)  # the claim has made its row
    await connection.execute(rests.values(paused_until=until, paused_for=why))


async def move_to(connection: AsyncConnection, move: Move, now: datetime) -> None:
    """Every subscription of that chat is the new chat's; where that one has its own, or has stopped, its own counts."""
    if move.left == move.person:
        return
    rows = await connection.execute(select(subscription).where(belongs_to(move.left)).with_for_update(key_share=True))
    found = [row for row in rows if row.state != "stopped"]
    if not found:
        return
    there = set((await connection.execute(select(subscription.c.kind).where(belongs_to(move.person)))).scalars())
    for row in found:
        if row.kind in there:
            await leave(connection, [row.id], now)
        else:
            to = {"person": move.person, "channel": move.channel.value, "address": move.address, "changed_at": now}
            await connection.execute(update(subscription).where(subscription.c.id == row.id).values(to))
