"""The console over a real store and a real knowledge folder, and people who are signed in to it."""

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from bot.channels import sms_sending, telegram_sending, whatsapp_sending
from bot.channels import web as web_channel
from bot.core.message import ChannelName
from bot.core.staff import Role
from bot.knowledge.live import Live
from bot.staff.console import Console
from bot.staff.doors import COOKIE, csrf_of
from bot.staff.office import Office
from bot.store.accounts import Accounts
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.passwords import Passwords
from bot.store.sealed import Seal
from tests import small_folder
from tests.builders import NOW, REAL_FOLDER

PASSWORD = "walnut tricycle marble ocean"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the work is argon2's business, not these tests'
LIMITS = {
    ChannelName.TELEGRAM: telegram_sending.LIMITS,
    ChannelName.WEB: web_channel.LIMITS,
    ChannelName.WHATSAPP: whatsapp_sending.LIMITS,
    ChannelName.SMS: sms_sending.limits_of(lambda entry: f"https://bot.example/answers/{entry}"),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a page came back as."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """What is read on it, without its tags."""
        return " ".join(re.sub(r"<[^>]+>", " ", self.text).split())


class Clerk:
    """Somebody in front of a browser; signed out without a token."""

    def __init__(self, client: TestClient[web.Request, web.Application], token: str | None) -> None:
        self._client, self.token = client, token

    async def get(self, path: str, **headers: str) -> Answered:
        return await self._answered(await self._client.get(f"/staff{path}", headers=self._with(headers), **_STAY))

    async def part(self, path: str) -> Answered:
        """As htmx asks."""
        return await self.get(path, **{"HX-Request": "true"})

    async def post(self, path: str, data: Any = None, *, csrf: str | None = None, **headers: str) -> Answered:
        """A form sent from its own page; `csrf` in place of the right one."""
        given = {"X-CSRF-Token": csrf if csrf is not None else csrf_of(self.token or ""), **headers}
        posted = await self._client.post(f"/staff{path}", data=data or {}, headers=self._with(given), **_STAY)
        return await self._answered(posted)

    def _with(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.token}", **headers} if self.token else dict(headers)

    async def _answered(self, response: ClientResponse) -> Answered:
        return Answered(response.status, await response.text(), response.headers)


_STAY: dict[str, Any] = {"allow_redirects": False}


@dataclass
class Staffed:
    """The console, open. `now` is what its clock says: set it."""

    office: Office
    console: Console
    client: TestClient[web.Request, web.Application]
    now: datetime = NOW
    secrets: dict[str, str] = field(default_factory=dict)

    async def account(self, name: str, *roles: Role) -> str:
        """Make the account; returns its name."""
        by = "first" if self.secrets else None
        chosen = roles if by else (*roles, Role.ADMINISTRATOR)
        shown = await self.office.accounts.add(name, frozenset(chosen), PASSWORD, by, self.now)
        self.secrets[name] = dict(re.findall(r"[?&](\w+)=([^&]+)", shown))["secret"]
        return name

    async def signed_in(self, *roles: Role, name: str | None = None) -> Clerk:
        """Somebody with just these roles, signed in."""
        if not self.secrets:
            await self.account("first")
        name = name or "-".join(sorted(roles)) or "nobody-much"
        if name not in self.secrets:
            await self.account(name, *(roles or (Role.VIEWER,)))
        return Clerk(self.client, await self.office.sessions.begin(name, "a test", self.now))

    def stranger(self) -> Clerk:
        return Clerk(self.client, None)


class _Patient(Database):
    """A database that may be slow: what is tested on it is not how long a busy machine takes."""

    run = Database.run_long


@asynccontextmanager
async def staffed(tmp_path: Path, *, small: bool = True, folder: Path | None = None) -> AsyncIterator[Staffed]:
    """The console over a store and a knowledge folder of its own: a small made one, or a copy of the real one."""
    known = folder or tmp_path / "knowledge"
    if folder is None and small:
        small_folder.write(known)
    elif folder is None:
        shutil.copytree(REAL_FOLDER, known)
    live = Live(known, tmp_path / "data")
    live.open()
    live.opened.set()
    keys = Pseudonyms(b"p" * 32), Seal.kept_in(tmp_path / "data")
    made: list[Staffed] = []

    def clock() -> datetime:
        return made[0].now if made else NOW

    async with _Patient(in_file(tmp_path / "data" / "bot.sqlite3")) as database:
        await database.open()
        office = Office(live, known, tmp_path / "data", clock, LIMITS, "https://bot.example", *keys, database)
        office.accounts = Accounts(database, keys[1], lambda: "Danbury", Passwords(CHEAP))
        console = Console(office)
        app = web.Application()
        console.setup(app)
        async with TestClient(TestServer(app)) as client:
            made.append(Staffed(office, console, client))
            yield made[0]
