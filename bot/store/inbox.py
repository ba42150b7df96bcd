"""Which incoming messages were answered: a provider that brings one twice gets one answer. Never a word of them."""

from datetime import datetime, timedelta
from enum import Enum
from functools import cache

from sqlalchemy import Insert, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from bot.core.message import ChannelName, IncomingMessage
from bot.store.database import Database, insert_of
from bot.store.grouped import Grouped
from bot.store.keys import Pseudonyms
from bot.store.retention import forget
from bot.store.schema import inbox

LEASE = timedelta(minutes=2)  # longer than any answer may take: who claimed it before then has died
KEPT = timedelta(days=8)  # the longest a provider goes on bringing a message it got no 200 for is a week


class Claim(Enum):
    """What the inbox knows of a message that has come."""

    NEW = "new"  # nobody's until now; the caller has it
    DONE = "done"  # answered before
    IN_FLIGHT = "in flight"  # somebody is at it


class Inbox:
    """The claims on incoming messages. Every method may raise `StoreDown`."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, grouped: Grouped | None = None) -> None:
        """`grouped` puts what is written at once into one transaction; None: each has its own."""
        self._database = database
        self._run = (grouped or database).run
        self._pseudonyms = pseudonyms

    async def claim(self, message: IncomingMessage, now: datetime) -> Claim:
        """Take the message, unless it was answered or somebody took it within the lease; of many callers one wins."""
        return await self._run(_claim, message.sender.channel, self._name(message), now)

    async def done(self, message: IncomingMessage, now: datetime) -> None:
        """The reply has left; also for a message that could not be claimed while the store was down."""
        await self._run(_done, message.sender.channel, self._name(message), now)

    async def release(self, message: IncomingMessage) -> None:
        """The reply did not leave: when the message comes again it is new at once."""
        await self._run(_release, self._name(message))

    async def forget(self, before: datetime) -> int:
        """Delete what was claimed before then and tell how many rows that was; `KEPT` says how long they may stay."""
        return await forget(self._database, inbox.c.claimed_at, before)

    def _name(self, message: IncomingMessage) -> str:
        return self._pseudonyms.of_message(message.sender.channel, message.id)


def _row(dialect: str) -> sqlite.Insert | postgresql.Insert:
    now = bindparam("now", type_=inbox.c.claimed_at.type)
    its = {"message": bindparam("its_message"), "channel": bindparam("its_channel"), "claimed_at": now}
    return insert_of(dialect, inbox).values(its)


@cache
def _claiming(dialect: str) -> ReturningInsert[tuple[str]]:
    row = _row(dialect)
    given_up = inbox.c.claimed_at <= bindparam("given_up", type_=inbox.c.claimed_at.type)
    return row.on_conflict_do_update(
        index_elements=[inbox.c.message],
        set_={"claimed_at": row.excluded.claimed_at},
        where=inbox.c.done_at.is_(None) & given_up,
    ).returning(inbox.c.message)


@cache
def _finishing(dialect: str) -> Insert:
    now = bindparam("now", type_=inbox.c.claimed_at.type)
    row = _row(dialect).values(done_at=now)
    return row.on_conflict_do_update(index_elements=[inbox.c.message], set_={"done_at": row.excluded.done_at})


async def _claim(connection: AsyncConnection, channel: ChannelName, message: str, now: datetime) -> Claim:
    its = {"its_message": message, "its_channel": channel.value, "now": now, "given_up": now - LEASE}
    if (await connection.execute(_claiming(connection.dialect.name), its)).first() is not None:
        return Claim.NEW
    answered = select(inbox.c.done_at).where(inbox.c.message == message, inbox.c.done_at.is_not(None))
    return Claim.IN_FLIGHT if (await connection.execute(answered)).first() is None else Claim.DONE


async def _done(connection: AsyncConnection, channel: ChannelName, message: str, now: datetime) -> None:
    its = {"its_message": message, "its_channel": channel.value, "now": now}
    await connection.execute(_finishing(connection.dialect.name), its)


async def _release(connection: AsyncConnection, message: str) -> None:
    await connection.execute(delete(inbox).where(inbox.c.message == message, inbox.c.done_at.is_(None)))
