"""A file of SQLite's, copied whole while others write to it, and looked through."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.store.backup_manifest import BackupBad
from bot.store.chain import Anchor
from bot.store.faults import StoreDown

NAME = "bot.sqlite3"
_WAIT = 30.0  # seconds for whoever holds the file alone for a moment
_LOOK_EVERY = 20_000  # of SQLite's own steps, between two looks at how far it is: some ten a second


class Stopped(Exception):
    """Somebody wanted the copy to end before it was done."""


def copy(source: Path, to: Path, told: Callable[[float], None], is_stopping: Callable[[], bool]) -> None:
    """Put what is committed at this moment into a new file of mode 0600; who writes meanwhile is not held up.

    Not page by page: what has been deleted stays behind. `told` hears the share that is done, from 0 to 1. Raises
    `StoreDown` when it cannot be read or written, `Stopped` when that is wanted.
    """
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    whole = max(source.stat().st_size, 1)

    def look() -> bool:
        told(min(to.stat().st_size / whole, 1.0))
        return is_stopping()

    try:
        with closing(sqlite3.connect(source, timeout=_WAIT, isolation_level=None)) as connection:
            connection.set_progress_handler(look, _LOOK_EVERY)
            connection.execute("VACUUM INTO ?", (str(to),))
    except sqlite3.Error as e:
        if is_stopping():
            raise Stopped from None
        raise StoreDown(f"{source} cannot be copied: {getattr(e, 'sqlite_errorname', type(e).__name__)}") from None
    opened = os.open(to, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def looked_through(path: Path) -> tuple[str, dict[str, int], Anchor | None]:
    """Its revision, how many rows each table has, and the head of its audit log. Raises `BackupBad` if it is unsound.

    A file of before there was an audit log has none.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise BackupBad(f"{path.name} is damaged: {str(found).splitlines()[0]}")
            asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            names = [name for (name,) in connection.execute(asked)]
            counts = {}
            for name in names:
                quoted = name.replace('"', '""')
                counts[name] = int(connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            last = None
            if "audit" in names:
                last = connection.execute("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    except (sqlite3.Error, TypeError):
        raise BackupBad(f"{path.name} is no database of the bot's") from None
    return str(revision), counts, None if last is None else Anchor(int(last[0]), str(last[1]))
