"""Staff at the console's pages of advisories, over real books with real people in them."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, Content
from bot.core.message import Address, ChannelName
from bot.core.staff import Account, Role
from tests.advisory_builders import STATEMENTS, some_content
from tests.builders import NOW
from tests.staff_rooms import Answered, Clerk, Staffed, staffed

LIVE, EXERCISE = AdvisoryKind.LIVE, AdvisoryKind.EXERCISE
ROOMS = {LIVE: "/advisories", EXERCISE: "/exercises"}
ROAD = {
    "template": "road-closed", "topic": "traffic", "level": "advisory", "street": "Main Street",
    "from_street": "West Street", "to_street": "Elm Street", "reason": "crash", "start": "2026-11-22T10:00",
    "end": "2026-11-22T18:00", "expires": "", "web": "", "only_in": "",
}  # fmt: skip
GAS = {
    "template": "shelter", "topic": "safety", "level": "alert", "danger": "gas", "place": "Main Street",
    "since": "2026-11-22T09:30", "end": "2026-11-22T14:00", "expires": "", "web": "", "only_in": "",
}  # fmt: skip
UNTIL_SIX = {
    "en": replace(STATEMENTS["en"], time="Until 6:00 PM on Sunday, November 22"),
    "es": replace(STATEMENTS["es"], time="Hasta las 6:00 p. m. del domingo 22 de noviembre"),
    "pt": replace(STATEMENTS["pt"], time="Até as 18h de domingo, 22 de novembro"),
}
REASON = "alone on duty, gas is spreading"
ANYBODY = Account("anybody", frozenset(Role))


def the_content(**changed: Any) -> Content:
    """A road closure that can go out now."""
    return some_content(**{"statements": UNTIL_SIX, "expires_at": NOW + timedelta(hours=8)} | changed)


URGENT = the_content(level=AdvisoryLevel.ALERT, topic="safety")


@dataclass
class Desk:
    """The console, the people who work at it, and what stands in the books."""

    console: Staffed
    clerks: dict[str, Clerk] = field(default_factory=dict)

    async def clerk(self, name: str, *roles: Role) -> Clerk:
        if name not in self.clerks:
            self.clerks[name] = await self.console.signed_in(*roles, name=name)
        return self.clerks[name]

    async def anna(self) -> Clerk:
        """An announcer."""
        return await self.clerk("anna", Role.ANNOUNCER)

    async def otis(self) -> Clerk:
        """An approver."""
        return await self.clerk("otis", Role.APPROVER)

    async def night(self) -> Clerk:
        """A sergeant alone on duty."""
        return await self.clerk("night", Role.ANNOUNCER, Role.APPROVER)

    async def subscribe(
        self, *names: str, topic: str = "traffic", language: str = "en", kind: AdvisoryKind = LIVE,
        channel: ChannelName = ChannelName.TELEGRAM,
    ) -> None:  # fmt: skip
        for name in names:
            person = Address(channel, name)
            people = self.console.office.subscriptions
            await people.subscribe(person, [topic], None, language, "a test", self.console.now, kind)

    async def drafted(self, content: Content | None = None, kind: AdvisoryKind = LIVE, by: str = "anna") -> int:
        account = replace(ANYBODY, name=by)
        return (await self.console.office.advising.draft(account, content or the_content(), kind)).number

    async def released(self, content: Content | None = None, kind: AdvisoryKind = LIVE) -> int:
        number, advising = await self.drafted(content, kind), self.console.office.advising
        seen = (await advising.preview(number, ANYBODY)).seen
        await advising.release(number, ANYBODY, seen.count, seen, REASON)
        return number

    async def advisory(self, number: int) -> Advisory:
        found = await self.console.office.advisories.find(number)
        if found is None:
            raise LookupError(number)
        return found

    async def books(self) -> list[tuple[str, str]]:
        """Who did what to advisories, in order."""
        noted = reversed(await self.console.office.audit.newest(200))
        return [(each.who, each.act) for each in noted if "-pd-" in each.subject]


@asynccontextmanager
async def at_desk(folder: Path) -> AsyncIterator[Desk]:
    async with staffed(folder) as console:
        yield Desk(console)


def fields(page: Answered, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent there."""
    form = re.search(rf'<form[^>]* action="/staff{re.escape(action)}".*?</form>', page.text, re.DOTALL)
    if form is None:
        raise LookupError(f"no form to {action}")
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0])
    return {name: html.unescape(value) for name, value in hidden}


async def sent(clerk: Clerk, page: str, action: str, **typed: str) -> Answered:
    """The form on that page, filled in and sent."""
    return await clerk.post(action, {**fields(await clerk.get(page), action), **typed})


def place(answer: Answered) -> str:
    """Where the browser is sent on to."""
    return answer.headers["Location"].removeprefix("/staff")
