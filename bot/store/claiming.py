"""Who is written to next: one delivery at a time, looked at once more before it goes."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, and_, bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import FIRST_BATCH, FIRST_PAUSE, Advisory, AdvisoryLevel, AdvisoryType, Stage
from bot.core.channel import Earlier
from bot.core.delivery import LEASE, MOST_IN_FLIGHT, Delivery, State
from bot.core.message import ChannelName
from bot.core.subscription import Reach
from bot.store.audit import in_turn, note
from bot.store.contents import advisory_of
from bot.store.database import insert
from bot.store.faults import KeyUnusable
from bot.store.planning import is_urgent, may_have_arrived, thread_of
from bot.store.schema import advisory as advisories
from bot.store.schema import delivery as ledger
from bot.store.schema import lane as lanes
from bot.store.schema import subscribed_topic, subscription
from bot.store.sealed import Seal

_LOOK_AGAIN = timedelta(seconds=1)  # what is released or withdrawn meanwhile waits no longer
REFUSED = "refused"  # how the note of a fault of ours begins
_MOST_PASSED_OVER = 50  # rows that are not sent after all, in one claim: some ten milliseconds

log = structlog.get_logger()

# Built once: to put such a statement together takes longer than to run it, and one runs for every person written to.
_other = ledger.alias()
_of_thread = and_(
    _other.c.subscription == ledger.c.subscription,
    _other.c.thread == ledger.c.thread,
    _other.c.advisory != ledger.c.advisory,
)
_wants = exists().where(
    subscribed_topic.c.subscription == ledger.c.subscription, subscribed_topic.c.topic == bindparam("topic")
)
# Whatever else has gone out of a thread went before: a release takes back all that is still due. Not so the numbers,
# as a draft may lie while a later one goes out.
_earlier = select(_other.c.provider_id).where(_of_thread, _other.c.state == State.SENT.value)
SEEN = select(
    ledger.c.id,
    ledger.c.subscription,
    ledger.c.attempts,
    ledger.c.unknowns,
    subscription.c.address,
    subscription.c.language,
    subscription.c.level,
    subscription.c.state,
    _wants.label("wants"),
    _earlier.order_by(_other.c.settled_at.desc()).limit(1).scalar_subquery().label("earlier"),
    exists().where(_of_thread, may_have_arrived(_other)).label("has_copy"),
).join_from(ledger, subscription, ledger.c.subscription == subscription.c.id)
"""Rows of the ledger with all that is looked at before one goes out; `topic` is the advisory's."""

_ITS = and_(ledger.c.advisory == bindparam("number"), ledger.c.channel == bindparam("channel"))
# Whoever was tried before has waited long enough; among the others the lot decides. Backwards along the index.
# To one person one thing after the other: what is under way to those who are `met` belongs to the same thread.
_DUE = (
    SEEN.where(_ITS, ledger.c.state == State.DUE.value)
    # Whoever was never tried is due since the release, whatever the clock has been put back to since.
    .where(or_(ledger.c.due_at <= bindparam("now"), ledger.c.attempts == 0))
    .where(ledger.c.subscription.not_in(bindparam("met", expanding=True)))
    .order_by(ledger.c.due_at.desc(), ledger.c.turn.desc())
    .limit(1)
    .with_for_update(skip_locked=True, key_share=True)
)
_SENT = select(ledger.c.settled_at).where(_ITS, ledger.c.state == State.SENT.value).limit(FIRST_BATCH + 1)
_TRIED = (
    select(ledger.c.settled_at)
    .where(_ITS, ledger.c.state.in_([State.SENDING.value, State.UNDELIVERABLE.value, State.UNCERTAIN.value]))
    .limit(FIRST_BATCH + 1)
)
_REFUSED = (
    select(ledger.c.id)
    .where(_ITS, ledger.c.state == State.UNDELIVERABLE.value, ledger.c.note.startswith(REFUSED))
    .where(ledger.c.settled_at >= bindparam("since"))
    .limit(FIRST_BATCH)
)
_IN_FLIGHT = select(ledger.c.thread, ledger.c.subscription, ledger.c.lease_until).where(
    ledger.c.owner.is_not(None), ledger.c.channel == bindparam("channel")
)
_beyond_first = select(ledger.c.id).where(
    ledger.c.advisory == advisories.c.number,
    ledger.c.channel == bindparam("channel"),
    ledger.c.state == State.SENT.value,
)
_GOING_OUT = select(
    advisories, _beyond_first.limit(1).offset(FIRST_BATCH).scalar_subquery().label("beyond_first")
).where(
    advisories.c.stage == Stage.SENDING.value, advisories.c.ended.is_(None), advisories.c.expires_at > bindparam("now")
)
_LANE = select(lanes).where(lanes.c.name == bindparam("lane")).with_for_update()
_TAKE = update(ledger).where(ledger.c.id == bindparam("its"))
_TAKE = _TAKE.values({name: bindparam(name) for name in ("state", "attempts", "owner", "lease_until")})


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before `until`.

    The reason is one of rate, in flight, paused, first batch, quiet hours, nothing due, passed over.
    """

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is to be sent at once, in its subscriber's words.

    `earlier` is this thread's message in the same chat, None when there is none; its text is what it says from now on,
    empty when it is left as it is.
    """

    delivery: Delivery
    text: str
    earlier: Earlier | None


