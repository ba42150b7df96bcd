"""Meta on loopback: a Graph API that takes what Meta's own schemas allow, and webhooks signed as Meta signs them.

`graph()` is the API, `whatsapp(api, receive)` and `messenger(api, receive)` are the channels at work on it, each with
`await bring(wrote("hello"))` to write to it; `api.sent` is what it answered.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from bot.channels.messenger import Messenger
from bot.channels.meta import MESSENGER, PATH, WHATSAPP, Meta, signature
from bot.channels.meta_line import Pace
from bot.channels.meta_window import Contact, Contacts
from bot.channels.whatsapp import WhatsApp
from bot.channels.whatsapp_status import Status
from bot.core.channel import Receive
from bot.core.message import Address
from tests.telegram_emulator import listening

DATA = Path(__file__).parent / "data" / "whatsapp"
TOKEN = "EAA" + "t" * 40
SECRETS = ("0123456789abcdef" * 2, "fedcba9876543210" * 2)  # the new one and the one before
VERIFY = "made-up-by-ourselves"
NUMBER = "106540352242922"
PAGE = "1067280970047460"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TINY = timedelta(milliseconds=5)
QUICK = Pace(answer=timedelta(seconds=2), second_try=TINY, patience=timedelta(milliseconds=50))

Body = dict[str, Any]
Bring = Callable[..., Awaitable[int]]
_ids = count(1000)


@cache
def _schemas() -> Any:
    """Meta's schemas, softened where they refuse Meta's own samples: alternatives that overlap, closed parts."""
    return _soften(json.loads((DATA / "schemas.json").read_text("utf-8"))["components"])


def _soften(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            "anyOf" if name == "oneOf" else name: _soften(value)
            for name, value in part.items()
            if not (name == "additionalProperties" and value is False)
        }
    return [_soften(each) for each in part] if isinstance(part, list) else part


def faults(body: Mapping[str, Any], schema: str) -> list[str]:
    """What Meta's schema has against the body."""
    known = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": _schemas()})
    return [error.message for error in known.iter_errors(body)]


_SCHEMA = {"text": "TextMessage", "interactive": "InteractiveMessage", "template": "TemplateMessage"}


def whatsapp_faults(body: Mapping[str, Any]) -> list[str]:
    """What Meta has against a request, by its schemas and by the rules that its pages tell in words."""
    shown = dict(body)
    if "recipient" in shown:  # younger than the schemas, which want `to`
        shown["to"] = shown.pop("recipient")
    found = faults(shown, _SCHEMA[body["type"]])
    if ("to" in body) == ("recipient" in body) or shown["to"].isdecimal() != ("to" in body):
        found.append("a number belongs in `to`, a business-scoped id in `recipient`")
    if body["type"] == "text" and not 0 < len(body["text"]["body"]) <= 4096:
        found.append("text of 1 to 4096 characters")
    if body["type"] == "template":
        for component in body["template"]["components"]:
            found += faults(component, "BodyComponent")
            texts = [slot["text"] for slot in component["parameters"]]
            found += [error for slot in component["parameters"] for error in faults(slot, "TextParameter")]
            found += [f"slot {text!r}" for text in texts if not text or set(text) & set("\n\t\r") or "    " in text]
            if sum(map(len, texts)) > 1024 - 150:
                found.append("a filled template takes 1,024 characters")
    if body["type"] == "interactive":
        found += _untitled(body["interactive"]["action"])
    return found


def _untitled(action: Body) -> list[str]:
    shown = [button["reply"] for button in action.get("buttons", [])]
    shown += [row for section in action.get("sections", []) for row in section["rows"]]
    ids, titles = ({each[name] for each in shown} for name in ("id", "title"))
    return ["titles and ids are distinct"] if min(len(ids), len(titles)) < len(shown) or "" in titles | ids else []


def messenger_faults(body: Mapping[str, Any]) -> list[str]:
    """What Messenger has against a request, by its pages: there is no schema of it."""
    message = body["message"]
    quick = message.get("quick_replies", [])
    rules = {
        "a recipient": set(body["recipient"]) == {"id"} and body["recipient"]["id"].isdecimal(),
        "a messaging type": body["messaging_type"] in ("RESPONSE", "UPDATE"),
        "text of 1 to 2000 characters": 0 < len(message["text"]) <= 2000,
        "1 to 13 quick replies": "quick_replies" not in message or 0 < len(quick) <= 13,
        "titles of 1 to 20 characters": all(0 < len(each["title"]) <= 20 for each in quick),
        "payloads of 1 to 1000 characters": all(0 < len(each["payload"]) <= 1000 for each in quick),
        "quick replies of text": all(set(each) == {"content_type", "title", "payload"} for each in quick),
        "titles that differ": len({each["title"] for each in quick}) == len(quick),
    }
    return [rule for rule, holds in rules.items() if not holds]


