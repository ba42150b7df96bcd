"""What of the advisories that were released has not gone out yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Stage
from bot.core.delivery import State
from bot.store.schema import advisory, delivery


@dataclass(frozen=True, slots=True)
class Unsent:
    """How many deliveries wait or are under way, and when the oldest of their advisories began; None: there is none."""

    deliveries: int = 0
    since: datetime | None = None


async def unsent(connection: AsyncConnection) -> Unsent:
    """Those of every advisory that is going out, or was stopped on the way: a person must look at that one too."""
    is_out = advisory.c.stage.in_((Stage.SENDING.value, Stage.PAUSED.value))
    waits = delivery.c.state.in_((State.DUE.value, State.SENDING.value))
    began_at = func.coalesce(advisory.c.starts_at, advisory.c.released_at, type_=advisory.c.released_at.type)
    joined = advisory.join(delivery, delivery.c.advisory == advisory.c.number)
    asked = (
        select(began_at, func.count()).select_from(joined).where(is_out, waits).group_by(advisory.c.number, began_at)
    )
    rows = (await connection.execute(asked)).all()
    return Unsent(sum(count for _, count in rows), min((since for since, _ in rows if since), default=None))
