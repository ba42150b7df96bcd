"""Opt-outs written down beside the database: whoever said STOP after the last backup stays stopped when it comes back.

One line each, on the disk before the STOP is confirmed: when, what they left, and their pseudonym. No address.
"""

import asyncio
import json
import os
import platform
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import AdvisoryKind
from bot.core.message import Address, ChannelName
from bot.core.subscription import Reach, Subscription
from bot.store import private
from bot.store.database import Database, insert
from bot.store.keys import Pseudonyms, brought_forward
from bot.store.schema import subscribed_topic, subscription
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions, belongs_to, leave

log = structlog.get_logger()

NAME = "stops.jsonl"
EVERYTHING, EXERCISES, URGENT = "*", "~", "!"
"""Left all of it; only the exercises; wants only what is urgent. Anything else is the id of a topic."""
_LEFT = {AdvisoryKind.LIVE: EVERYTHING, AdvisoryKind.EXERCISE: EXERCISES}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody left. `keys` is how many keys their name had been through."""

    at: datetime
    person: str
    channel: str
    left: str
    keys: int


class LaterKeys(Exception):
    """Opt-outs that cannot be linked to anybody with the keys there are."""


class StopJournal:
    """The lines, in every one of the files: beside the database, and with the backups where those are set up."""

    def __init__(self, pseudonyms: Pseudonyms, paths: Sequence[Path]) -> None:
        self._pseudonyms = pseudonyms
        self._paths = tuple(paths)
        self._turn = threading.Lock()

    def note(self, person: str, channel: ChannelName, left: str, now: datetime) -> None:
        """Write it down and wait for the disk; blocks for some milliseconds.

        A file that cannot be written is logged: the store has the STOP, and `catch_up` writes it when it can.
        """
        self._write([Stop(now, person, channel.value, left, 1 + len(self._pseudonyms.later()))])

    async def catch_up(self, database: Database) -> int:
        """Write down whoever stopped some other way: the platform told us, or a file could not be written then."""
        latest = await asyncio.to_thread(self._latest)
        keys, missing, last = 1 + len(self._pseudonyms.later()), [], 0
        while rows := await database.run(_stopped_after, last):
            last = rows[-1].id
            missing += [
                Stop(row.changed_at, row.person, row.channel, _LEFT[AdvisoryKind(row.kind)], keys)
                for row in rows
                if (row.person, row.kind) not in latest or latest[row.person, row.kind] < row.changed_at
            ]
        if missing:
            await asyncio.to_thread(self._write, missing)
        return len(missing)

    def _latest(self) -> dict[tuple[str, str], datetime]:
        later, found = self._pseudonyms.later(), dict[tuple[str, str], datetime]()
        for stop in read(self._paths[:1]):
            person = brought_forward(stop.person, later[stop.keys - 1 :])
            for kind, left in _LEFT.items():
                if stop.left in (left, EVERYTHING):
                    found[person, kind.value] = max(stop.at, found.get((person, kind.value), stop.at))
        return found

    def _write(self, stops: Sequence[Stop]) -> None:
        lines = b"".join(_line(stop) for stop in stops)
        with self._turn:
            for path in self._paths:
                try:
                    _append(path, lines)
                except OSError as e:
                    log.error("stop not written down", reason=e.strerror)


def files(data: Path, backup: Path | None) -> tuple[Path, ...]:
    """Where this machine writes them: in the data folder and, so that they outlive its disk, with the backups."""
    return (data / NAME, *((backup / f"stops-{platform.node() or 'here'}.jsonl",) if backup else ()))


def all_files(data: Path, backup: Path | None) -> tuple[Path, ...]:
    """Every file of them that can be found from here, other machines' too."""
    return (data / NAME, *(sorted(backup.glob("stops-*.jsonl")) if backup else ()))


