"""Twilio for tests: its API on loopback with answers as scripted, its signature, and the channel between the two."""

import asyncio
import hmac
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from bot.channels.sms import PATH, STATUS_PATH, Sms
from bot.channels.sms_sending import SmsPace
from bot.channels.twilio_line import Account
from bot.core.channel import Receive, Unreachable
from bot.core.message import Address
from tests.builders import NOW
from tests.telegram_emulator import listening

SID, TOKEN, OLD_TOKEN = "AC" + "0" * 32, "t" * 32, "o" * 32
OURS, ADA = "+12035550100", "+12035550142"
ACCOUNT = Account(SID, (TOKEN, OLD_TOKEN), OURS)
PUBLIC = "https://ask.example"
QUICK = SmsPace(
    answer=timedelta(seconds=1), bulk_answer=timedelta(seconds=1), second_try=timedelta(), patience=timedelta(seconds=1)
)
Form = Mapping[str, str]


def needs(is_there: bool, what: str) -> None:
    """Skip the test where something is not installed; in CI, where everything is, fail instead."""
    if not is_there:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing")
        pytest.skip(f"{what} is not installed here")


def signature(url: str, form: Sequence[tuple[str, str]], token: str = TOKEN, digest: str = "sha1") -> str:
    """What Twilio writes over a form that it posts to the address."""
    told = url + "".join(name + value for name, value in sorted(form))
    return b64encode(hmac.new(token.encode(), told.encode(), digest).digest()).decode()


def said(text: str, sender: str = ADA, sid: str = "SM1", **more: str) -> dict[str, str]:
    """The form of an incoming SMS."""
    return {
        "ToCountry": "US", "SmsMessageSid": sid, "NumMedia": "0", "FromCity": "DANBURY", "SmsSid": sid,
        "SmsStatus": "received", "FromCountry": "US", "To": OURS, "NumSegments": "1", "MessageSid": sid,
        "AccountSid": SID, "From": sender, "Body": text, "ApiVersion": "2010-04-01", **more,
    }  # fmt: skip


@dataclass
class TwilioApi:
    """The API: takes every message, or answers as scripted, once for each answer given."""

    url: str = ""
    answers: list[web.Response | None] = field(default_factory=list)  # None: the connection is cut
    asked: list[dict[str, str]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)  # what a GET finds, by the end of its path
    auth: set[str] = field(default_factory=set)
    takes: float = 0.0  # seconds between taking a message and saying so

    @property
    def bodies(self) -> list[str]:
        return [form["Body"] for form in self.asked]

    def refuse(self, status: int, code: int, **headers: str) -> None:
        said = {"code": code, "message": f"about {ADA}", "more_info": "https://twilio.example", "status": status}
        self.answers.append(web.json_response(said, status=status, headers=headers))

    async def post(self, request: web.Request) -> web.StreamResponse:
        self.auth.add(request.headers.get("Authorization", ""))
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.answers:
            answer = self.answers.pop(0)
            if answer is None:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            return answer
        number = len(self.asked)
        await asyncio.sleep(self.takes)
        return web.json_response({"sid": f"SM{number}", "status": "queued"}, status=201)

    async def get(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        if name not in self.told:
            return web.json_response({"code": 20404, "message": "not found", "status": 404}, status=404)
        return web.json_response(self.told[name])


@asynccontextmanager
async def twilio_api() -> AsyncIterator[TwilioApi]:
    api, app = TwilioApi(), web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{SID}/Messages.json", api.post)
    app.router.add_get("/{path:.*}", api.get)
    async with listening(app) as api.url:
        yield api


@dataclass
class Hook:
    """The department's side: what Twilio does to it, and whom it reported as lost."""

    channel: Sms
    post: Callable[..., Awaitable[int]]
    lost: list[tuple[Address, Unreachable]]

    async def says(self, text: str, sid: str, **more: str) -> int:
        return await self.post(said(text, sid=sid, **more))


@asynccontextmanager
async def sms(
    api: str, receive: Receive, account: Account = ACCOUNT, page: Callable[[str], str | None] = lambda _: None
) -> AsyncIterator[Hook]:
    """The channel at work behind its webhook; `post` brings a form as Twilio does and returns the status it got."""
    lost: list[tuple[Address, Unreachable]] = []

    async def lose(who: Address, why: Unreachable) -> None:
        lost.append((who, why))

    channel = Sms(
        account, receive, clock=lambda: NOW, public_url=PUBLIC, page=page, lost=lose, api=api, pace=QUICK
    )  # fmt: skip
    app = web.Application()
    app.add_routes(channel.routes())
    async with channel, listening(app) as url, ClientSession() as client:

        async def post(
            form: Form | bytes, path: str = PATH, headers: Mapping[str, str] | None = None, token: str = TOKEN
        ) -> int:
            body = form if isinstance(form, bytes) else urlencode(form).encode()
            if headers is None:
                fields = [] if isinstance(form, bytes) else list(form.items())
                headers = {"X-Twilio-Signature": signature(f"{PUBLIC}{path}", fields, token)}
            told = {"Content-Type": "application/x-www-form-urlencoded", **headers}
            async with client.post(f"{url}{path}", data=body, headers=told) as response:
                if response.status == 200:
                    assert response.content_type == "text/xml"
                    assert (await response.text()).endswith("<Response/>")
                return response.status

        yield Hook(channel, post, lost)


async def brought_status(hook: Hook, status: str, code: str = "") -> int:
    """What became of a message to Ada, as Twilio tells it."""
    form = {"MessageSid": "SM9", "MessageStatus": status, "To": ADA, "From": OURS, "AccountSid": SID}
    return await hook.post(form | ({"ErrorCode": code} if code else {}), STATUS_PATH)


BASIC = encode_basic_auth(SID, TOKEN)
