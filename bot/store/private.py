"""Files that only their owner may read."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

OWNER_ONLY = 0o600
OTHERS = 0o077

_T = TypeVar("_T")


def create(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 at the path, whole or not at all; one that is there already stays as it is.

    Of several processes that do this at once, one wins and the others find its file. Missing folders are made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    with _draft(path, content) as draft, suppress(FileExistsError):
        os.link(draft, path)  # unlike a rename it never replaces what is there
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in the place of whatever is there: whoever reads finds the old one or this one, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(path, content) as draft:
        draft.replace(path)
    sync_folder(path.parent)


def tighten(path: Path) -> None:
    """Take from everybody else the rights on a file of ours, such as one that was copied back from a backup."""
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
        path.chmod(OWNER_ONLY)


def sync_folder(folder: Path) -> None:
    """Let the names in it survive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class Followed(Generic[_T]):
    """What a file says, read again once another process has put another one in its place.

    One that cannot be read then changes nothing: `read` raises, and what it said before goes on to hold.
    """

    def __init__(self, path: Path, read: Callable[[], _T], *faults: type[Exception]) -> None:
        self._path, self._read, self._faults = path, read, faults
        self._seen = self._looks()
        self._held = read()

    def __call__(self) -> _T:
        looks = self._looks()
        if looks != self._seen:
            self._seen = looks  # before it is read: one that comes meanwhile looks different again
            with suppress(*self._faults):
                self._held = self._read()
        return self._held

    def _looks(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """The content in a file beside the path, on the disk; whatever still bears that name at the end goes."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 by its contract
    draft = Path(name)
    try:
        try:
            with os.fdopen(os.dup(descriptor), "wb") as written:
                written.write(content)
            os.fsync(descriptor)
        finally:
            # Before the file has its name: closing it later would drop the locks SQLite holds on it in this process.
            os.close(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
