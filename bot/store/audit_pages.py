"""The audit log as it is read: who did what on which day, a page at a time, and all of it for taking away."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.audit import AT_ONCE, Noted, links_after
from bot.store.chain import Link
from bot.store.database import Database
from bot.store.staff_schema import audit as table


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of this person, of this act, from `since` and before `until`; None: whatever it is."""

    who: str | None = None
    act: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        asked = (
            None if self.who is None else table.c.who == self.who,
            None if self.act is None else table.c.act == self.act,
            None if self.since is None else table.c.at >= self.since,
            None if self.until is None else table.c.at < self.until,
        )
        return tuple(each for each in asked if each is not None)


class AuditPages:
    """Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Wanted, before: int | None, most: int) -> tuple[Noted, ...]:
        """At most so many lines with numbers below that one, or from the newest, the newest first."""
        return await self._database.run(_page, wanted, before, most)

    async def acts(self, after: int = 0) -> tuple[str, ...]:
        """What has been done in the lines behind that number; through all of a long log it takes a while."""
        return await self._database.run(_acts, after)

    async def count(self) -> int:
        """How many lines there are."""
        return await self._database.run(_count)

    async def lines(self, wanted: Wanted) -> AsyncIterator[list[Link]]:
        """All of them as they were digested, the oldest first, some thousand at a time."""
        last = None
        while links := await self._database.run(links_after, last, AT_ONCE, *wanted.conditions()):
            yield links
            last = links[-1].number


async def _page(connection: AsyncConnection, wanted: Wanted, before: int | None, most: int) -> tuple[Noted, ...]:
    asked = select(table).where(*wanted.conditions()).order_by(table.c.number.desc()).limit(most)
    rows = await connection.execute(asked if before is None else asked.where(table.c.number < before))
    return tuple(Noted(row.number, row.at, row.who, row.act, row.subject, json.loads(row.details)) for row in rows)


async def _acts(connection: AsyncConnection, after: int) -> tuple[str, ...]:
    return tuple((await connection.execute(select(table.c.act).where(table.c.number > after).distinct())).scalars())


async def _count(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
