"""After a whole day of the bot, nothing that tells who somebody is stands anywhere in clear.

Residents on every channel give away what people give away; they subscribe, get an advisory, are not answered, say that
an answer did not help. Staff sign in. Providers and the store fail, in words that quote people. Then every file, every
log line of the lowest level in both forms, and a backup are searched for what was planted: as it is, and as programs
write such things - percent-encoded, in base64, in UTF-16, in hexadecimal, escaped as JSON does it.
"""

import asyncio
import base64
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pyotp
import pytest
import structlog
from aiohttp import ClientSession
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import logs
from bot.channels import sms_sending, telegram_sending, whatsapp_sending
from bot.clock import utc_now
from bot.core.compose import NONE_OF_THESE
from bot.core.message import ChannelName
from bot.core.staff import Account, Role
from bot.house import House
from bot.knowledge import live
from bot.service import reception, vetting
from bot.service.advising import Advising
from bot.store import backup
from bot.store.accounts import Accounts
from bot.store.advisories import Advisories
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.passwords import Passwords
from bot.store.sealed import Seal
from tests import meta_emulator as meta
from tests import small_folder, whole_house
from tests import telegram_emulator as telegram
from tests import twilio_api as twilio
from tests.staff_browser import Browser
from tests.staff_rooms import CHEAP, PASSWORD, Staffed
from tests.test_sms_emulate import free_port
from tests.test_whole_path import running, stored
from tests.whole_house import MESSENGER, SMS, WHATSAPP, Street

LUZ = telegram.Person(7_201_735_550, "en")
NAME, FIRST = "Zebulon Quillfeather", "Marisolbrandt"
PLANTED = {
    "telegram id": str(LUZ.id),
    "first name on Telegram": FIRST,
    "whatsapp number": "12035550171",
    "name on WhatsApp": "Ottoline Vexworth",
    "sms number": "+12035550172",
    "messenger id": "7000174555000",
    "name": NAME,
    "last name": "Quillfeather",
    "phone": "203-555-0187",
    "phone without marks": "2035550187",
    "email": "zebulon.q@example.org",
    "ssn": "987-65-4329",
    "card": "4242 4242 4242 4242",
    "card without marks": "4242424242424242",
    "plate": "QI-90909",
    "address": "4519 Nonesuch Street",
    "birth date": "04/12/1987",
    "a report": "wexlerbrook",
    "an emergency": "vandermolen",
    "an answered question": "quixotrope",
    "a broken turn": "oberkampf",
    "what a provider quotes": "+1 203 555 0193",
    "address of a page": "planted-in-a-link",
    "staff password": PASSWORD,
    "a wrong password": "correct-horse-tarantella",
    "telegram token": telegram.TOKEN,
    "meta token": meta.TOKEN,
    "meta secret": meta.SECRETS[0],
    "old meta secret": meta.SECRETS[1],
    "meta verify token": meta.VERIFY,
    "twilio token": twilio.TOKEN,
    "old twilio token": twilio.OLD_TOKEN,
}
UNANSWERED = (
    f"my name is {NAME}, call {PLANTED['phone']} or {PLANTED['phone without marks']}, {PLANTED['email']}, "
    f"ssn {PLANTED['ssn']}, card {PLANTED['card']} or {PLANTED['card without marks']}, plate {PLANTED['plate']}, "
    f"{PLANTED['address']}, born {PLANTED['birth date']}: turquoise umbrellas lent"
)
KEPT = "turquoise umbrellas lent"
SHOW = f"""\
- id: crocodile-show
  risk: low
  owner: Records
  checked_on: {utc_now():%Y-%m-%d}
  review_every: 180 days
  source: {{title: The zoo, url: https://zoo.example/}}
  en:
    title: Crocodile show
    asks: [where is the crocodile show, when is the crocodile show, crocodile show]
    answer: At the pond.
"""
ANNA = Account("anna", frozenset({Role.ANNOUNCER}))
OTIS = Account("otis", frozenset({Role.APPROVER}))


def forms(value: str) -> Iterator[bytes]:
    """The value as it is and as programs write it; letters of either case but in base64."""
    plain = value.lower().encode()
    yield plain
    yield quote(value, safe="").lower().encode()
    yield quote(value, safe="").replace("%20", "+").lower().encode()
    yield json.dumps(value)[1:-1].lower().encode()
    yield value.encode().hex().encode()
    yield from (value.lower().encode(code) for code in ("utf-16-le", "utf-16-be"))


