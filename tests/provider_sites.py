"""Meta's and Twilio's APIs with books of their own, for broadcasts by the real adapters: they take, and fail as told.

`site(provider, channel)` is the API of one of them on loopback over a `FakeProvider`, whose books it keeps and which
tells what goes wrong; `line(books, channel, url, sender)` is the adapter at the other end, the port that sends.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from aiohttp import web

from bot.address_book import AddressBook
from bot.channels.meta_line import Pace
from bot.channels.sms import Sms
from bot.channels.sms_sending import SmsPace
from bot.channels.whatsapp import WhatsApp
from bot.clock import utc_now
from bot.core.channel import Announcer
from bot.core.message import ChannelName
from tests import meta_emulator as meta
from tests import twilio_api as twilio
from tests.broadcast_books import Books
from tests.fake_provider import FakeProvider, Fault
from tests.meta_emulator import Body

PATIENCE = timedelta(seconds=0.4)  # for whoever is to meet an answer that comes too late


class Town:
    """People on WhatsApp: a third wrote an hour ago, and a third two days ago. The last third did so as well, only the
    bot believes that it was lately: of them Meta wants a template that nobody has foreseen.
    """

    def __init__(self) -> None:
        self.templates: set[str] = set()  # who was told in one
        self.faults: list[list[str]] = []  # of requests that are not as Meta wants them

    @staticmethod
    def believed(number: int) -> datetime | None:
        """When that person wrote last, by the bot's books."""
        return utc_now() - timedelta(days=2) if number % 3 == 1 else utc_now() - timedelta(hours=1)

    @staticmethod
    def is_open(number: int) -> bool:
        """Whether Meta takes any words for that person."""
        return number % 3 == 0


def site(provider: FakeProvider, channel: ChannelName, town: Town) -> web.Application:
    """The API of the channel; who sends stands first in the path."""
    app = web.Application()

    async def graph(request: web.Request) -> web.StreamResponse:
        body: Body = json.loads(await request.read())
        to = meta.addressee(body)
        is_template = body["type"] == "template"
        if found := meta.whatsapp_faults(body):
            town.faults.append(found)
            return meta.refusal(meta.No(100))
        if not is_template and not town.is_open(int(to[4:])):
            return meta.refusal(meta.No(131047))

        def taken() -> web.Response:
            if is_template:
                town.templates.add(to)
            number = provider.take(to, meta.shown(body), sender=_sender(request))
            return web.json_response({"messages": [{"id": f"wamid.{number}"}]})

        return await _answer(request, provider, taken, meta.refusal(meta.No(130429, 400, after=1)))

    async def messages(request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}

        def taken() -> web.Response:
            number = provider.take(form["To"], form["Body"], sender=_sender(request))
            return web.json_response({"sid": f"SM{number}", "status": "queued"}, status=201)

        busy = {"code": 20429, "message": "too many", "status": 429}
        return await _answer(
            request, provider, taken, web.json_response(busy, status=429, headers={"Retry-After": "1"})
        )

    app.router.add_post("/{sender}/{number}/messages", graph)
    app.router.add_post("/{sender}/2010-04-01/Accounts/{sid}/Messages.json", messages)
    return app


async def _answer(
    request: web.Request, provider: FakeProvider, taken: Callable[[], web.Response], busy: web.Response
) -> web.StreamResponse:
    """What is said to a send, as the provider's faults have it."""
    fault = provider.fails()
    if fault:
        provider.faults[fault] += 1
    match fault:
        case Fault.BUSY:
            return busy
        case Fault.CUT:
            return _cut(request)
        case Fault.LOST:
            taken()
            return _cut(request)
        case Fault.SLOW:
            answer = taken()
            await asyncio.sleep(PATIENCE.total_seconds() * 2)
            return answer
    return taken()


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def _sender(request: web.Request) -> str:
    return request.match_info["sender"]


@asynccontextmanager
async def line(
    books: Books, channel: ChannelName, url: str, sender: str, rate: float, patience: timedelta = timedelta(seconds=10)
) -> AsyncIterator[Announcer]:
    """The adapter as the house builds it, on these books; `patience` is how long it waits for an answer."""
    book = AddressBook(utc_now)
    book.open(books.subscriptions, books.outbox)
    api = f"{url}/{sender}"
    if channel is ChannelName.WHATSAPP:
        whatsapp = WhatsApp(meta.TOKEN, meta.NUMBER, meta.nobody, clock=utc_now, contacts=book.contact,
                            opener=lambda: "", api=api, pace=Pace(answer=patience))  # fmt: skip
        whatsapp.rate = rate
        async with whatsapp:
            yield whatsapp
    else:
        async with Sms(twilio.ACCOUNT, meta.nobody, clock=utc_now, public_url=twilio.PUBLIC, page=lambda _: None,
                       lost=book.lost, api=api, rate=rate, pace=SmsPace(bulk_answer=patience)) as sms:  # fmt: skip
            yield sms
