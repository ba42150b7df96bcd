"""What time does to the ledger: leases end, advisories expire, begin and are finished."""

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryLevel, Ended, Stage
from bot.core.delivery import Delivery, State, unknown_end
from bot.core.message import Address, ChannelName
from bot.store.audit import in_turn, note, takes_turn
from bot.store.contents import advisory_of
from bot.store.planning import freeze, refusals, unless_it_may_be_there
from bot.store.schema import advisory as advisories
from bot.store.schema import delivery as ledger
from bot.store.settling import settle

_MOST_ENDED = 2_000  # deliveries that end in one transaction: some thirty milliseconds
_OPEN = (State.DUE.value, State.SENDING.value)

log = structlog.get_logger()


async def tick(connection: AsyncConnection, now: datetime) -> list[int]:
    """As `Outbox.tick`, save for the numbers returned: those are to be begun, each in a transaction of its own."""
    # Before any row, as staff do: the other order would end in a deadlock. And one replica's tick is enough.
    if not await takes_turn(connection):
        return []
    await _end_leases(connection, now)
    expires = and_(advisories.c.ended.is_(None), advisories.c.expires_at <= now, advisories.c.released_at.is_not(None))
    ended = {"ended": Ended.EXPIRED.value, "ended_at": now}
    await connection.execute(update(advisories).where(expires).values(ended))
    is_out = and_(
        advisories.c.stage.in_([Stage.SENDING.value, Stage.PAUSED.value]), advisories.c.released_at.is_not(None)
    )
    for row in (
        await connection.execute(select(advisories).where(is_out).with_for_update(skip_locked=True, key_share=True))
    ).all():
        advisory = advisory_of(row)
        if advisory.ended is not None:
            await _end_due(connection, advisory, now)
        await _finish(connection, advisory, now)
    is_due = and_(advisories.c.stage == Stage.SCHEDULED.value, advisories.c.starts_at <= now)
    return list((await connection.execute(select(advisories.c.number).where(is_due))).scalars())


async def start(connection: AsyncConnection, number: int, now: datetime) -> None:
    """Let a scheduled advisory go out, or pause it with the reason when it may not go out any more."""
    await in_turn(connection)
    is_due = and_(advisories.c.number == number, advisories.c.stage == Stage.SCHEDULED.value)
    row = (await connection.execute(select(advisories).where(is_due).with_for_update(key_share=True))).one_or_none()
    if row is None:
        return  # another replica was first, or a person
    advisory = advisory_of(row)
    # What nobody had to approve is measured against the audience it was scheduled for.
    approved = advisory.audience if advisory.approved_count is None else advisory.approved_count
    ready = replace(advisory, stage=Stage.APPROVED, approved_count=approved)
    its = update(advisories).where(advisories.c.number == number)
    if reasons := await refusals(connection, ready, advisory.released_by or advisory.author, now):
        why = "; ".join(reasons)
        await connection.execute(its.values(stage=Stage.PAUSED.value, paused_for=why))
        await note(connection, "bot", "pause", advisory.identifier, {"why": why}, now)
        log.error("advisory paused", advisory=advisory.identifier, reason=why)
        return
    count = await freeze(connection, advisory, now)
    told = {"audience": count, "type": advisory.type.value, "kind": advisory.kind.value}
    await note(connection, "bot", "release", advisory.identifier, told, now)


async def _end_leases(connection: AsyncConnection, now: datetime) -> None:
    """Whoever held these has died in the middle of a send, and took with them what became of it."""
    is_lost = and_(ledger.c.owner.is_not(None), ledger.c.lease_until <= now)
    columns = (ledger.c.id, ledger.c.advisory, ledger.c.subscription, ledger.c.channel, ledger.c.owner,
               ledger.c.attempts, ledger.c.unknowns, advisories.c.level)  # fmt: skip
    joined = ledger.join(advisories, ledger.c.advisory == advisories.c.number)
    lost = select(*columns).select_from(joined).where(is_lost).limit(_MOST_ENDED)
    for row in (await connection.execute(lost)).all():
        delivery = Delivery(
            id=row.id,
            advisory=row.advisory,
            subscription=row.subscription,
            level=AdvisoryLevel(row.level),
            to=Address(ChannelName(row.channel), ""),  # nobody is written to here
            language="",
            state=State.SENDING,
            owner=row.owner,
            attempts=row.attempts,
            unknowns=row.unknowns,
        )
        await settle(connection, unknown_end(delivery, now, is_crash=True), delivery, None, None, now)
        log.warning("send lost", delivery=row.id, advisory=row.advisory)


async def _end_due(connection: AsyncConnection, advisory: Advisory, now: datetime) -> None:
    """Some of what is not to be sent any more: the claim passes it over already, so nothing hurries."""
    state = State.EXPIRED if advisory.ended is Ended.EXPIRED else State.WITHDRAWN
    is_due = and_(ledger.c.advisory == advisory.number, ledger.c.state == State.DUE.value)
    some = select(ledger.c.id).where(is_due).limit(_MOST_ENDED).with_for_update(skip_locked=True)
    ends = update(ledger).where(ledger.c.id.in_(some)).values(state=unless_it_may_be_there(state), settled_at=now)
    await connection.execute(ends)


async def _finish(connection: AsyncConnection, advisory: Advisory, now: datetime) -> None:
    is_its = ledger.c.advisory == advisory.number
    if (await connection.execute(select(ledger.c.id).where(is_its, ledger.c.state.in_(_OPEN)).limit(1))).first():
        return
    counted = select(ledger.c.state, func.count()).where(is_its).group_by(ledger.c.state)
    states: dict[str, int] = {row[0]: row[1] for row in await connection.execute(counted)}
    its = update(advisories).where(advisories.c.number == advisory.number)
    if sum(states.values()) == advisory.audience:
        await connection.execute(its.values(stage=Stage.FINISHED.value, paused_for=None))
        await note(connection, "bot", "finish", advisory.identifier, states, now)
    elif advisory.stage is Stage.SENDING:
        why = f"its {sum(states.values())} deliveries do not add up to its audience of {advisory.audience}"
        await connection.execute(its.values(stage=Stage.PAUSED.value, paused_for=why))
        await note(connection, "bot", "pause", advisory.identifier, {"why": why}, now)
        log.error("advisory paused", advisory=advisory.identifier, reason=why)
