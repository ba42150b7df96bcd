"""A town for tests: residents at the real reception, staff at the real desk, one database, one clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from bot.core.advisory import Advisory, AdvisoryKind
from bot.core.answer import Snapshot
from bot.core.channel import Limits
from bot.core.message import ChannelName
from bot.core.staff import Account
from bot.core.subscription import Subscription
from bot.knowledge.live import Live
from bot.service.advising import Advising
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.testers import Enrolment
from tests.advisory_builders import NOW
from tests.builders import LIMITS, FakeChannel, a_message
from tests.ledger import KEYED, Books, books_in, somebody
from tests.test_reception import StillLive

HERE = replace(LIMITS, announces=True)
SENDS: Mapping[ChannelName, Limits] = {ChannelName.TELEGRAM: HERE}


@dataclass
class Town:
    """Residents are numbers; what they say is answered by the bot, and what staff do goes through `advising`."""

    books: Books
    desk: Reception
    advising: Advising
    enrolment: Enrolment
    via: FakeChannel = field(default_factory=lambda: FakeChannel(limits=HERE))
    messages: int = 0

    async def says(self, text: str, who: int = 1, **rest: Any) -> str:
        """What is answered to that."""
        self.messages += 1
        message = a_message(text, str(self.messages), somebody(who), **rest)
        await self.desk.receive(message, self.via)
        return self.via.texts[-1]

    def values(self) -> list[str]:
        """The values of the buttons under the last reply."""
        return [choice.value for part in self.via.sent[-1][1] for choice in part.choices]

    async def code(self) -> str:
        return await self.enrolment.code("anna", self.books.now)

    async def gets(self, who: int = 1, kind: AdvisoryKind = AdvisoryKind.EXERCISE) -> Subscription | None:
        return await self.books.subscriptions.of(somebody(who), kind)

    async def approve(self, number: int, by: Account, override: str | None = None) -> Advisory:
        seen = (await self.advising.preview(number, by)).seen
        return await self.advising.approve(number, by, seen.count, seen, override)

    async def release(self, number: int, by: Account, override: str | None = None) -> Advisory:
        seen = (await self.advising.preview(number, by)).seen
        return await self.advising.release(number, by, seen.count, seen, override)

    async def sent(self) -> set[str]:
        """Whom everything that is due goes to."""
        return {claimed.delivery.to.id for claimed in await self.books.send()}


@asynccontextmanager
async def town(folder: Path, known: Snapshot) -> AsyncIterator[Town]:
    async with books_in(folder) as books:
        books.now = NOW
        desk = Reception(cast(Live, StillLive(known)), KEYED, lambda: books.now)
        stores = (Inbox(books.database, KEYED), Conversations(books.database, KEYED), Journal(books.database))
        desk.memory = Memory(*stores, books.subscriptions)
        advising = Advising(books.advisories, books.outbox, lambda: known.knowledge, lambda: books.now, SENDS)
        yield Town(books, desk, advising, Enrolment(books.database, KEYED))
