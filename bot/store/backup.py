"""Backups: each a folder that is whole or not there, with a manifest; the newest ones are kept."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

from bot.store import backup_keys, backup_manifest, backup_postgres, backup_sqlite, key_prints, private
from bot.store.backup_manifest import Manifest
from bot.store.backup_sqlite import Stopped
from bot.store.faults import StoreDown

KNOWLEDGE = "knowledge"
_PREFIX, _STAMP = "bot-", "%Y%m%dT%H%M%SZ"
_PARTIAL = ".partial-"
_REHEARSED = "rehearsed.json"
_MOST_KNOWLEDGE = 200 << 20  # bytes of a folder that holds a few: somebody has put something else there

__all__ = ["Backup", "Rehearsed", "Source", "Stopped", "found", "last_backup", "last_rehearsal", "make", "prune"]


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole backup, as its name tells."""

    path: Path
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The last rehearsal: of which backup, how long the restore took, and what was wrong; nothing: it was sound."""

    at: datetime
    backup: str
    seconds: float
    faults: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up. `passphrase` None: the keys stay out of it. `knowledge` None: there is no folder."""

    data: Path
    database: str | URL
    knowledge: Path | None
    passphrase: str | None = None

    @property
    def url(self) -> URL:
        return make_url(self.database)

    @property
    def is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite"


def found(folder: Path | None) -> tuple[Backup, ...]:
    """Every whole backup in the folder, the newest first; none when there is no such folder. Never raises."""
    listed = []
    with suppress(OSError):
        for path in folder.iterdir() if folder else ():
            with suppress(ValueError):
                taken_at = datetime.strptime(path.name.removeprefix(_PREFIX), _STAMP).replace(tzinfo=UTC)
                if path.name.startswith(_PREFIX) and (path / backup_manifest.NAME).exists():
                    listed.append(Backup(path, taken_at))
    return tuple(sorted(listed, key=lambda each: each.taken_at, reverse=True))


def last_backup(folder: Path | None) -> datetime | None:
    """When the newest whole backup in the folder was taken; None: there is none."""
    return next((each.taken_at for each in found(folder)), None)


def last_rehearsal(folder: Path | None) -> Rehearsed | None:
    """The last rehearsal of a backup in the folder; None: there was none."""
    if folder is None:
        return None
    try:
        told = json.loads((folder / _REHEARSED).read_bytes())
        at, faults = datetime.fromisoformat(told["at"]), tuple(map(str, told["faults"]))
        return Rehearsed(at, str(told["backup"]), float(told["seconds"]), faults)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_rehearsal(folder: Path, rehearsed: Rehearsed) -> None:
    """Let `last_rehearsal` tell this one."""
    told = {"at": rehearsed.at.isoformat(), "backup": rehearsed.backup, "seconds": rehearsed.seconds}
    private.replace(folder / _REHEARSED, json.dumps({**told, "faults": rehearsed.faults}).encode() + b"\n")


async def make(
    source: Source,
    folder: Path,
    now: datetime,
    told: Callable[[str, float], None] = lambda _what, _share: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Backup:
    """Take a backup while everything goes on; `told` hears what is at hand and which share of it is done.

    Raises `StoreDown` when it cannot be read or written, on a full disk too, `Stopped` when that is wanted: then there
    is none, and those of before are as they were.
    """
    name = f"{_PREFIX}{now.astimezone(UTC):{_STAMP}}"
    draft = folder / f"{_PARTIAL}{name}"
    try:
        await asyncio.to_thread(_begin, folder, draft, name)
        if source.is_file:
            manifest = await asyncio.to_thread(_file, source, draft, now, told, is_stopping)
        else:
            revision, counts, anchor = await backup_postgres.dump(source.url, draft, told, is_stopping)
            manifest = Manifest(now, _program(), "postgresql", revision, counts, anchor, has_keys=False, keys={})
        await asyncio.to_thread(_finish, source, draft, folder / name, manifest, told)
    except OSError as e:
        raise StoreDown(f"{folder}: no backup could be made: {e.strerror}") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    return Backup(folder / name, now)


def prune(folder: Path, most: int) -> int:
    """Delete all but the newest so many, and what was never finished; tell how many backups went."""
    old = found(folder)[most:]
    for each in old:
        # Out of sight first: a name stands only for a backup that is whole.
        gone = each.path.with_name(f"{_PARTIAL}{each.path.name}")
        with suppress(OSError):
            each.path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
    return len(old)


def _begin(folder: Path, draft: Path, name: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(f"{_PARTIAL}*"):  # of one that was killed
        shutil.rmtree(left, ignore_errors=True)
    if (folder / name).exists():
        raise StoreDown(f"{folder / name}: there is a backup of this second already")
    draft.mkdir(mode=0o700)


def _file(
    source: Source, draft: Path, now: datetime, told: Callable[[str, float], None], is_stopping: Callable[[], bool]
) -> Manifest:
    copy = draft / backup_sqlite.NAME
    backup_sqlite.copy(Path(source.url.database or ""), copy, lambda share: told("database", share), is_stopping)
    told("check", 0.0)
    revision, counts, anchor = backup_sqlite.looked_through(copy)
    return Manifest(now, _program(), "sqlite", revision, counts, anchor, has_keys=False, keys={})


def _finish(source: Source, draft: Path, whole: Path, manifest: Manifest, told: Callable[[str, float], None]) -> None:
    told("keys", 0.0)
    prints: Mapping[str, Any] = key_prints.prints(source.data)
    if source.passphrase is not None:
        private.create(draft / backup_keys.NAME, backup_keys.closed(source.data, source.passphrase))
    told("knowledge", 0.0)
    if source.knowledge is not None:
        _copy_knowledge(source.knowledge, draft / KNOWLEDGE)
    files = backup_manifest.digests(draft)
    has_keys = source.passphrase is not None
    backup_manifest.put(draft, replace(manifest, has_keys=has_keys, keys=prints, files=files))
    for inner in (*(each for each in draft.rglob("*") if each.is_dir()), draft):
        private.sync_folder(inner)
    draft.rename(whole)
    private.sync_folder(whole.parent)
    told("done", 1.0)


def _copy_knowledge(folder: Path, to: Path) -> None:
    total = 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        total += path.stat().st_size
        if total > _MOST_KNOWLEDGE:
            raise StoreDown(f"{folder}: more than {_MOST_KNOWLEDGE >> 20} MB; something else lies in this folder")
        private.create(to / inside, path.read_bytes())


def _program() -> str:
    try:
        return version("danbury-bot")
    except PackageNotFoundError:
        return "a clone"


def free_bytes(folder: Path) -> int:
    """How much may still be written there."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    told = os.statvfs(there)
    return told.f_bavail * told.f_frsize
