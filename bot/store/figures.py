"""The counts of turns: added hour by hour, read back in stretches of a week that are kept once they cannot change."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from bot.core.tallies import Names, Stretch, Tallies
from bot.core.tally import Tally
from bot.store.asked_schema import feedback
from bot.store.database import Database, insert
from bot.store.retention import Record, is_held
from bot.store.schema import Moment
from bot.store.schema import tally as table

LATEST = timedelta(hours=24)
"""How late a count may still be added; what is older cannot change."""

_WEEK = timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRESH = timedelta(seconds=5)  # a page and its tables ask for the same days within a moment
_KEPT_FOR = timedelta(hours=25)  # of a stretch that cannot change: rows that were deleted may be shown for so long
_MOST = 160  # stretches in memory: three years, of some 40 kB each


class Figures:
    """How many turns ended how. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names = Names()
        self._read: OrderedDict[tuple[int, ZoneInfo], tuple[datetime, Stretch]] = OrderedDict()

    async def add(self, counts: Mapping[Tally, int]) -> None:
        """Add the counts to what is there, all of them or none."""
        # In order: two replicas that add the same rows must not wait for each other.
        rows = [
            {"hour": each.hour, "channel": each.channel.value, "language": each.language, "outcome": each.outcome,
             "subject": each.subject, "count": counts[each]}
            for each in sorted(counts)
        ]  # fmt: skip
        if rows:
            await self._database.run(_add, rows)

    async def of(self, first: date, last: date, zone: ZoneInfo, now: datetime) -> Tallies:
        """The counts of the days from `first` to `last` in the zone."""
        begins = datetime.combine(first - timedelta(days=1), time(), zone)
        ends = min(datetime.combine(last + timedelta(days=2), time(), zone), now + _WEEK)
        numbers = range((begins - _EPOCH) // _WEEK, (ends - _EPOCH) // _WEEK + 1)
        stretches = [await self._stretch(number, zone, now) for number in numbers]
        return Tallies.over(stretches, self._names, first, last)

    async def helped(
        self, first: date, last: date, channel: str | None = None, language: str | None = None
    ) -> Mapping[str, tuple[int, int]]:
        """How often each entry's answer helped and did not, all its versions together; the most rated first."""
        return await self._database.run(_helped, first, last, channel, language)

    async def forget(self, before: datetime) -> int:
        """Delete the counts of earlier hours, a day's at a time, and tell how many rows those were."""
        total = 0
        while gone := await self._database.run(_forget_a_day, before):
            total += gone
        return total

    async def _stretch(self, number: int, zone: ZoneInfo, now: datetime) -> Stretch:
        begins = _EPOCH + number * _WEEK
        kept = self._read.get((number, zone))
        if kept is not None:
            is_settled = kept[0] >= begins + _WEEK + LATEST
            if now - kept[0] <= (_KEPT_FOR if is_settled else _FRESH):
                self._read.move_to_end((number, zone))
                return kept[1]
        hours, *words, counts = await self._database.run(_columns, begins, begins + _WEEK)
        stretch = Stretch.of(hours, words, counts, self._names, zone)
        self._read[number, zone] = now, stretch
        while len(self._read) > _MOST:
            self._read.popitem(last=False)
        return stretch


async def _add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    added = insert(connection, table)
    more = added.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={"count": table.c.count + added.excluded.count}
    )
    await connection.execute(more, rows)


async def _columns(connection: AsyncConnection, begins: datetime, ends: datetime) -> Sequence[Sequence[Any]]:
    """Hour, channel, language, outcome, subject and count of some hours, a column each.

    Many rows share an hour, which is read once: with the column's own type it would be for each.
    """
    hour = type_coerce(table.c.hour, NullType())
    asked = (hour, table.c.channel, table.c.language, table.c.outcome, table.c.subject, table.c.count)
    rows = (await connection.execute(select(*asked).where(table.c.hour >= begins, table.c.hour < ends))).all()
    hours, *others = zip(*rows, strict=True) if rows else ((),) * len(asked)
    read, dialect = Moment(), connection.dialect
    moments = {kept: read.process_result_value(kept, dialect) or begins for kept in set(hours)}
    return [[moments[kept] for kept in hours], *others]


async def _helped(
    connection: AsyncConnection, first: date, last: date, channel: str | None, language: str | None
) -> dict[str, tuple[int, int]]:
    said = feedback.c
    counts = (func.sum(said.helped), func.sum(said.not_helped))
    asked = select(said.entry, *counts).where(said.day.between(first, last)).group_by(said.entry)
    for column, wanted in ((said.channel, channel), (said.language, language)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    rows = await connection.execute(asked.order_by((counts[0] + counts[1]).desc(), said.entry))
    return {entry: (int(helped), int(not_helped)) for entry, helped, not_helped in rows}


async def _forget_a_day(connection: AsyncConnection, before: datetime) -> int:
    oldest = (await connection.execute(select(func.min(table.c.hour)))).scalar_one()
    if oldest is None or oldest >= before or await is_held(connection, Record.FIGURES):
        return 0
    until = min(oldest + timedelta(days=1), before)
    return (await connection.execute(delete(table).where(table.c.hour < until))).rowcount
