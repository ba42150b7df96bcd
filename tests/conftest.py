"""What every test stands on: log lines as plain text, without the pretty tracebacks that take a second to draw."""

import structlog

from bot.logs import without_words

structlog.configure(
    processors=[structlog.processors.ExceptionRenderer(without_words), structlog.processors.KeyValueRenderer()]
)
