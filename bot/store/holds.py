"""Legal holds: kinds of record of which nothing is deleted until somebody says, with a reason, that it may be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.audit import in_turn, note
from bot.store.database import Database
from bot.store.records_schema import hold as table
from bot.store.retention import Record, is_held

_SHORTEST_REASON = 8  # characters: a case number, a name of the request
LONGEST_REASON = 500

__all__ = ["LONGEST_REASON", "Hold", "HoldRefused", "Holds", "Record", "is_held"]


class HoldRefused(Exception):
    """A hold that cannot be placed or released; the text says why."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. `released_at` None: it holds."""

    number: int
    record: Record
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    released_for: str | None = None


class Holds:
    """Every hold there is and was. Every method may raise `StoreDown`; those that change one `HoldRefused`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, record: Record, reason: str, by: str, now: datetime) -> Hold:
        """From now on nothing of that kind is deleted. Several may hold one kind: each is released by itself."""
        return await self._database.run(_place, record, _given(reason), by, now)

    async def release(self, number: int, reason: str, by: str, now: datetime) -> Hold:
        """End one; when no other holds its kind, what is past its time goes within the hour."""
        return await self._database.run(_release, number, _given(reason), by, now)

    async def all(self) -> tuple[Hold, ...]:
        """Those in force first, the newest first."""
        return await self._database.run(_all)

    async def in_force(self) -> tuple[Hold, ...]:
        """Those that have not been released, the newest first."""
        return tuple(each for each in await self.all() if each.released_at is None)


def _given(reason: str) -> str:
    told = " ".join(reason.split())
    if not _SHORTEST_REASON <= len(told) <= LONGEST_REASON:
        raise HoldRefused(f"give a reason of {_SHORTEST_REASON} to {LONGEST_REASON} characters")
    return told


async def _place(connection: AsyncConnection, record: Record, reason: str, by: str, now: datetime) -> Hold:
    await in_turn(connection)
    row = insert(table).values(record=record.value, reason=reason, placed_by=by, placed_at=now)
    number = int((await connection.execute(row.returning(table.c.number))).scalar_one())
    await note(connection, by, "hold placed", record.value, {"hold": number, "reason": reason}, now)
    return Hold(number, record, reason, by, now)


async def _release(connection: AsyncConnection, number: int, reason: str, by: str, now: datetime) -> Hold:
    await in_turn(connection)
    is_it = table.c.number == number
    row = (await connection.execute(select(table).where(is_it).with_for_update())).one_or_none()
    if row is None:
        raise HoldRefused(f"there is no hold {number}")
    if row.released_at is not None:
        raise HoldRefused(f"hold {number} was released by {row.released_by} on {row.released_at:%Y-%m-%d}")
    values = {"released_by": by, "released_at": now, "released_for": reason}
    await connection.execute(update(table).where(is_it).values(values))
    await note(connection, by, "hold released", row.record, {"hold": number, "reason": reason}, now)
    return _hold((await connection.execute(select(table).where(is_it))).one())


async def _all(connection: AsyncConnection) -> tuple[Hold, ...]:
    is_over = table.c.released_at.is_not(None)
    rows = await connection.execute(select(table).order_by(is_over, table.c.number.desc()))
    return tuple(_hold(row) for row in rows)


def _hold(row: Row[*tuple[Any, ...]]) -> Hold:
    return Hold(
        row.number,
        Record(row.record),
        row.reason,
        row.placed_by,
        row.placed_at,
        row.released_by,
        row.released_at,
        row.released_for,
    )
