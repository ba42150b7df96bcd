"""What each chat is about, across restarts, under the person's pseudonym."""

import json
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Row, Update, and_, bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.conversation import Conversation
from bot.core.message import Address, Choice
from bot.core.rating import Seen, Shown
from bot.store.database import Database, insert_of
from bot.store.grouped import Grouped
from bot.store.keys import Pseudonyms
from bot.store.retention import forget
from bot.store.schema import conversation as table
from bot.store.schema import subscription
from bot.store.subscriptions import belongs_to

_SAVED = "person language spoke offered offered_at entry emergency_at shown saved_at".split()


class Conversations:
    """The chats as they stood after the last reply. Every method may raise `StoreDown`."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, grouped: Grouped | None = None) -> None:
        """`grouped` puts what is written at once into one transaction; None: each has its own."""
        self._database = database
        self._run = (grouped or database).run
        self._pseudonyms = pseudonyms

    async def load(self, person: Address) -> Conversation | None:
        """The chat so far; None when there is none, or none that can be read."""
        return await self._run(_load, self._pseudonyms.of(person))

    async def save(
        self, person: Address, conversation: Conversation, now: datetime, wrote_at: datetime | None = None
    ) -> None:
        """Keep the chat in place of what was kept before; whoever writes can be written to again.

        `wrote_at` is when they wrote what it is saved for; None: now.
        """
        await self._run(_save, self._pseudonyms.of(person), conversation, now, wrote_at or now)

    async def forget(self, before: datetime) -> int:
        """Delete the chats that rest since before then and tell how many; the settings say how long they may stay."""
        return await forget(self._database, table.c.saved_at, before)


_LOADED = select(*(table.c[name] for name in _SAVED)).where(
    table.c.person == bindparam("its_person", type_=table.c.person.type)
)


async def _load(connection: AsyncConnection, person: str) -> Conversation | None:
    try:
        row = (await connection.execute(_LOADED, {"its_person": person})).one_or_none()
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
    shown = json.loads(row.shown or "[]")
    if not isinstance(shown, list):
        raise ValueError("not a list")
    return Conversation(
        row.language,
        row.spoke,
        tuple(choices),
        row.offered_at,
        row.entry,
        emergency_at=row.emergency_at,
        replied_at=row.saved_at,  # a chat is saved when its reply is decided
        shown=tuple(map(_shown, shown)),
    )


def _plain(shown: Shown) -> list[object]:
    return [shown.key, shown.seen.entry, shown.seen.version, shown.language, shown.is_rated]


def _shown(kept: object) -> Shown:
    match kept:
        case [str(key), str(entry), str(version), str(language), bool(is_rated)]:
            return Shown(key, Seen(entry, version), language, is_rated)
    raise ValueError("not an answer")


async def _save(
    connection: AsyncConnection, person: str, conversation: Conversation, now: datetime, wrote_at: datetime
) -> None:
    values = {
        "person": person,
        "language": conversation.language,
        "spoke": conversation.spoke,
        "offered": json.dumps([[choice.label, choice.value] for choice in conversation.offered]),
        "offered_at": conversation.offered_at,
        "entry": conversation.entry,
        "emergency_at": conversation.emergency_at,
        "shown": json.dumps([_plain(shown) for shown in conversation.shown]),
        "saved_at": now,
    }
    await connection.execute(_saving(connection.dialect.name), {f"its_{name}": value for name, value in values.items()})
    await connection.execute(_WROTE, {"its_person": person, "now": now, "wrote_at": wrote_at})


@cache
def _saving(dialect: str) -> Insert:
    row = insert_of(dialect, table).values(
        {name: bindparam(f"its_{name}", type_=table.c[name].type) for name in _SAVED}
    )
    anew = {name: row.excluded[name] for name in _SAVED if name != "person"}
    return row.on_conflict_do_update(index_elements=[table.c.person], set_=anew)


def _wrote() -> Update:
    """One statement for what they wrote and when. Of whoever has stopped nothing more is noted."""
    is_subscribed = and_(
        belongs_to(bindparam("its_person", type_=table.c.person.type)), subscription.c.state != "stopped"
    )
    last, changed = subscription.c.last_inbound_at, subscription.c.changed_at
    now, wrote_at = bindparam("now", type_=changed.type), bindparam("wrote_at", type_=last.type)
    wrote = {
        "state": "active",
        "note": None,
        "changed_at": case((subscription.c.state == "suspended", now), else_=changed),
        # What a platform brings late is older than what came since.
        "last_inbound_at": case((or_(last.is_(None), last < wrote_at), wrote_at), else_=last),
    }
    return update(subscription).where(is_subscribed).values(wrote)


_WROTE = _wrote()
