"""Which incoming messages were answered: a provider that brings one twice gets one answer. Never a word of them."""

from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.message import ChannelName, IncomingMessage
from bot.store.database import Database, insert
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


async def _claim(connection: AsyncConnection, channel: ChannelName, message: str, now: datetime) -> Claim:
    claimed = insert(connection, inbox).values(message=message, channel=channel.value, claimed_at=now)
    taken = claimed.on_conflict_do_update(
        index_elements=[inbox.c.message],
        set_={"claimed_at": now},
        where=inbox.c.done_at.is_(None) & (inbox.c.claimed_at <= now - LEASE),
    ).returning(inbox.c.message)
    if (await connection.execute(taken)).first() is not None:
        return Claim.NEW
    answered = select(inbox.c.done_at).where(inbox.c.message == message, inbox.c.done_at.is_not(None))
    return Claim.IN_FLIGHT if (await connection.execute(answered)).first() is None else Claim.DONE


async def _done(connection: AsyncConnection, channel: ChannelName, message: str, now: datetime) -> None:
    row = insert(connection, inbox).values(message=message, channel=channel.value, claimed_at=now, done_at=now)
    await connection.execute(row.on_conflict_do_update(index_elements=[inbox.c.message], set_={"done_at": now}))


async def _release(connection: AsyncConnection, message: str) -> None:
    await connection.execute(delete(inbox).where(inbox.c.message == message, inbox.c.done_at.is_(None)))
