"""Whether the newest backup would do: put back beside the store, looked through, asked, and thrown away."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import URL

from bot import asking
from bot.core.answer import Outcome, Snapshot
from bot.core.emergency import Level
from bot.knowledge import live
from bot.knowledge.source import KnowledgeInvalid
from bot.settings import Settings
from bot.store import backup, backup_manifest, backup_postgres, backup_rehearsal, backup_stops, engines
from bot.store.backup import Backup, Rehearsed
from bot.store.backup_keys import KeysLacking
from bot.store.backup_manifest import BackupBad
from bot.store.backup_restore import Asked, NotEmpty
from bot.store.faults import StoreDown

_PREFIX = "rehearsal-"
_LONGEST = timedelta(hours=1)


async def rehearse(
    chosen: Settings, it: Backup, now: datetime, say: Callable[[str], None], database: str | None = None
) -> Rehearsed:
    """Try it and note how that went beside the backups.

    `database` is an empty one of PostgreSQL's for a dump; None: one is made beside the store, and dropped.
    """
    started = time.monotonic()
    say(f"Putting back {it.path.name} ...")
    data = chosen.data
    await asyncio.to_thread(_make_room, data, now)
    with tempfile.TemporaryDirectory(dir=data, prefix=_PREFIX) as folder:  # mode 0700: the keys lie in it for a moment
        faults = await _faults(chosen, it, Path(folder) / "data", now, database)
        took = time.monotonic() - started
        say(f"Put back and looked through in {took:.1f} s.")
        faults += await asyncio.to_thread(lambda: list(_knowledge_faults(it.path / backup.KNOWLEDGE, now)))
    rehearsed = Rehearsed(now, it.path.name, round(took, 2), tuple(faults))
    await asyncio.to_thread(backup.note_rehearsal, it.path.parent, rehearsed)
    return rehearsed


def _make_room(data: Path, now: datetime) -> None:
    """A data folder without what a rehearsal that was killed has left in it: its keys among the rest."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in data.glob(f"{_PREFIX}*"):
        if left.stat().st_mtime < (now - _LONGEST).timestamp():
            shutil.rmtree(left, ignore_errors=True)


async def _faults(chosen: Settings, it: Backup, data: Path, now: datetime, database: str | None) -> list[str]:
    keys = None if chosen.passphrase else chosen.data / "keys"
    stops = backup_stops.all_files(chosen.data, it.path.parent)
    asked = Asked(it.path, data, database, chosen.passphrase, keys, stops)
    try:
        async with _room(chosen, it, database) as room:
            return list((await backup_rehearsal.tried(replace(asked, database=room), now)).faults)
    except (BackupBad, KeysLacking, NotEmpty, StoreDown) as e:
        return [str(e)]


@asynccontextmanager
async def _room(chosen: Settings, it: Backup, database: str | URL | None) -> AsyncIterator[str | URL | None]:
    """Where the database goes; None: a file in the folder.

    Raises `BackupBad`, and `StoreDown` when none can be made.
    """
    manifest = await asyncio.to_thread(backup_manifest.read, it.path)
    beside = engines.read(chosen.database) if chosen.database else None
    if database is not None or manifest.engine == "sqlite" or beside is None or engines.is_file(beside):
        yield database
        return
    async with backup_postgres.scratch(beside) as made:
        yield made


def _knowledge_faults(folder: Path, now: datetime) -> Iterator[str]:
    """What keeps the knowledge in it from answering a question in each language that it has any in, and 911."""
    if not folder.is_dir():
        yield "there is no knowledge in it"
        return
    try:
        snapshot = live.load(folder).snapshot
    except KnowledgeInvalid as e:
        yield f"the knowledge has {len(e.problems)} fault(s)"
        return
    asked = {language: list(_questions(snapshot, language)) for language in snapshot.knowledge.department.languages}
    if not any(asked.values()):
        yield "there is no question in the knowledge"
    for language, questions in asked.items():
        if questions and not any(_is_answered(question, language, snapshot, now) for question in questions):
            yield f"no question is answered in {language}"
    if asking.diagnose("911", snapshot, now).turn.verdict.level is not Level.EMERGENCY:
        yield "911 is no emergency to it"


def _is_answered(question: str, language: str, snapshot: Snapshot, now: datetime) -> bool:
    turn = asking.diagnose(question, snapshot, now).turn
    return turn.outcome is Outcome.ANSWERED and turn.language == language


def _questions(snapshot: Snapshot, language: str) -> Iterator[str]:
    for entry in snapshot.knowledge.entries.values():
        if language in entry.wordings:
            yield from (ask.text for ask in entry.wordings[language].asks[:1])
