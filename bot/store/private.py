"""Files that only their owner may read."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
OTHERS = 0o077


def create(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 at the path, whole or not at all; one that is there already stays as it is.

    Of several processes that do this at once, one wins and the others find its file. Missing folders are made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 by its contract
    try:
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            # Before the file has its name: closing it later would drop the locks SQLite holds on it in this process.
            os.close(descriptor)
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename it never replaces what is there
    finally:
        Path(draft).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def tighten(path: Path) -> None:
    """Take from everybody else the rights on a file of ours, such as one that was copied back from a backup."""
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
        path.chmod(OWNER_ONLY)
