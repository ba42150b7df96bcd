"""The way into exercises: codes that staff give out, each good once and for minutes. Guessing at them is held down."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import case, delete, false, insert, or_, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.audit import in_turn, note
from bot.store.database import Database
from bot.store.database import insert as insert_or
from bot.store.keys import Pseudonyms
from bot.store.retention import Record, is_held
from bot.store.staff_schema import tester_code, tester_try

DIGITS = 8
LASTS = timedelta(minutes=10)  # of a code: long enough to be read out, too short to be passed around
MOST_WRONG = 5  # tries of one person: a thousand accounts guess one of 10^8 codes in years
FORGIVEN = timedelta(hours=1)  # after their last wrong try
_SHOWN = 6  # characters of a code's keyed digest in the books: which one was made, and which was used


class Enrolment:
    """Codes as staff make them. Every method may raise `StoreDown`."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def code(self, by: str, now: datetime) -> str:
        """A new code, which nobody can read again: only its keyed digest is kept."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        await self._database.run(_made, self._pseudonyms.of_code(code), by, now)
        return code


async def is_let_in(connection: AsyncConnection, person: str, digest: str, channel: str, now: datetime) -> bool:
    """Use the code up for them. False for a wrong, used or old one, and for any code after too many of those.

    The work is the same for each of these, so that nothing but a yes tells anything about a code.
    """
    await in_turn(connection)
    await forget(connection, now)
    wrong = insert_or(connection, tester_try).values(person=person, wrong=1, last_at=now)
    is_over = tester_try.c.last_at <= now - FORGIVEN  # one that a hold has kept
    once_more = {"wrong": case((is_over, 1), else_=tester_try.c.wrong + 1), "last_at": now}
    is_left = or_(is_over, tester_try.c.wrong < MOST_WRONG)
    counted = wrong.on_conflict_do_update(index_elements=[tester_try.c.person], set_=once_more, where=is_left)
    may_try = (await connection.execute(counted.returning(tester_try.c.wrong))).first() is not None
    is_good = (
        tester_code.c.digest == digest,
        tester_code.c.used_at.is_(None),
        tester_code.c.expires_at > now,
        true() if may_try else false(),
    )
    taken = update(tester_code).where(*is_good).values(used_at=now).returning(tester_code.c.made_by)
    made_by = (await connection.execute(taken)).scalar_one_or_none()
    if made_by is None:
        return False
    await connection.execute(delete(tester_try).where(tester_try.c.person == person))
    await note(connection, "bot", "tester code used", _subject(digest), {"made by": made_by, "channel": channel}, now)
    return True


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Delete what has run out, codes and wrong tries, and tell how many rows that were; none while they are held."""
    if await is_held(connection, Record.CODES):
        return 0
    old = (
        delete(tester_code).where(tester_code.c.expires_at <= now),
        delete(tester_try).where(tester_try.c.last_at <= now - FORGIVEN),
    )
    return sum([(await connection.execute(each)).rowcount for each in old])


async def _made(connection: AsyncConnection, digest: str, by: str, now: datetime) -> None:
    await in_turn(connection)
    await forget(connection, now)
    await connection.execute(insert(tester_code).values(digest=digest, made_by=by, expires_at=now + LASTS))
    await note(connection, by, "tester code made", _subject(digest), {}, now)


def _subject(digest: str) -> str:
    return f"code {digest[:_SHOWN]}"
