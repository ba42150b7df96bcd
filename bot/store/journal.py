"""What residents leave to the curators: questions without an answer, answers that did not help; and nobody's name."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.message import ChannelName
from bot.core.rating import NoteFeedback, Seen
from bot.core.redaction import redact
from bot.store import question_groups
from bot.store.asked_schema import LONGEST_QUESTION, feedback, unanswered
from bot.store.database import Database
from bot.store.database import insert as insert_or
from bot.store.retention import Record, is_held

MOST = 50_000  # rows; years of a town's questions, and a flood of nonsense stops at some 30 MB
_AT_ONCE = 500  # rows forgotten in one transaction: about ten milliseconds on a small server


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question without an answer. `near` are the entries that came closest, the best first.

    `seen` is the answer that did not help; None: there was none.
    """

    question: str
    language: str
    near: tuple[str, ...]
    asked_on: date
    seen: Seen | None = None


class Journal:
    """What staff should look at. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_unanswered(
        self, question: str, language: str, near: tuple[str, ...], now: datetime, seen: Seen | None = None
    ) -> None:
        """Keep the question redacted and cut, with the day of `now` in its own zone; beyond `MOST` the oldest go."""
        _must_be_aware(now)
        noted = Unanswered(redact(question)[:LONGEST_QUESTION], language, near, now.date(), seen)
        await self._database.run_whole(_note, noted)

    async def count_feedback(self, note: NoteFeedback, channel: ChannelName, now: datetime) -> None:
        """Count that somebody said on that day whether an answer helped them."""
        _must_be_aware(now)
        await self._database.run(_count, note, channel, now.date())

    async def unanswered(self, most: int) -> tuple[Unanswered, ...]:
        """At most so many of them, the newest first."""
        return await self._database.run(_newest, most)

    async def forget(self, before: datetime) -> int:
        """Delete those of earlier days and tell how many; the settings say how long they may stay."""
        total = 0
        while True:
            gone = await self._database.run(_forget_some, before.date())
            total += gone
            if gone < _AT_ONCE:
                return total


def read(row: Row[*tuple[Any, ...]]) -> Unanswered:
    """The question that the row of `unanswered` holds."""
    seen = Seen(row.entry, row.version) if row.entry else None
    return Unanswered(row.question, row.language, tuple(json.loads(row.near)), row.asked_on, seen)


def _must_be_aware(now: datetime) -> None:
    if now.tzinfo is None:
        raise ValueError("a time without its zone cannot be stored")


async def _note(connection: AsyncConnection, noted: Unanswered) -> None:
    row = insert(unanswered).values(
        asked_on=noted.asked_on,
        language=noted.language,
        question=noted.question,
        near=json.dumps(noted.near),
        entry=noted.seen.entry if noted.seen else None,
        version=noted.seen.version if noted.seen else None,
    )
    newest = (await connection.execute(row.returning(unanswered.c.id))).scalar_one()
    # Numbers only grow and the lowest go first, so this keeps the bound without counting the rows.
    if newest > MOST and not await is_held(connection, Record.QUESTIONS):
        await question_groups.drop(connection, _ids().where(unanswered.c.id <= newest - MOST))


async def _count(connection: AsyncConnection, note: NoteFeedback, channel: ChannelName, day: date) -> None:
    counted = feedback.c.helped if note.has_helped else feedback.c.not_helped
    row = insert_or(connection, feedback).values(
        day=day,
        channel=channel.value,
        language=note.language,
        entry=note.seen.entry,
        version=note.seen.version,
        **{counted.name: 1},
    )
    key = list(feedback.primary_key.columns)
    await connection.execute(row.on_conflict_do_update(index_elements=key, set_={counted.name: counted + 1}))


async def _newest(connection: AsyncConnection, most: int) -> tuple[Unanswered, ...]:
    rows = await connection.execute(select(unanswered).order_by(unanswered.c.id.desc()).limit(most))
    return tuple(read(row) for row in rows)


async def _forget_some(connection: AsyncConnection, before: date) -> int:
    if await is_held(connection, Record.QUESTIONS):
        return 0
    return await question_groups.drop(connection, _ids().where(unanswered.c.asked_on < before).limit(_AT_ONCE))


def _ids() -> Select[tuple[int]]:
    return select(unanswered.c.id)
