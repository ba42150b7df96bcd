"""What staff did, in books whose every line vouches for the one before it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.chain import FIRST, Anchor, Damage, Link, Reading, digest_of
from bot.store.database import Database
from bot.store.staff_schema import audit as table

_IN_TURN = 0x911B08  # the advisory lock under which PostgreSQL's replicas write into the books one after the other
AT_ONCE = 2_000  # links read in one transaction: some ten milliseconds

_PG_TIME = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'  # what Python's isoformat writes of a time in UTC


@dataclass(frozen=True, slots=True)
class Noted:
    """One line of the books. `who` is an account's name, or `bot` for what happened by itself."""

    number: int
    at: datetime
    who: str
    act: str
    subject: str
    details: Mapping[str, Any]


class Audit:
    """The books of what staff did. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, who: str, act: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        """Write a line by itself; what changes something else in the store is noted in that transaction, by `note`."""
        await self._database.run(note, who, act, subject, details, now)

    async def newest(self, most: int) -> tuple[Noted, ...]:
        """At most so many lines, the newest first."""
        return await self._database.run(_newest, most)

    async def anchor(self) -> Anchor | None:
        """The newest line's number and digest, for keeping where the database's owner cannot reach; None: no line."""
        return await self._database.run(_anchor)

    async def verify(
        self, anchor: Anchor | None = None, told: Callable[[int], None] = lambda _: None
    ) -> tuple[Damage, ...]:
        """What somebody has done to the books, by number; nothing when every line is as it was written.

        Lines cut off at the end show only against an anchor that was kept elsewhere. `told` hears how far it is.
        """
        reading = Reading(anchor)
        last = None
        while not reading.is_hopeless:
            links = await self._database.run(links_after, last, AT_ONCE)
            await asyncio.to_thread(reading.read, links)
            if len(links) < AT_ONCE:
                break
            last = links[-1].number
            told(last)
        return await asyncio.to_thread(reading.damages)


async def in_turn(connection: AsyncConnection) -> None:
    """Let staff's acts, here and on other replicas, wait for one another until this transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        await connection.execute(select(func.pg_advisory_xact_lock(_IN_TURN)))


async def takes_turn(connection: AsyncConnection) -> bool:
    """As `in_turn`, for what can be done a second later as well: False, without a wait, when it is another's turn."""
    if connection.dialect.name != "postgresql":
        return True
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(_IN_TURN)))).scalar_one())


async def note(
    connection: AsyncConnection, who: str, act: str, subject: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Write what was done, in the transaction that does it; `details` become JSON and hold no resident's data."""
    await in_turn(connection)
    last = (await connection.execute(_backwards().limit(1))).first()
    number, previous = (1, FIRST) if last is None else (last.number + 1, last.digest)
    at = now.astimezone(UTC)
    written = json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    link = Link(number, at.isoformat(timespec="microseconds"), who, act, subject, written, previous)
    row = {"number": number, "at": at, "who": who, "act": act, "subject": subject, "details": written}
    await connection.execute(insert(table).values(**row, previous=previous, digest=digest_of(link)))


def _backwards() -> Any:
    return select(table).order_by(table.c.number.desc())


async def _newest(connection: AsyncConnection, most: int) -> tuple[Noted, ...]:
    rows = await connection.execute(_backwards().limit(most))
    return tuple(Noted(row.number, row.at, row.who, row.act, row.subject, json.loads(row.details)) for row in rows)


async def _anchor(connection: AsyncConnection) -> Anchor | None:
    last = (await connection.execute(_backwards().limit(1))).first()
    return None if last is None else Anchor(last.number, last.digest)


async def links_after(
    connection: AsyncConnection, after: int | None, most: int, *wanted: ColumnElement[bool]
) -> list[Link]:
    """At most so many lines behind that number, or from the first, as they were digested."""
    kept = table.c
    # As it was digested: SQLite keeps a time as that text, PostgreSQL is asked to write it so.
    is_text = connection.dialect.name == "sqlite"
    at = type_coerce(kept.at, Text) if is_text else cast(func.to_char(func.timezone("UTC", kept.at), _PG_TIME), Text)
    columns = (kept.number, at, kept.who, kept.act, kept.subject, kept.details, kept.previous, kept.digest)
    asked = select(*columns).where(*wanted).order_by(kept.number).limit(most)
    rows = await connection.execute(asked if after is None else asked.where(kept.number > after))
    return [Link(*row) for row in rows]
