"""Telegram, by long polling or by webhook, in the one event loop: what comes in, what goes out, what may go wrong."""

import asyncio
import contextlib
import hmac
import json
import logging
import os
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram_line import Line
from bot.channels.telegram_polling import Pace, Polling, pause, unless
from bot.channels.telegram_sending import LIMITS, Sender, Via, asked, reason
from bot.channels.telegram_updates import KINDS, Arrival, Me, Unreadable, decode, number
from bot.channels.webhook import attempt, hook
from bot.core.channel import Earlier, Receipt, Receive, Sent
from bot.core.message import Address, Part

log = structlog.get_logger()

T = TypeVar("T")
Menus = Mapping[str, Sequence[tuple[str, str]]]

API = "https://api.telegram.org"
PATH = "/webhooks/telegram"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # secret_token, by Telegram's documentation


class Telegram:
    """The channel: `send` tries once, a reply tries twice. It also is the port that announcements leave by.

    `lane` names the bot, never its token. `unreadable` counts updates that nothing could be read from, `given_up`
    messages whose reply never left.
    """

    limits = LIMITS
    rate = 29.0  # a second; Telegram takes about 30 of one bot, and a second here need not begin with a second there

    def __init__(
        self,
        token: str,
        receive: Receive,
        *,
        clock: Callable[[], datetime],
        api: str = API,
        menus: Menus | None = None,
        pace: Pace | None = None,
    ) -> None:
        _hush()
        self._receive = receive
        self._clock = clock
        self.menus: Menus = menus or {}
        self._pace = pace or Pace()
        # Of the first two, one holds getUpdates and the other is for the farewell; the next are for replies, and the
        # last for announcements: a thousand residents who are told something never stand in the way of one who asks.
        self._lines = fetching, replying, announcing = tuple(Line(most, self._pace) for most in (2, 128, 8))
        self._bot = Bot(token, f"{api}/bot", get_updates_request=fetching, request=replying)
        self._sender = Sender(self._bot, self._pace)
        self._bulk = Sender(Bot(token, f"{api}/bot", get_updates_request=fetching, request=announcing), self._pace)
        self._me = Me(int(head) if (head := token.partition(":")[0]).isdecimal() else 0)
        self.lane = f"telegram:{self._me.id}"
        self._polling = Polling(self._fetch, self._attempt, self._pace)
        self.unreadable = 0

    async def __aenter__(self) -> Self:
        for line in self._lines:
            await line.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines:
            await line.shutdown()

    @property
    def given_up(self) -> int:
        return self._polling.given_up

    async def poll(self, stopping: asyncio.Event) -> None:
        """Ask Telegram for messages until stopping: the way that needs no public address."""
        if not await self._meet(stopping):
            return
        await self._persist(stopping, lambda: self._bot.delete_webhook())
        log.info("telegram ready", by="polling")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(unless(stopping, self.set_menus(self.menus)))
            await self._polling.run(stopping)
        await self._farewell()

    async def register(self, public_url: str, secret: str, stopping: asyncio.Event) -> None:
        """Tell Telegram to bring messages to the public address; call it once the port listens.

        The registration is left in place on shutdown, so that messages wait at Telegram during a deployment.
        """
        if not await self._meet(stopping):
            return
        await self._persist(stopping, lambda: self._bot.set_webhook(
            f"{public_url.rstrip('/')}{PATH}", secret_token=secret, allowed_updates=KINDS, max_connections=40
        ))  # fmt: skip
        if not stopping.is_set():
            log.info("telegram ready", by="webhook")
            await unless(stopping, self.set_menus(self.menus))

    def routes(self, secret: str) -> list[web.RouteDef]:
        """Where Telegram brings messages. Raises ValueError for a secret that Telegram would not take."""
        if not _SECRET.fullmatch(secret):
            raise ValueError("a webhook secret is 1 to 256 letters, digits, _ and -")
        return [hook(PATH, is_genuine=partial(_is_genuine, secret), decode=self._decode, turn=self._turn)]

    async def set_menus(self, menus: Menus) -> None:
        """Show the commands in each language; the first language also to everybody whose language is none of them.

        A menu that Telegram does not take is logged: everything in it can be typed as well.
        """
        for language, commands in [*((None, first) for first in list(menus.values())[:1]), *menus.items()]:
            try:
                await self._bot.set_my_commands(commands, language_code=language)
            except TelegramError as error:
                log.warning("telegram menu refused", language=language or "default", error=type(error).__name__)

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts in order and return Telegram's id of the last one. Raises a `SendFailed`, nothing else."""
        return await self._sender.send(to, parts)

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        """Send the parts in order, on connections of their own. Raises a `SendFailed`, nothing else."""
        return await self._bulk.announce(to, parts, after)

    async def _meet(self, stopping: asyncio.Event) -> bool:
        """Learn our own name. A wrong token and a network that is down are said, and tried again."""
        user = await self._persist(stopping, self._bot.get_me)
        if user is not None:
            self._me = Me(user.id, user.username)
        return user is not None

    async def _fetch(self, offset: int, hold: timedelta, stopping: asyncio.Event) -> Sequence[object] | None:
        wanted = {"offset": offset, "timeout": int(hold.total_seconds()), "allowed_updates": list(KINDS)}
        # Spelt so that the library leaves the updates raw: its own method fails on all of them when one is odd.
        found = await self._persist(stopping, lambda: self._bot.do_api_request(
            "get_Updates", wanted, read_timeout=(hold + self._pace.answer).total_seconds()
        ))  # fmt: skip
        if not isinstance(found, list):
            await pause(stopping, self._pace.first)
            return None
        return found

    async def _farewell(self) -> None:
        """Confirm what was answered, or the next start would be told it all again."""
        if not self._polling.offset:
            return
        with contextlib.suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(1):
                wanted = {"offset": self._polling.offset, "limit": 1, "timeout": 0}
                await self._bot.do_api_request("get_Updates", wanted)

    async def _attempt(self, update: object) -> timedelta | None:
        arrival = self._read(update)
        if arrival is None:
            return None
        via = Via(self._sender, arrival.answers)
        return via.asked if await attempt(self._answer(arrival, via)) is Receipt.NOT_SENT else None

    def _decode(self, body: bytes) -> list[Arrival]:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            update = None
        arrival = self._read(update)
        return [] if arrival is None else [arrival]

    def _read(self, update: object) -> Arrival | None:
        try:
            return decode(update, self._me, self._clock())
        except Unreadable:
            self.unreadable += 1
            log.warning("telegram update unreadable", update=number(update))
            return None

    async def _turn(self, arrival: Arrival) -> Receipt:
        return await self._answer(arrival, Via(self._sender, arrival.answers))

    async def _answer(self, arrival: Arrival, via: Via) -> Receipt:
        try:
            return await self._receive(arrival.message, via)
        finally:
            if arrival.press is not None:
                # Refused when the press is old; the spinner then has stopped by itself.
                with contextlib.suppress(TelegramError):
                    await self._bot.answer_callback_query(arrival.press)

    async def _persist(self, stopping: asyncio.Event, call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """The call's result once Telegram takes it; None when stopping came first."""
        wait = self._pace.first
        while not stopping.is_set():
            try:
                return await unless(stopping, call())
            except TelegramError as error:
                await pause(stopping, self._trouble(error, wait))
                wait = min(wait * 2, self._pace.longest)
        return None

    def _trouble(self, error: TelegramError, wait: timedelta) -> timedelta:
        """Say what is wrong and how long to leave it alone. Without the error's text: it may hold address and token."""
        match error:
            case InvalidToken() | EndPointNotFound() | Forbidden():
                wait = self._pace.refused
                log.error("telegram token refused", retry_in=wait.total_seconds())
            case Conflict():
                wait = self._pace.conflict
                log.error("telegram conflict", hint="another program uses this token", retry_in=wait.total_seconds())
            case BadRequest():
                wait = self._pace.refused
                log.error("telegram refused", reason=reason(error), retry_in=wait.total_seconds())
            case RetryAfter():
                wait = min(asked(error), self._pace.longest)
                log.warning("telegram busy", retry_in=wait.total_seconds())
            case _:
                log.warning("telegram out of reach", error=type(error).__name__, retry_in=wait.total_seconds())
        return wait


def _is_genuine(secret: str, headers: Mapping[str, str], _body: bytes) -> bool:
    shown = headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    return hmac.compare_digest(shown.encode(errors="surrogateescape"), secret.encode())


def _hush() -> None:
    """Keep the libraries from saying what no log may hold: the token in every URL, and messages word by word."""
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    # The library warns at every flood limit until it is told in which form the delay is wanted.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
