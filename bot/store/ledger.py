"""What a page asks of one advisory's ledger and books: who was not reached and why, and who did what with it."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryType
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.store.audit import Noted
from bot.store.database import Database
from bot.store.planning import audience_of, size
from bot.store.progress import LedgerRow
from bot.store.schema import delivery, subscription
from bot.store.staff_schema import audit

NOT_REACHED = (State.UNCERTAIN, State.UNDELIVERABLE)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many people on one channel were not reached, or may not have been."""

    state: State
    channel: ChannelName
    note: str
    count: int


class Ledger:
    """Reads what `Outbox` and `Audit` write. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reasons(self, number: int) -> tuple[Reason, ...]:
        """Why people were not reached, the most frequent reason first."""
        return await self._database.run(_reasons, number)

    async def not_reached(self, number: int, most: int) -> tuple[LedgerRow, ...]:
        """At most so many deliveries that are uncertain or were undeliverable, the uncertain first."""
        return await self._database.run(_not_reached, number, most)

    async def may_hold(self, advisory: Advisory) -> int:
        """How many people a withdrawal of it would go to now: whoever may hold a message of its thread."""
        return await self._database.run(_may_hold, replace(advisory, type=AdvisoryType.CANCEL))

    async def acts(self, identifiers: Collection[str], most: int) -> tuple[Noted, ...]:
        """At most so many lines of the books about these advisories, the newest first."""
        return await self._database.run(_acts, identifiers, most)


async def _reasons(connection: AsyncConnection, number: int) -> tuple[Reason, ...]:
    kept = (delivery.c.state, delivery.c.channel, delivery.c.note)
    counted = select(*kept, func.count().label("people")).where(_is_not_reached(number)).group_by(*kept)
    rows = await connection.execute(counted.order_by(func.count().desc(), *kept))
    return tuple(Reason(State(row.state), ChannelName(row.channel), row.note or "", row.people) for row in rows)


async def _not_reached(connection: AsyncConnection, number: int, most: int) -> tuple[LedgerRow, ...]:
    kept = delivery.c
    columns = (kept.id, kept.subscription, kept.channel, subscription.c.language, kept.state, kept.attempts,
               kept.note, kept.settled_at, kept.provider_id)  # fmt: skip
    joined = delivery.join(subscription, kept.subscription == subscription.c.id)
    asked = select(*columns).select_from(joined).where(_is_not_reached(number)).order_by(kept.state, kept.subscription)
    rows = await connection.execute(asked.limit(most))
    return tuple(LedgerRow(row[0], row[1], ChannelName(row[2]), row[3], State(row[4]), *row[5:]) for row in rows)


async def _may_hold(connection: AsyncConnection, advisory: Advisory) -> int:
    return await size(connection, await audience_of(connection, advisory))


async def _acts(connection: AsyncConnection, identifiers: Collection[str], most: int) -> tuple[Noted, ...]:
    asked = select(audit).where(audit.c.subject.in_(identifiers)).order_by(audit.c.number.desc()).limit(most)
    rows = await connection.execute(asked)
    return tuple(Noted(row.number, row.at, row.who, row.act, row.subject, json.loads(row.details)) for row in rows)


def _is_not_reached(number: int) -> ColumnElement[bool]:
    return (delivery.c.advisory == number) & delivery.c.state.in_([state.value for state in NOT_REACHED])