async def claim(
    connection: AsyncConnection,
    seal: Seal,
    channel: ChannelName,
    lane: str,
    rate: float,
    levels: Collection[AdvisoryLevel],
    now: datetime,
) -> Claimed | Wait:
    """As `Outbox.claim`."""
    row = await _lane(connection, lane, now)
    if row.paused_until is not None and row.paused_until > now:
        return Wait(row.paused_until, "paused")
    slot = timedelta(seconds=1 / rate)
    # Nothing of ours is that far ahead: the clock was put back since, and holds the lane no longer.
    free_at = row.free_at if row.free_at <= now + max(slot, _LOOK_AGAIN) else now
    if free_at > now:
        return Wait(free_at, "rate")
    busy = list(await connection.execute(_IN_FLIGHT, {"channel": channel.value}))
    leases = [each.lease_until for each in busy if each.lease_until > now]
    if len(leases) >= MOST_IN_FLIGHT:
        return Wait(min(now + _LOOK_AGAIN, *leases), "in flight")
    reason = "nothing due"
    for advisory, is_begun in await _going_out(connection, channel, now):
        if advisory.content.level not in levels:
            reason = "quiet hours"
        elif not is_begun and await _is_held(connection, advisory, channel, now):
            reason = "first batch"
        else:
            met = [each.subscription for each in busy if each.thread == advisory.thread]
            found = await _first(connection, seal, advisory, channel, met, now)
            if isinstance(found, Claimed):
                free_at = max(free_at, now - slot) + slot  # who comes late loses no time, and never two sends' worth
                moved = update(lanes).where(lanes.c.name == lane)
                await connection.execute(moved.values(free_at=free_at, paused_until=None, paused_for=None))
            if found is not None:
                return found
    return Wait(now + _LOOK_AGAIN, reason)


async def _lane(connection: AsyncConnection, name: str, now: datetime) -> Row[*tuple[Any, ...]]:
    row = (await connection.execute(_LANE, {"lane": name})).one_or_none()
    if row is None:
        await connection.execute(insert(connection, lanes).values(name=name, free_at=now).on_conflict_do_nothing())
        row = (await connection.execute(_LANE, {"lane": name})).one()
    return row


async def _going_out(connection: AsyncConnection, channel: ChannelName, now: datetime) -> list[tuple[Advisory, bool]]:
    """What is being sent, the first in the queue first, and whether more than the first few have got it."""
    rows = await connection.execute(_GOING_OUT, {"channel": channel.value, "now": now})
    found = [(advisory_of(row), row.beyond_first is not None) for row in rows]
    return sorted(found, key=lambda each: (each[0].priority(), each[0].content.expires_at, each[0].number))


