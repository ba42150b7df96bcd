"""The groups as curators read them: lists, one with its questions and its history, and what closes and opens them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.text import fold
from bot.store import audit
from bot.store.asked_schema import group_event, question_group, unanswered
from bot.store.database import Database
from bot.store.question_groups import note

PAGE = 25  # groups on one page
_MOST_WORDINGS = 100  # of one group that are shown
_MOST_EVENTS = 50


class Closing(StrEnum):
    """How a group was closed: a phrase or an answer was added, it is not the department's, or it needs neither."""

    ANSWERED = "answered"
    OUT_OF_SCOPE = "out_of_scope"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which groups to list. `is_open` False: closed ones; `language` and `words` "": any; `disliked` None: both kinds.

    `newest_first`: by the day they were last asked, else by how often.
    """

    is_open: bool = True
    language: str = ""
    words: str = ""
    disliked: bool | None = None
    newest_first: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A group in a list. `entry` is the answer that did not help, None: there was none; `state` "open" or a closing."""

    id: int
    question: str
    language: str
    entry: str | None
    size: int
    last_on: date
    state: str
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One way it was asked, and how often between which days; `version` is the answer that was seen, None: none."""

    question: str
    times: int
    first_on: date
    last_on: date
    version: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """What became of a group. `who` None: it happened by itself."""

    at: datetime
    who: str | None
    act: str
    note: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One group with its wordings, the most frequent first, and its history, the newest first."""

    group: Listed
    wordings: tuple[Wording, ...]
    events: tuple[Event, ...]


