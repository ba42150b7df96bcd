"""A Bot API on loopback to talk to the bot through, the people who talk, and the accidents that happen to them.

`emulator()` is the API, `polling(api, receive)` and `webhook(api, receive)` are the channel at work on it,
`api.bring(said("hello"))` writes to the bot and `await api.replies(1)` is what it answered.
"""

import asyncio
import copy
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from io import BytesIO
from itertools import count
from typing import Any

from aiohttp import ClientSession, web
from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator

from bot.channels.telegram import Menus, Telegram
from bot.channels.telegram_polling import Pace
from bot.core.channel import Receive

TOKEN = "123456:known-to-the-emulator-only"
SECRET = "a-secret_of-the-emulator"
NAME = "our_bot"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = 5.0  # seconds in which anything awaited must have happened
TINY = timedelta(milliseconds=5)
QUICK = Pace(
    hold=timedelta(seconds=5),
    answer=timedelta(seconds=2),
    look_again=timedelta(milliseconds=10),
    tries=(TINY,) * 4,
    first=TINY,
    longest=TINY,
    conflict=TINY,
    refused=TINY,
    second_try=TINY,
)

Body = dict[str, Any]
_message_ids = count(1000)


@dataclass(frozen=True)
class Person:
    id: int
    language: str = "en"

    @property
    def user(self) -> Body:
        return {"id": self.id, "is_bot": False, "first_name": "Resident", "language_code": self.language}

    @property
    def chat(self) -> Body:
        return {"id": self.id, "type": "private", "first_name": "Resident"}


ADA = Person(42)
LUZ = Person(43, "es")
RUI = Person(44, "pt-br")
SPEAKERS = {"en": ADA, "es": LUZ, "pt": RUI}
GROUP: Body = {"id": -1001, "type": "supergroup", "title": "Neighbours"}


def said(text: str, person: Person = ADA, **more: object) -> Body:
    """Somebody wrote to the bot; `chat=GROUP` for talk in the group, any other field as Telegram names it."""
    body = {"message_id": next(_message_ids), "date": 1, "from": person.user, "chat": person.chat, "text": text}
    return {"message": {**body, **more}}


def edited(update: Body, text: str) -> Body:
    return {"edited_message": {**update["message"], "text": text, "edit_date": 2}}


def pressed(value: str, person: Person = ADA, chat: Body | None = None) -> Body:
    under = {"message_id": 1, "date": 1, "chat": chat or person.chat, "text": "?"}
    query = {"id": f"press-{next(_message_ids)}", "from": person.user, "chat_instance": "x", "data": value}
    return {"callback_query": {**query, "message": under}}


def photo(caption: str | None = None, person: Person = ADA, **more: object) -> Body:
    update = said("", person, photo=[{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}], **more)
    del update["message"]["text"]
    return update if caption is None else {"message": {**update["message"], "caption": caption}}


@dataclass(frozen=True)
class Sent:
    """One message of the bot, as Telegram was asked to show it."""

    chat: int
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    answers: int | None = None
    topic: int | None = None


class Fault(Enum):
    """What can happen to a call besides a refusal."""

    CUT = "the connection breaks before it is taken"
    GARBLED = "it is taken, and the answer makes no sense"
    NONE = "nothing: the next fault is for a later call"


