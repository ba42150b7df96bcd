"""What a backup says it is: every file with its digest, how much is in it, where the audit log had come to."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.store import private
from bot.store.chain import Anchor

NAME = "manifest.json"
_FORMAT = 1
_PIECE = 1 << 20  # bytes read at once


class BackupBad(Exception):
    """A backup that cannot be trusted; the text lists what is wrong with it, and names no content."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`engine` is `sqlite` or `postgresql`; `has_keys`: they are in it, sealed. `keys` are fingerprints by file."""

    taken_at: datetime
    program: str
    engine: str
    revision: str
    counts: Mapping[str, int]
    anchor: Anchor | None
    has_keys: bool
    keys: Mapping[str, tuple[str, ...]]
    files: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> bytes:
        """As it stands in the folder."""
        told: dict[str, Any] = {
            "format": _FORMAT,
            "taken_at": self.taken_at.isoformat(),
            "program": self.program,
            "engine": self.engine,
            "revision": self.revision,
            "counts": dict(self.counts),
            "audit": None if self.anchor is None else {"number": self.anchor.number, "digest": self.anchor.digest},
            "keys": {"are": "sealed in it" if self.has_keys else "kept apart", **self.keys},
            "files": dict(self.files),
        }
        return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def read(folder: Path) -> Manifest:
    """That of the backup in the folder. Raises `BackupBad` when there is none, or it is of another kind."""
    try:
        told = json.loads((folder / NAME).read_bytes())
        if told["format"] != _FORMAT:
            raise BackupBad(f"{folder}: its format is {told['format']}, this program knows {_FORMAT}")
        audit, keys = told["audit"], dict(told["keys"])
        return Manifest(
            taken_at=datetime.fromisoformat(told["taken_at"]),
            program=str(told["program"]),
            engine=str(told["engine"]),
            revision=str(told["revision"]),
            counts={str(name): int(count) for name, count in told["counts"].items()},
            anchor=None if audit is None else Anchor(int(audit["number"]), str(audit["digest"])),
            has_keys=keys.pop("are") == "sealed in it",
            keys={str(name): tuple(map(str, prints)) for name, prints in keys.items()},
            files={str(name): str(digest) for name, digest in told["files"].items()},
        )
    except OSError as e:
        raise BackupBad(f"{folder}: no backup, its {NAME} cannot be read: {e.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupBad(f"{folder}: its {NAME} is damaged") from None


def verified(folder: Path, told: Callable[[str], None] = lambda _: None) -> Manifest:
    """The manifest, once every file is what it says. Raises `BackupBad` with everything that is not."""
    manifest = read(folder)
    there = digests(folder, told)
    wrong = [f"{name} is missing" for name in sorted(manifest.files.keys() - there.keys())]
    wrong += [f"{name} does not belong to it" for name in sorted(there.keys() - manifest.files.keys())]
    both = manifest.files.keys() & there.keys()
    wrong += [f"{name} is not what was backed up" for name in sorted(both) if manifest.files[name] != there[name]]
    if wrong:
        raise BackupBad(f"{folder}: " + "; ".join(wrong))
    return manifest


def digests(folder: Path, told: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """SHA-256 of every file in the folder but the manifest, by its path in there."""
    found = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file() or each.is_symlink()):
        name = path.relative_to(folder).as_posix()
        if name != NAME:
            told(name)
            found[name] = "a link" if path.is_symlink() else _digest(path)
    return found


def put(folder: Path, manifest: Manifest) -> None:
    """Write it as the last file of a backup."""
    private.create(folder / NAME, manifest.written())


def _digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            sha.update(piece)
    return sha.hexdigest()
