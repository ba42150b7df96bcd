"""Whether a file of SQLite's is whole, asked before it is used: a damaged one gives wrong answers before none."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bot.store.faults import StoreDown

_BEGINS = b"SQLite format 3\x00"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LARGEST_PAGE = 65536  # bytes
_WAIT = 1.0  # seconds for another process; what it holds is then looked at by whoever opens it next
_MEND = "stop the bot, put this file and those beside it (-wal, -shm) aside, and restore the last backup"


def check(path: Path) -> None:
    """Nothing when the file is whole, new or not there; raises `StoreDown` with what to do when it is damaged.

    Every page and every index is read: about a second for 40 MB. What a bit changed inside a text is not seen.
    """
    if not path.is_file() or not (size := path.stat().st_size):
        return
    with path.open("rb") as file:
        if not file.read(len(_BEGINS)) == _BEGINS:
            raise StoreDown(f"{path}: this is no database of SQLite's: {_MEND}")
        header = file.read(2)
    fault = _fault(path) or _torn(path, int.from_bytes(header, "big"))
    if fault:
        raise StoreDown(f"{path}: damaged ({fault}, {size} bytes): {_MEND}")


def _fault(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT)) as connection:
            # Its words name pages and indexes; only how it begins is told, as a row may be quoted further on.
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return None if found and found[0] == "ok" else "its pages do not fit together"
    except UnicodeDecodeError:  # the driver's own words about a garbled name
        return "its names cannot be read"
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return "its pages cannot be read" if code in _DAMAGED or "malformed" in str(error) else None


def _torn(path: Path, page: int) -> str | None:
    """SQLite reads the missing end of its last page as zeros, and where a text ends there it finds no fault."""
    with suppress(FileNotFoundError):  # whoever closes the store last takes the log away
        if path.with_name(f"{path.name}-wal").stat().st_size:
            return None  # what the file lacks stands in there, as after a kill while the log was being written back
    # Two bytes have no room for the largest size, which stands as 1: https://www.sqlite.org/fileformat2.html#page_size
    return "its last page is cut" if path.stat().st_size % (_LARGEST_PAGE if page == 1 else page) else None
