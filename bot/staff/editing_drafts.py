"""Drafts on the disk of the data folder: a conflict, a sign-out, a restart lose none of them.

A draft is also the record of its own saving: it says `WRITING` before a file is touched and goes only when the save is
in the books. So a crash or a store that is down between the two leaves something to finish by.
"""

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import structlog

from bot.knowledge.edit import Change, Draft

log = structlog.get_logger()

_ID = re.compile(r"[0-9a-f]{16}\Z")
_DAMAGED = (OSError, ValueError, KeyError, TypeError)


class Stage(Enum):
    """How far a draft is."""

    OPEN = "open"
    WRITING = "writing"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft with what has become of it.

    `revision` is the folder's with it, None when the folder has other faults and goes live with none. `number` is that
    of the history, None while it is not in the books. `is_told`: whoever wanted to know of the save was told.
    """

    draft: Draft
    stage: Stage = Stage.OPEN
    saved_at: datetime | None = None
    revision: str | None = None
    number: int | None = None
    commit: str | None = None
    trouble: str | None = None
    is_told: bool = False

    @property
    def is_done(self) -> bool:
        return self.stage is Stage.SAVED and self.number is not None and self.is_told


def new_id() -> str:
    return secrets.token_hex(8)


class Drafts:
    """The drafts under a folder. Blocks; a file is some hundred kilobytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, kept: Kept) -> Kept:
        """Write it, whole or not at all. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(kept.draft.id)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(_plain(kept), file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError:
            with suppress(OSError):
                fresh.unlink()
            raise
        return kept

    def find(self, draft: str) -> Kept | None:
        """The draft of that id; None when there is none, or it cannot be read."""
        if not _ID.match(draft):
            return None
        try:
            return _read(json.loads(self._path(draft).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except _DAMAGED as e:
            log.warning("draft unreadable", error=type(e).__name__)
            return None

    def all(self) -> Iterator[Kept]:
        """Every draft, in no order."""
        for path in self._folder.glob("*.json"):
            if (kept := self.find(path.stem)) is not None:
                yield kept

    def drop(self, draft: str) -> None:
        """Forget it."""
        if _ID.match(draft):
            with suppress(FileNotFoundError):
                self._path(draft).unlink()

    def _path(self, draft: str) -> Path:
        return self._folder / f"{draft}.json"


def _plain(kept: Kept) -> dict[str, Any]:
    draft = kept.draft
    return {
        "id": draft.id,
        "who": draft.who,
        "what": draft.what,
        "subject": draft.subject,
        "made_at": draft.made_at.isoformat(),
        "changes": [[change.file, change.before, change.after] for change in draft.changes],
        "closes": draft.closes,
        "undoes": dict(draft.undoes),
        "stage": kept.stage.value,
        "saved_at": kept.saved_at.isoformat() if kept.saved_at else None,
        "revision": kept.revision,
        "number": kept.number,
        "commit": kept.commit,
        "trouble": kept.trouble,
        "is_told": kept.is_told,
    }


def _read(plain: dict[str, Any]) -> Kept:
    draft = Draft(
        plain["id"],
        plain["who"],
        plain["what"],
        plain["subject"],
        datetime.fromisoformat(plain["made_at"]),
        tuple(Change(*change) for change in plain["changes"]),
        plain["closes"],
        plain["undoes"],
    )
    kept = Kept(draft, Stage(plain["stage"]), None, plain["revision"], plain["number"], plain["commit"])
    saved_at = datetime.fromisoformat(plain["saved_at"]) if plain["saved_at"] else None
    return replace(kept, saved_at=saved_at, trouble=plain["trouble"], is_told=plain["is_told"])
