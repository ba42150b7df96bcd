"""A server of PostgreSQL's, dumped and put back by its own programs; the counts come from the dump's very moment.

A dump is tried in a database of its own on the same server, which is dropped again.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, func, inspect, select, table, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store import engines
from bot.store.backup_sqlite import Stopped
from bot.store.chain import Anchor
from bot.store.faults import StoreDown

NAME = "bot.dump"
_LONGEST = timedelta(hours=1)
_LOOK_EVERY = 0.2  # seconds between two looks at whether to stop
_REHEARSING = 0x911B09  # the advisory lock of whoever tries a dump: what is left without it is of one that was killed
_SCRATCH = "_rehearsal"  # how the database ends in which a dump is tried
_LONGEST_NAME = 63  # bytes: PostgreSQL cuts off what is longer, and would mean another database by it
_OURS = "danbury-bot rehearses a restore here, and drops it afterwards"
_NOT_ALLOWED = "42501"
_KINDS = {"ssl": "PGSSLMODE", "sslmode": "PGSSLMODE"}

Told = Callable[[str, float], None]


async def dump(
    url: URL, folder: Path, told: Told, is_stopping: Callable[[], bool]
) -> tuple[str, dict[str, int], Anchor | None]:
    """Dump it into the folder; returns revision, rows of each table and the audit log's head as of that moment."""
    program = _program("pg_dump")
    engine = _engine(url)
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
    engine = _engine(url)
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


@asynccontextmanager
async def scratch(url: URL) -> AsyncIterator[URL]:
    """An empty database beside that one, for as long as the block lasts; nothing else that is there is ever dropped.

    Raises `StoreDown` with what to do when it cannot be made: most often its owner must let us.
    """
    name = f"{(url.database or '').encode()[: _LONGEST_NAME - len(_SCRATCH)].decode(errors='ignore')}{_SCRATCH}"
    engine = _engine(url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            if not (await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _REHEARSING})).scalar():
                raise StoreDown("another rehearsal of this store is under way")
            await _drop(connection, name)
            await _make(connection, name)
            try:
                yield url.set(database=name)
            finally:
                await _drop(connection, name)
    except SQLAlchemyError as e:
        raise StoreDown(_why_no_scratch(e, name)) from None
    finally:
        await engine.dispose()


async def _make(connection: AsyncConnection, name: str) -> None:
    """As the one beside it in all that a text may depend on."""
    made = text(
        "SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',"
        " CAST(:name AS text), pg_encoding_to_char(encoding), datcollate, datctype),"
        " format('COMMENT ON DATABASE %I IS %L', CAST(:name AS text), CAST(:ours AS text))"
        " FROM pg_database WHERE datname = current_database()"
    )
    (statements,) = (await connection.execute(made, {"name": name, "ours": _OURS})).all()
    for statement in statements:
        await connection.exec_driver_sql(statement)


async def _drop(connection: AsyncConnection, name: str) -> None:
    found = text(
        "SELECT shobj_description(oid, 'pg_database') AS told, format('DROP DATABASE %I WITH (FORCE)', datname) AS drop"
        " FROM pg_database WHERE datname = :name"
    )
    row = (await connection.execute(found, {"name": name})).one_or_none()
    if row is None:
        return
    if row.told != _OURS:
        raise StoreDown(
            f"there is a database {name} that is not said to be a rehearsal's: drop it if it is nobody's, or give "
            "another one: danbury-bot rehearse --into URL"
        )
    await connection.exec_driver_sql(row.drop)


def _why_no_scratch(error: SQLAlchemyError, name: str) -> str:
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == _NOT_ALLOWED:
        return (
            f"PostgreSQL does not let us make the database {name} to try the restore in: ALTER ROLE ... CREATEDB for "
            "the name in BOT_DATABASE, or try it in an empty one: danbury-bot rehearse --into URL"
        )
    return f"the database {name} to try the restore in: {type(error).__name__} {state or ''}".rstrip()


def _engine(url: URL) -> AsyncEngine:
    return create_async_engine(engines.read(url), poolclass=NullPool, hide_parameters=True)


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
