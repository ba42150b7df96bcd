"""How long each kind of record stays, and the one way by which rows past their time go: never while they are held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.records_schema import hold

_AT_ONCE = 500  # rows: about ten milliseconds on a small server


class Record(StrEnum):
    """A kind of record, as staff name it."""

    CHATS = "chats"
    MESSAGES = "message ids"
    QUESTIONS = "questions"
    FEEDBACK = "feedback"
    FIGURES = "figures"
    SUBSCRIPTIONS = "subscriptions"
    CODES = "tester codes"
    ADVISORIES = "advisories"
    KNOWLEDGE = "knowledge versions"
    AUDIT = "audit log"
    ACCOUNTS = "accounts"
    SESSIONS = "sessions"
    TRIES = "sign-in tries"
    FLOODS = "floods"
    BACKUPS = "backups"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class Series:
    """What is kept of a kind, in which tables, and until when in words.

    `setting` says how long, in place of the `usual` number; both None: it is fixed here.
    """

    record: Record
    holds: str
    tables: tuple[str, ...]
    until: str
    setting: str | None = None
    usual: int | None = None

    def stays(self, most: Mapping[str, int]) -> str:
        """Until when, by the settings as they are, by their names; one that is not among them is as usual."""
        return self.until if self.setting is None else self.until.format(f"{most.get(self.setting, self.usual):,}")

    @property
    def is_purged(self) -> bool:
        return not self.until.startswith("never")


SCHEDULE = (
    Series(Record.CHATS, "a chat's language and last choices, under a pseudonym", ("conversation",),
           "{} days after its last message", "BOT_KEEP_CHATS_DAYS", 30),
    Series(Record.MESSAGES, "pseudonyms of messages that were answered", ("inbox",), "8 days"),
    Series(Record.QUESTIONS, "questions without a good answer, redacted and without their asker",
           ("unanswered", "question_group", "group_event"), "{} days", "BOT_KEEP_QUESTIONS_DAYS", 180),
    Series(Record.FEEDBACK, "how many found an answer helpful, by the day", ("feedback",), "never deleted"),
    Series(Record.FIGURES, "how many turns ended how, by the hour", ("tally",),
           "{} days", "BOT_KEEP_FIGURES_DAYS", 1_100),
    Series(Record.SUBSCRIPTIONS, "who gets advisories: the address, sealed, goes at STOP; the pseudonym stays",
           ("subscription", "subscribed_topic"), "never deleted"),
    Series(Record.CODES, "codes that let somebody into exercises, and wrong tries",
           ("tester_code", "tester_try"), "when they have run out"),
    Series(Record.ADVISORIES, "advisories, their approvals and their ledger",
           ("advisory", "delivery", "lane"), "never deleted"),
    Series(Record.KNOWLEDGE, "every version of every file of the knowledge that was saved in the console",
           ("knowledge_edit",), "never deleted"),
    Series(Record.AUDIT, "what staff did", ("audit",), "never deleted"),
    Series(Record.ACCOUNTS, "accounts of staff, disabled ones too", ("account",), "never deleted"),
    Series(Record.SESSIONS, "who is signed in where", ("staff_session",), "when they have run out"),
    Series(Record.TRIES, "wrong passwords by pseudonym", ("sign_in_try",), "an hour after the last one"),
    Series(Record.FLOODS, "who has sent far too much of late, by a keyed mark", ("flood",), "an hour after it ended"),
    Series(Record.BACKUPS, "a copy of all of this, made every night", (), "the newest {} stay", "BOT_BACKUP_KEEP", 14),
    Series(Record.HOLDS, "legal holds, and what the store notes about itself", ("hold", "mark"), "never deleted"),
)  # fmt: skip
"""Every table of the store belongs to one of these."""

_RECORD_OF = {table: series.record for series in SCHEDULE for table in series.tables}


async def is_held(connection: AsyncConnection, record: Record) -> bool:
    """Whether nothing of that kind may be deleted. Whatever deletes by age or number asks in its own transaction."""
    holds = select(hold.c.number).where(hold.c.record == record.value, hold.c.released_at.is_(None)).limit(1)
    return (await connection.execute(holds)).first() is not None


async def forget(database: Database, when: Column[Any], before: date | datetime) -> int:
    """Delete the rows of the column's table that are older, and tell how many they were; none while they are held."""
    total = 0
    while True:
        gone = await database.run(_forget_some, when, before)
        total += gone
        if gone < _AT_ONCE:
            return total


async def _forget_some(connection: AsyncConnection, when: Column[Any], before: date | datetime) -> int:
    if await is_held(connection, _RECORD_OF[when.table.name]):
        return 0
    (key,) = when.table.primary_key
    old = select(key).where(when < before).limit(_AT_ONCE)
    return (await connection.execute(delete(when.table).where(key.in_(old)))).rowcount
