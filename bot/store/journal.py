"""The questions the bot had no answer to, for the curators: redacted, by day, and without whoever asked."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.redaction import redact
from bot.store.database import Database
from bot.store.retention import forget
from bot.store.schema import LONGEST_QUESTION, unanswered

MOST = 50_000  # rows; years of a town's questions, and a flood of nonsense stops at some 30 MB


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question without an answer. `near` are the entries that came closest, the best first."""

    question: str
    language: str
    near: tuple[str, ...]
    asked_on: date


class Journal:
    """What staff should look at. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_unanswered(self, question: str, language: str, near: tuple[str, ...], now: datetime) -> None:
        """Keep the question redacted and cut, with the day of `now` in its own zone; beyond `MOST` the oldest go."""
        if now.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        noted = Unanswered(redact(question)[:LONGEST_QUESTION], language, near, now.date())
        await self._database.run(_note, noted)

    async def unanswered(self, most: int) -> tuple[Unanswered, ...]:
        """At most so many of them, the newest first."""
        return await self._database.run(_newest, most)

    async def forget(self, before: datetime) -> int:
        """Delete those of earlier days and tell how many; the settings say how long they may stay."""
        return await forget(self._database, unanswered.c.asked_on, before.date())


async def _note(connection: AsyncConnection, noted: Unanswered) -> None:
    row = insert(unanswered).values(
        asked_on=noted.asked_on, language=noted.language, question=noted.question, near=json.dumps(noted.near)
    )
    newest = (await connection.execute(row.returning(unanswered.c.id))).scalar_one()
    # Numbers only grow and the lowest go first, so this keeps the bound without counting the rows.
    await connection.execute(delete(unanswered).where(unanswered.c.id <= newest - MOST))


async def _newest(connection: AsyncConnection, most: int) -> tuple[Unanswered, ...]:
    columns = select(unanswered.c.question, unanswered.c.language, unanswered.c.near, unanswered.c.asked_on)
    rows = await connection.execute(columns.order_by(unanswered.c.id.desc()).limit(most))
    return tuple(Unanswered(row.question, row.language, tuple(json.loads(row.near)), row.asked_on) for row in rows)
