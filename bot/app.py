"""Builds every room, opens them in order, closes them in reverse. The port opens first: 911 waits for nothing else."""

import asyncio
import errno
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot import asking
from bot.channels.telegram import Telegram
from bot.channels.web import WebChat
from bot.clock import utc_now
from bot.core import compose
from bot.core.answer import Outcome, Snapshot
from bot.core.entry import Knowledge
from bot.core.floor import FLOOR_TEXT
from bot.knowledge import live
from bot.knowledge.live import Live
from bot.public import health
from bot.public.pages import Pages
from bot.service.reception import Memory, Reception
from bot.settings import Settings
from bot.store import private
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.faults import KeyUnusable, StoreDown, StoreFromFuture
from bot.store.inbox import KEPT, Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms

log = structlog.get_logger()

_LAST_REPLIES = 10.0  # seconds that turns in flight get when the bot stops
_STORE_AGAIN = timedelta(seconds=15)  # between two tries to open a store that is down
_CLEAN_EVERY = timedelta(hours=1)
_PORTS_TRIED = 50
_AT_ONCE = ("/chat", "/healthz", "/readyz")
_MENU = ("start", "help", "language", "contacts", "programs", "about", "privacy")


class PortBusy(Exception):
    """Somebody listens on the port already; the text names the next free one."""


async def serve(settings: Settings, say: Callable[[str], None], stopping: asyncio.Event | None = None) -> None:
    """Answer on every configured channel until stopped. Raises `PortBusy`."""
    stopping = stopping or _on_signals()
    house = _House.built(settings)
    async with AsyncExitStack() as rooms:
        port = await _listen(house, settings, rooms)
        await house.live.start()
        with suppress(OSError):  # whoever reads along may go away
            for line in house.first_words():
                say(line)
            say(f"Chat: http://{_reachable(settings.host)}:{port}/   (stop with Ctrl-C)")
        async with asyncio.TaskGroup() as tasks:
            database = await rooms.enter_async_context(
                Database(settings.database or in_file(settings.data / "bot.sqlite3"))
            )
            if house.has_key:
                tasks.create_task(_keep_store(house, database, settings, stopping), name="store")
            tasks.create_task(house.live.watch(stopping), name="knowledge")
            if house.telegram:
                telegram = await rooms.enter_async_context(house.telegram)
                tasks.create_task(_telegram(telegram, house, settings, stopping), name="telegram")
            await stopping.wait()
            log.info("stopping")
        await house.reception.quiet(_LAST_REPLIES)
        await house.chat.close()
    log.info("stopped")


@dataclass(slots=True)
class _House:
    """Everything that answers; the store joins when it is open."""

    live: Live
    reception: Reception
    chat: WebChat
    pages: Pages
    telegram: Telegram | None
    webhook_secret: str | None
    has_key: bool

    @classmethod
    def built(cls, settings: Settings) -> "_House":
        known = Live(settings.knowledge or live.default_folder(), settings.data)
        pseudonyms = _pseudonyms(settings.data)
        reception = Reception(known, pseudonyms or Pseudonyms(secrets.token_bytes(32)), utc_now)
        chat = WebChat(reception.receive, utc_now, settings.origins, settings.public_url)

        def knowledge() -> Knowledge:
            if known.current is None:
                raise web.HTTPServiceUnavailable(text=FLOOR_TEXT)
            return known.current.knowledge

        telegram = None
        if settings.telegram_token:
            telegram = Telegram(
                settings.telegram_token.get_secret_value(),
                reception.receive,
                clock=utc_now,
                api=settings.telegram_api,
            )
        pages = Pages(knowledge, compose.answered, utc_now)
        secret = _webhook_secret(settings.data) if telegram and settings.public_url else None
        return cls(known, reception, chat, pages, telegram, secret, pseudonyms is not None)

    def health(self) -> health.Health:
        """What `/readyz` tells."""
        current, fault = self.live.current, self.live.fault
        telegram = "off" if self.telegram is None else "webhook" if self.webhook_secret else "polling"
        return health.Health(
            can_answer=current is not None,
            revision=current.knowledge.revision if current else None,
            faults=tuple(str(problem) for problem in fault.problems) if fault else (),
            is_store_ok=self.reception.memory is not None,
            looks_out=self.live.looks,
            matches=self.live.matches,
            channels={"web": "ready", "telegram": telegram},
        )

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
                shown = asking.diagnose(question, current, utc_now())
                if shown.turn.outcome is Outcome.ANSWERED and shown.turn.language == language:
                    yield f"> {question}\n{shown.turn.reply.text}\n"
                    break
        yield f"> 911\n{asking.diagnose('911', current, utc_now()).turn.reply.text}\n"


