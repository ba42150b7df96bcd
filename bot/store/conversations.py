"""What each chat is about, across restarts, under the person's pseudonym."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.conversation import Conversation
from bot.core.message import Address, Choice
from bot.store.database import Database, insert
from bot.store.keys import Pseudonyms
from bot.store.retention import forget
from bot.store.schema import conversation as table
from bot.store.schema import subscription
from bot.store.subscriptions import belongs_to


class Conversations:
    """The chats as they stood after the last reply. Every method may raise `StoreDown`."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def load(self, person: Address) -> Conversation | None:
        """The chat so far; None when there is none, or none that can be read."""
        return await self._database.run(_load, self._pseudonyms.of(person))

    async def save(self, person: Address, conversation: Conversation, now: datetime) -> None:
        """Keep the chat in place of what was kept before; whoever writes can be written to again."""
        await self._database.run(_save, self._pseudonyms.of(person), conversation, now)

    async def forget(self, before: datetime) -> int:
        """Delete the chats that rest since before then and tell how many; the settings say how long they may stay."""
        return await forget(self._database, table.c.saved_at, before)


async def _load(connection: AsyncConnection, person: str) -> Conversation | None:
    kept = select(
        table.c.language,
        table.c.spoke,
        table.c.offered,
        table.c.offered_at,
        table.c.entry,
        table.c.emergency_at,
        table.c.saved_at,
    )
    try:
        row = (await connection.execute(kept.where(table.c.person == person))).one_or_none()
        return None if row is None else _read(row)
    except (ValueError, RecursionError):  # a time or JSON that no program of ours wrote
        return None


def _read(row: Row[*tuple[Any, ...]]) -> Conversation:
    offered = json.loads(row.offered)
    if not isinstance(offered, list):
        raise ValueError("not a list")
    choices = []
    for pair in offered:
        match pair:
            case [str(label), str(value)]:
                choices.append(Choice(label, value))
            case _:
                raise ValueError("not a choice")
    return Conversation(
        row.language,
        row.spoke,
        tuple(choices),
        row.offered_at,
        row.entry,
        emergency_at=row.emergency_at,
        replied_at=row.saved_at,  # a chat is saved when its reply is decided
    )


async def _save(connection: AsyncConnection, person: str, conversation: Conversation, now: datetime) -> None:
    values = {
        "language": conversation.language,
        "spoke": conversation.spoke,
        "offered": json.dumps([[choice.label, choice.value] for choice in conversation.offered]),
        "offered_at": conversation.offered_at,
        "entry": conversation.entry,
        "emergency_at": conversation.emergency_at,
        "saved_at": now,
    }
    row = insert(connection, table).values(person=person, **values)
    await connection.execute(row.on_conflict_do_update(index_elements=[table.c.person], set_=values))
    suspended = and_(belongs_to(person), subscription.c.state == "suspended")
    revived = {"state": "active", "note": None, "changed_at": now}
    await connection.execute(update(subscription).where(suspended).values(revived))
