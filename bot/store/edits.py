"""The history of the knowledge: who changed what, whole, so that it can be read again and taken back."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import audit
from bot.store.database import Database
from bot.store.schema import tally
from bot.store.staff_schema import knowledge_edit as table

_ANSWERED = "answered"  # of the tally's outcomes
_ACT = "edit knowledge"  # what the audit log calls it


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file of an edit. `before` None: there was no such file; `after` None: it was taken away. `undoes` is the row
    that it takes back, None: none."""

    file: str
    before: str | None
    after: str | None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """One save. `number` is that of its first file; `undone_by` the number of the edit that took it back."""

    number: int
    at: datetime
    who: str
    what: str
    subject: str
    files: tuple[str, ...]
    undoes: int | None
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One save with the texts, by the numbers of its rows."""

    edit: Edit
    texts: Mapping[int, FileEdit]


class Edits:
    """The history. Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, who: str, what: str, subject: str, files: Sequence[FileEdit], now: datetime) -> int:
        """Write down one save, and in the same transaction that it was made; gives its number.

        A save that is in the books already - the same person, moment and subject - is not written twice.
        """
        return await self._database.run(_keep, who, what, subject, files, now)

    async def newest(self, most: int, subject: str | None = None, before: int | None = None) -> tuple[Edit, ...]:
        """At most so many saves, the newest first, of one entry or of all; of smaller numbers than `before`."""
        return await self._database.run(_newest, most, subject, before)

    async def one(self, number: int) -> Kept | None:
        """The save whose first row has that number, with its texts; None when there is none."""
        return await self._database.run(_one, number)

    async def uses(self, since: datetime) -> Mapping[str, int]:
        """How often each entry was the answer since then."""
        return await self._database.run(_uses, since)


async def _keep(
    connection: AsyncConnection, who: str, what: str, subject: str, files: Sequence[FileEdit], now: datetime
) -> int:
    await audit.in_turn(connection)
    same = (table.c.at == now) & (table.c.who == who) & (table.c.subject == subject)
    first = (await connection.execute(select(func.min(table.c.number)).where(same))).scalar()
    if first is not None:
        return int(first)
    numbers = []
    for each in files:
        row = insert(table).values(
            at=now,
            who=who,
            act=what,
            subject=subject,
            file=each.file,
            before=_packed(each.before),
            after=_packed(each.after),
            undoes=each.undoes,
        )
        numbers.append(int((await connection.execute(row.returning(table.c.number))).scalar_one()))
    details: dict[str, Any] = {"number": numbers[0], "what": what, "files": [each.file for each in files]}
    if undoes := [each.undoes for each in files if each.undoes is not None]:
        details["undoes"] = min(undoes)
    await audit.note(connection, who, _ACT, subject, details, now)
    return numbers[0]


async def _newest(connection: AsyncConnection, most: int, subject: str | None, before: int | None) -> tuple[Edit, ...]:
    # One save is the rows of one moment and person; the number of its first row names it.
    number, undoes = func.min(table.c.number).label("number"), func.min(table.c.undoes).label("undoes")
    asked = select(number, table.c.at, table.c.who, table.c.act, table.c.subject, undoes)
    asked = asked.group_by(table.c.at, table.c.who, table.c.act, table.c.subject)
    if subject is not None:
        asked = asked.where(table.c.subject == subject)
    if before is not None:
        asked = asked.having(number < before)
    rows = (await connection.execute(asked.order_by(number.desc()).limit(most))).all()
    return await _edits(connection, rows)


async def _edits(connection: AsyncConnection, rows: Iterable[Any]) -> tuple[Edit, ...]:
    listed = list(rows)
    moments = [row.at for row in listed]
    of = select(table.c.number, table.c.at, table.c.who, table.c.file).where(table.c.at.in_(moments))
    files = (await connection.execute(of.order_by(table.c.number))).all()
    numbers = [row.number for row in files]
    back = select(table.c.undoes, func.min(table.c.number)).where(table.c.undoes.in_(numbers)).group_by(table.c.undoes)
    undone = {row[0]: row[1] for row in await connection.execute(back)}
    made = []
    for row in listed:
        own = [each for each in files if (each.at, each.who) == (row.at, row.who)]
        by = min((undone[each.number] for each in own if each.number in undone), default=None)
        names = tuple(each.file for each in own)
        made.append(Edit(row.number, row.at, row.who, row.act, row.subject, names, row.undoes, by))
    return tuple(made)


async def _one(connection: AsyncConnection, number: int) -> Kept | None:
    row = (await connection.execute(select(table).where(table.c.number == number))).first()
    if row is None:
        return None
    same = (table.c.at == row.at) & (table.c.who == row.who) & (table.c.subject == row.subject)
    rows = (await connection.execute(select(table).where(same).order_by(table.c.number))).all()
    if rows[0].number != number:
        return None
    (edit,) = await _edits(connection, rows[:1])
    texts = {each.number: FileEdit(each.file, _read(each.before), _read(each.after), each.undoes) for each in rows}
    return Kept(edit, texts)


async def _uses(connection: AsyncConnection, since: datetime) -> Mapping[str, int]:
    asked = select(tally.c.subject, func.sum(tally.c.count)).where(
        tally.c.outcome == _ANSWERED, tally.c.hour >= since, tally.c.subject != ""
    )
    return {row[0]: int(row[1]) for row in await connection.execute(asked.group_by(tally.c.subject))}


def _packed(text: str | None) -> bytes | None:
    return None if text is None else zlib.compress(text.encode())


def _read(packed: bytes | None) -> str | None:
    return None if packed is None else zlib.decompress(packed).decode()
