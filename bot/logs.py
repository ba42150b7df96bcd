"""The form of a log line: an event name, then key=value; never what a person wrote, who they are, or a token."""

import logging
import re
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

# What a token looks like wherever one turns up by mistake: in a URL of the Bot API, or bare.
_SECRETS = re.compile(r"(?<![0-9])\d{5,20}:[A-Za-z0-9_-]{20,100}|(?i:bearer|token|secret)[=: ]+[^\s&\"']{8,}")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # what ends a line, or steers a terminal
_LOUD = ("httpx", "httpcore", "telegram", "aiosqlite", "alembic")  # httpx logs whole URLs, the bot token among them


def configure(level: str = "INFO", form: str = "text") -> None:
    """Send our events, and warnings of the libraries, to standard error in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(without_words),
        without_secrets,
        in_one_line,
    ]
    line = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[remove, line], foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it names the client's address; see `page failed`


def without_words(exc_info: ExcInfo) -> str:
    """Where an exception came from and its kind, not its words: they may quote what somebody typed."""
    kind, _, trace = exc_info
    frames = "".join(traceback.format_tb(trace))
    return f"{frames}{kind.__name__}"


def without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank whatever looks like a token, in any value: the last net, not the first."""
    return {key: _SECRETS.sub("[secret]", value) if isinstance(value, str) else value for key, value in event.items()}


def in_one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Control characters spelt out: a line of a library's may quote what somebody sent, and forges no second line."""
    return {
        key: _BREAKS.sub(_spelt_out, value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }


def _spelt_out(found: re.Match[str]) -> str:
    return repr(found.group()).strip("'")
