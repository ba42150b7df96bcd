"""Records as a public-records request gets them: rows in plain values, and no resident's address or pseudonym."""

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.asked_schema import feedback, unanswered
from bot.store.database import Database
from bot.store.schema import advisory, delivery, tally
from bot.store.staff_schema import account, audit, knowledge_edit

Rows = list[dict[str, Any]]

_WITHHELD = "[withheld]"
# A pseudonym, or something sealed: neither belongs into a column that is exported, wherever it may have come from.
_NAMED = re.compile(r"(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])|gAAAA[\w=-]{40,}")
_WORDS = ("content", "texts", "corrections", "replacements")  # JSON


class Kind(StrEnum):
    """What can be asked for."""

    ADVISORIES = "advisories"
    APPROVALS = "approvals"
    AUDIT = "audit"
    KNOWLEDGE = "knowledge"
    QUESTIONS = "questions"
    FIGURES = "figures"
    FEEDBACK = "feedback"


async def rows(database: Database, kind: Kind, begins: datetime, ends: datetime) -> Rows:
    """Every record of the kind from `begins` until before `ends`, the oldest first."""
    found = await database.run_long(_READ[kind], begins, ends)
    return [{name: _plain(value) for name, value in row.items()} for row in found]


async def account_names(database: Database) -> tuple[str, ...]:
    """Of every account that there is or was, in the order in which they were made."""
    return await database.run(_names)


async def _names(connection: AsyncConnection) -> tuple[str, ...]:
    return tuple((await connection.execute(select(account.c.name).order_by(account.c.created_at))).scalars())


def _plain(value: Any) -> Any:
    """As JSON can hold it, with nothing in it that stands for a resident."""
    if isinstance(value, str):
        return _NAMED.sub(_WITHHELD, value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    return value


async def _all(connection: AsyncConnection, asked: Select[*tuple[Any, ...]]) -> Rows:
    return [dict(row) for row in (await connection.execute(asked)).mappings()]


def _within(column: Column[Any], begins: Any, ends: Any) -> tuple[Any, ...]:
    return column >= begins, column < ends


async def _advisories(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    found = await _all(
        connection, select(advisory).where(*_within(advisory.c.created_at, begins, ends)).order_by(advisory.c.number)
    )
    counts = select(delivery.c.advisory, delivery.c.state, func.count())
    states: dict[int, dict[str, int]] = {}
    for number, state, count in await connection.execute(counts.group_by(delivery.c.advisory, delivery.c.state)):
        states.setdefault(number, {})[state] = count
    for row in found:
        row |= {name: json.loads(row[name]) for name in _WORDS if row[name] is not None}
        row["deliveries"] = states.get(row["number"], {})
    return found


async def _approvals(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    its = advisory.c
    columns = (its.number, its.identifier, its.level, its.author, its.created_at, its.approved_by, its.approved_at,
               its.approved_count, its.override, its.released_by, its.released_at, its.audience)  # fmt: skip
    is_decided = its.approved_at.is_not(None) | its.released_at.is_not(None)
    decided = func.coalesce(its.approved_at, its.released_at)
    asked = select(*columns).where(is_decided, *_within(decided, begins, ends))  # type: ignore[arg-type]
    return await _all(connection, asked.order_by(its.number))


async def _audit(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    found = await _all(connection, select(audit).where(*_within(audit.c.at, begins, ends)).order_by(audit.c.number))
    for row in found:
        row["details"] = json.loads(row["details"])
    return found


async def _knowledge(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    its = knowledge_edit.c
    found = await _all(connection, select(knowledge_edit).where(*_within(its.at, begins, ends)).order_by(its.number))
    for row in found:
        for name in ("before", "after"):
            row[name] = None if row[name] is None else zlib.decompress(row[name]).decode("utf-8", "replace")
    return found


async def _questions(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    its = unanswered.c
    columns = (its.id, its.asked_on, its.language, its.question, its.near, its.entry)
    within = _within(its.asked_on, begins.date(), ends.date())
    found = await _all(connection, select(*columns).where(*within).order_by(its.id))
    for row in found:
        row["near"] = json.loads(row["near"])
    return found


async def _figures(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    within = _within(tally.c.hour, begins, ends)
    return await _all(connection, select(tally).where(*within).order_by(*tally.primary_key.columns))


async def _feedback(connection: AsyncConnection, begins: datetime, ends: datetime) -> Rows:
    within = _within(feedback.c.day, begins.date(), ends.date())
    return await _all(connection, select(feedback).where(*within).order_by(*feedback.primary_key.columns))


_READ: Mapping[Kind, Callable[[AsyncConnection, datetime, datetime], Any]] = {
    Kind.ADVISORIES: _advisories,
    Kind.APPROVALS: _approvals,
    Kind.AUDIT: _audit,
    Kind.KNOWLEDGE: _knowledge,
    Kind.QUESTIONS: _questions,
    Kind.FIGURES: _figures,
    Kind.FEEDBACK: _feedback,
}
