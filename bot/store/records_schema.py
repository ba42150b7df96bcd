"""The tables of keeping records: what may not be deleted for now, what the store notes about itself, and who asks so
much that replicas must count together."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text

from bot.store.schema import Moment, metadata

# A legal hold, until it is released; one row stays when it has been: who held what, and why, is a record too.
hold = Table(
    "hold",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("record", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("released_by", Text),
    Column("released_at", Moment),
    Column("released_for", Text),
    CheckConstraint(
        "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (released_for IS NULL)",
        name="released",
    ),
    Index(None, "record", "released_at"),
    sqlite_strict=True,
)

# One line each: how many keys the pseudonyms in here have been through; whose turn tonight's backup is.
mark = Table(
    "mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Who has asked much of late, under a keyed mark, and when all of it will have come back to them.
flood = Table(
    "flood",
    metadata,
    Column("who", Text, primary_key=True),
    Column("empties_at", Moment, nullable=False),
    CheckConstraint("length(who) = 26", name="who"),
    Index(None, "empties_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
