"""Real books for tests of sending: a database with subscribers in it, and an advisory that is going out to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Stage
from bot.core.delivery import LEASE, State
from bot.core.message import Address, ChannelName
from bot.store.advisories import Advisories
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.schema import subscribed_topic, subscription
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests.advisory_builders import some_content

TOPIC = "traffic"
TEXTS = {"en": "Danbury Police: Main Street is closed until 6 PM"}
CORRECTIONS = {"en": "Danbury Police: Main Street was never closed"}
_LOOK = timedelta(seconds=0.5)
_AT_ONCE = 2_000  # rows in a transaction: the store gives each one about a second


@dataclass(frozen=True, slots=True)
class Books:
    """The store of one bot, open."""

    database: Database
    pseudonyms: Pseudonyms
    seal: Seal
    subscriptions: Subscriptions
    advisories: Advisories
    outbox: Outbox

    async def states(self, number: int) -> dict[State, int]:
        """How many deliveries of the advisory are in each state."""
        return {state: count for state, count in (await self.outbox.progress(number)).states.items() if count}


async def finished(books: Books, number: int) -> None:
    """Wait until the advisory has nobody left, or somebody must act."""
    stage: Stage | None = None
    while stage not in (Stage.FINISHED, Stage.PAUSED):
        await asyncio.sleep(_LOOK.total_seconds())
        with suppress(StoreDown):
            found = await books.advisories.find(number)
            stage = found.stage if found else None


def in_words(states: Mapping[State, int]) -> str:
    """The states for a table, the most frequent first."""
    return ", ".join(f"{count} {state.value}" for state, count in sorted(states.items(), key=lambda each: -each[1]))


@asynccontextmanager
async def opened(
    folder: Path, kind: type[Database] = Database, lease: timedelta = LEASE, where: URL | None = None
) -> AsyncIterator[Books]:
    """The books in that folder, or of a server with the keys in that folder; made when there are none."""
    pseudonyms, seal = Pseudonyms.kept_in(folder), Seal.kept_in(folder)
    # Killed again and again, nobody can wait for two minutes each time.
    with patch("bot.store.claiming.LEASE", lease):
        async with kind(where or in_file(folder / "bot.sqlite3")) as database:
            await database.open()
            outbox, people = Outbox(database, pseudonyms, seal), Subscriptions(database, pseudonyms, seal)
            yield Books(database, pseudonyms, seal, people, Advisories(database), outbox)


def person(number: int, channel: ChannelName = ChannelName.TELEGRAM) -> Address:
    """Somebody by their number; where people have telephones, with one of those."""
    match channel:
        case ChannelName.WHATSAPP:
            return Address(channel, f"1203{number:07d}")
        case ChannelName.SMS:
            return Address(channel, f"+1203{number:07d}")
    return Address(channel, str(number))


async def subscribe(
    books: Books,
    people: int,
    now: datetime,
    channel: ChannelName = ChannelName.TELEGRAM,
    wrote_at: Callable[[int], datetime | None] = lambda _: None,
) -> None:
    """People 1 to so many want the topic; quicker than if each asked for it. `wrote_at` is when each wrote last."""
    rows = [
        {
            "id": number,
            "kind": AdvisoryKind.LIVE.value,
            "person": books.pseudonyms.of(person(number, channel)),
            "channel": channel.value,
            "address": books.seal.close(person(number, channel)),
            "last_inbound_at": wrote_at(number),
            "language": "en",
            "level": "every",
            "state": "active",
            "consented_at": now,
            "consented_by": "/subscribe",
            "changed_at": now,
        }
        for number in range(1, people + 1)
    ]
    for at in range(0, people, _AT_ONCE):
        await books.database.run_long(_subscribe, rows[at : at + _AT_ONCE])


async def _subscribe(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    await connection.execute(insert(subscription), rows)
    await connection.execute(insert(subscribed_topic), [{"subscription": row["id"], "topic": TOPIC} for row in rows])


async def release(
    books: Books,
    now: datetime,
    level: AdvisoryLevel = AdvisoryLevel.ADVISORY,
    *,
    type: AdvisoryType = AdvisoryType.ALERT,  # noqa: A002 - CAP's word
    follows: int | None = None,
) -> Advisory:
    """Write an advisory and let it go out to everybody who wants the topic."""
    content = some_content(level=level, topic=TOPIC, expires_at=now + timedelta(hours=6))
    drafted = await books.advisories.draft(
        content, AdvisoryKind.LIVE, "ada", now, type=type, follows=follows, prefix="danbury-pd"
    )
    return await books.advisories.release(drafted.number, "ada", TEXTS, CORRECTIONS, "alone on duty", None, now)
