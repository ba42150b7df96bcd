"""How much somebody has asked of late at all replicas together, by a keyed mark; of floods only, and for an hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database, insert
from bot.store.records_schema import flood as table
from bot.store.retention import forget

_LONGEST = timedelta(minutes=2)  # no allowance takes longer to come back: further ahead some clock was wrong
_KEPT = timedelta(hours=1)  # after all has come back: a clock may be put right


class Floods:
    """What was taken is told as the time in which it comes back. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(self, taken: Mapping[str, timedelta], now: datetime) -> Mapping[str, timedelta]:
        """Add what was taken here, by mark, and tell how long it is until all has come back that anybody has noted."""
        return await self._database.run(_tell, taken, now)

    async def forget(self, now: datetime) -> int:
        """Delete what has long come back and tell how many rows that was."""
        return await forget(self._database, table.c.empties_at, now - _KEPT)


async def _tell(connection: AsyncConnection, taken: Mapping[str, timedelta], now: datetime) -> Mapping[str, timedelta]:
    if not taken:
        return {}
    marks = sorted(taken)  # in one order everywhere: nobody waits for who waits for them
    rows = [{"who": who, "empties_at": now} for who in marks]
    await connection.execute(insert(connection, table).values(rows).on_conflict_do_nothing())
    asked = select(table).where(table.c.who.in_(marks)).order_by(table.c.who).with_for_update()
    noted = {row.who: row.empties_at for row in await connection.execute(asked)}
    left = {who: min(max(noted[who] - now, timedelta()) + taken[who], _LONGEST) for who in marks}
    anew = update(table).where(table.c.who == bindparam("its")).values(empties_at=bindparam("until"))
    await connection.execute(anew, [{"its": who, "until": now + left[who]} for who in marks])
    return left