class NotedSubscriptions(Subscriptions):
    """Subscriptions whose opt-outs are written down as well, before anybody is told that they took effect."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, seal: Seal, journal: StopJournal) -> None:
        super().__init__(database, pseudonyms, seal)
        self._journal = journal

    async def stop(self, person: Address, topic: str | None, now: datetime) -> Subscription | None:
        left = await super().stop(person, topic, now)
        await self._note(person, EVERYTHING if topic is None else topic, now)
        return left

    async def set_reach(self, person: Address, reach: Reach, now: datetime) -> Subscription | None:
        kept = await super().set_reach(person, reach, now)
        if kept is not None and reach is Reach.URGENT:
            await self._note(person, URGENT, now)
        return kept

    async def leave_exercises(self, person: Address, now: datetime) -> None:
        await super().leave_exercises(person, now)
        await self._note(person, EXERCISES, now)

    async def _note(self, person: Address, left: str, now: datetime) -> None:
        name = self._pseudonyms.of(person)
        await asyncio.to_thread(self._journal.note, name, person.channel, left, now)


def read(paths: Iterable[Path]) -> Iterator[Stop]:
    """Every line of the files, each once; what a power cut has torn is passed over, and so is a file that is gone."""
    seen = set[bytes]()
    for path in paths:
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            if line not in seen:
                seen.add(line)
                with suppress(ValueError, KeyError, TypeError):
                    told = json.loads(line)
                    at = datetime.fromisoformat(told["at"])
                    yield Stop(at, str(told["person"]), str(told["channel"]), str(told["left"]), int(told["keys"]))


async def replay(database: Database, pseudonyms: Pseudonyms, stops: Iterable[Stop], now: datetime) -> int:
    """Let everybody be stopped who was, unless they asked anew since; tells for how many lines something changed.

    Raises `LaterKeys` when lines were written under keys that are not there.
    """
    later, count, some = pseudonyms.later(), 0, list[Stop]()
    for stop in sorted(stops, key=lambda each: each.at):
        if stop.keys > 1 + len(later):
            raise LaterKeys(f"opt-outs were written down under {stop.keys} keys, and there are {1 + len(later)}")
        some.append(replace(stop, person=brought_forward(stop.person, later[stop.keys - 1 :])))
        if len(some) == _AT_ONCE:
            count += await database.run_long(_replay, some, now)
            some = []
    return count + (await database.run_long(_replay, some, now) if some else 0)


def _line(stop: Stop) -> bytes:
    told = {"at": stop.at.astimezone(UTC).isoformat(), "person": stop.person, "channel": stop.channel}
    return json.dumps({**told, "left": stop.left, "keys": stop.keys}).encode() + b"\n"


def _append(path: Path, lines: bytes) -> None:
    private.create(path, b"")
    opened = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        end = os.fstat(opened).st_size
        if end and os.pread(opened, 1, end - 1) != b"\n":  # the last line was torn: it must not tear this one too
            lines = b"\n" + lines
        while lines:
            lines = lines[os.write(opened, lines) :]
        os.fsync(opened)
    finally:
        os.close(opened)


async def _stopped_after(connection: AsyncConnection, after: int) -> Sequence[Row[*tuple[Any, ...]]]:
    its = subscription.c
    asked = select(its.id, its.kind, its.person, its.channel, its.changed_at).where(its.state == "stopped")
    rows = await connection.execute(asked.where(its.id > after).order_by(its.id).limit(_AT_ONCE))
    return list(rows.all())


async def _replay(connection: AsyncConnection, stops: Sequence[Stop], now: datetime) -> int:
    return sum([await _stop_again(connection, stop, now) for stop in stops])


async def _stop_again(connection: AsyncConnection, stop: Stop, now: datetime) -> bool:
    is_before = subscription.c.consented_at <= stop.at  # who asked anew after it wants to be written to
    rows = (await connection.execute(select(subscription).where(belongs_to(stop.person), is_before))).all()
    theirs = [row for row in rows if row.state != "stopped"]
    ids = [row.id for row in theirs if stop.left != EXERCISES or row.kind == AdvisoryKind.EXERCISE.value]
    if stop.left == URGENT:
        wide = [row.id for row in theirs if row.level != Reach.URGENT.value]
        changed = update(subscription).where(subscription.c.id.in_(wide))
        await connection.execute(changed.values(level=Reach.URGENT.value, changed_at=now))
        return bool(wide)
    if stop.left in (EVERYTHING, EXERCISES):
        if ids:
            await leave(connection, ids, stop.at)
        return bool(ids) or await _is_made_known(connection, stop)
    is_it = subscribed_topic.c.subscription.in_(ids)
    gone = await connection.execute(delete(subscribed_topic).where(is_it, subscribed_topic.c.topic == stop.left))
    kept = set((await connection.execute(select(subscribed_topic.c.subscription).where(is_it))).scalars())
    if nothing := [number for number in ids if number not in kept]:
        await leave(connection, nothing, stop.at)
    return bool(gone.rowcount)


async def _is_made_known(connection: AsyncConnection, stop: Stop) -> bool:
    """Somebody the backup does not know has stopped: remembered, as their chat may have moved."""
    kinds = [AdvisoryKind.EXERCISE] if stop.left == EXERCISES else list(AdvisoryKind)
    told = {"person": stop.person, "channel": stop.channel, "language": "", "level": "every", "state": "stopped"}
    rows = [{**told, "kind": kind.value, "consented_at": stop.at, "consented_by": "STOP", "changed_at": stop.at}
            for kind in kinds]  # fmt: skip
    made = insert(connection, subscription).values(rows).on_conflict_do_nothing()
    return bool((await connection.execute(made)).rowcount)
