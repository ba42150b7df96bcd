"""Real books in a file: subscribers, advisories and the ledger, with the clock in the test's hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import (
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Area,
    Content,
    Stage,
    Statement,
)
from bot.core.channel import SendFailed
from bot.core.delivery import State, not_sent, sent
from bot.core.message import Address, ChannelName
from bot.store.advisories import Advisories
from bot.store.backup_stops import NotedSubscriptions, StopJournal
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.outbox import Claimed, Outbox, Wait
from bot.store.schema import delivery
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LANE = "telegram"
EVERY_LEVEL = tuple(AdvisoryLevel)
KEYED = Pseudonyms(bytes(range(32)))
SEAL = Seal([b"A" * 43 + b"="])
ROAD = Content(
    level=AdvisoryLevel.ALERT,
    topic="traffic",
    event={"en": "Road closure", "es": "Cierre de calle"},
    statements={"en": Statement("Danbury Police", "A crash", "Main Street", "until 6 pm", "Use White Street")},
    area=Area({"en": "Downtown Danbury"}, (("SAME", "009001"),), ((41.4, -73.4), (41.3, -73.5), (41.4, -73.4))),
    expires_at=NOON + 6 * HOUR,
    effective_at=NOON - HOUR,
    slots={"street": "Main Street"},
)
COMMUNITY = replace(ROAD, level=AdvisoryLevel.COMMUNITY)
WORDS = {"en": "Main Street is closed.", "es": "Main Street está cerrada."}
NO_WORDS = {"en": "Withdrawn.", "es": "Retirado."}
_WAITS = 100  # the lane's rate and the first pause, one after the other, with room to spare
INSTEAD = {"en": "This has been replaced.", "es": "Esto fue reemplazado."}


def with_keys_of(books: "Books", data: Path) -> "Books":
    """The books with the keys of that data folder, and its list of opt-outs."""
    pseudonyms, seal = Pseudonyms.kept_in(data), Seal.kept_in(data)
    journal = StopJournal(pseudonyms, [data / "stops.jsonl"])
    books.subscriptions = NotedSubscriptions(books.database, pseudonyms, seal, journal)
    books.outbox = Outbox(books.database, pseudonyms, seal)
    return books


def somebody(number: int) -> Address:
    return Address(ChannelName.TELEGRAM, str(number))


@dataclass
class Books:
    """The three stores over one database."""

    database: Database
    subscriptions: Subscriptions
    advisories: Advisories
    outbox: Outbox
    now: datetime = NOON

    async def subscribe(self, *numbers: int, topic: str = "traffic", **told: Any) -> None:
        given = {"reach": None, "language": "en", "how": f"/subscribe {topic}", "now": self.now, **told}
        for number in numbers:
            await self.subscriptions.subscribe(somebody(number), [topic], **given)

    async def released(
        self,
        content: Content = ROAD,
        *,
        follows: Advisory | None = None,
        type: AdvisoryType | None = None,  # noqa: A002
        kind: AdvisoryKind = AdvisoryKind.LIVE,
        starts_at: datetime | None = None,
        override: str | None = "alone on duty",
    ) -> Advisory:
        """An advisory out in the books: a first one, or an Update of `follows`, or what `type` says."""
        if type is None:
            type = AdvisoryType.ALERT if follows is None else AdvisoryType.UPDATE  # noqa: A001
        before = None if follows is None else follows.number
        drafted = await self.advisories.draft(content, kind, "ann", self.now, type=type, follows=before, prefix="dpd")
        return await self.advisories.release(
            drafted.number, "ann", WORDS, NO_WORDS, override, starts_at, self.now, replacements=INSTEAD
        )

    async def cancelled(self, advisory: Advisory) -> Advisory:
        return await self.released(advisory.content, follows=advisory, type=AdvisoryType.CANCEL)

    async def claim(self, **told: Any) -> Claimed | Wait:
        """The next one; the clock is moved on when only the lane's rate or the first pause stands against it."""
        given = {"channel": ChannelName.TELEGRAM, "lane": LANE, "rate": 29.0, "levels": EVERY_LEVEL, **told}
        reason = ""
        for _ in range(_WAITS):
            found = await self.outbox.claim(**given, now=self.now)
            if isinstance(found, Claimed) or found.reason not in ("rate", "first batch"):
                return found
            self.now, reason = found.until, found.reason
        raise AssertionError(f"still {reason} after {_WAITS} waits")

    async def take(self) -> Claimed:
        found = await self.claim()
        if isinstance(found, Wait):
            raise LookupError(found.reason)
        return found

    async def settle(self, claimed: Claimed, failure: SendFailed | None = None) -> bool:
        send = claimed.delivery
        what = sent(send, f"message {send.id}") if failure is None else not_sent(send, failure, self.now)
        return await self.outbox.settle(send, what, LANE, self.now)

    async def send(self, most: int = 1_000) -> list[Claimed]:
        """Send what may go out, one after the other, and tell what that was."""
        gone: list[Claimed] = []
        while len(gone) < most and isinstance(found := await self.claim(), Claimed):
            await self.settle(found)
            gone.append(found)
        return gone

    async def tick(self, later: timedelta = timedelta()) -> None:
        self.now += later
        await self.outbox.tick(self.now)

    async def states(self, advisory: Advisory) -> dict[int, State]:
        """Where each person's delivery stands, by the number they were subscribed as."""
        rows = select(delivery.c.subscription, delivery.c.state).where(delivery.c.advisory == advisory.number)
        found = await self.database.run(lambda connection: connection.execute(rows.order_by(delivery.c.subscription)))
        return {row.subscription: State(row.state) for row in found}

    async def by_hand(self, statement: str) -> list[Row[Any]]:
        return await by_hand(self.database, statement)

    async def stage(self, advisory: Advisory) -> Stage:
        found = await self.advisories.find(advisory.number)
        return Stage.DISCARDED if found is None else found.stage


class _Patient(Database):
    """A database that may be slow: what is tested on it is not how long a busy machine takes."""

    run = Database.run_long


async def by_hand(database: Database, statement: str) -> list[Row[Any]]:
    """Run it past the store, as whoever has the database in hand can, and return what it read."""

    async def ran(connection: AsyncConnection) -> list[Row[Any]]:
        found = await connection.exec_driver_sql(statement)
        return list(found) if found.returns_rows else []

    return await database.run_long(ran)


@asynccontextmanager
async def books_in(where: Path | URL | str) -> AsyncIterator[Books]:
    async with _Patient(in_file(where / "bot.sqlite3") if isinstance(where, Path) else where) as database:
        await database.open()
        yield Books(
            database,
            Subscriptions(database, KEYED, SEAL),
            Advisories(database),
            Outbox(database, KEYED, SEAL),
        )
