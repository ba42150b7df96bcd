"""The tables of residents and advisories as they are now; staff's are in `staff_schema`, what
curators read in `asked_schema`.

How a file of an earlier day becomes like this is told in `migrations`.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

REVISION = "0008"  # the newest migration; a test holds the two together, so that a start need not import alembic


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
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
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
    Column("shown", Text),  # JSON: answers that may still be rated, the oldest first
    Column("saved_at", Moment, nullable=False),
    CheckConstraint("length(person) = 26", name="person"),
    Index(None, "saved_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

_KINDS = "kind IN ('live', 'exercise')"

# Who wants advisories. STOP empties `address` and keeps the pseudonym: whoever has stopped stays stopped.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),  # pseudonym
    Column("channel", Text, nullable=False),
    Column("address", Text),  # sealed; NULL once stopped
    Column("language", Text, nullable=False),
    Column("level", Text, nullable=False),  # urgent: only Alerts
    Column("state", Text, nullable=False),
    Column("consented_at", Moment, nullable=False),
    Column("consented_by", Text, nullable=False),  # what they did: "/subscribe traffic"
    Column("changed_at", Moment, nullable=False),
    Column("note", Text),  # why it is suspended
    Column("last_inbound_at", Moment),  # NULL: has not written since this is noted; some providers' windows hang on it
    CheckConstraint(_KINDS, name="kind"),
    CheckConstraint("length(person) = 26", name="person"),
    CheckConstraint("level IN ('every', 'urgent')", name="level"),
    CheckConstraint("state IN ('active', 'suspended', 'stopped')", name="state"),
    CheckConstraint("(state = 'stopped') = (address IS NULL)", name="address"),
    UniqueConstraint("kind", "person"),
    UniqueConstraint("id", "kind"),  # what a delivery refers to
    sqlite_strict=True,
)

subscribed_topic = Table(
    "subscribed_topic",
    metadata,
    Column("subscription", Integer, ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", Text, primary_key=True),
    Index(None, "topic"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

advisory = Table(
    "advisory",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("identifier", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("thread", Integer, nullable=False),  # number of the first message of its chain; its own for that one
    Column("stage", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("texts", Text),  # JSON; NULL before approval, frozen after
    Column("corrections", Text),  # JSON, as `texts`
    Column("replacements", Text),  # JSON, as `texts`
    Column("expires_at", Moment, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", Moment),
    Column("approved_count", Integer),
    Column("override", Text),
    Column("released_by", Text),
    Column("released_at", Moment),
    Column("starts_at", Moment),
    Column("audience", Integer),
    Column("paused_for", Text),
    Column("ended", Text),
    Column("ended_at", Moment),
    CheckConstraint(_KINDS, name="kind"),
    CheckConstraint("type IN ('alert', 'update', 'cancel')", name="type"),
    CheckConstraint("level IN ('alert', 'advisory', 'community')", name="level"),
    CheckConstraint(
        "stage IN ('draft', 'approved', 'scheduled', 'sending', 'paused', 'finished', 'discarded')", name="stage"
    ),
    CheckConstraint("ended IN ('superseded', 'cancelled', 'expired')", name="ended"),
    CheckConstraint("released_at IS NULL OR (texts IS NOT NULL AND audience IS NOT NULL)", name="released"),
    UniqueConstraint("number", "kind"),  # what a delivery refers to
    Index(None, "thread"),
    Index(None, "stage"),
    Index(None, "ended", "expires_at"),
    sqlite_strict=True,
)

# One row per subscription and advisory. `kind` stands in both keys: an exercise cannot address a subscriber (law 8).
delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("advisory", Integer, nullable=False),
    Column("subscription", Integer, nullable=False),
    Column("thread", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("turn", Integer, nullable=False),  # by lot: else the same people would always be the last
    Column("attempts", Integer, nullable=False),
    Column("unknowns", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("owner", Text),  # token of the claim while `sending`
    Column("lease_until", Moment),
    Column("provider_id", Text),
    Column("note", Text),
    Column("settled_at", Moment),
    CheckConstraint(
        "state IN ('due', 'sending', 'sent', 'undeliverable', 'opted_out', 'withdrawn', 'expired', 'uncertain')",
        name="state",
    ),
    CheckConstraint("(state = 'sending') = (owner IS NOT NULL AND lease_until IS NOT NULL)", name="owner"),
    CheckConstraint("(state IN ('due', 'sending')) = (settled_at IS NULL)", name="settled"),
    UniqueConstraint("advisory", "subscription"),
    ForeignKeyConstraint(["advisory", "kind"], ["advisory.number", "advisory.kind"]),
    ForeignKeyConstraint(["subscription", "kind"], ["subscription.id", "subscription.kind"]),
    Index(None, "advisory", "state", "channel", "due_at", "turn"),
    Index(None, "subscription", "thread"),
    Index(None, "lease_until", sqlite_where=text("owner IS NOT NULL"), postgresql_where=text("owner IS NOT NULL")),
    sqlite_strict=True,
)

# One credential's limit, moved in the transaction that claims: it holds across replicas and restarts.
lane = Table(
    "lane",
    metadata,
    Column("name", Text, primary_key=True),
    Column("free_at", Moment, nullable=False),  # when the next send may start
    Column("paused_until", Moment),
    Column("paused_for", Text),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# How many turns ended how, by the hour; the hour is the finest that is kept, and nobody is named.
tally = Table(
    "tally",
    metadata,
    Column("hour", Moment, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # the entry, or the kind of an emergency; "" for none
    Column("count", Integer, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