class GroupLists:
    """What curators read and decide about groups. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sought(self, sought: Sought) -> tuple[tuple[Listed, ...], int]:
        """One page of the groups, and how many there are in all."""
        return await self._database.run(_sought, sought)

    async def open_by_language(self) -> Mapping[str, tuple[int, int]]:
        """How many groups are open in each language, and how many questions they hold."""
        return await self._database.run(_open_by_language)

    async def ungrouped(self) -> int:
        """How many questions wait for a group."""
        return await self._database.run(_count_ungrouped)

    async def one(self, group: int) -> Whole | None:
        """The group; None when there is none of that number, or no longer."""
        return await self._database.run(_one, group)

    async def close(self, group: int, how: Closing, who: str, told: str, now: datetime) -> bool:
        """Close the group, with who and why in its history and in the audit log; False when it is closed already.

        `told` is staff's own words. A question like it that is asked later opens it again.
        """
        return await self._database.run(_close, group, how, who, told, now)

    async def open_again(self, group: int, who: str, now: datetime) -> bool:
        """Open a closed group; False when it is open."""
        return await self._database.run(_open_again, group, who, now)

    async def every_question(self) -> tuple[tuple[object, ...], ...]:
        """Day, language, question, group, its state, answer that did not help, nearest answers: of all, newest first.

        Takes as long as there are many: for a file, not for a page.
        """
        return await self._database.run_long(_every_question)


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    kept = question_group.c
    found: list[ColumnElement[bool]] = [kept.state == "open" if sought.is_open else kept.state != "open"]
    if sought.language:
        found.append(kept.language == sought.language)
    if sought.disliked is not None:
        found.append(kept.entry.is_not(None) if sought.disliked else kept.entry.is_(None))
    if sought.words.strip():
        line = fold(sought.words).line
        says = unanswered.c.line.contains(line, autoescape=True) & unanswered.c.grouped.is_not(None)
        found.append(kept.id.in_(select(unanswered.c.grouped).where(says)))
    return found


def _listed() -> Select[Any]:
    kept, typical = question_group.c, unanswered.c
    columns = select(
        kept.id, typical.question, kept.language, kept.entry, kept.size, kept.last_on, kept.state, typical.near
    )
    return columns.join_from(question_group, unanswered, typical.id == kept.typical)


def _read(row: Row[Any]) -> Listed:
    return Listed(
        row.id,
        row.question,
        row.language,
        row.entry,
        row.size,
        row.last_on,
        row.state,
        tuple(json.loads(row.near)),
    )


async def _sought(connection: AsyncConnection, sought: Sought) -> tuple[tuple[Listed, ...], int]:
    kept, conditions = question_group.c, _conditions(sought)
    order = (kept.last_on.desc(), kept.size.desc()) if sought.newest_first else (kept.size.desc(), kept.last_on.desc())
    # Counted and chosen in one go, as both have to look through all the words; joined after, for one page of them.
    every = select(kept.id, func.count().over()).where(*conditions).order_by(*order)
    page = every.limit(PAGE).offset((max(sought.page, 1) - 1) * PAGE)
    found = (await connection.execute(page)).all()
    if not found and sought.page > 1:
        counted = select(func.count()).select_from(question_group).where(*conditions)
        return (), int((await connection.execute(counted)).scalar_one())
    ids = [number for number, _ in found]
    rows = {row.id: _read(row) for row in await connection.execute(_listed().where(kept.id.in_(ids)))}
    return tuple(rows[each] for each in ids if each in rows), found[0][1] if found else 0


async def _open_by_language(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    kept = question_group.c
    columns = select(kept.language, func.count(), func.sum(kept.size)).where(kept.state == "open")
    rows = await connection.execute(columns.group_by(kept.language).order_by(func.sum(kept.size).desc()))
    return {language: (groups, int(questions)) for language, groups, questions in rows}


async def _count_ungrouped(connection: AsyncConnection) -> int:
    waits = select(func.count()).select_from(unanswered).where(unanswered.c.grouped.is_(None))
    return int((await connection.execute(waits)).scalar_one())


async def _one(connection: AsyncConnection, group: int) -> Whole | None:
    row = (await connection.execute(_listed().where(question_group.c.id == group))).first()
    if row is None:
        return None
    asked, times = unanswered.c, func.count()
    columns = select(asked.question, times, func.min(asked.asked_on), func.max(asked.asked_on), asked.version)
    wordings = columns.where(asked.grouped == group).group_by(asked.question, asked.version)
    most = wordings.order_by(times.desc(), func.max(asked.id).desc()).limit(_MOST_WORDINGS)
    told = group_event.c
    events = select(told.at, told.who, told.act, told.note).where(told.group == group)
    return Whole(
        _read(row),
        tuple(Wording(*each) for each in await connection.execute(most)),
        tuple(
            Event(*each) for each in await connection.execute(events.order_by(told.number.desc()).limit(_MOST_EVENTS))
        ),
    )


async def _close(connection: AsyncConnection, group: int, how: Closing, who: str, told: str, now: datetime) -> bool:
    kept = question_group.c
    newest = select(func.max(unanswered.c.id)).scalar_subquery()
    this = update(question_group).where(kept.id == group, kept.state == "open")
    # Whatever has been asked until now was seen, or was on its way into the group.
    if not (await connection.execute(this.values(state=how.value, closed_after=newest))).rowcount:
        return False
    await note(connection, group, who, how.value, told, now)
    await audit.note(connection, who, f"closed a group: {how.value}", f"group {group}", {"note": told}, now)
    return True


async def _open_again(connection: AsyncConnection, group: int, who: str, now: datetime) -> bool:
    kept = question_group.c
    this = update(question_group).where(kept.id == group, kept.state != "open")
    if not (await connection.execute(this.values(state="open", closed_after=None))).rowcount:
        return False
    await note(connection, group, who, "opened", "", now)
    await audit.note(connection, who, "opened a group again", f"group {group}", {}, now)
    return True


async def _every_question(connection: AsyncConnection) -> tuple[tuple[object, ...], ...]:
    asked, kept = unanswered.c, question_group.c
    state = case((kept.state.is_(None), "not grouped yet"), else_=kept.state)
    columns = select(asked.asked_on, asked.language, asked.question, asked.grouped, state, asked.entry, asked.near)
    joined = columns.join_from(unanswered, question_group, kept.id == asked.grouped, isouter=True)
    rows = await connection.execute(joined.order_by(asked.id.desc()))
    return tuple((*row[:6], ", ".join(json.loads(row[6]))) for row in rows)
