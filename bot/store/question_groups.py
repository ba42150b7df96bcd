"""Groups of questions in the store: which question belongs to which, and what goes when a question is forgotten."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, bindparam, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.asked_schema import group_event, question_group, unanswered
from bot.store.database import Database

_IN_STATEMENT = 500  # ids in one statement: PostgreSQL and SQLite take thousands, and none is sent at that length


@dataclass(frozen=True, slots=True)
class Ungrouped:
    """A question that belongs to no group yet. `entry` is the answer that did not help, None: there was none."""

    id: int
    question: str
    language: str
    entry: str | None
    asked_on: date


@dataclass(frozen=True, slots=True)
class Group:
    """A group as whoever compares questions needs it. `row` None: the typical question speaks for it."""

    id: int
    language: str
    entry: str | None
    size: int
    typical: str
    row: bytes | None
    reading: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A question and the group it belongs to; a number below zero is a group that is to be made, one for each number.

    `line` are its folded words. `row` is the group's mean with the question in it, None for a group of one.
    """

    question: Ungrouped
    group: int
    line: str
    row: bytes | None
    reading: str


class QuestionGroups:
    """The groups, for whoever puts questions into them.

    Every method may raise `StoreDown`, after seconds: nobody waits, and a slow one is no sign to those who answer
    residents that the store is down.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ungrouped(self, most: int) -> tuple[Ungrouped, ...]:
        """At most so many questions without a group, the oldest first."""
        return await self._database.run_long(_ungrouped, most)

    async def groups(self, most: int, after: int = 0) -> tuple[Group, ...]:
        """At most so many groups of a number above `after`, those asked last first."""
        return await self._database.run_long(_groups, most, after)

    async def place(self, placed: Sequence[Placed], now: datetime) -> dict[int, int]:
        """Put the questions into their groups and tell which number each one got that was to be made, or had gone.

        A question that somebody else has placed, or that has been forgotten, is left alone. A closed group is open
        again when one of them is newer than its closing.
        """
        return await self._database.run_long(_place, placed, now)

    async def newest(self, group: int, most: int) -> tuple[tuple[int, str], ...]:
        """Id and words of the group's newest questions, each wording once."""
        return await self._database.run_long(_newest, group, most)

    async def let_stand(self, group: int, question: int) -> None:
        """Let this question stand for the group."""
        await self._database.run_long(_let_stand, group, question)


async def drop(connection: AsyncConnection, chosen: Select[tuple[int]]) -> int:
    """Delete the chosen questions, and whatever of their groups rests on them; tell how many they were."""
    columns = select(unanswered.c.id, unanswered.c.grouped).where(unanswered.c.id.in_(chosen))
    found = (await connection.execute(columns)).all()
    if not found:
        return 0
    ids = [row.id for row in found]
    for at in range(0, len(ids), _IN_STATEMENT):
        await connection.execute(delete(unanswered).where(unanswered.c.id.in_(ids[at : at + _IN_STATEMENT])))
    sizes = Counter(row.grouped for row in found if row.grouped is not None)
    for group, gone in sizes.items():
        await _shrink(connection, group, gone)
    return len(found)


async def _shrink(connection: AsyncConnection, group: int, gone: int) -> None:
    this = question_group.c.id == group
    await connection.execute(delete(question_group).where(this, question_group.c.size <= gone))
    left = select(func.max(unanswered.c.id)).where(unanswered.c.grouped == group).scalar_subquery()
    stands = select(unanswered.c.id).where(unanswered.c.id == question_group.c.typical).exists()
    typical = case((stands, question_group.c.typical), else_=left)
    await connection.execute(
        update(question_group).where(this).values(size=question_group.c.size - gone, typical=typical)
    )


async def _ungrouped(connection: AsyncConnection, most: int) -> tuple[Ungrouped, ...]:
    kept = unanswered.c
    columns = select(kept.id, kept.question, kept.language, kept.entry, kept.asked_on)
    rows = await connection.execute(columns.where(kept.grouped.is_(None)).order_by(kept.id).limit(most))
    return tuple(Ungrouped(*row) for row in rows)


async def _groups(connection: AsyncConnection, most: int, after: int) -> tuple[Group, ...]:
    kept = question_group.c
    columns = select(kept.id, kept.language, kept.entry, kept.size, unanswered.c.question, kept.row, kept.reading)
    joined = columns.join_from(question_group, unanswered, unanswered.c.id == kept.typical)
    rows = await connection.execute(joined.where(kept.id > after).order_by(kept.last_on.desc(), kept.id).limit(most))
    return tuple(Group(*row) for row in rows)


async def _place(connection: AsyncConnection, placed: Sequence[Placed], now: datetime) -> dict[int, int]:
    waits = select(unanswered.c.id).where(
        unanswered.c.id.in_([each.question.id for each in placed]), unanswered.c.grouped.is_(None)
    )
    waiting = set((await connection.execute(waits.with_for_update())).scalars())
    made: dict[int, int] = {}
    belong = []
    for each in placed:
        if each.question.id not in waiting:
            continue
        group = made.get(each.group, each.group)
        if group < 0 or not await _joined(connection, group, each, now):
            group = made[each.group] = await _begun(connection, each)
        belong.append({"of_id": each.question.id, "its_group": group, "its_line": each.line})
    if belong:
        belongs = update(unanswered).where(unanswered.c.id == bindparam("of_id"))
        await connection.execute(belongs.values(grouped=bindparam("its_group"), line=bindparam("its_line")), belong)
    return made


async def _joined(connection: AsyncConnection, group: int, each: Placed, now: datetime) -> bool:
    """Whether the group is there and has one question more."""
    kept, question = question_group.c, each.question
    grown = update(question_group).where(kept.id == group)
    last_on = case((kept.last_on < question.asked_on, question.asked_on), else_=kept.last_on)
    values = {"size": kept.size + 1, "last_on": last_on, "row": each.row, "reading": each.reading}
    closed_after = (await connection.execute(grown.values(values).returning(kept.closed_after))).first()
    if closed_after is None:
        return False
    if closed_after[0] is not None and question.id > closed_after[0]:
        this = update(question_group).where(kept.id == group)
        await connection.execute(this.values(state="open", closed_after=None))
        await note(connection, group, None, "asked_again", "", now)
    return True


async def _begun(connection: AsyncConnection, each: Placed) -> int:
    question = each.question
    begun = insert(question_group).values(
        language=question.language,
        entry=question.entry,
        typical=question.id,
        size=1,
        last_on=question.asked_on,
        state="open",
    )
    return int((await connection.execute(begun.returning(question_group.c.id))).scalar_one())


async def note(connection: AsyncConnection, group: int, who: str | None, act: str, told: str, now: datetime) -> None:
    """Write into the group's history."""
    await connection.execute(insert(group_event).values(group=group, at=now, who=who, act=act, note=told))


async def _newest(connection: AsyncConnection, group: int, most: int) -> tuple[tuple[int, str], ...]:
    kept = unanswered.c
    latest = func.max(kept.id)
    columns = select(latest, kept.question).where(kept.grouped == group)
    rows = await connection.execute(columns.group_by(kept.question).order_by(latest.desc()).limit(most))
    return tuple((int(number), str(question)) for number, question in rows)


async def _let_stand(connection: AsyncConnection, group: int, question: int) -> None:
    is_its = select(unanswered.c.id).where(unanswered.c.id == question, unanswered.c.grouped == group).exists()
    this = update(question_group).where(question_group.c.id == group, is_its)
    await connection.execute(this.values(typical=question))
