"""A backup put back: into an empty data folder, proven first, with every opt-out of since, and nothing on its way."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, delete, make_url, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Stage
from bot.store import (
    backup_keys,
    backup_manifest,
    backup_postgres,
    backup_sqlite,
    backup_stops,
    key_prints,
    private,
    rotation,
)
from bot.store.audit import note
from bot.store.backup_keys import KeysLacking
from bot.store.backup_manifest import BackupBad, Manifest
from bot.store.database import Database, in_file
from bot.store.faults import KeyUnusable
from bot.store.keys import FILE as PSEUDONYMS
from bot.store.keys import Pseudonyms
from bot.store.schema import advisory
from bot.store.staff_schema import staff_session

_RESTORING = ".restoring"  # a file that is not yet the store: whoever is killed here has lost nothing

__all__ = ["Asked", "BackupBad", "KeysLacking", "NotEmpty", "Restored", "restore"]


class NotEmpty(Exception):
    """There is a store already where one was to be put; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which backup goes where. `database` None: a file in the data folder.

    `keys` is the folder of the keys that were kept apart, `passphrase` opens those that are in it; both None: those
    that lie in the data folder. `stops` are the files of opt-outs.
    """

    backup: Path
    data: Path
    database: str | URL | None = None
    passphrase: str | None = None
    keys: Path | None = None
    stops: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `stops` were replayed; `paused` are identifiers of advisories that now wait for a person."""

    manifest: Manifest
    stops: int
    paused: tuple[str, ...]
    has_knowledge: bool


async def restore(
    asked: Asked, now: datetime, told: Callable[[str], None] = lambda _: None, *, is_verified: bool = False
) -> Restored:
    """Put it back. Raises `BackupBad`, `NotEmpty`, `KeysLacking` or `StoreDown`; then there is still no store there."""
    read = backup_manifest.read if is_verified else backup_manifest.verified
    told("proving the backup")
    manifest = await asyncio.to_thread(read, asked.backup)
    is_file = asked.database is None or make_url(asked.database).get_backend_name() == "sqlite"
    if (manifest.engine == "sqlite") != is_file:
        raise BackupBad(f"{asked.backup} is of {manifest.engine}: set BOT_DATABASE to a store of that kind")
    named = make_url(asked.database).database if asked.database is not None and is_file else None
    path = Path(named) if named else asked.data / "bot.sqlite3"
    if is_file and path.exists():
        raise NotEmpty(
            f"{path} is there: a restore never replaces a store. Stop the bot, move {asked.data} aside "
            "(mv it to another name; its stops.jsonl is read with --stops), and restore again"
        )
    told("keys")
    await asyncio.to_thread(_put_keys, asked, manifest)
    draft = path.with_name(f"{path.name}{_RESTORING}")
    told("database")
    if is_file:
        await asyncio.to_thread(_copy, asked.backup / backup_sqlite.NAME, draft)
        url: str | URL = in_file(draft)
    else:
        url = asked.database or ""
        await backup_postgres.put_back(asked.backup / backup_postgres.NAME, make_url(url))
    try:
        async with Database(url) as database:
            await database.open()
            restored = await _settle(database, asked, manifest, now, told)
    except BaseException:
        if is_file:
            await asyncio.to_thread(_drop, draft)
        raise
    if is_file:
        await asyncio.to_thread(_take, draft, path)
    told("done")
    return restored


async def _settle(
    database: Database, asked: Asked, manifest: Manifest, now: datetime, told: Callable[[str], None]
) -> Restored:
    await rotation.finish(database, asked.data, now)
    told("opt-outs")
    try:
        stops = await asyncio.to_thread(lambda: list(backup_stops.read(asked.stops)))
        pseudonyms = await asyncio.to_thread(Pseudonyms.kept_in, asked.data)
        replayed = await backup_stops.replay(database, pseudonyms, stops, now)
    except backup_stops.LaterKeys as e:
        raise KeysLacking(f"{e}: give the folder of the newest keys with --keys") from None
    told("advisories")
    paused = await database.run_long(_pause_all, manifest.taken_at, replayed, now)
    return Restored(manifest, replayed, paused, (asked.backup / "knowledge").is_dir())