def in_base64(value: str) -> Iterator[bytes]:
    """What of the value stands in base64 wherever it begins in what is encoded: the figures no neighbour changes."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + value.encode())
            yield whole[-(-before * 4 // 3) + (before > 0) : len(whole) - 4]


def found_in(content: bytes, values: Mapping[str, str]) -> list[str]:
    """Names of the values that stand in it in any form."""
    lowered = content.lower()
    return [
        name
        for name, value in values.items()
        if any(form in lowered for form in forms(value)) or any(form in content for form in in_base64(value))
    ]


@pytest.mark.parametrize(
    "written",
    [
        lambda value: value.upper().encode(),
        lambda value: quote(value).encode(),
        lambda value: b"x" + base64.b64encode(b"id:" + value.encode()),
        lambda value: base64.b64encode(b"ab" + value.encode() + b"c"),
        lambda value: base64.urlsafe_b64encode(b"?" + value.encode()),
        lambda value: value.encode("utf-16"),
        lambda value: value.encode().hex().upper().encode(),
        lambda value: json.dumps({"to": value}).encode(),
    ],
)
def test_the_search_finds_every_planted_value_in_every_form(written: Callable[[str], bytes]) -> None:
    for name, value in PLANTED.items():
        assert found_in(b"\x00 before " + written(value) + b" after", {name: value}) == [name]


@dataclass
class Day:
    """The bot at work with the providers beside it, what it logs, and the folder of its data."""

    town: Street
    url: str
    data: Path
    lines: tuple[io.StringIO, io.StringIO]
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    async def on_telegram(self, text: str) -> list[whole_house.Shown]:
        body = telegram.said(text, LUZ)
        body["message"]["from"]["first_name"] = body["message"]["chat"]["first_name"] = FIRST
        return await self._told_on_telegram(body)

    async def presses(self, value: str) -> list[whole_house.Shown]:
        return await self._told_on_telegram(telegram.pressed(value, LUZ))

    async def is_no_answer(self, text: str) -> None:
        """What they are asked whether they meant is nothing they meant."""
        offered = await self.on_telegram(text)
        if any(value == NONE_OF_THESE for each in offered for _, value in each.choices):
            await self.presses(NONE_OF_THESE)

    async def _told_on_telegram(self, body: dict[str, Any]) -> list[whole_house.Shown]:
        before = len(self.town.telegram.sent)
        await self.town.telegram.bring(body)
        await self.town.telegram.until(lambda: len(self.town.telegram.sent) > before)
        return [whole_house.Shown(sent.text, sent.buttons) for sent in self.town.telegram.sent[before:]]

    async def on_whatsapp(self, text: str, expected: int = 200) -> None:
        body = WHATSAPP.wrote(text, PLANTED["whatsapp number"])
        body["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = PLANTED["name on WhatsApp"]
        await WHATSAPP.bring(self.town, body, expected)

    async def on_messenger(self, text: str, expected: int = 200) -> None:
        await MESSENGER.bring(self.town, MESSENGER.wrote(text, PLANTED["messenger id"]), expected)

    async def by_sms(self, text: str, expected: int = 200) -> None:
        await SMS.bring(self.town, SMS.wrote(text, PLANTED["sms number"].removeprefix("+")), expected)

    async def everywhere(self, text: str) -> None:
        await self.on_telegram(text)
        await self.on_whatsapp(text)
        await self.on_messenger(text)
        await self.by_sms(text)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look at the bot's health, as a monitor does, until this holds."""
        async with asyncio.timeout(20):
            while not holds():
                async with self.town.client.get(f"{self.url}/readyz"):
                    pass

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.data)): path.read_bytes() for path in _files(self.data)}


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.fixture
def lines() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What is logged at the lowest level, as text and as JSON."""
    root, before_structlog = logging.getLogger(), structlog.get_config()
    before, level = root.handlers[:], root.level
    handlers, streams = [], (io.StringIO(), io.StringIO())
    for form, stream in zip(("text", "json"), streams, strict=True):
        logs.configure("DEBUG", form)
        handler = cast(logging.StreamHandler[io.StringIO], root.handlers[0])
        handler.setStream(stream)
        handlers.append(handler)
    root.handlers[:] = handlers
    yield streams
    root.handlers[:], root.level = before, level
    structlog.configure(**before_structlog)


@asynccontextmanager
async def a_day(folder: Path, lines: tuple[io.StringIO, io.StringIO]) -> Any:
    """The bot as `serve` runs it, on a small knowledge folder, with every platform set."""
    data, port = folder / "data", free_port()
    known = small_folder.write(folder / "knowledge")
    (known / "faqs" / "show.yaml").write_text(SHOW)
    async with AsyncExitStack() as rooms, whole_house.platforms() as (api, graph, sms, client):
        chosen = whole_house.environment(port, data, api, graph, sms)
        chosen |= {"BOT_KNOWLEDGE": str(known)}
        chosen = {name: value for name, value in chosen.items() if name not in ("BOT_DATA", "BOT_PORT")}
        bot = await rooms.enter_async_context(running(data, str(port), **chosen))
        await stored(bot)
        database = await rooms.enter_async_context(Database(in_file(data / "bot.sqlite3")))
        await database.open()
        house = cast(House, None)  # it is the bot's own, out of reach
        town = Street(house, cast(Any, None), bot.url, client, api, graph, sms, database)
        await api.until(lambda: bool(api.asked("setWebhook")))
        yield Day(town, bot.url, data, lines)


async def residents(day: Day) -> str:
    """What people do on every channel; returns the session of the one who chats on the site."""
    await day.everywhere(f"how do i get an a {PLANTED['an answered question']}")
    await day.everywhere(UNANSWERED)
    await day.is_no_answer(UNANSWERED)
    await day.everywhere(f"someone stole my bike behind the {PLANTED['a report']} depot")
    await day.is_no_answer(f"someone stole my bike behind the {PLANTED['a report']} depot")
    await day.everywhere(f"he has a gun {PLANTED['an emergency']}")
    await day.on_telegram("no, wrong")
    answered = await day.on_telegram(f"where is the crocodile show, my name is {NAME}, {PLANTED['phone']}")
    await day.presses(next(value for _, value in answered[-1].choices if value.startswith("/useful no")))
    for order in (day.on_telegram, day.on_whatsapp, day.by_sms):
        await order("/subscribe all")
    async with day.town.client.ws_connect(f"{day.url}/chat") as socket:
        await socket.send_json({"hello": {"session": None, "since": 0}})
        session = str((await socket.receive_json(timeout=10))["session"])
        for typed in (UNANSWERED, f"he has a gun {PLANTED['an emergency']}"):
            await socket.send_json({"id": str(next(day.ids)), "text": typed})
            await socket.receive_json(timeout=10)
    async with day.town.client.get(f"{day.url}/answers/{PLANTED['address of a page']}", params={"q": NAME}) as page:
        assert page.status == 404
    return session


async def staff(day: Day) -> dict[str, str]:
    """An account, a wrong and a right sign-in, a look at the questions; returns what must stay secret."""
    seal = Seal.kept_in(day.data)
    accounts = Accounts(day.town.database, seal, lambda: "Police", Passwords(CHEAP))
    shown = await accounts.add("anna", frozenset(Role), PASSWORD, None, utc_now())
    secret = pyotp.parse_uri(shown).secret
    async with ClientSession(base_url=day.url) as client:
        desk = cast(Staffed, Doorstep(client, {"anna": secret}))
        browser = Browser(desk, address=None)
        await browser.sign_in("anna", password=PLANTED["a wrong password"])
        await browser.sign_in(PLANTED["email"], password=PLANTED["a wrong password"], code="000000")
        assert browser.token is None
        entered = await browser.sign_in("anna")
        assert (entered.status, browser.token is not None) == (303, True)
        listed = await browser.get("/unanswered")
        assert (listed.status, NAME in listed.text) == (200, False)
        return {"second factor": secret, "staff session": str(browser.token), "device": max(browser.cookies.values())}


@dataclass
class Doorstep:
    """As much of a console as a browser needs."""

    client: ClientSession
    secrets: dict[str, str]

    @property
    def now(self) -> Any:
        return utc_now()


async def an_advisory(day: Day) -> None:
    """Released by one, approved by another; it reaches all who asked for it."""
    knowledge = live.load(day.data.parent / "knowledge").snapshot.knowledge
    outbox = Outbox(day.town.database, Pseudonyms.kept_in(day.data), Seal.kept_in(day.data))
    limits = {
        ChannelName.TELEGRAM: telegram_sending.LIMITS,
        ChannelName.WHATSAPP: whatsapp_sending.LIMITS,
        ChannelName.SMS: sms_sending.limits_of(lambda _: None),
    }
    desk = Advising(Advisories(day.town.database), outbox, lambda: knowledge, utc_now, limits)
    began = utc_now().astimezone(knowledge.department.time_zone).replace(hour=12, minute=0) - timedelta(days=1)
    ends = began.replace(second=0, microsecond=0) + timedelta(days=3)
    moments = {"since": f"{began:%Y-%m-%d %H:%M}", "end": f"{ends:%Y-%m-%d %H:%M}"}
    content = desk.content("shelter", {"danger": "gas", "place": "Main Street", **moments}, expires_at=ends)
    advisory = await desk.draft(ANNA, content)
    seen = (await desk.preview(advisory.number, OTIS)).seen
    await desk.approve(advisory.number, OTIS, seen.count, seen)
    before = len(day.town.telegram.sent)
    assert seen.count == 3
    # On two of the channels the first try is refused with words that quote somebody.
    day.town.graph.faults.append(meta.No(2, 500))
    day.town.twilio.refuse(503, 20503)
    await desk.release(advisory.number, OTIS, seen.count, seen)
    await day.until(lambda: len(day.town.telegram.sent) > before)
    await day.until(lambda: not (day.town.graph.faults or day.town.twilio.answers))


async def what_fails(day: Day, patch: pytest.MonkeyPatch) -> None:
    """Providers refuse, deciding fails, tables are gone: each with words that quote somebody."""
    quoted = PLANTED["what a provider quotes"]
    day.town.telegram.refuse("sendMessage", f"Bad Request: chat {quoted} of {FIRST} is not there", 400)
    await day.town.telegram.bring(telegram.said("how do i get an a", LUZ))
    await day.until(lambda: bool(day.town.telegram.asked("sendMessage refused")))
    day.town.graph.faults.append(meta.No(100, 400))
    await day.on_whatsapp("how do i get an a")
    day.town.twilio.refuse(400, 21211)
    await day.by_sms("how do i get an a")

    def fails(*_: object, **__: object) -> None:
        raise ValueError(f"{PLANTED['a broken turn']} {NAME} {quoted}")

    with patch.context() as broken:
        broken.setattr(reception, "answer", fails)
        await day.everywhere(f"{UNANSWERED} {PLANTED['a broken turn']}")
        broken.setattr(vetting, "glimpsed", fails)
        broken.setattr(vetting, "check", fails)
        await day.everywhere(f"{UNANSWERED} {PLANTED['a broken turn']}")
    await day.town.database.run_long(rename, "{}", "{}_gone")
    await day.everywhere(UNANSWERED)
    await day.town.database.run_long(rename, "{}_gone", "{}")


async def rename(connection: AsyncConnection, old: str, new: str) -> None:
    for table in ("inbox", "conversation", "unanswered"):
        await connection.execute(text(f"ALTER TABLE {old.format(table)} RENAME TO {new.format(table)}"))


async def test_after_a_whole_day_nothing_planted_stands_anywhere_in_clear(
    tmp_path: Path, lines: tuple[io.StringIO, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret: dict[str, str] = dict(PLANTED)
    async with a_day(tmp_path, lines) as day:
        secret["web session"] = await residents(day)
        secret |= await staff(day)
        await an_advisory(day)
        await what_fails(day, monkeypatch)
        source = backup.Source(day.data, f"sqlite:///{day.data / 'bot.sqlite3'}", None, "a passphrase of many words")
        made = await backup.make(source, tmp_path / "backups", utc_now())
        at_work = day.files()
        stored = "".join(content.decode("latin-1") for content in at_work.values())
        assert (KEPT in stored, "bot.sqlite3-wal" in at_work) == (True, True)
    for name, content in (at_work | day.files()).items():
        assert (name, found_in(content, secret)) == (name, [])
    copied = {str(path.relative_to(made.path)): path.read_bytes() for path in _files(made.path)}
    assert any(KEPT.encode() in content for content in copied.values())
    for name, content in copied.items():
        assert (name, found_in(content, secret)) == (name, [])
    for form in day.lines:
        told = form.getvalue()
        assert all(event in told for event in ("turn failed", "emergency check failed", "store down", "signed in"))
        assert found_in(told.encode(), secret) == []
