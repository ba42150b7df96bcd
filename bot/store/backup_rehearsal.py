"""Whether a backup would do: put back into a folder of its own, looked through, and thrown away again."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import backup_sqlite
from bot.store.audit import Audit
from bot.store.backup_manifest import Manifest
from bot.store.backup_restore import Asked, Restored, restore
from bot.store.database import Database, in_file
from bot.store.faults import KeyUnusable
from bot.store.schema import advisory, delivery, subscription
from bot.store.sealed import Seal

_AT_ONCE = 500  # addresses opened in one transaction


@dataclass(frozen=True, slots=True)
class Tried:
    """What putting it back showed; no faults: it is sound."""

    restored: Restored
    faults: tuple[str, ...]


async def tried(asked: Asked, now: datetime) -> Tried:
    """Put the backup back as asked, into an empty folder, and look through what is there then. Raises as `restore`."""
    restored = await restore(asked, now)
    url = asked.database or in_file(asked.data / backup_sqlite.NAME)
    faults: list[str] = []
    if asked.database is None:
        faults += await asyncio.to_thread(_file_faults, asked.data / backup_sqlite.NAME)
    async with Database(url) as database:
        await database.open()
        damages = await Audit(database).verify(restored.manifest.anchor)
        faults += [f"the audit log, line {each.number}: {each.harm.value}" for each in damages]
        faults += await database.run_long(_ledger_faults)
        faults += await database.run_long(_lacking, restored.manifest)
        faults += await _address_faults(database, asked.data)
    return Tried(restored, tuple(faults))


def _file_faults(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        lost = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    faults = [] if found == ["ok"] else [f"the database is damaged in {len(found)} place(s)"]
    return faults + ([f"{lost} row(s) refer to something that is not there"] if lost else [])


async def _ledger_faults(connection: AsyncConnection) -> list[str]:
    """Every advisory that went out has a delivery for each of its audience."""
    count = select(func.count()).where(delivery.c.advisory == advisory.c.number).scalar_subquery()
    asked = select(advisory.c.identifier, advisory.c.audience, count).where(advisory.c.released_at.is_not(None))
    rows = await connection.execute(asked)
    return [
        f"{name}: {found} deliveries for an audience of {audience}"
        for name, audience, found in rows
        if found != audience
    ]


async def _lacking(connection: AsyncConnection, manifest: Manifest) -> list[str]:
    """Tables that the restore only adds to must hold what the manifest counts."""
    faults = []
    for table in (subscription, advisory, delivery):
        count = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        if count < manifest.counts.get(table.name, 0):
            faults.append(f"{table.name}: {count} rows of {manifest.counts[table.name]}")
    return faults


async def _address_faults(database: Database, data: Path) -> list[str]:
    seal, last, shut = await asyncio.to_thread(Seal.kept_in, data), 0, 0
    while rows := await database.run(_sealed_after, last):
        last = rows[-1][0]
        shut += await asyncio.to_thread(_unopened, seal, [sealed for _, sealed in rows])
    return [f"{shut} address(es) cannot be opened with the keys"] if shut else []


def _unopened(seal: Seal, sealed: list[str]) -> int:
    count = 0
    for each in sealed:
        try:
            seal.open(each)
        except KeyUnusable:
            count += 1
    return count


async def _sealed_after(connection: AsyncConnection, after: int) -> list[tuple[int, str]]:
    its = subscription.c
    asked = select(its.id, its.address).where(its.id > after, its.address.is_not(None)).order_by(its.id)
    return [(row.id, row.address) for row in await connection.execute(asked.limit(_AT_ONCE))]
