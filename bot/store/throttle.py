"""Guesses at passwords are slowed down, each name's and each address's, and nobody is locked out by a stranger.

Only the staff's own may go past the count of strangers: a browser that has signed in to the account before has a count
of its own. So whoever hammers a name from outside slows down themselves and other strangers, never the officer at
their own desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.audit import in_turn
from bot.store.database import Database, insert
from bot.store.marks import Marks
from bot.store.retention import forget
from bot.store.staff_schema import sign_in_try as table

FREE_OF_A_NAME = 5  # wrong tries before anybody waits: people mistype
FREE_OF_AN_ADDRESS = 20  # a whole station may stand behind one
LONGEST = timedelta(minutes=5)  # between two tries: 300 a day, of the 10^10 that a password takes, and a code besides
FORGIVEN = timedelta(hours=1)  # after the last wrong try
_FIRST = timedelta(seconds=2)  # doubled with each further one: nine tries in the first minute
_MOST_DOUBLED = 16  # by then it is `LONGEST` anyway


@dataclass(frozen=True, slots=True)
class Count:
    """Under which mark tries are counted, and how many are free."""

    who: str
    free: int


class Throttle:
    """Every method that waits may raise `StoreDown`: whoever cannot be counted cannot try (law 10)."""

    def __init__(self, database: Database, marks: Marks) -> None:
        self._database = database
        self._marks = marks

    def of_stranger(self, name: str, client: str) -> tuple[Count, ...]:
        """Counts of a browser that has never signed in to the account, whether or not there is one of that name."""
        return self._of("name", name), Count(self._marks.of("address", client), FREE_OF_AN_ADDRESS)

    def of_device(self, name: str, device: str) -> tuple[Count, ...]:
        """Counts of a browser that has: its own, however many strangers try."""
        return (self._of("device", name, device),)

    def of_proof(self, name: str) -> tuple[Count, ...]:
        """Counts of somebody signed in who is asked for password and code again."""
        return (self._of("proof", name),)

    async def take(self, counts: Sequence[Count], now: datetime) -> timedelta | None:
        """Count a try as a wrong one, before it is looked at; None: it may be. Else how long to wait, uncounted.

        To look and to count is one step: of a thousand tries at once no more get through than one after the other.
        """
        return await self._database.run(_take, counts, now)

    async def give_back(self, counts: Sequence[Count]) -> None:
        """The try was a right one: its first count is forgiven, and the others lose it again."""
        await self._database.run(_give_back, counts)

    async def forget(self, now: datetime) -> int:
        """Delete the counts that are forgiven by now and tell how many they were."""
        return await forget(self._database, table.c.last_at, now - FORGIVEN)

    def _of(self, *told: str) -> Count:
        return Count(self._marks.of(*told), FREE_OF_A_NAME)


def wait_after(wrong: int, free: int) -> timedelta:
    """How long after the last of so many wrong tries the next one may be made."""
    if wrong < free:
        return timedelta()
    doubled: int = 2 ** min(wrong - free, _MOST_DOUBLED)
    return min(_FIRST * doubled, LONGEST)


async def _take(connection: AsyncConnection, counts: Sequence[Count], now: datetime) -> timedelta | None:
    await in_turn(connection)
    rows = await connection.execute(select(table).where(table.c.who.in_([each.who for each in counts])))
    found = {row.who: row for row in rows}
    wait = max((_left(found.get(each.who), each.free, now) for each in counts), default=timedelta())
    if wait > timedelta():
        return wait
    again = {"wrong": case((table.c.last_at <= now - FORGIVEN, 1), else_=table.c.wrong + 1), "last_at": now}
    fresh = insert(connection, table).values([{"who": each.who, "wrong": 1, "last_at": now} for each in counts])
    await connection.execute(fresh.on_conflict_do_update(index_elements=[table.c.who], set_=again))
    return None


def _left(row: Row[*tuple[Any, ...]] | None, free: int, now: datetime) -> timedelta:
    if row is None or row.last_at <= now - FORGIVEN:
        return timedelta()
    left: timedelta = row.last_at + wait_after(row.wrong, free) - now
    return min(left, LONGEST)  # the clock may have been put back


async def _give_back(connection: AsyncConnection, counts: Sequence[Count]) -> None:
    own, others = counts[0].who, [each.who for each in counts[1:]]
    await connection.execute(delete(table).where(table.c.who == own))
    await connection.execute(
        update(table).where(table.c.who.in_(others), table.c.wrong > 0).values(wrong=table.c.wrong - 1)
    )
