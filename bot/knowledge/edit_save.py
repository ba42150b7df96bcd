"""Changes to the files, made whole or not at all, by one process at a time. A crash leaves each file old or new."""

import errno
import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog

from bot.knowledge.edit import Change, EditRefused

log = structlog.get_logger()

LOCK_WAIT = timedelta(seconds=15)  # for others who save: to check a folder takes them some seconds
_LOCK_AGAIN = timedelta(milliseconds=50)
_NEW_FILE = 0o644
_PLAIN_NAME = re.compile(r"(?:(?:faqs|programs|questions)/[a-z0-9][a-z0-9_-]{0,59}|[a-z_]{1,40})\.yaml\Z")
_UNFINISHED = ".yaml.unfinished"  # of a file while it is being written; the bot reads only what ends in .yaml


class EditConflict(Exception):
    """Somebody has changed these files since the draft was made. Nothing was written."""

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__(f"changed by somebody else since you began: {', '.join(files)}")
        self.files = tuple(files)


class EditFailed(Exception):
    """The files could not be written; the text says why, and whether anything has changed."""


@contextmanager
def alone(folder: Path, wait: timedelta = LOCK_WAIT) -> Iterator[None]:
    """Nobody else who asks like this changes the folder meanwhile, in this process or another. Blocks the thread.

    Raises `EditFailed` when somebody else holds it too long.
    """
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as e:
        raise EditFailed(_told(e)) from e
    try:
        _lock(held, wait)
        yield
    finally:
        os.close(held)  # and with it goes the lock


def save(folder: Path, changes: Sequence[Change]) -> None:
    """Write the changes; call it under `alone`. Raises `EditConflict` when a file is not as its change found it,
    `EditFailed` when the disk refuses: nothing is changed then, or it says what is."""
    targets = [_target(folder, change) for change in changes]
    _tidy(folder)
    drafts: list[Path | None] = []
    try:
        for change, target in zip(changes, targets, strict=True):
            drafts.append(None if change.after is None else _written(target, change.after))
        changed = [c.file for c, target in zip(changes, targets, strict=True) if _now(target) != c.before]
        if changed:
            raise EditConflict(changed)
        _put_in_place(changes, targets, drafts)
    except OSError as e:
        raise EditFailed(f"{_told(e)} Nothing was changed.") from e
    finally:
        for draft in drafts:
            if draft is not None:
                with suppress(OSError):
                    draft.unlink()


def _put_in_place(changes: Sequence[Change], targets: Sequence[Path], drafts: Sequence[Path | None]) -> None:
    done: list[str] = []
    for change, target, draft in zip(changes, targets, drafts, strict=True):
        try:
            if draft is None:
                target.unlink()
            else:
                draft.replace(target)
            _keep_names(target.parent)
        except OSError as e:
            if not done:
                raise
            told = f"{_told(e)} Written already: {', '.join(done)}. Not written: {change.file}."
            raise EditFailed(told) from e
        done.append(change.file)


def _lock(held: int, wait: timedelta) -> None:
    until = time.monotonic() + wait.total_seconds()
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise EditFailed("somebody else is saving just now: try again in a moment.") from None
            time.sleep(_LOCK_AGAIN.total_seconds())
        except OSError as e:
            raise EditFailed(_told(e)) from e


def _target(folder: Path, change: Change) -> Path:
    """The file itself, where a link stands in its place. Names that the bot would not read are refused."""
    if change.before is None and not _PLAIN_NAME.match(change.file):
        raise EditRefused(f"{change.file!r} is no name for a file: use small letters, digits and hyphens")
    return (folder / change.file).resolve()


def _now(target: Path) -> str | None:
    try:
        return target.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""  # as no draft ever found it


def _written(target: Path, text: str) -> Path:
    """The text on the disk beside its place, with the rights of what it replaces."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name.removesuffix('.yaml')}.{secrets.token_hex(4)}{_UNFINISHED}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    return draft


def _keep_names(folder: Path) -> None:
    """Make the folder's names survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _tidy(folder: Path) -> None:
    """Take away what a save left that did not come to its end; whoever holds the lock is the only one saving."""
    for left in folder.rglob(f".*{_UNFINISHED}"):
        with suppress(OSError):
            left.unlink()
            log.info("unfinished edit removed")


def _told(error: OSError) -> str:
    match error.errno:
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return "The bot may not write to the knowledge folder: whoever runs it must give it that right."
        case errno.ENOSPC | errno.EDQUOT:
            return "The disk is full: whoever runs the bot must make room."
        case errno.ENOENT | errno.ENOTDIR:
            return "The knowledge folder, or a part of it, is gone."
        case _:
            return f"The file could not be written ({error.strerror or type(error).__name__})."