async def _is_held(connection: AsyncConnection, advisory: Advisory, channel: ChannelName, now: datetime) -> bool:
    """Whether it waits for what becomes of the few who are first; or, when nobody took it, for a person."""
    its = {"number": advisory.number, "channel": channel.value}
    first = list((await connection.execute(_SENT, its)).scalars())
    if not first:
        refused = await connection.execute(_REFUSED, {**its, "since": advisory.starts_at or now})
        if len(refused.all()) == FIRST_BATCH:
            await _pause(connection, advisory, now)
            return True
    first += (await connection.execute(_TRIED, its)).scalars()
    if len(first) != FIRST_BATCH:
        return False
    settled = [at for at in first if at is not None]
    return len(settled) < FIRST_BATCH or now < max(settled) + FIRST_PAUSE <= now + FIRST_PAUSE


async def _pause(connection: AsyncConnection, advisory: Advisory, now: datetime) -> None:
    await in_turn(connection)  # before the row, as staff do: the other order would end in a deadlock
    why = f"the first {FIRST_BATCH} people could not be written to, and for a reason that is ours: see their notes"
    paused = update(advisories).where(advisories.c.number == advisory.number)
    await connection.execute(paused.values(stage=Stage.PAUSED.value, paused_for=why))
    await note(connection, "bot", "pause", advisory.identifier, {"why": why}, now)
    log.error("advisory paused", advisory=advisory.identifier, reason="first batch refused")


async def _first(
    connection: AsyncConnection,
    seal: Seal,
    advisory: Advisory,
    channel: ChannelName,
    met: Collection[int],
    now: datetime,
) -> Claimed | Wait | None:
    """The first of its deliveries that still ought to go; None when none is due. Those that ought not are settled."""
    its = {"number": advisory.number, "channel": channel.value, "topic": advisory.content.topic}
    for _ in range(_MOST_PASSED_OVER):
        row = (await connection.execute(_DUE, {**its, "met": met, "now": now})).one_or_none()
        if row is None:
            return None
        against = await obstacle(connection, advisory, row)
        if against is None:
            try:
                return await _take(connection, seal, advisory, row, now)
            except KeyUnusable as error:
                against = State.UNDELIVERABLE, f"{REFUSED}: {error}"
        state, why = against
        settled = update(ledger).where(ledger.c.id == row.id)
        await connection.execute(settled.values(state=state.value, note=why, settled_at=now))
    return Wait(now, "passed over")


async def _take(
    connection: AsyncConnection, seal: Seal, advisory: Advisory, row: Row[*tuple[Any, ...]], now: datetime
) -> Claimed:
    to, owner = seal.open(row.address), secrets.token_hex(16)
    taken = {"state": State.SENDING.value, "attempts": row.attempts + 1, "owner": owner, "lease_until": now + LEASE}
    await connection.execute(_TAKE, {**taken, "its": row.id})
    delivery = Delivery(
        id=row.id,
        advisory=advisory.number,
        subscription=row.subscription,
        level=advisory.content.level,
        to=to,
        language=row.language,
        state=State.SENDING,
        owner=owner,
        attempts=row.attempts + 1,
        unknowns=row.unknowns,
        earlier=row.earlier,
    )
    text = _in(row.language, advisory.texts)
    after = None if row.earlier is None else Earlier(row.earlier, _in(row.language, advisory.replacements))
    return Claimed(delivery, text, after)


def _in(language: str, words: Mapping[str, str]) -> str:
    return words.get(language) or next(iter(words.values()), "")


async def obstacle(
    connection: AsyncConnection, advisory: Advisory, row: Row[*tuple[Any, ...]]
) -> tuple[State, str | None] | None:
    """Where a delivery of `SEEN` ends without being sent, and why; None when it ought to go."""
    if row.state == "stopped":
        return State.OPTED_OUT, None
    if row.state == "suspended":
        return State.UNDELIVERABLE, "unreachable: found out by another message"
    if advisory.type is AdvisoryType.CANCEL:
        return None if row.has_copy else (State.WITHDRAWN, "nothing to withdraw had reached them")
    if not row.wants:
        return State.OPTED_OUT, None
    if row.level == Reach.URGENT.value and not is_urgent(advisory, await thread_of(connection, advisory)):
        return State.OPTED_OUT, None
    return None