async def _pause_all(connection: AsyncConnection, taken_at: datetime, replayed: int, now: datetime) -> tuple[str, ...]:
    """What was on its way when the backup was taken may have arrived, or been withdrawn: a person decides."""
    why = f"restored from the backup of {taken_at:%Y-%m-%d %H:%M} UTC: look at what has been sent since"
    waits = advisory.c.stage.in_([Stage.SENDING.value, Stage.SCHEDULED.value])
    rows = (await connection.execute(select(advisory.c.number, advisory.c.identifier).where(waits))).all()
    stopped = update(advisory).where(advisory.c.number.in_([row.number for row in rows]))
    await connection.execute(stopped.values(stage=Stage.PAUSED.value, paused_for=why))
    # A session that was ended since, perhaps for a reason, must not hold again.
    sessions = (await connection.execute(delete(staff_session))).rowcount
    for row in rows:
        await note(connection, "bot", "pause", row.identifier, {"why": why}, now)
    counted = {"backup": taken_at.isoformat(), "opt-outs": replayed, "paused": len(rows), "sessions ended": sessions}
    await note(connection, "bot", "restored", "store", counted, now)
    return tuple(row.identifier for row in rows)


def _put_keys(asked: Asked, manifest: Manifest) -> None:
    """Have the keys of the backup in the data folder, beside those that are there: none is ever lost by this."""
    folder, given = asked.data / "keys", _keys_given(asked, manifest)
    for name, content in given.items():
        path = folder / name
        if path.exists() and name in manifest.keys:
            content = _both(name, path.read_bytes(), content)
            private.replace(path, content)
        else:
            private.create(path, content)
    if missing := [name for name in manifest.keys if not (folder / name).exists()]:
        raise KeysLacking(_where_keys_are(missing, manifest))
    held = key_prints.prints(asked.data)
    if foreign := [name for name, needed in manifest.keys.items() if not key_prints.fits(name, held[name], needed)]:
        raise KeysLacking(f"{folder} holds other keys. {_where_keys_are(foreign, manifest)}")


def _both(name: str, there: bytes, given: bytes) -> bytes:
    if name == PSEUDONYMS:
        return given if given.startswith(there) else there  # a rotation adds keys behind those of before
    more = [key for key in given.split() if key not in there.split()]
    return b"".join(key + b"\n" for key in (*there.split(), *more))


def _keys_given(asked: Asked, manifest: Manifest) -> Mapping[str, bytes]:
    if asked.keys is not None:
        try:
            return {path.name: path.read_bytes() for path in asked.keys.iterdir() if path.is_file()}
        except OSError as e:
            raise KeysLacking(f"{asked.keys}: {e.strerror}") from None
    if manifest.has_keys and asked.passphrase is not None:
        return backup_keys.opened((asked.backup / backup_keys.NAME).read_bytes(), asked.passphrase)
    return {}


def _where_keys_are(names: Iterable[str], manifest: Manifest) -> str:
    listed = " and ".join(f"keys/{name}" for name in names)
    if manifest.has_keys:
        return f"{listed} of this backup are sealed in it: set BOT_BACKUP_PASSPHRASE to what they were sealed with"
    return f"{listed} of this backup were kept apart: give their folder with --keys FOLDER"


def _copy(source: Path, to: Path) -> None:
    _drop(to)
    private.create(to, b"")
    shutil.copyfile(source, to)


def _drop(draft: Path) -> None:
    for name in (draft.name, f"{draft.name}-wal", f"{draft.name}-shm"):
        draft.with_name(name).unlink(missing_ok=True)


def _take(draft: Path, path: Path) -> None:
    """Give the finished file its name; SQLite's companions of it are empty once it is closed."""
    for end in ("-wal", "-shm"):
        beside = draft.with_name(f"{draft.name}{end}")
        if beside.exists() and beside.stat().st_size and end == "-wal":
            raise KeyUnusable(f"{beside} still holds changes: somebody else has it open")
        beside.unlink(missing_ok=True)
    opened = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
    draft.rename(path)
    private.sync_folder(path.parent)
