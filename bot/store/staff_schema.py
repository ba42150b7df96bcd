"""The tables of staff: accounts and sessions, the books of what they did, edits of the knowledge, testers' codes."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from bot.store.schema import Moment, metadata

account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("roles", Text, nullable=False),  # JSON
    Column("password", Text, nullable=False),  # argon2id
    Column("second_factor", Text),  # sealed; NULL until set up: such an account can do nothing
    Column("last_code", Integer),  # time step of the last code used: a code works once
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    CheckConstraint("length(name) BETWEEN 2 AND 40", name="name"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Each row names the one before it by its digest: a change, a gap or an insertion shows.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Index(None, "subject"),  # what happened to one advisory stands on its page
    sqlite_strict=True,
)

# What lets somebody into exercises. A row goes when its code has run out, used or not.
tester_code = Table(
    "tester_code",
    metadata,
    Column("digest", Text, primary_key=True),  # keyed: the code itself is kept nowhere
    Column("made_by", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    CheckConstraint("length(digest) = 26", name="digest"),
    Index(None, "expires_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Who has guessed at codes, until they are forgiven.
tester_try = Table(
    "tester_try",
    metadata,
    Column("person", Text, primary_key=True),  # pseudonym
    Column("wrong", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    CheckConstraint("length(person) = 26", name="person"),
    Index(None, "last_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Who is signed in where. The cookie's value itself is kept nowhere.
staff_session = Table(
    "staff_session",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the cookie's value
    Column("account", Text, ForeignKey("account.name"), nullable=False),
    Column("device", Text, nullable=False),  # "Chrome on Android": for whoever looks through their sessions
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("proved_at", Moment, nullable=False),  # when password and code were last given
    Column("notice", Text),  # what the next page says once
    CheckConstraint("length(digest) = 64", name="digest"),
    Index(None, "account"),
    Index(None, "seen_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Who has guessed at passwords, until they are forgiven: pseudonyms of an account's name, or of an address.
sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("who", Text, primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    CheckConstraint("length(who) = 26", name="who"),
    Index(None, "last_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

# Every save of a file of the knowledge, whole, so that it can be read again and undone.
knowledge_edit = Table(
    "knowledge_edit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the entry; "" for a whole file
    Column("file", Text, nullable=False),  # inside the folder
    Column("before", LargeBinary),  # zlib; NULL: there was no such file
    Column("after", LargeBinary),  # zlib; NULL: it was taken away
    Column("undoes", Integer, ForeignKey("knowledge_edit.number")),
    Index(None, "subject"),
    sqlite_strict=True,
)
