"""The tables as they are now. How a file of an earlier day becomes like this is told in `migrations`."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

REVISION = "0002"  # the newest migration; a test holds the two together, so that a start need not import alembic

LONGEST_QUESTION = 500  # characters; three SMS of it tell a curator what was asked


class Moment(TypeDecorator[datetime]):
    """An aware time in, the same in UTC out; a naive one is refused.

    SQLite would drop the zone and PostgreSQL take a naive time for UTC, both without a word. On SQLite it is text
    of one width, so it sorts, fits a STRICT table and can be read by whoever opens the file.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC)


class Day(TypeDecorator[date]):
    """A date; text on SQLite, for the same reasons."""

    impl = Date()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return date.fromisoformat(value) if value is not None and dialect.name == "sqlite" else value


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Without row numbers: those would tell in which order people wrote, and a second index would be kept for nothing.
inbox = Table(
    "inbox",
    metadata,
    Column("message", Text, primary_key=True),  # pseudonym
    Column("channel", Text, nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Column("done_at", Moment),  # NULL: not answered yet
    CheckConstraint("length(message) = 26", name="message"),
    Index(None, "claimed_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

conversation = Table(
    "conversation",
    metadata,
    Column("person", Text, primary_key=True),  # pseudonym
    Column("language", Text),
    Column("spoke", Text),
    Column("offered", Text, nullable=False),  # JSON: [[label, value], ...]
    Column("offered_at", Moment),
    Column("entry", Text),
    Column("emergency_at", Moment),  # NULL: no emergency is open
    Column("saved_at", Moment, nullable=False),
    CheckConstraint("length(person) = 26", name="person"),
    Index(None, "saved_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asked_on", Day, nullable=False),
    Column("language", Text, nullable=False),
    Column("question", Text, nullable=False),  # redacted
    Column("near", Text, nullable=False),  # JSON: [entry, ...]
    CheckConstraint(f"length(question) <= {LONGEST_QUESTION}", name="question"),
    Index(None, "asked_on"),
    sqlite_strict=True,
)
