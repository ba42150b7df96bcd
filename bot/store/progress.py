"""How far an advisory has come, and its ledger for an export."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Stage
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.store.faults import NoSuchAdvisory
from bot.store.schema import advisory, delivery, subscription
from bot.store.schema import lane as lanes

_AT_ONCE = 1_000  # rows of an export read in one transaction
_LATELY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LaneRest:
    """A lane that was told to rest; the time may be over by now."""

    lane: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an advisory has come. `states` and `channels` count deliveries; a state that nothing is in is absent.

    `audience`, `started_at`: None before release. `sent_last_minute` counts the minute before the newest settlement.
    """

    stage: Stage
    audience: int | None
    states: Mapping[State, int]
    channels: Mapping[ChannelName, Mapping[State, int]]
    started_at: datetime | None
    last_settled_at: datetime | None
    sent_last_minute: int
    paused_for: str | None
    lanes: tuple[LaneRest, ...]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One delivery without a person: the subscription's number is all that is known of whom it was for."""

    delivery: int
    subscription: int
    channel: ChannelName
    language: str
    state: State
    attempts: int
    note: str | None
    settled_at: datetime | None
    provider_id: str | None


async def progress(connection: AsyncConnection, number: int) -> Progress:
    """As `Outbox.progress`."""
    kept = (advisory.c.stage, advisory.c.audience, advisory.c.released_at, advisory.c.paused_for)
    row = (await connection.execute(select(*kept).where(advisory.c.number == number))).one_or_none()
    if row is None:
        raise NoSuchAdvisory(f"there is no advisory {number}")
    is_its = delivery.c.advisory == number
    groups = (delivery.c.state, delivery.c.channel)
    states: dict[State, int] = {}
    channels: dict[ChannelName, dict[State, int]] = {}
    counted = select(*groups, func.count()).where(is_its).group_by(*groups)
    for state, channel, count in await connection.execute(counted):
        states[State(state)] = states.get(State(state), 0) + count
        channels.setdefault(ChannelName(channel), {})[State(state)] = count
    newest = (await connection.execute(select(func.max(delivery.c.settled_at)).where(is_its))).scalar_one()
    lately = 0
    if newest is not None:
        is_late = delivery.c.settled_at > newest - _LATELY
        sent = select(func.count()).where(is_its, delivery.c.state == State.SENT.value, is_late)
        lately = (await connection.execute(sent)).scalar_one()
    rests = await connection.execute(select(lanes).where(lanes.c.paused_until.is_not(None)).order_by(lanes.c.name))
    return Progress(
        stage=Stage(row.stage),
        audience=row.audience,
        states=states,
        channels=channels,
        started_at=row.released_at,
        last_settled_at=newest,
        sent_last_minute=lately,
        paused_for=row.paused_for,
        lanes=tuple(LaneRest(rest.name, rest.paused_until, rest.paused_for or "") for rest in rests),
    )


async def some_rows(connection: AsyncConnection, number: int, after: int) -> list[LedgerRow]:
    """The next rows of the ledger, those of higher subscription numbers."""
    kept = delivery.c
    columns = (kept.id, kept.subscription, kept.channel, subscription.c.language, kept.state, kept.attempts,
               kept.note, kept.settled_at, kept.provider_id)  # fmt: skip
    joined = delivery.join(subscription, kept.subscription == subscription.c.id)
    asked = select(*columns).select_from(joined).where(kept.advisory == number, kept.subscription > after)
    rows = await connection.execute(asked.order_by(kept.subscription).limit(_AT_ONCE))
    return [LedgerRow(row[0], row[1], ChannelName(row[2]), row[3], State(row[4]), *row[5:]) for row in rows]
