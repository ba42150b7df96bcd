"""The real house with every platform set, its real routes on loopback, and the providers beside it: nothing between is
ours but the bot. `house(data)` opens it; each of `DOORS` brings what somebody does there and tells what came back.
"""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, ClientWebSocketResponse
from sqlalchemy import select

from bot import app, settings
from bot.channels import messenger_sending, telegram_sending, web, whatsapp_sending
from bot.channels.console import Console
from bot.channels.sms import PATH as SMS_PATH
from bot.channels.sms import STATUS_PATH
from bot.channels.sms_sending import limits_of
from bot.clock import utc_now
from bot.core.answer import Snapshot
from bot.core.channel import Limits
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.house import House
from bot.settings import Settings
from bot.store.database import Database, in_file
from bot.store.schema import subscription
from tests import meta_emulator as meta
from tests import telegram_emulator as telegram
from tests import twilio_api as twilio
from tests.builders import REAL_FOLDER
from tests.meta_emulator import Graph
from tests.telegram_emulator import Emulator
from tests.test_sms_emulate import free_port
from tests.twilio_api import TwilioApi

_ids = count(1)
_NO_MORE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Shown:
    """One message as somebody sees it, with what can be pressed under it: label and value."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass
class Street:
    """The house, its address, the providers beside it, and who talks."""

    house: House
    chosen: Settings
    url: str
    client: ClientSession
    telegram: Emulator
    graph: Graph
    twilio: TwilioApi
    database: Database
    sockets: dict[str, ClientWebSocketResponse] = field(default_factory=dict)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        async with self.client.post(f"{self.url}{path}", data=body, headers=headers) as response:
            return response.status

    async def told_by_twilio(self, form: dict[str, str]) -> int:
        """What became of a message of ours."""
        return await _signed(self, STATUS_PATH, form)

    async def cleaned(self) -> None:
        """What is past its time has been deleted, as at every start and each hour."""
        assert self.house.reception.memory is not None
        await app._clean(self.house, self.house.reception.memory, Settings())

    async def state(self, person: Address) -> str:
        """Where their subscription stands in the books."""
        assert self.house.pseudonyms is not None
        its = select(subscription.c.state).where(subscription.c.person == self.house.pseudonyms.of(person))
        found = await self.database.run(lambda connection: connection.execute(its))
        return str(found.scalar_one())


def environment(port: int, data: Path, api: Emulator, graph: Graph, sms: TwilioApi) -> dict[str, str]:
    """Every platform set."""
    return {
        "BOT_DATA": str(data),
        "BOT_PORT": str(port),
        "BOT_KNOWLEDGE": str(REAL_FOLDER),
        "BOT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BOT_TELEGRAM_TOKEN": telegram.TOKEN,
        "BOT_TELEGRAM_API": api.url,
        "BOT_WHATSAPP_TOKEN": meta.TOKEN,
        "BOT_WHATSAPP_NUMBER_ID": meta.NUMBER,
        "BOT_MESSENGER_TOKEN": meta.TOKEN,
        "BOT_META_APP_SECRET": ",".join(meta.SECRETS),
        "BOT_META_VERIFY_TOKEN": meta.VERIFY,
        "BOT_META_API": graph.url,
        "BOT_TWILIO_ACCOUNT_SID": twilio.SID,
        "BOT_TWILIO_AUTH_TOKEN": f"{twilio.TOKEN},{twilio.OLD_TOKEN}",
        "BOT_TWILIO_NUMBER": twilio.OURS,
        "BOT_TWILIO_API": sms.url,
        "BOT_SMS_RATE": "100",
    }


@asynccontextmanager
async def platforms() -> AsyncIterator[tuple[Emulator, Graph, TwilioApi, ClientSession]]:
    """Every platform, and who asks by the web."""
    async with (
        telegram.emulator() as api,
        meta.graph() as graph,
        twilio.twilio_api() as sms,
        ClientSession() as client,
    ):
        yield api, graph, sms, client


@asynccontextmanager
async def street(
    data: Path,
    known: Snapshot,
    more: Mapping[str, str] = _NO_MORE,
    *,
    clock: Callable[[], datetime] = utc_now,
    is_stored: bool = True,
) -> AsyncIterator[Street]:
    """The house as `serve` builds and opens it; `known` is what its folder held when it was read."""
    async with AsyncExitStack() as rooms, platforms() as (api, graph, sms, client):
        chosen = settings.read(environment(free_port(), data, api, graph, sms) | dict(more))
        house = House.built(chosen, clock)
        house.live.current = known
        house.live.opened.set()
        await house.platforms.open(rooms)
        port = await app._listen(house, chosen, rooms)
        database = await rooms.enter_async_context(Database(in_file(data / "bot.sqlite3")))
        if is_stored:
            await database.open()
            house.join(database)
        found = Street(house, chosen, f"http://127.0.0.1:{port}", client, api, graph, sms, database)
        yield found
        for socket in found.sockets.values():
            await socket.close()
        await house.reception.quiet(5)


class Door:
    """What people do on one platform. `bring` takes a body made before and returns its status: Meta's, Twilio's."""

    def __init__(
        self,
        channel: ChannelName,
        limits: Limits,
        shown: Callable[[Street], list[Shown]],
        wrote: Callable[[str, str], Any],
        bring: Callable[[Street, Any], Awaitable[int]],
        pressed: Callable[[str, str, str], Any] | None = None,
        photo: Callable[[str | None, str], Any] | None = None,
    ) -> None:
        """`pressed` None: there are no buttons, their numbers are written; `photo` None: none can be sent."""
        self.channel, self.limits, self.wrote, self.photo = channel, limits, wrote, photo
        self.shown, self._bring, self._pressed = shown, bring, pressed

    def __str__(self) -> str:
        return self.channel.value

    def pressed(self, at: int, label: str, value: str, person: str) -> Any:
        return self._pressed(value, label, person) if self._pressed else self.wrote(str(at), person)

    async def bring(self, town: Street, body: Any, expected: int = 200) -> list[Shown]:
        """What somebody sees after it."""
        before = len(self.shown(town))
        assert await self._bring(town, body) == expected
        return self.shown(town)[before:]


# Telegram.


async def _to_telegram(town: Street, body: Any) -> int:
    secret = town.house.platforms.telegram_secret or ""
    update = {"update_id": next(_ids), **body}
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
    return await town.post("/webhooks/telegram", json.dumps(update).encode(), headers)


def _on_telegram(town: Street) -> list[Shown]:
    return [Shown(sent.text, sent.buttons) for sent in town.telegram.sent]


def _speaker(person: str) -> telegram.Person:
    return telegram.Person(int(person[-7:]), "tlh")


TELEGRAM = Door(
    ChannelName.TELEGRAM,
    telegram_sending.LIMITS,
    _on_telegram,
    lambda text, person: telegram.said(text, _speaker(person)),
    _to_telegram,
    lambda value, _, person: telegram.pressed(value, _speaker(person)),
    lambda caption, person: telegram.photo(caption, _speaker(person)),
)


# WhatsApp and Messenger.


async def _to_meta(town: Street, body: Any) -> int:
    raw = json.dumps(body).encode()
    return await town.post("/webhooks/meta", raw, meta.signed(raw))


def _on_meta(is_page: bool) -> Callable[[Street], list[Shown]]:
    def shown(town: Street) -> list[Shown]:
        bodies = [body for body in town.graph.sent if ("message" in body) == is_page]
        return [Shown(meta.shown(body), tuple(meta.buttons(body))) for body in bodies]

    return shown


def _now(body: Any) -> Any:
    """The same webhook as of now: Meta counts its 24 hours from the time in it."""
    at = int(time.time())
    told = json.dumps(body).replace('"1795348800"', f'"{at}"').replace("1795348800000", str(at * 1000))
    return json.loads(told)


WHATSAPP = Door(
    ChannelName.WHATSAPP,
    whatsapp_sending.LIMITS,
    _on_meta(is_page=False),
    lambda text, person: _now(meta.wrote(text, person)),
    _to_meta,
    lambda value, label, person: _now(meta.pressed(value, label, person)),
    lambda caption, person: _now(meta.sent_photo(caption, person)),
)
MESSENGER = Door(
    ChannelName.MESSENGER,
    messenger_sending.LIMITS,
    _on_meta(is_page=True),
    lambda text, person: _now(meta.page_wrote(text, person)),
    _to_meta,
    lambda value, label, person: _now(meta.page_pressed(value, label, person)),
    lambda caption, person: _now(meta.page_photo(caption, person)),
)


# SMS.


async def _to_twilio(town: Street, body: Any) -> int:
    return await _signed(town, SMS_PATH, body)


async def _signed(town: Street, path: str, form: Mapping[str, str]) -> int:
    proof = twilio.signature(f"{town.url}{path}", list(form.items()))
    headers = {"X-Twilio-Signature": proof, "Content-Type": "application/x-www-form-urlencoded"}
    return await town.post(path, urlencode(form).encode(), headers)


def _texted(text: str, person: str, **more: str) -> dict[str, str]:
    return twilio.said(text, f"+{person}", f"SM{next(_ids):032d}", **more)


SMS = Door(
    ChannelName.SMS,
    limits_of(lambda _: None),
    lambda town: [Shown(body) for body in town.twilio.bodies],
    _texted,
    _to_twilio,
    photo=lambda caption, person: _texted(caption or "", person, NumMedia="1", MediaUrl0="https://x.example"),
)


# The web.


async def _to_web(town: Street, body: Any) -> int:
    person, frame = body
    if person not in town.sockets:
        town.sockets[person] = await town.client.ws_connect(f"{town.url}/chat")
        await town.sockets[person].send_str(json.dumps({"hello": {"session": None, "since": 0}}))
    await town.sockets[person].send_str(json.dumps(frame))
    return 200


class _Web(Door):
    async def bring(self, town: Street, body: Any, expected: int = 200) -> list[Shown]:
        await self._bring(town, body)
        person, frame = body
        while True:
            told = await town.sockets[person].receive_json(timeout=10)
            found = [each for each in told.get("frames", []) if each["to"] == frame["id"]]
            if found:
                return [Shown(each["text"], _offered(each)) for each in found]


def _offered(frame: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((each["label"], each["value"]) for each in frame.get("choices", []))


WEB = _Web(
    ChannelName.WEB,
    web.LIMITS,
    lambda _: [],
    lambda text, person: (person, {"id": str(next(_ids)), "text": text}),
    _to_web,
    lambda value, _, person: (person, {"id": str(next(_ids)), "choice": value}),
)


# The terminal, as `chat` joins it.


class _Terminal(Door):
    async def bring(self, town: Street, body: Any, expected: int = 200) -> list[Shown]:
        written: list[str] = []
        await town.house.reception.receive(body, Console(written.append))
        return [Shown(text) for text in written]


async def _nowhere(_: Street, __: Any) -> int:
    raise AssertionError("the terminal has no webhook")


TERMINAL = _Terminal(
    ChannelName.TERMINAL,
    Console.limits,
    lambda _: [],
    lambda text, person: IncomingMessage(str(next(_ids)), Address(ChannelName.TERMINAL, person), text, utc_now()),
    _nowhere,
)

DOORS = (TERMINAL, WEB, TELEGRAM, WHATSAPP, MESSENGER, SMS)
HOOKS = (TELEGRAM, WHATSAPP, MESSENGER, SMS)
"""Those that bring messages by webhook."""