class Fault(Enum):
    """What can happen to a call besides a refusal."""

    CUT = "the connection breaks when the call has arrived"
    GARBLED = "it is taken, and the answer makes no sense"
    GATEWAY = "something on the way answers: 502"
    FIREWALL = "something on the way answers: 403"
    NONE = "nothing: the next fault is for a later call"


@dataclass(frozen=True)
class No:
    """A refusal as Meta words it."""

    code: int
    status: int = 400
    subcode: int | None = None
    after: int | None = None
    is_transient: bool = False


@dataclass
class Graph:
    """The API: what it took, and what is to go wrong with the next calls."""

    url: str = ""
    sent: list[Body] = field(default_factory=list)
    calls: list[tuple[str, Body]] = field(default_factory=list)
    refused: list[list[str]] = field(default_factory=list)
    faults: deque[No | Fault] = field(default_factory=deque)
    closed_for: set[str] = field(default_factory=set)  # whose 24 hours are over, by Meta's clock
    told: dict[str, Any] = field(default_factory=dict)  # what a GET finds, by its path; a code: it is refused
    asked_by: set[tuple[str, str]] = field(default_factory=set)  # paths of GETs, and the token of each

    @property
    def texts(self) -> list[str]:
        return [shown(body) for body in self.sent]

    async def on_post(self, request: web.Request) -> web.StreamResponse:
        path, body = request.match_info["path"], json.loads(await request.read())
        agent, _, version = request.headers["User-Agent"].partition("/")
        assert agent
        assert len(version.split(".")) == 3
        fault = self.faults.popleft() if self.faults else Fault.NONE
        if fault is Fault.CUT:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault in (Fault.GATEWAY, Fault.FIREWALL):
            return web.Response(status=502 if fault is Fault.GATEWAY else 403, text="<html>not Meta</html>")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            fault = No(190, 401)
        if isinstance(fault, No):
            return refusal(fault)
        return self._taken(path, body, is_garbled=fault is Fault.GARBLED)

    async def on_get(self, request: web.Request) -> web.StreamResponse:
        """What Meta knows of the department; nothing that is not there for `doctor` to find."""
        path = request.match_info["path"]
        self.asked_by.add((path, request.headers.get("Authorization", "").removeprefix("Bearer ")))
        found = self.told.get(path, 100)
        return refusal(No(found)) if isinstance(found, int) else web.json_response(found)

    def _taken(self, path: str, body: Body, *, is_garbled: bool) -> web.Response:
        self.calls.append((path, body))
        if path == "me/messenger_profile":
            return web.json_response({"result": "success"})
        is_page = path == "me/messages"
        if found := (messenger_faults if is_page else whatsapp_faults)(body):
            self.refused.append(found)
            return refusal(No(100))
        to = addressee(body)
        if body.get("type") != "template" and to in self.closed_for:
            return refusal(No(131047))
        self.sent.append(body)
        if is_garbled:
            return web.Response(text="?")
        if is_page:
            return web.json_response({"recipient_id": to, "message_id": f"m_{len(self.sent)}"})
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": f"wamid.{len(self.sent)}", "message_status": "accepted"}],
        }
        assert faults(answer, "MessageResponsePayload") == []
        return web.json_response(answer)


def refusal(no: No) -> web.Response:
    error = {
        "message": "(#1) Words that may quote +1 203 555 0100 and the token",
        "type": "OAuthException",
        "code": no.code,
        "error_subcode": no.subcode,
        "is_transient": no.is_transient,
        "fbtrace_id": "A",
    }
    said = {"error": {name: value for name, value in error.items() if value is not None}}
    assert faults(said, "GraphAPIError") == []
    headers = {} if no.after is None else {"Retry-After": str(no.after)}
    return web.json_response(said, status=no.status, headers=headers)


def addressee(body: Mapping[str, Any]) -> str:
    """Whom a request is for."""
    to = body.get("to") or body["recipient"]
    return str(to["id"] if isinstance(to, dict) else to)