class Emulator(LoBotApiEmulator):  # type: ignore[misc]  # the package has no types
    """The package's emulator, which keeps what was sent and can be told to fail."""

    def __init__(self) -> None:
        super().__init__(allow_insecure_loopback_webhooks=True)
        self.url = ""
        self.calls: list[tuple[str, Body]] = []
        self._faults: defaultdict[str, deque[ApiRefusal | Fault]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self._news = asyncio.Event()

    # What happens to the bot.

    async def bring(self, update: Body) -> None:
        """Queue any update, also kinds and shapes that the package itself would not queue, and deliver it."""
        state = self._update_queues._state(TOKEN)
        async with state.condition:
            state.updates.append({"update_id": state.next_id, **copy.deepcopy(update)})
            state.next_id += 1
            state.condition.notify_all()
        await self.deliver_updates(token=TOKEN)

    def refuse(self, method: str, words: str, status: int, times: int = 1, **parameters: object) -> None:
        """Answer the next calls with an error as Telegram words it."""
        self._faults[method].extend([ApiRefusal(words, status, parameters or None)] * times)

    def cut(self, method: str, times: int = 1) -> None:
        """Break the connection in the next calls."""
        self._faults[method].extend([Fault.CUT] * times)

    def garble(self, method: str) -> None:
        """Do what the next call asks, and answer it in a way that nobody understands."""
        self._faults[method].append(Fault.GARBLED)

    def pass_by(self, method: str) -> None:
        """Let the next call through, before the faults that are added after this."""
        self._faults[method].append(Fault.NONE)

    def hold(self, method: str) -> asyncio.Event:
        """Leave the calls without an answer until the event is set."""
        return self._gates.setdefault(method, asyncio.Event())

    def release(self) -> None:
        for gate in self._gates.values():
            gate.set()

    # What the bot did.

    @property
    def waiting(self) -> int:
        """Updates that the bot has not confirmed."""
        return len(self._update_queues._state(TOKEN).updates)

    @property
    def sent(self) -> list[Sent]:
        return [_sent(fields) for method, fields in self.calls if method == "sendMessage"]

    def asked(self, method: str) -> list[Body]:
        return [fields for called, fields in self.calls if called == method]

    def cuts_left(self, method: str) -> int:
        return len(self._faults[method])

    async def replies(self, most: int) -> list[Sent]:
        await self.until(lambda: len(self.sent) >= most)
        return self.sent

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what a call to the API brings about."""
        async with asyncio.timeout(SOON):
            while not holds():
                self._news.clear()
                await self._news.wait()

    # How it is done.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method in self._gates:
            self.calls.append((f"{method} held", {}))
            self._news.set()
            await self._gates[method].wait()
        if self._faults[method] and self._faults[method][0] is Fault.CUT:
            self._faults[method].popleft()
            assert request.transport is not None
            request.transport.close()
            self._news.set()
            return web.Response()
        response: web.StreamResponse = await super().handle(request)
        self._news.set()
        return response

    def validate(self, method: str, fields: Body, uploads: Body) -> object:
        asked = dict(fields)
        for unknown in ("link_preview_options", "message_thread_id"):
            fields.pop(unknown, None)
        fault = self._faults[method].popleft() if self._faults[method] else Fault.NONE
        if isinstance(fault, ApiRefusal):
            self.calls.append((f"{method} refused", asked))
            raise fault
        result = super().validate(method, fields, uploads)
        self.calls.append((method, asked))
        self._news.set()
        if fault is Fault.GARBLED:
            return {"message_id": "?"}
        return {**result, "id": int(TOKEN.partition(":")[0]), "username": NAME} if method == "getMe" else result


def _sent(fields: Mapping[str, str]) -> Sent:
    rows = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
    topic = fields.get("message_thread_id")
    return Sent(
        chat=int(fields["chat_id"]),
        text=fields["text"],
        buttons=tuple((button["text"], button["callback_data"]) for row in rows for button in row),
        answers=json.loads(fields.get("reply_parameters", "{}")).get("message_id"),
        topic=None if topic is None else int(topic),
    )


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    """The address of the app on a free port of loopback."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def emulator() -> AsyncIterator[Emulator]:
    api = Emulator()
    async with listening(api.app()) as api.url:
        try:
            yield api
        finally:
            api.release()


def telegram(api: str, receive: Receive, pace: Pace = QUICK, menus: Menus | None = None) -> Telegram:
    return Telegram(TOKEN, receive, clock=lambda: NOW, api=api, menus=menus, pace=pace)


@asynccontextmanager
async def polling(
    api: Emulator, receive: Receive, pace: Pace = QUICK, menus: Menus | None = None
) -> AsyncIterator[Telegram]:
    """The channel at work by long polling."""
    stopping = asyncio.Event()
    async with telegram(api.url, receive, pace, menus) as channel:
        task = asyncio.create_task(channel.poll(stopping))
        try:
            yield channel
        finally:
            stopping.set()
            await asyncio.wait_for(task, SOON)


@asynccontextmanager
async def webhook(
    api: Emulator, receive: Receive, pace: Pace = QUICK, menus: Menus | None = None
) -> AsyncIterator[Telegram]:
    """The channel at work behind a registered webhook."""
    app = web.Application()
    async with telegram(api.url, receive, pace, menus) as channel:
        app.add_routes(channel.routes(SECRET))
        async with listening(app) as url:
            await channel.register(url, SECRET, asyncio.Event())
            yield channel


@asynccontextmanager
async def posting(channel: Telegram, secret: str = SECRET) -> AsyncIterator[Callable[..., Any]]:
    """A function that brings a raw body to the channel's webhook and returns the status it got."""
    app = web.Application()
    app.add_routes(channel.routes(SECRET))

    async with listening(app) as url, ClientSession() as client:

        async def post(body: bytes, shown: str | None = secret) -> int:
            headers = {} if shown is None else {"X-Telegram-Bot-Api-Secret-Token": shown}
            async with client.post(f"{url}/webhooks/telegram", data=BytesIO(body), headers=headers) as response:
                return response.status

        yield post
