"""The tables of what residents' questions leave to the curators: questions without an answer, what is alike among
them, and how many found an answer helpful."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from bot.store.schema import Day, Moment, metadata

LONGEST_QUESTION = 500  # characters; three SMS of it tell a curator what was asked

# One row a question: without an answer, or with one that did not help.
unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asked_on", Day, nullable=False),
    Column("language", Text, nullable=False),
    Column("question", Text, nullable=False),  # redacted
    Column("near", Text, nullable=False),  # JSON: [entry, ...]
    Column("line", Text),  # its folded words, for searching; NULL until it is grouped
    Column("grouped", Integer),  # number of its group; NULL: not yet
    Column("entry", Text),  # the answer that did not help; NULL: there was none
    Column("version", Text),  # fingerprint of that answer's words as they were seen
    CheckConstraint(f"length(question) <= {LONGEST_QUESTION}", name="question"),
    Index(None, "asked_on"),
    Index(None, "grouped", "id"),
    sqlite_strict=True,
)

# Questions that are alike. A group goes with its last question.
question_group = Table(
    "question_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("language", Text, nullable=False),
    Column("entry", Text),  # as of its questions
    Column("typical", Integer, nullable=False),  # id of the question that stands for all of them
    Column("size", Integer, nullable=False),
    Column("last_on", Day, nullable=False),
    Column("state", Text, nullable=False),
    Column("closed_after", Integer),  # id of the last question there was then: a later one opens the group again
    Column("row", LargeBinary),  # the mean of its questions as numbers; NULL: the typical one speaks for it
    Column("reading", Text),  # how the row was read; another reader reads anew
    CheckConstraint("state IN ('open', 'answered', 'out_of_scope', 'dismissed')", name="state"),
    CheckConstraint("(state = 'open') = (closed_after IS NULL)", name="closed"),
    CheckConstraint("size > 0", name="size"),
    Index(None, "state", "size", "last_on"),
    Index("ix_question_group_last", "state", "last_on", "size"),
    sqlite_strict=True,
)

# What became of a group: who closed it and how, and that it was asked again.
group_event = Table(
    "group_event",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("group", Integer, ForeignKey("question_group.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text),  # NULL: nobody, it happened by itself
    Column("act", Text, nullable=False),
    Column("note", Text, nullable=False),  # a curator's words, never a resident's
    CheckConstraint("act IN ('answered', 'out_of_scope', 'dismissed', 'opened', 'asked_again')", name="act"),
    Index(None, "group", "number"),
    sqlite_strict=True,
)

# How many said that an answer helped or did not: by the day, and by nobody.
feedback = Table(
    "feedback",
    metadata,
    Column("day", Day, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("version", Text, primary_key=True),  # fingerprint of the words they saw
    Column("helped", Integer, nullable=False, server_default=text("0")),
    Column("not_helped", Integer, nullable=False, server_default=text("0")),
    Index(None, "entry", "day"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
