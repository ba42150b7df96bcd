"""Everything that answers, built from the settings; the store joins when it is open."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot import asking, platforms
from bot.address_book import AddressBook
from bot.backstage import Backstage
from bot.channels.web import WebChat
from bot.clock import utc_now
from bot.core import compose
from bot.core.answer import Outcome, Snapshot
from bot.core.entry import Knowledge
from bot.core.floor import FLOOR_TEXT
from bot.knowledge import encoder_process, live
from bot.knowledge.live import Live
from bot.platforms import Platforms
from bot.public import health, metrics
from bot.public.board import Board
from bot.public.feeds import Feeds
from bot.public.pages import Pages
from bot.service.reception import Memory, Reception
from bot.service.shared_limits import SharedLimits
from bot.service.vitals import Vitals
from bot.settings import Settings
from bot.staff.arrival import client
from bot.store import backup_stops, private
from bot.store.advisories import Advisories
from bot.store.backup import last_backup, last_rehearsal
from bot.store.backup_stops import NotedSubscriptions, StopJournal
from bot.store.conversations import Conversations
from bot.store.database import Database
from bot.store.faults import KeyUnusable, StoreDown
from bot.store.grouped import Grouped
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from bot.store.marks import Marks
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from bot.store.unsent import Unsent, unsent

log = structlog.get_logger()

_MENU = ("start", "help", "subscribe", "stop", "language", "contacts", "programs", "about", "privacy")
_NOBODYS_TIME = ZoneInfo("UTC")  # while no knowledge can be read; then nothing was approved either


@dataclass(slots=True)
class House:
    """What was built. `books` is None, and `stored` not set, until the store is open.

    `pseudonyms` and `seal` are None when their key cannot be used: answers go on, and nobody can be written to.
    """

    live: Live
    reception: Reception
    chat: WebChat
    pages: Pages
    platforms: Platforms
    book: AddressBook
    pseudonyms: Pseudonyms | None
    seal: Seal | None
    public_url: str | None
    clock: Callable[[], datetime]
    backstage: Backstage
    books: Advisories | None = None
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    board: Board = field(init=False)
    vitals: Vitals = field(init=False)
    _grouped: Grouped | None = None

    def __post_init__(self) -> None:
        self.board = Board(lambda: self.books, self.clock)
        folder = self.backstage.office.backup
        backups = partial(last_backup, folder), lambda: self.health().revision, partial(last_rehearsal, folder)
        self.vitals = Vitals(self.clock, self._unsent, *backups)

    @classmethod
    def built(cls, settings: Settings, clock: Callable[[], datetime] = utc_now) -> "House":
        known = Live(settings.knowledge or live.default_folder(), settings.data, encoder_process.load)
        pseudonyms = _pseudonyms(settings.data)
        reception = Reception(known, pseudonyms or Pseudonyms(secrets.token_bytes(32)), clock)
        asker = partial(client, proxies=settings.proxies)
        chat = WebChat(reception.receive, clock, settings.origins, settings.public_url, asker)
        book = AddressBook(clock)
        house: House

        def knowledge() -> Knowledge:
            return house.knowledge()

        there = platforms.built(
            settings,
            reception.receive,
            book,
            clock,
            telegram_secret=lambda: _webhook_secret(settings.data),
            opener=lambda: house.opener(),
            page=lambda entry: house.page(entry),
        )
        pages = Pages(knowledge, compose.answered, clock, lambda: house.board.notices())
        seal = _seal(settings.data)
        backstage = Backstage.built(
            settings,
            known,
            (pseudonyms, seal),
            clock,
            channels=lambda: house.channels(),
            page=lambda entry: house.page(entry),
        )
        reception.counting = backstage.counting
        house = cls(known, reception, chat, pages, there, book, pseudonyms, seal, settings.public_url, clock, backstage)
        return house

    def opener(self) -> str:
        """What stands on a button over choices, in every language: which one somebody reads is not known there."""
        if self.live.current is None:
            return ""
        phrases, languages = self.live.current.knowledge.phrases, self.live.current.knowledge.department.languages
        return " / ".join(dict.fromkeys(phrases("button_choices", language) for language in languages))

    def page(self, entry: str) -> str | None:
        """The address of the entry's page; None when it has none."""
        current = self.live.current
        is_there = current is not None and entry in current.knowledge.entries
        return f"{self.public_url}/answers/{entry}" if is_there and self.public_url else None

    def knowledge(self) -> Knowledge:
        """The knowledge in use, for a page. Raises 503 with the floor's words when there is none."""
        if self.live.current is None:
            raise web.HTTPServiceUnavailable(text=FLOOR_TEXT)
        return self.live.current.knowledge

    def zone(self) -> ZoneInfo:
        """The department's time zone: when it is night."""
        current = self.live.current
        return current.knowledge.department.time_zone if current else _NOBODYS_TIME

    def setup(self, application: web.Application) -> None:
        """Add everything that is reached by HTTP to the application."""
        self.pages.setup(application)
        Feeds(lambda: self.books, self.knowledge, self.clock, self.pages.frame, self.public_url).setup(application)
        application.router.add_routes([*self.chat.routes(), *health.routes(self.health), *self.platforms.routes()])
        self.backstage.console.setup(application)

    def join(self, database: Database) -> None:
        """Take the open store into use."""
        pseudonyms, grouped = self.reception.pseudonyms, self.grouped(database)
        office = self.backstage.office
        journal = StopJournal(pseudonyms, backup_stops.files(office.data, office.backup))
        kept = NotedSubscriptions(database, pseudonyms, self.seal, journal) if self.seal else None
        outbox = self.outbox(database)
        if kept and outbox:
            self.book.open(kept, outbox)
        self.books = Advisories(database)
        self.backstage.join(database)
        self.reception.memory = Memory(
            Inbox(database, pseudonyms, grouped),
            Conversations(database, pseudonyms, grouped),
            Journal(database),
            kept,
            is_shared=database.is_shared,
        )
        self.stored.set()

    def limits(self, pseudonyms: Pseudonyms) -> SharedLimits:
        """What lets the limits on floods hold for all replicas together."""
        marks, office = Marks.under(pseudonyms), self.backstage.office
        return SharedLimits(self.reception.shedding, marks, lambda: office.open_database, self.clock)

    def outbox(self, database: Database) -> Outbox | None:
        """The ledger; None when a key that it needs cannot be used."""
        if not (self.pseudonyms and self.seal):
            return None
        return Outbox(database, self.pseudonyms, self.seal, self.grouped(database))

    def grouped(self, database: Database) -> Grouped:
        """What puts the small transactions of replies and of a broadcast together: neither waits for the other."""
        if self._grouped is None:
            self._grouped = Grouped(database)
        return self._grouped

    def menus(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Telegram's command menu in each language."""
        if self.live.current is None:
            return {}
        phrases, languages = self.live.current.knowledge.phrases, self.live.current.knowledge.department.languages
        return {language: [(name, phrases(f"menu_{name}", language)) for name in _MENU] for language in languages}

    def health(self) -> health.Health:
        """What `/readyz` tells."""
        current, fault = self.live.current, self.live.fault
        return health.Health(
            can_answer=current is not None,
            revision=current.knowledge.revision if current else None,
            faults=tuple(str(problem) for problem in fault.problems) if fault else (),
            is_store_ok=self.reception.memory is not None and self.vitals.is_store_ok,
            looks_out=self.live.looks,
            matches=self.live.matches,
            channels=self.channels(),
            is_encoding=self.live.is_encoding,
            knowledge_age=self.vitals.knowledge_age,
            backup_age=self.vitals.backup_age,
            unsent=self.vitals.unsent.deliveries if self.vitals.unsent else None,
            unsent_age=self.vitals.unsent_age,
            rehearsal_age=self.vitals.rehearsal_age,
            is_rehearsal_sound=self.vitals.rehearsed.is_sound if self.vitals.rehearsed else None,
        )

    def figures(self, *, trusts_loopback: bool, token: str | None) -> list[web.RouteDef]:
        """`/metrics`."""

        def now() -> metrics.Now:
            return metrics.Now(self.reception.shedding.waiting, self.reception.shedding.lag, self.chat.open_chats)

        return metrics.routes(self.reception.measures, self.health, now, token, trusts_loopback=trusts_loopback)

    async def _unsent(self) -> Unsent:
        database = self.backstage.office.open_database
        if database is None:
            raise StoreDown("the database is not open")
        return await database.run(unsent)

    def channels(self) -> Mapping[str, str]:
        """What each of them is doing."""
        return {"web": "ready", **self.platforms.states()}

    def first_words(self) -> Iterator[str]:
        """One answered question per language and one 911 reply: proof to whoever starts the bot that it answers."""
        if self.live.fault:
            yield f"The knowledge has faults; what was sound before goes on answering:\n{self.live.fault}\n"
        current = self.live.current
        if current is None:
            yield FLOOR_TEXT
            return
        for language in current.knowledge.department.languages:
            for question in _questions(current, language):
                shown = asking.diagnose(question, current, self.clock())
                if shown.turn.outcome is Outcome.ANSWERED and shown.turn.language == language:
                    yield f"> {question}\n{shown.turn.reply.text}\n"
                    break
        yield f"> 911\n{asking.diagnose('911', current, self.clock()).turn.reply.text}\n"


def _pseudonyms(data: Path) -> Pseudonyms | None:
    """Those of the kept key; None when it cannot be used: answers go on, nothing is stored under a passing key."""
    try:
        return Pseudonyms.kept_in(data)
    except KeyUnusable as e:
        log.error("key unusable", reason=str(e))
        return None


def _seal(data: Path) -> Seal | None:
    """That of the kept key; None when it cannot be used: answers go on, and nobody can subscribe."""
    try:
        return Seal.kept_in(data)
    except KeyUnusable as e:
        log.error("key unusable", reason=str(e))
        return None


def _webhook_secret(data: Path) -> str:
    path = data / "keys" / "telegram-webhook"
    try:
        private.create(path, secrets.token_urlsafe(32).encode())
        return path.read_text().strip()
    except OSError:
        return secrets.token_urlsafe(32)  # good for this run: it is registered anew at every start


def _questions(current: Snapshot, language: str) -> Iterator[str]:
    """Questions to show the bot with: first those about what the entry on the bot itself names."""
    entries = current.knowledge.entries
    about = entries.get("about-bot")
    first = [entries[other] for other in (about.related if about else ()) if other in entries]
    for entry in (*first, *entries.values()):
        if language in entry.wordings:
            yield from (ask.text for ask in entry.wordings[language].asks[:1])
