"""How each kind of database is reached: a file of SQLite's by one connection, a server of PostgreSQL's by several."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.faults import StoreDown
from bot.store.one_trip import connected

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_MOST_CONNECTIONS = 10  # of one replica, for replies; staff's are few and beside them
_MOST_FOR_STAFF = 3
# `sslmode` is how everybody else's addresses call what the driver calls `ssl`.
_OPTIONS = {"host": "host", "port": "port", "ssl": "ssl", "sslmode": "ssl"}
_SECURITY = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What a replica that vanished without a word may hold up the others: its lane, its turn at the books.
_VANISHED = timedelta(seconds=10)


def read(url: str | URL) -> URL:
    """The address with the driver that we use. Raises `StoreDown`, without a password, for one that is no such."""
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreDown("the address of the database cannot be read; it must look like postgresql://...") from None
    name = read.drivername.partition("+")[0]
    if name not in _DRIVERS or (name == "sqlite" and not is_file(read)):
        raise StoreDown("the database must be a file of SQLite's or a server of PostgreSQL's")
    return read.set(drivername=_DRIVERS[name], query=read.query if name == "sqlite" else _options(read))


def is_file(url: URL) -> bool:
    """Whether it is SQLite's."""
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def engine(
    url: URL, wait_at_most: timedelta, turn: timedelta, *, is_patient: bool = False, is_migrating: bool = False
) -> AsyncEngine:
    """Connections that wait at most so long for somebody else's lock, and whoever asks, for their `turn` at one.

    `is_patient`: few of them, for what takes long; `is_migrating`: one, once.
    """
    # `hide_parameters`: an exception of SQLAlchemy would show what was being stored.
    options: dict[str, Any] = {"hide_parameters": True}
    if is_migrating:
        options["poolclass"] = NullPool
    else:
        options["pool_timeout"] = turn.total_seconds()
    if is_file(url):
        return _of_file(url, wait_at_most, options, is_migrating)
    if not is_migrating:
        options |= {"pool_size": _MOST_FOR_STAFF if is_patient else _MOST_CONNECTIONS, "max_overflow": 0}
        options["pool_pre_ping"] = True  # a server that was restarted costs no reply
    return create_async_engine(url, connect_args=_asked_of_server(wait_at_most, is_migrating), **options)


def _of_file(url: URL, wait_at_most: timedelta, options: dict[str, Any], is_migrating: bool) -> AsyncEngine:
    if not is_migrating:
        # One writer at a time is SQLite's rule; at one connection our turns wait in order instead of polling a lock.
        options |= {"pool_size": 1, "max_overflow": 0}
        options["pool_reset_on_return"] = None  # `begin` has committed or rolled back: once more is a trip for nothing
    opened = partial(connected, Path(url.database or ""), wait_at_most.total_seconds())
    engine = create_async_engine(url, async_creator=opened, **options)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would open transactions by its own rules; `begin` does it
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")  # what was confirmed to a resident survives a power cut
        # A migration rebuilds tables, and dropping the old one would carry off the rows that refer to it.
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if is_migrating else 'ON'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # At once for writing: a transaction that reads first and then writes would lose other people's updates.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _asked_of_server(wait_at_most: timedelta, is_migrating: bool) -> dict[str, Any]:
    """What we need of a connection, however the server is set up."""
    settings = {
        "application_name": "danbury-bot",
        "synchronous_commit": "on",  # what was confirmed to a resident survives a power cut
        "default_transaction_isolation": "read committed",  # what the locks in the statements are made for
        "lock_timeout": _ms(wait_at_most),
        "tcp_keepalives_idle": "10",  # a host that lost its power says no goodbye; left alone it is missed after hours
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "2",
        "jit": "off",  # to compile a statement takes longer than any of ours runs
    }
    if not is_migrating:
        settings["idle_in_transaction_session_timeout"] = _ms(_VANISHED)
    # A lock of somebody else's is no sign that the server is stuck: its own limit comes first.
    longest = 2 * wait_at_most.total_seconds()
    return {"timeout": longest, "command_timeout": longest, "server_settings": settings}


def _options(url: URL) -> dict[str, Any]:
    if unknown := sorted(url.query.keys() - _OPTIONS.keys()):
        raise StoreDown(f"?{unknown[0]}= of the database's address is not known: {', '.join(_OPTIONS)} are")
    options = {_OPTIONS[name]: value for name, value in url.query.items()}
    if options.get("ssl", "require") not in _SECURITY:
        raise StoreDown(f"?sslmode= of the database's address must be one of {', '.join(_SECURITY)}")
    return options


def _ms(wait: timedelta) -> str:
    return str(round(wait.total_seconds() * 1000))