def shown(body: Mapping[str, Any]) -> str:
    """The words of a request as the person reads them."""
    if "message" in body:
        return str(body["message"]["text"])
    if body["type"] == "template":
        return "\n".join(slot["text"] for part in body["template"]["components"] for slot in part["parameters"])
    return str(body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"])


def buttons(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What can be pressed under it: what is read, and what comes back."""
    if "message" in body:
        return [(each["title"], each["payload"]) for each in body["message"].get("quick_replies", [])]
    if body["type"] != "interactive":
        return []
    action = body["interactive"]["action"]
    found = [button["reply"] for button in action.get("buttons", [])]
    found += [row for section in action.get("sections", []) for row in section["rows"]]
    return [(each["title"], each["id"]) for each in found]


# What people do on WhatsApp.


def whatsapp_webhook(*messages: Body, statuses: tuple[Body, ...] = (), **contact: str) -> Body:
    """A webhook as Meta sends it: the people in it are the senders of the messages."""
    numbers = dict.fromkeys(message["from"] for message in messages if "from" in message)
    contacts = [{"profile": {"name": "Resident"}, "wa_id": number, **contact} for number in numbers]
    value: Body = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}}
    value |= {"contacts": contacts, "messages": list(messages)} if messages else {}
    value |= {"statuses": list(statuses)} if statuses else {}
    return {"object": WHATSAPP, "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}]}


def said(kind: str, content: Body | None, person: str = "12035550100", **more: object) -> Body:
    part = {} if content is None else {kind: content}
    return {"from": person, "id": f"wamid.in{next(_ids)}", "timestamp": "1795348800", "type": kind, **part, **more}


def wrote(text: str, person: str = "12035550100") -> Body:
    return whatsapp_webhook(said("text", {"body": text}, person))


def pressed(value: str, title: str, person: str = "12035550100") -> Body:
    content = {"type": "list_reply", "list_reply": {"id": value, "title": title}}
    return whatsapp_webhook(said("interactive", content, person))


def sent_photo(caption: str | None = None, person: str = "12035550100") -> Body:
    content = {"id": "1", "mime_type": "image/jpeg"} | ({} if caption is None else {"caption": caption})
    return whatsapp_webhook(said("image", content, person))


# What people do on Messenger.


def page_webhook(*events: Body, name: str = "messaging") -> Body:
    return {"object": MESSENGER, "entry": [{"id": PAGE, "time": 1795348800000, name: list(events)}]}


def event(person: str = "7000100", **content: Body) -> Body:
    return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": 1795348800000, **content}


def page_wrote(text: str, person: str = "7000100") -> Body:
    return page_webhook(event(person, message={"mid": f"m_in{next(_ids)}", "text": text}))


def page_pressed(value: str, title: str, person: str = "7000100") -> Body:
    quick = {"mid": f"m_in{next(_ids)}", "text": title, "quick_reply": {"payload": value}}
    return page_webhook(event(person, message=quick))


def page_photo(caption: str | None = None, person: str = "7000100") -> Body:
    attachment = {"type": "image", "payload": {"url": "https://cdn.example/1"}}
    content = {"mid": f"m_in{next(_ids)}", "attachments": [attachment]} | ({} if caption is None else {"text": caption})
    return page_webhook(event(person, message=content))


# The channels at work.


@asynccontextmanager
async def graph() -> AsyncIterator[Graph]:
    api = Graph()
    app = web.Application()
    app.router.add_post("/{path:.+}", api.on_post)
    app.router.add_get("/{path:.+}", api.on_get)
    async with listening(app) as api.url:
        yield api
    assert api.refused == []


class Book:
    """Who is known, kept in memory."""

    def __init__(self, known: Mapping[Address, Contact] | None = None) -> None:
        self.known = dict(known or {})

    async def __call__(self, person: Address) -> Contact | None:
        return self.known.get(person)


async def nobody(*_: object) -> Any:
    raise AssertionError("nothing was to be answered")


def whatsapp_channel(api: str, receive: Receive = nobody, book: Contacts | None = None, **more: Any) -> WhatsApp:
    given: dict[str, Any] = {"clock": lambda: NOW, "opener": lambda: "See / Ver", "pace": QUICK} | more
    return WhatsApp(TOKEN, NUMBER, receive, contacts=book or Book(), api=api, **given)


def messenger_channel(api: str, receive: Receive = nobody, book: Contacts | None = None, **more: Any) -> Messenger:
    given: dict[str, Any] = {"clock": lambda: NOW, "pace": QUICK} | more
    return Messenger(TOKEN, receive, contacts=book, api=api, **given)


@asynccontextmanager
async def door(meta: Meta) -> AsyncIterator[Bring]:
    """A function that posts a webhook, signed unless told otherwise, and returns the status it got."""
    app = web.Application()
    app.add_routes(meta.routes())
    async with listening(app) as url, ClientSession() as client:

        async def bring(payload: Body | bytes, headers: Mapping[str, str] | None = None) -> int:
            body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            proof = signed(body) if headers is None else headers
            async with client.post(f"{url}{PATH}", data=body, headers=proof) as response:
                return response.status

        yield bring


def signed(body: bytes, secret: str = SECRETS[0]) -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(secret.encode(), body)}


@asynccontextmanager
async def whatsapp(api: Graph, receive: Receive, **more: Any) -> AsyncIterator[Bring]:
    channel = whatsapp_channel(api.url, receive, **more)
    async with channel, door(Meta(SECRETS, VERIFY, {WHATSAPP: channel.turns})) as bring:
        yield bring


@asynccontextmanager
async def messenger(api: Graph, receive: Receive, **more: Any) -> AsyncIterator[Bring]:
    channel = messenger_channel(api.url, receive, **more)
    async with channel, door(Meta(SECRETS, VERIFY, {MESSENGER: channel.turns})) as bring:
        yield bring


class Reports:
    """Keeps what was told about our messages; fails while told to."""

    def __init__(self) -> None:
        self.told: list[Status] = []
        self.is_down = False

    async def __call__(self, status: Status) -> None:
        if self.is_down:
            raise RuntimeError
        self.told.append(status)
