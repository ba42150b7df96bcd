"""A backup every night while the bot runs, and its rehearsal: at three in the morning, the department's time.

Of several replicas one takes it. A rehearsal loads the whole knowledge again, so it is left to a process of its own.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house import House
from bot.knowledge import live
from bot.settings import Settings
from bot.store import backup, backup_stops, holds
from bot.store.backup import Source, Stopped
from bot.store.backup_manifest import BackupBad
from bot.store.backup_stops import StopJournal
from bot.store.database import Database, in_file, insert
from bot.store.faults import StoreDown
from bot.store.holds import Record
from bot.store.records_schema import mark

log = structlog.get_logger()

AT = time(3)
_LOOK_EVERY = timedelta(minutes=10)
_CLAIM_LASTS = timedelta(hours=1)  # whoever has it and is not done by then has died
_REHEARSAL = timedelta(minutes=30)


async def run(house: House, settings: Settings, stopping: asyncio.Event) -> None:
    """Once the store is open, take a backup whenever one is due, until stopping."""
    waits = [asyncio.ensure_future(each.wait()) for each in (house.stored, stopping)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    while not stopping.is_set():
        try:
            await tend(house, settings, stopping, lambda: _rehearsed(stopping))
        except (StoreDown, BackupBad) as e:
            log.error("backup failed", reason=str(e))
        except OSError as e:
            log.error("backup failed", reason=e.strerror)
        except Stopped:
            return
        try:
            async with asyncio.timeout(_LOOK_EVERY.total_seconds()):
                await stopping.wait()
        except TimeoutError:
            continue


async def tend(
    house: House, settings: Settings, stopping: asyncio.Event, rehearse: Callable[[], Awaitable[bool]]
) -> bool:
    """Write down opt-outs that are not, and take the backup when it is due; tells whether one was taken."""
    office, now = house.backstage.office, house.clock()
    if house.pseudonyms is not None:
        journal = StopJournal(house.pseudonyms, backup_stops.files(settings.data, settings.backup))
        if written := await journal.catch_up(office.database):
            log.info("opt-outs written down", lines=written)
    if settings.backup is None or not is_due(backup.last_backup(settings.backup), now, house.zone()):
        return False
    if not await office.database.run(_claimed, now):
        return False
    source = source_of(settings)
    made = await backup.make(source, settings.backup, now, is_stopping=stopping.is_set)
    await prune(office.database, settings.backup, settings.backup_keep)
    log.info("backup made", backup=made.path.name, free_mb=backup.free_bytes(settings.backup) >> 20)
    if not await rehearse():
        tried = await asyncio.to_thread(backup.last_rehearsal, settings.backup)
        faults = tried.faults if tried is not None and tried.backup == made.path.name else ()
        log.error("rehearsal failed", backup=made.path.name, faults=list(faults))
    return True


def is_due(last: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the newest backup is of before the last three o'clock."""
    local = now.astimezone(zone)
    night = local.replace(hour=AT.hour, minute=AT.minute, second=0, microsecond=0)
    if night > local:
        night -= timedelta(days=1)
    return last is None or last < night.astimezone(UTC)


def source_of(settings: Settings) -> Source:
    """What is backed up under these settings."""
    folder = settings.knowledge or live.default_folder()
    database = settings.database or in_file(settings.data / "bot.sqlite3")
    return Source(settings.data, database, folder if folder.is_dir() else None, settings.passphrase)


async def prune(database: Database, folder: Path, most: int) -> int:
    """Delete the backups that are too many, unless they are held; tell how many."""
    if await database.run(holds.is_held, Record.BACKUPS):
        return 0
    return await asyncio.to_thread(backup.prune, folder, most)


async def _claimed(connection: AsyncConnection, now: datetime) -> bool:
    row = insert(connection, mark).values(name="backup", value="", at=now)
    ours = row.on_conflict_do_update(
        index_elements=[mark.c.name], set_={"at": now}, where=mark.c.at <= now - _CLAIM_LASTS
    )
    return (await connection.execute(ours.returning(mark.c.name))).first() is not None


async def _rehearsed(stopping: asyncio.Event) -> bool:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "rehearse",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    ended, stops = asyncio.ensure_future(running.wait()), asyncio.ensure_future(stopping.wait())
    try:
        limit = _REHEARSAL.total_seconds()
        await asyncio.wait({ended, stops}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stops.cancel()
        if not ended.done():
            running.kill()
        await ended
    return running.returncode == 0 or stopping.is_set()
