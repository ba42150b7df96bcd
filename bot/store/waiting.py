"""What waits for somebody of the staff, counted: the first page of the console asks for all of it at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.asked_schema import question_group, unanswered
from bot.store.database import Database
from bot.store.schema import lane
from bot.store.staff_schema import audit

_REFUSALS = ("sign-in refused", "proof refused", "turned away")
_LOOKED_BACK = 5_000  # lines of the audit log: a busy day has some hundred


@dataclass(frozen=True, slots=True)
class Rest:
    """A channel that sends no advisories until then, and why."""

    lane: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """`groups` of questions are open, with so many `questions` in them; `ungrouped` are too new to be in one.

    `refusals` is how often somebody was not let in, or tried what they may not do, within a day.
    """

    groups: int
    questions: int
    ungrouped: int
    refusals: int
    rests: tuple[Rest, ...]


async def waiting(database: Database, now: datetime) -> Waiting:
    """What waits at this moment. May raise `StoreDown`."""
    return await database.run(_waiting, now)


async def _waiting(connection: AsyncConnection, now: datetime) -> Waiting:
    is_open = question_group.c.state == "open"
    sizes = select(func.count(), func.coalesce(func.sum(question_group.c.size), 0)).where(is_open)
    groups, questions = (await connection.execute(sizes)).one()
    new = select(func.count()).select_from(unanswered).where(unanswered.c.grouped.is_(None))
    last = select(func.max(audit.c.number)).scalar_subquery()
    lately = (audit.c.number > last - _LOOKED_BACK, audit.c.at > now - timedelta(days=1))
    refused = select(func.count()).select_from(audit).where(*lately, audit.c.act.in_(_REFUSALS))
    rests = await connection.execute(select(lane).where(lane.c.paused_until > now).order_by(lane.c.name))
    return Waiting(
        groups,
        int(questions),
        (await connection.execute(new)).scalar_one(),
        (await connection.execute(refused)).scalar_one(),
        tuple(Rest(row.name, row.paused_until, row.paused_for or "") for row in rests),
    )
