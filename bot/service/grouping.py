"""Puts questions that are alike into groups, behind everybody's back: a few at a time, computed in threads."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.core.features import Floats
from bot.core.likeness import Reader, Shelf, most_typical, named, read, written
from bot.core.text import fold
from bot.core.turn import Snapshot
from bot.knowledge.live import Live
from bot.store.faults import StoreDown
from bot.store.question_groups import Group, Placed, QuestionGroups, Ungrouped

log = structlog.get_logger()

_AT_ONCE = 40  # questions: a quarter of a second of one processor
_STORED_AT_ONCE = 8  # of them in one transaction: some 20 ms, for which a reply may have to wait
_BREATH = timedelta(milliseconds=200)  # between two batches of a backlog: whoever asks now comes first
_REST = timedelta(seconds=10)  # between two looks when there was nothing to do
_LESSON = timedelta(minutes=3)  # the encoder is waited for at most so long after the start
_MOST_COMPARED = 10_000  # groups in memory, those asked last: 40 MB; years of a town's questions make some thousands
_TYPICAL_AT = frozenset((3, 8, 21, 55, 144))  # sizes at which it is looked anew which question stands for a group
_LOOKED_AT = 12  # of its newest questions
_PROBE = "where can i get a copy of a report"  # its vector names the encoder: rows of another are read anew

_Key = tuple[str, str | None]  # language, and the answer that did not help


@dataclass(slots=True)
class _Shelves:
    """Groups by language and answer, as one reader reads them. `named` tells its rows from another's.

    `newest` is the highest number of a group that was fetched; `waiting` are fetched and not yet read.
    """

    reader: Reader
    named: str
    by_key: dict[_Key, Shelf] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    newest: int = 0
    waiting: tuple[Group, ...] = ()

    def of(self, key: _Key) -> Shelf:
        return self.by_key.setdefault(key, Shelf(self.reader.width))


class Grouping:
    """Groups what has no group yet. One for a process; several processes on one store do not disturb each other."""

    def __init__(self, groups: Callable[[], QuestionGroups | None], live: Live, clock: Callable[[], datetime]) -> None:
        """Take how to reach the groups in the store; None while it is not open."""
        self._groups, self._live, self._clock = groups, live, clock
        self._shelves: _Shelves | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Look for questions without a group until stopping; at first there may be years of them."""
        give_up_at = self._clock() + _LESSON
        is_down = False
        while not stopping.is_set():
            wait = _REST
            try:
                if self._is_taught() or self._clock() >= give_up_at:
                    wait = _BREATH if await self.look() else _REST
                is_down = False
            except StoreDown as e:
                if not is_down:
                    log.warning("questions not grouped", reason=str(e))
                is_down = True
            except Exception:  # border: grouping
                log.exception("grouping failed")
                self._shelves = None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait.total_seconds()):
                    await stopping.wait()

    async def look(self) -> bool:
        """Do a little: shelve a few groups, or else group a few questions. False when nothing is left to do.

        Raises `StoreDown`.
        """
        groups, snapshot = self._groups(), self._live.current
        if groups is None or snapshot is None:
            return False
        waiting = await groups.ungrouped(_AT_ONCE)
        if not waiting:
            return False
        shelves = await self._up_to_date(groups, snapshot)
        if shelves.waiting:
            some, shelves.waiting = shelves.waiting[:_AT_ONCE], shelves.waiting[_AT_ONCE:]
            await asyncio.to_thread(_shelve, some, shelves, snapshot)
            return True
        self._shelves = None  # what is planned now holds only once it is stored
        placed = await asyncio.to_thread(_planned, waiting, shelves, snapshot)
        made: dict[int, int] = {}
        for at in range(0, len(placed), _STORED_AT_ONCE):
            few = placed[at : at + _STORED_AT_ONCE]
            known = [replace(each, group=made.get(each.group, each.group)) for each in few]
            made |= await groups.place(known, self._clock())
        _settle(placed, made, shelves)
        self._shelves = shelves
        await _let_stand(placed, made, shelves, snapshot, groups)
        return len(waiting) == _AT_ONCE

    def _is_taught(self) -> bool:
        snapshot = self._live.current
        return snapshot is not None and snapshot.index.learned.weights is not None

    async def _up_to_date(self, groups: QuestionGroups, snapshot: Snapshot) -> _Shelves:
        """The shelves, with the groups that others have made since among those that wait; empty ones at first, with
        another encoder, and when they have become too many."""
        shelves = self._shelves
        name = await asyncio.to_thread(_name, snapshot)
        if shelves is None or shelves.named != name or len(shelves.sizes) > 2 * _MOST_COMPARED:
            shelves = self._shelves = await asyncio.to_thread(_empty, snapshot)
        if not shelves.waiting:
            found = await groups.groups(_MOST_COMPARED, after=shelves.newest)
            shelves.newest = max((shelves.newest, *(group.id for group in found)))
            shelves.waiting = tuple(group for group in found if group.id not in shelves.sizes)
        return shelves


