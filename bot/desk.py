"""What staff's commands stand on: the rooms they need, who is at the keyboard, and refusals in plain words."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click

from bot import logs, settings
from bot.channels import sms_sending, telegram_sending, whatsapp_sending
from bot.clock import utc_now
from bot.core.advisory import Advisory, ReleaseRefused
from bot.core.cap_reader import CapUnreadable
from bot.core.entry import Knowledge
from bot.core.message import ChannelName
from bot.core.moment import MomentUnclear, moment
from bot.core.problem import NotReady
from bot.core.staff import Account, NotAllowed, Role
from bot.knowledge import live, schema, source
from bot.knowledge.source import KnowledgeInvalid
from bot.service.advising import Advising
from bot.store import key_prints
from bot.store.accounts import AccountRefused, Accounts
from bot.store.advisories import Advisories
from bot.store.audit import Audit
from bot.store.database import Database, in_file
from bot.store.faults import NoSuchAdvisory, StoreDown, WrongStage
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from bot.store.testers import Enrolment

P = ParamSpec("P")
T = TypeVar("T")

LIMITS = {
    ChannelName.TELEGRAM: telegram_sending.LIMITS,
    ChannelName.WHATSAPP: whatsapp_sending.LIMITS,
    ChannelName.SMS: sms_sending.limits_of(lambda _: None),  # an advisory is no answer that a page could go on with
}
LOCAL = Account("terminal", frozenset({Role.VIEWER}))
"""Whoever can read the data folder may look; to act, somebody signs in."""

_REFUSALS = (NotAllowed, AccountRefused, ReleaseRefused, NotReady, NoSuchAdvisory, WrongStage, MomentUnclear,
             CapUnreadable)  # fmt: skip


@dataclass(frozen=True)  # without slots: what costs a second is made when first asked for
class Desk:
    """The rooms behind the commands. `clock` is told to everything."""

    settings: settings.Settings
    database: Database
    pseudonyms: Pseudonyms = field(repr=False)
    seal: Seal = field(repr=False)
    clock: Callable[[], datetime]

    @cached_property
    def knowledge(self) -> Knowledge:
        """The curated folder as it lies there now; when that is broken, the last good one: a withdrawal cannot wait.

        Raises `KnowledgeInvalid` when there is none.
        """
        folder = self.settings.knowledge or live.default_folder()
        try:
            return schema.checked(source.read(folder, live.SHIPPED))[0]  # without the index: nobody asks questions here
        except KnowledgeInvalid as e:
            known = live.Live(folder, self.settings.data)
            known.open()
            if known.current is None:
                raise known.fault or e from e
        click.echo("The knowledge folder has faults (danbury-bot check); the last sound one is used.", err=True)
        return known.current.knowledge

    @property
    def zone(self) -> ZoneInfo:
        return self.knowledge.department.time_zone

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.database, self.seal, lambda: next(iter(self.knowledge.department.name.values())))

    @cached_property
    def advisories(self) -> Advisories:
        return Advisories(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.database, self.pseudonyms, self.seal)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.database, self.pseudonyms, self.seal)

    @cached_property
    def enrolment(self) -> Enrolment:
        return Enrolment(self.database, self.pseudonyms)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.database)

    @cached_property
    def advising(self) -> Advising:
        return Advising(self.advisories, self.outbox, lambda: self.knowledge, self.clock, LIMITS)

    async def number(self, name: str) -> Advisory:
        """The advisory that was named by its number or its identifier. Raises `NoSuchAdvisory`."""
        found = await self.advisories.find(int(name) if name.isdigit() and len(name) < 10 else name)
        if found is None:
            raise NoSuchAdvisory(f"there is no advisory {name}: `advise list` shows those there are")
        return found

    def moment(self, typed: str | None) -> datetime | None:
        """A moment as it was typed, in the department's own time."""
        return None if typed is None else moment(typed, self.zone)


def on_desk(
    function: Callable[Concatenate[Desk, P], Coroutine[Any, Any, T]],
) -> Callable[P, T]:
    """A command from what it does at an open desk; every refusal becomes its words and exit code 1."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> T:
        async def run() -> T:
            async with _opened() as desk:
                return await function(desk, *args, **kwargs)

        logs.configure("ERROR")
        try:
            return asyncio.run(run())
        except settings.SettingsInvalid as e:
            raise click.ClickException(f"settings that cannot be used:\n{e}") from e
        except KnowledgeInvalid as e:
            raise click.ClickException(f"the knowledge cannot be used:\n{e}") from e
        except StoreDown as e:
            raise click.ClickException(f"the store cannot do it: {e}") from e
        except _REFUSALS as e:
            raise click.ClickException(str(e)) from e

    return command


@asynccontextmanager
async def signed_in(desk: Desk, who: str, subject: str) -> AsyncIterator[Account]:
    """Whoever knows the account's password and code. What they try and may not do is noted in the books."""
    password = await asyncio.to_thread(secret, f"Password of {who}")
    code = await asyncio.to_thread(secret, f"Code of {who}")
    account = await desk.accounts.sign_in(who, password, code, desk.clock())
    if account is None:
        raise AccountRefused("name, password or code is wrong, the code was used before, or the account is disabled")
    try:
        yield account
    except NotAllowed as e:
        await desk.accounts.turned_away(account.name, e.act, subject, desk.clock())
        raise


def secret(prompt: str) -> str:
    """Something typed that is not shown; from a pipe, its next line."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True))
    return _line(prompt)


def new_password(prompt: str) -> str:
    """A password typed twice; from a pipe, its next line."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt="Once more"))
    return _line(prompt)


def typed_number(prompt: str) -> int:
    """A whole number that somebody typed, in full. Raises `ReleaseRefused` for anything else."""
    line = str(click.prompt(prompt)) if sys.stdin.isatty() else _line(prompt)
    if not (line.strip().isascii() and line.strip().isdigit()):
        raise ReleaseRefused((f"`{line.strip()[:20]}` is no number: nothing was done",))
    return int(line)


def _line(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise click.ClickException(f"{prompt}: nothing was typed")
    return line.rstrip("\r\n")


def acting(function: Callable[P, T]) -> Callable[P, T]:
    """The option that says who acts."""
    told = "Your account; its password and code are asked for, or read as the first two lines of a pipe."
    return click.option("--as", "who", required=True, metavar="NAME", help=told)(function)


@asynccontextmanager
async def _opened() -> AsyncIterator[Desk]:
    chosen = settings.read()
    pseudonyms, seal = await asyncio.to_thread(lambda: (Pseudonyms.kept_in(chosen.data), Seal.kept_in(chosen.data)))
    async with Database(chosen.database or in_file(chosen.data / "bot.sqlite3")) as database:
        await database.open()
        await database.run_long(key_prints.prove, chosen.data, utc_now())
        yield Desk(chosen, database, pseudonyms, seal, utc_now)
