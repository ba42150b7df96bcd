"""What the console's pages stand on: the knowledge in use, and the rooms over the store once it is open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.channel import Limits
from bot.core.entry import Knowledge
from bot.core.message import ChannelName
from bot.knowledge.live import Live
from bot.service.advising import Advising
from bot.store.accounts import Accounts
from bot.store.advisories import Advisories
from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from bot.store.marks import Marks
from bot.store.outbox import Outbox
from bot.store.own_account import OwnAccount
from bot.store.sealed import Seal
from bot.store.sessions import Sessions
from bot.store.subscriptions import Subscriptions
from bot.store.testers import Enrolment
from bot.store.throttle import Throttle


@dataclass
class Office:
    """The rooms behind the pages. Asking for one that needs the store raises `StoreDown` until `database` is set.

    `folder` is the curated knowledge, `data` where drafts may be kept. `limits` are those of every channel of the
    house. `pseudonyms` and `seal` are None when their key cannot be used: then nobody can sign in (law 10). `proxies`
    is how many of our own stand in front and tell us whom they were asked by; `channels` tells what each one is doing;
    `backup` is where backups are put every night, None: nowhere; `stays` how long records do, as the settings have it.
    """

    live: Live
    folder: Path
    data: Path
    clock: Callable[[], datetime]
    limits: Mapping[ChannelName, Limits]
    public_url: str | None
    pseudonyms: Pseudonyms | None = field(repr=False)
    seal: Seal | None = field(repr=False)
    open_database: Database | None = None
    proxies: int = 0
    channels: Callable[[], Mapping[str, str]] = dict
    backup: Path | None = None
    stays: Mapping[str, int] = field(default_factory=dict)

    def knowledge(self) -> Knowledge:
        """The knowledge in use. Raises `StoreDown` while there is none at all."""
        if self.live.current is None:
            raise StoreDown("no knowledge can be read yet")
        return self.live.current.knowledge

    @property
    def zone(self) -> ZoneInfo:
        return self.knowledge().department.time_zone

    @property
    def database(self) -> Database:
        """The open store. Raises `StoreDown` before it is open."""
        if self.open_database is None:
            raise StoreDown("the store is not open yet")
        return self.open_database

    @property
    def keys(self) -> tuple[Pseudonyms, Seal]:
        """Those that the store's rooms need. Raises `StoreDown` when they cannot be used."""
        if self.pseudonyms is None or self.seal is None:
            raise StoreDown("a key in the data folder cannot be used: the log says which")
        return self.pseudonyms, self.seal

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.database)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.database, self.keys[1], lambda: next(iter(self.knowledge().department.name.values())))

    @cached_property
    def own_account(self) -> OwnAccount:
        return OwnAccount(self.accounts.proving)

    @cached_property
    def marks(self) -> Marks:
        return Marks.under(self.keys[0])

    @cached_property
    def throttle(self) -> Throttle:
        return Throttle(self.database, self.marks)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.database)

    @cached_property
    def advisories(self) -> Advisories:
        return Advisories(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.database, *self.keys)

    @cached_property
    def advising(self) -> Advising:
        announcing = {name: limits for name, limits in self.limits.items() if limits.announces}
        return Advising(self.advisories, self.outbox, self.knowledge, self.clock, announcing)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.database, *self.keys)

    @cached_property
    def enrolment(self) -> Enrolment:
        return Enrolment(self.database, self.keys[0])

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.database)
