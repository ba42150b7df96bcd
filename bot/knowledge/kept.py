"""Files of what was learned: written whole or not at all."""

import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a file that cannot be trusted may raise."""


def keep(path: Path, content: Mapping[str, Any]) -> OSError | None:
    """Write the arrays; what kept it from being written, else None. Failing costs the next start its seconds."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            np.savez(file, **content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as e:
        with suppress(OSError):
            fresh.unlink()
        return e
    return None
