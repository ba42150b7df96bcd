"""A server of PostgreSQL's, dumped and put back by its own programs; the counts come from the dump's very moment."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, func, inspect, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.backup_sqlite import Stopped
from bot.store.chain import Anchor
from bot.store.faults import StoreDown

NAME = "bot.dump"
_LONGEST = timedelta(hours=1)
_LOOK_EVERY = 0.2  # seconds between two looks at whether to stop
_KINDS = {"ssl": "PGSSLMODE", "sslmode": "PGSSLMODE"}

Told = Callable[[str, float], None]


async def dump(
    url: URL, folder: Path, told: Told, is_stopping: Callable[[], bool]
) -> tuple[str, dict[str, int], Anchor | None]:
    """Dump it into the folder; returns revision, rows of each table and the audit log's head as of that moment."""
    program = _program("pg_dump")
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            snapshot = (await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one()
            revision, counts, anchor = await connection.run_sync(_counted)
            told("database", 0.0)
            args = [program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
            (folder / NAME).touch(0o600)
            await _run([*args, f"--file={folder / NAME}"], url, is_stopping)
            return revision, counts, anchor
    except SQLAlchemyError as e:
        raise StoreDown(f"PostgreSQL: {type(e).__name__}") from None
    finally:
        await engine.dispose()


async def put_back(dumped: Path, url: URL) -> None:
    """Put a dump into an empty database. Raises `StoreDown` when it is not empty, and then changes nothing."""
    program = _program("pg_restore")
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            if await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
                raise StoreDown("there are tables in the database: give an empty one (CREATE DATABASE ...)")
    except SQLAlchemyError as e:
        raise StoreDown(f"PostgreSQL: {type(e).__name__}") from None
    finally:
        await engine.dispose()
    args = [program, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    await _run([*args, f"--dbname={url.database}", str(dumped)], url, lambda: False)


async def _run(command: Sequence[str], url: URL, is_stopping: Callable[[], bool]) -> None:
    # The password goes by the environment: arguments are seen by everybody on the machine.
    running = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **_environment(url)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = asyncio.create_task(running.communicate())
    try:
        async with asyncio.timeout(_LONGEST.total_seconds()):
            while not said.done():
                await asyncio.wait({said}, timeout=_LOOK_EVERY)
                if is_stopping():
                    raise Stopped
    finally:
        if running.returncode is None:
            running.kill()
        _, errors = await said
    if running.returncode:
        # Its words may quote a row: only what they say of versions and connections is passed on.
        kind = "its version is older than the server's" if b"version mismatch" in errors else "it did not succeed"
        raise StoreDown(f"{Path(command[0]).name}: {kind} (exit code {running.returncode})")


def _environment(url: URL) -> Mapping[str, str]:
    told = {
        "PGHOST": url.host or "",
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
        **{_KINDS[name]: str(value) for name, value in url.query.items() if name in _KINDS},
    }
    if isinstance(host := url.query.get("host"), str):  # a socket's folder
        told["PGHOST"] = host
    return {name: value for name, value in told.items() if value}


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise StoreDown(
            f"{name} is not installed: a store on PostgreSQL is backed up with it (apt install postgresql-client, of "
            "the server's version or newer), or by the server's own backups"
        )
    return path


def _counted(connection: Connection) -> tuple[str, dict[str, int], Anchor | None]:
    names = sorted(inspect(connection).get_table_names())
    counts = {
        name: int(connection.execute(select(func.count()).select_from(table(name))).scalar_one()) for name in names
    }
    revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    last = connection.execute(text("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1")).first()
    return revision, counts, None if last is None else Anchor(int(last[0]), str(last[1]))