def _empty(snapshot: Snapshot) -> _Shelves:
    embed = snapshot.lookout.embed
    vector = embed(_PROBE) if embed else None
    reader = Reader(snapshot.index.phrasings.words, 0 if vector is None else len(vector))
    return _Shelves(reader, _name(snapshot))


def _name(snapshot: Snapshot) -> str:
    """What tells the rows of one reader from those of another, in a few letters."""
    vector = snapshot.lookout.embed(_PROBE) if snapshot.lookout.embed else None
    return named(vector)


def _read(question: str, shelves: _Shelves, snapshot: Snapshot) -> Floats:
    words, embed = fold(question), snapshot.lookout.embed
    return shelves.reader.row(words, embed(words.text) if embed and words.tokens else None)


def _read_all(questions: Sequence[str], shelves: _Shelves, snapshot: Snapshot) -> list[Floats]:
    return [_read(question, shelves, snapshot) for question in questions]


def _shelve(groups: Sequence[Group], shelves: _Shelves, snapshot: Snapshot) -> None:
    for group in groups:
        shelf = shelves.of((group.language, group.entry))
        if group.row is not None and group.reading == shelves.named:
            mean = read(group.row)
        else:
            mean = _read(group.typical, shelves, snapshot)
        shelf.put(group.id, mean)
        shelves.sizes[group.id] = group.size


def _planned(waiting: Sequence[Ungrouped], shelves: _Shelves, snapshot: Snapshot) -> tuple[Placed, ...]:
    """Where each question belongs; a number below zero is a group that is still to be made."""
    placed = []
    for at, question in enumerate(waiting, 1):
        shelf = shelves.of((question.language, question.entry))
        row = _read(question.question, shelves, snapshot)
        nearest = shelf.nearest(row)
        if nearest is not None and nearest[1] >= shelves.reader.alike:
            group = nearest[0]
            shelves.sizes[group] += 1
            mean = written(shelf.join(group, row, shelves.sizes[group]))
        else:
            group, mean = -at, None
            shelves.sizes[group] = 1
            shelf.put(group, row)
        line = fold(question.question).line
        placed.append(Placed(question, group, line, mean, shelves.named))
    return tuple(placed)


def _settle(placed: Sequence[Placed], made: dict[int, int], shelves: _Shelves) -> None:
    """Call groups by the numbers they got. A group that was not made, as its question was gone, is forgotten."""
    for each in placed:
        shelf = shelves.of((each.question.language, each.question.entry))
        if each.group not in shelf or (each.group > 0 and each.group not in made):
            continue
        size = shelves.sizes.pop(each.group)
        if each.group in made:
            shelf.rename(each.group, made[each.group])
            shelves.sizes[made[each.group]] = size
        else:
            shelf.forget(each.group)


async def _let_stand(
    placed: Sequence[Placed], made: dict[int, int], shelves: _Shelves, snapshot: Snapshot, groups: QuestionGroups
) -> None:
    """Where a group has grown to one of the sizes, let its most typical question stand for it."""
    numbers = {made.get(each.group, each.group) for each in placed}
    for group in sorted(number for number in numbers if number > 0 and shelves.sizes.get(number) in _TYPICAL_AT):
        newest = await groups.newest(group, _LOOKED_AT)
        if len(newest) > 1:
            texts = [text for _, text in newest]
            rows = await asyncio.to_thread(partial(_read_all, texts, shelves, snapshot))
            await groups.let_stand(group, newest[most_typical(rows)][0])