async def _listen(house: _House, settings: Settings, rooms: AsyncExitStack) -> int:
    """Open the port with everything that answers on it; returns the port."""

    @web.middleware
    async def when_loaded(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pages wait for the first load; what brings messages in, and who asks after our health, does not."""
        if request.method == "GET" and request.path not in _AT_ONCE:
            await house.live.opened.wait()
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as e:  # border: inbound message
            log.exception("page failed")
            raise web.HTTPInternalServerError(text=FLOOR_TEXT) from e

    application = web.Application(middlewares=[when_loaded])
    house.pages.setup(application)
    application.router.add_routes([*house.chat.routes(), *health.routes(house.health)])
    if house.telegram and house.webhook_secret:
        application.router.add_routes(house.telegram.routes(house.webhook_secret))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LAST_REPLIES)
    await runner.setup()
    rooms.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as e:
        if e.errno != errno.EADDRINUSE:
            where = f"BOT_HOST={settings.host} BOT_PORT={settings.port}"
            raise PortBusy(f"{where} cannot be listened on: {e.strerror or 'no such address'}") from e
        free = _next_free(settings.host, settings.port)
        raise PortBusy(f"port {settings.port} is taken; {free} is free: BOT_PORT={free} danbury-bot serve") from e
    rooms.push_async_callback(site.stop)
    return int(runner.addresses[0][1])


async def _telegram(telegram: Telegram, house: _House, settings: Settings, stopping: asyncio.Event) -> None:
    telegram.menus = _menus(house.live.current)
    if house.webhook_secret and settings.public_url:
        await telegram.register(settings.public_url, house.webhook_secret, stopping)
    else:
        await telegram.poll(stopping)


async def _keep_store(house: _House, database: Database, settings: Settings, stopping: asyncio.Event) -> None:
    """Open the store, again while it is down, and delete from it what is past its time, until stopping."""
    while not stopping.is_set():
        wait = _CLEAN_EVERY
        try:
            if house.reception.memory is None:
                await database.open()
                house.reception.memory = _memory(database, house.reception.pseudonyms)
                log.info("store open")
            await _clean(house.reception.memory, settings)
        except StoreFromFuture as e:
            log.error("store from the future", reason=str(e))
            return
        except StoreDown as e:
            log.error("store down", reason=str(e))
            wait = _STORE_AGAIN
        try:
            async with asyncio.timeout(wait.total_seconds()):
                await stopping.wait()
        except TimeoutError:
            continue


def _memory(database: Database, pseudonyms: Pseudonyms) -> Memory:
    return Memory(Inbox(database, pseudonyms), Conversations(database, pseudonyms), Journal(database))


async def _clean(memory: Memory, settings: Settings) -> None:
    now = utc_now()
    gone = await memory.inbox.forget(now - KEPT)
    gone += await memory.conversations.forget(now - timedelta(days=settings.keep_chats_days))
    gone += await memory.journal.forget(now - timedelta(days=settings.keep_questions_days))
    if gone:
        log.info("store cleaned", rows=gone)


def _pseudonyms(data: Path) -> Pseudonyms | None:
    """Those of the kept key; None when it cannot be used: answers go on, nothing is stored under a passing key."""
    try:
        return Pseudonyms.kept_in(data)
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


def _menus(current: Snapshot | None) -> dict[str, list[tuple[str, str]]]:
    """Telegram's command menu in each language."""
    if current is None:
        return {}
    phrases, languages = current.knowledge.phrases, current.knowledge.department.languages
    return {language: [(name, phrases(f"menu_{name}", language)) for name in _MENU] for language in languages}


def _questions(current: Snapshot, language: str) -> Iterator[str]:
    """Questions to show the bot with: first those about what the entry on the bot itself names."""
    entries = current.knowledge.entries
    about = entries.get("about-bot")
    first = [entries[other] for other in (about.related if about else ()) if other in entries]
    for entry in (*first, *entries.values()):
        if language in entry.wordings:
            yield from (ask.text for ask in entry.wordings[language].asks[:1])


def _next_free(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (*range(port + 1, min(port + _PORTS_TRIED, 65536)), 0):
        with suppress(OSError), socket.socket(family) as probe:
            probe.bind((host, candidate))
            return int(probe.getsockname()[1])
    return 0  # any


def _reachable(host: str) -> str:
    """The host as a browser on this machine can open it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)
    return stopping
