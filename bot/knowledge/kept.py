"""Files of what was learned: written whole or not at all."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a file that cannot be trusted may raise."""
_LONGEST = timedelta(hours=1)  # whoever has not finished a draft by then was killed over it


def keep(path: Path, content: Mapping[str, Any]) -> OSError | None:
    """Write the arrays; what kept it from being written, else None. Failing costs the next start its seconds.

    Several may do so at once, each from a container where its process bears the same number: the last one's stays.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path))
        draft = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **content)
            file.flush()
            os.fsync(file.fileno())
        _tidy(path, draft)
        draft.replace(path)
    except OSError as e:
        if draft is not None:
            with suppress(OSError):
                draft.unlink()
        return e
    return None


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _tidy(path: Path, draft: Path) -> None:
    """Take away what others left that were killed; by the disk's own time, as other machines may write to it."""
    killed_before = draft.stat().st_mtime - _LONGEST.total_seconds()
    for left in path.parent.glob(f"{_prefix(path)}*"):
        with suppress(OSError):
            if left.stat().st_mtime < killed_before:
                left.unlink()
