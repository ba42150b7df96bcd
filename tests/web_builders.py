"""A small whole site for the tests of the web chat: real pages, a real socket, and a `receive` of a few lines."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

import yaml
from aiohttp import web

from bot.channels.web import WebChat
from bot.core import rating
from bot.core.channel import Channel, Receipt, TryLater
from bot.core.compose import ENTRY_MARK, answered
from bot.core.entry import ContactKind, ContactValue, EntryKind, Knowledge, Phrases
from bot.core.fit import fit
from bot.core.message import Choice, IncomingMessage, Kind, Reply
from bot.public.board import Board
from bot.public.feeds import Feeds
from bot.public.pages import Pages
from tests.advisory_builders import ALERTING, Shelf
from tests.builders import NOW, REAL_FOLDER, an_entry, knowledge

REDIRECT = "Call 911 now."
URGENT = f"{REDIRECT}\nNobody has been alerted. For a crisis call or text 988."
CHOICES = (
    Choice("Police report copy", f"{ENTRY_MARK}police-report-copy"),
    Choice("Lost property", f"{ENTRY_MARK}lost"),
)


def now() -> datetime:
    return NOW


@cache
def town() -> Knowledge:
    """Made entries, spoken about in the project's own sentences."""
    desk = (
        ContactValue(ContactKind.ADDRESS, {"en": "1 Some Street, Sometown"}),
        ContactValue(ContactKind.PHONE, {"en": "203-555-0100"}),
        ContactValue(ContactKind.EMAIL, None),
    )
    entries = (
        an_entry("police-report-copy", "how do i get a police report", es=("copia del reporte",), related=("lost",)),
        an_entry("lost", "lost property"),
        an_entry("front-desk", "front desk", kind=EntryKind.CONTACT, channels=desk),
        an_entry("records", "records", kind=EntryKind.CONTACT, channels=desk[:1]),
        an_entry("tip-line", "tips", kind=EntryKind.CONTACT, channels=(ContactValue(ContactKind.PHONE, None),)),
    )
    made = knowledge(*entries)
    sentences = yaml.load((REAL_FOLDER / "phrases.yaml").read_bytes(), yaml.CSafeLoader)["sentences"]
    return replace(made, phrases=Phrases(sentences), alerting=ALERTING)


@dataclass(slots=True)
class Desk:
    """Receives messages: 911 for "shooting" and, in Spanish, for "tiroteo"; an entry for its choice, one in Spanish for
    "reporte"; otherwise the words back after `Said: `.

    It answers a message once, as the inbox has it, and holds back what begins with "slow" until `go` is set.
    """

    town: Knowledge = field(default_factory=town)
    done: set[str] = field(default_factory=set)
    received: list[IncomingMessage] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    fails: int = 0
    shelf: Shelf = field(default_factory=Shelf)
    chat: WebChat | None = None
    board: Board | None = None
    clock: Callable[[], datetime] = now

    async def look(self) -> None:
        """What the board does every few seconds: read the advisories anew and tell the chats."""
        assert self.board is not None
        assert self.chat is not None
        await self.board.look()
        await self.chat.tell(self.board.notices())

    async def receive(self, message: IncomingMessage, via: Channel) -> Receipt:
        self.received.append(message)
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the desk is closed")
        if "shooting" in message.text:
            return await self._send(Reply(URGENT, urgent=True), message, via)
        if "tiroteo" in message.text:
            return await self._send(Reply(URGENT, urgent=True, language="es"), message, via)
        if message.id in self.done:
            return Receipt.DUPLICATE
        if message.text.startswith("slow"):
            await self.go.wait()
        receipt = await self._send(self._reply(message), message, via)
        if receipt is Receipt.ANSWERED:
            self.done.add(message.id)
        return receipt

    def _reply(self, message: IncomingMessage) -> Reply:
        language = "es" if message.text == "reporte" else message.language or "en"
        entry = self.town.entries.get(message.text.removeprefix(ENTRY_MARK).replace("reporte", "police-report-copy"))
        if (message.kind is Kind.BUTTON or message.text == "reporte") and entry is not None:
            words = (self.town.phrases(name, language) for name in ("button_helped", "button_not_helped"))
            buttons = rating.buttons(rating.key_of(message.id), *words)
            return replace(answered(entry, language, self.town, NOW.date()), rating=buttons, language=language)
        if press := rating.read(message.text):
            name = "feedback_thanks" if press.has_helped else "feedback_sorry"
            return Reply(self.town.phrases(name, language))
        if message.text == "/start":
            return Reply(self.town.phrases("greeting", language), CHOICES)
        if message.text.startswith("/language "):
            return Reply(self.town.phrases("language_set", message.text.removeprefix("/language ")))
        if message.text == "which":
            return Reply(self.town.phrases("ask_which", language), CHOICES)
        digest = hashlib.sha256(message.text.encode()).hexdigest()[:8]
        return Reply(f"Said: {message.text if len(message.text) < 4000 else f'{len(message.text)} {digest}'}")

    async def _send(self, reply: Reply, message: IncomingMessage, via: Channel) -> Receipt:
        try:
            await via.send(message.sender, fit(reply, via.limits))
        except TryLater:
            return Receipt.NOT_SENT
        return Receipt.ANSWERED


def site(desk: Desk, origins: tuple[str, ...] = ()) -> web.Application:
    """The pages and the socket, wired as the application wires them."""
    app = web.Application()
    desk.chat = chat = WebChat(desk.receive, now, origins)
    desk.board = Board(lambda: desk.shelf, lambda: desk.clock())
    app.add_routes(chat.routes())
    pages = Pages(lambda: desk.town, answered, now, desk.board.notices)
    pages.setup(app)
    Feeds(lambda: desk.shelf, lambda: desk.town, lambda: desk.clock(), pages.frame).setup(app)

    async def goodbye(_: web.Application) -> None:
        await chat.close()

    app.on_shutdown.append(goodbye)
    return app


@contextlib.asynccontextmanager
async def served(app: web.Application, port: int = 0) -> AsyncIterator[int]:
    """The application on a port of its own, on loopback; the port is the value."""
    runner = web.AppRunner(app, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
