"""What works for staff behind the bot: the console, the counts of its figures, the groups of unanswered questions."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.channels import (
    console,
    messenger_sending,
    sms_sending,
    telegram_sending,
    whatsapp_sending,
)
from bot.channels import web as web_chat
from bot.core.channel import Limits
from bot.core.message import ChannelName
from bot.knowledge import live
from bot.knowledge.live import Live
from bot.service.counting import Counting
from bot.service.grouping import Grouping
from bot.settings import Settings
from bot.staff.console import Console
from bot.staff.office import Office
from bot.store.database import Database
from bot.store.figures import Figures
from bot.store.floods import Floods
from bot.store.keys import Pseudonyms
from bot.store.question_groups import QuestionGroups
from bot.store.sealed import Seal


@dataclass(frozen=True, slots=True)
class Backstage:
    """The rooms of staff. Before the store is open the console says so on every page."""

    office: Office
    console: Console
    counting: Counting
    grouping: Grouping

    @classmethod
    def built(
        cls,
        settings: Settings,
        known: Live,
        keys: tuple[Pseudonyms | None, Seal | None],
        clock: Callable[[], datetime],
        *,
        channels: Callable[[], Mapping[str, str]],
        page: Callable[[str], str | None],
    ) -> "Backstage":
        """`channels` tells what each of them is doing; `page` is where an answer stands."""
        office = Office(
            known,
            settings.knowledge or live.default_folder(),
            settings.data,
            clock,
            limits(page, messenger_announces=settings.messenger_advisories),
            settings.public_url,
            *keys,
            proxies=settings.proxies,
            channels=channels,
            backup=settings.backup,
            stays=settings.stays,
        )
        groups: list[QuestionGroups] = []

        def opened() -> QuestionGroups | None:
            if not groups and office.open_database is not None:
                groups.append(QuestionGroups(office.open_database))
            return groups[0] if groups else None

        return cls(office, Console(office), Counting(clock), Grouping(opened, known, clock))

    def join(self, database: Database) -> None:
        """Take the open store into use."""
        self.office.open_database = database
        self.counting.figures = Figures(database)

    async def run(self, stopping: asyncio.Event) -> None:
        """Everything that goes on by itself, until stopping."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.counting.run(stopping), name="counting")
            tasks.create_task(self.grouping.run(stopping), name="grouping")
            tasks.create_task(self.console.run(stopping), name="console")

    async def close(self) -> None:
        """After the last turn: what is counted and not yet stored is stored now."""
        await self.counting.flush()
        await self.console.close()

    async def clean(self, settings: Settings, now: datetime) -> int:
        """Delete what is past its time and tell how many rows it was."""
        gone = await self.office.sessions.forget(now)
        gone += await self.office.throttle.forget(now) if self.office.pseudonyms else 0
        gone += await Floods(self.office.database).forget(now)
        if self.counting.figures is not None:
            gone += await self.counting.figures.forget(now - timedelta(days=settings.keep_figures_days))
        return gone


def limits(page: Callable[[str], str | None], *, messenger_announces: bool) -> Mapping[ChannelName, Limits]:
    """Those of every channel there is, set or not: staff try out and preview them all."""
    return {
        ChannelName.WEB: web_chat.LIMITS,
        ChannelName.TELEGRAM: telegram_sending.LIMITS,
        ChannelName.WHATSAPP: whatsapp_sending.LIMITS,
        ChannelName.MESSENGER: replace(messenger_sending.LIMITS, announces=messenger_announces),
        ChannelName.SMS: sms_sending.limits_of(page),
        ChannelName.TERMINAL: console.Console.limits,
    }
