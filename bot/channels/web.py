"""The chat on the site: one socket, one conversation. JSON both ways, and this is all of it.

browser   {"hello": {"session": null | id, "since": 0, "language": "es"}}
          {"id": "its own id", "text": "…", "language": "es"}        typed
          {"id": "its own id", "choice": "value", "language": "es"}   pressed
          anything else is read as typed text
server    {"session": id, "frames": […]}     to hello: the conversation, and what was missed since
          {"frames": [{"seq", "to", "text", "choices": [{"label", "value"}], "urgent", "language"}]}
          {"failed": id}                     not answered: ask again
          {"done": id}                       there is nothing to say to it
          {"advisories": [{"id", "level", "shape", "headlines": {language: line}, "url"}]}   all that hold now: with
                                             the answer to hello, and again whenever they change
"""

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channels.origins import origin_of, origin_or_none
from bot.channels.web_sessions import Frame, Session, Sessions, Wire, Wires
from bot.core.channel import Limits, Receipt, Receive, TryLater, Unreachable
from bot.core.message import Address, ChannelName, IncomingMessage, Kind, Part
from bot.core.notice import Notice

log = structlog.get_logger()

LIMITS = Limits(text_units=8000, choices=10, label_units=80, takes_feedback=True)
MOST_BYTES = 256 * 1024  # of one message: the browser cuts at 100,000 characters, most of them one or two bytes
_HEARTBEAT = 25.0  # seconds; proxies commonly cut what is silent for 60
_CLOSE_TIMEOUT = 2.0  # seconds a browser has to say goodbye
_LAST_TURNS = 10.0  # seconds that open turns get when the server stops
_START = "/start"
_LANGUAGE = re.compile(r"[a-z]{2}\Z")


@dataclass(frozen=True, slots=True)
class Hello:
    """The first thing a browser says: which conversation it goes on with, and the last reply it saw."""

    session: str | None = field(repr=False)
    since: int
    language: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person typed or pressed. `id` is the browser's; one it did not give is made up."""

    id: str
    text: str = field(repr=False)
    kind: Kind = Kind.TEXT
    language: str | None = None


def decode(raw: str) -> Hello | Said:
    """What a browser sent. Nothing is refused: what is not of the protocol is something a person typed."""
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        return Said(secrets.token_hex(16), _sound(raw))
    language = _language(frame.get("language"))
    given = frame.get("id")
    key = _sound(given) if isinstance(given, str) and 0 < len(given) <= 64 else secrets.token_hex(16)
    for name, kind in (("text", Kind.TEXT), ("choice", Kind.BUTTON)):
        if isinstance(text := frame.get(name), str):
            return Said(key, _sound(text), kind, language)
    if isinstance(hello := frame.get("hello"), dict):
        session, since = hello.get("session"), hello.get("since")
        return Hello(
            session if isinstance(session, str) else None,
            since if isinstance(since, int) else 0,
            _language(hello.get("language")),
        )
    return Said(key, _sound(raw), language=language)


class WebChat:
    """The socket of the web chat."""

    def __init__(
        self,
        receive: Receive,
        clock: Callable[[], datetime],
        origins: Iterable[str] = (),
        public_url: str | None = None,
        client: Callable[[web.Request], str] = lambda request: request.remote or "",
    ) -> None:
        """Take whose pages may open the chat, besides our own, and what tells the network address of a request.

        Raises ValueError for what is not `https://host`.
        """
        self._receive = receive
        self._clock = clock
        self._origins = frozenset(origin_of(listed) for listed in (*origins, *((public_url,) if public_url else ())))
        self._sessions = Sessions(clock)
        self._client = client
        self._wires = Wires()
        self._turns: set[asyncio.Task[None]] = set()
        self._advisories: list[dict[str, Any]] | None = None  # None: nobody has looked yet

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/chat", self._on_chat)]

    @property
    def open_chats(self) -> int:
        """How many sockets are open."""
        return len(self._wires)

    async def tell(self, notices: Sequence[Notice]) -> None:
        """Show these advisories in every open chat, and in those that open from now on."""
        self._advisories = [notice.plain() for notice in notices]
        said = {"advisories": self._advisories}
        await asyncio.gather(*(wire.write(said) for wire in self._wires))

    async def close(self) -> None:
        """Let open turns finish, then send every browser away to come back to the next server."""
        if self._turns:
            _, late = await asyncio.wait(self._turns, timeout=_LAST_TURNS)
            for turn in late:
                turn.cancel()
        goodbye = (wire.socket.close(code=WSCloseCode.GOING_AWAY) for wire in self._wires)
        await asyncio.gather(*goodbye)

    async def _on_chat(self, request: web.Request) -> web.StreamResponse:
        if not self._may_open(request):
            raise web.HTTPForbidden(text="BOT_ORIGINS does not list this site.")
        # Uncompressed, a message is queued in one piece before the first wait: replies cannot overtake each other.
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT, timeout=_CLOSE_TIMEOUT, max_msg_size=MOST_BYTES, compress=False
        )
        try:
            await socket.prepare(request)
        except ConnectionError:
            return web.Response()  # the browser has left again, which is no fault; nobody will read this
        wire = Wire(socket, request.transport, self._client(request))
        if (gone := self._wires.add(wire)) is not None:
            self._keep(asyncio.create_task(gone.dismiss()))
        try:
            await self._listen(wire)
        finally:
            self._wires.discard(wire)
        return socket

    def _may_open(self, request: web.Request) -> bool:
        """Whether the page that opens the socket is one of ours; a caller that names no page is no browser."""
        named = request.headers.get("Origin")
        if named is None:
            return True
        try:
            origin = origin_of(named)
        except ValueError:
            return False
        scheme = origin.partition("://")[0]
        return origin in self._origins or origin == origin_or_none(f"{scheme}://{request.host}")

    async def _listen(self, wire: Wire) -> None:
        session: Session | None = None
        # Each message has its own turn: reception keeps one person's order, and an emergency waits for nothing.
        async with asyncio.TaskGroup() as turns:
            try:
                async for message in wire.socket:
                    if message.type is WSMsgType.TEXT:
                        said = decode(message.data)
                    elif message.type is WSMsgType.BINARY:
                        said = decode(message.data.decode(errors="replace"))
                    else:
                        continue
                    self._wires.used(wire)
                    if isinstance(said, Hello):
                        session = self._attach(wire, said, session, turns)
                    else:
                        if session is None:
                            session, _ = self._sessions.open(None, 0)
                            self._start(turns, session.welcome(wire, 0, self._advisories))
                        self._start(turns, self._answer(session, wire, said))
                    # Buffered messages come without a wait: a flood on one socket must not hold up the others.
                    await asyncio.sleep(0)
            finally:
                if session is not None:
                    session.leave(wire)

    def _attach(self, wire: Wire, hello: Hello, before: Session | None, turns: asyncio.TaskGroup) -> Session:
        """Put the wire to its conversation and replay what it missed; a new one begins with the bot's greeting."""
        if before is not None:
            before.leave(wire)
        session, is_new = self._sessions.open(hello.session, hello.since)
        self._start(turns, session.welcome(wire, hello.since, self._advisories))
        if is_new and hello.since == 0:
            self._start(turns, self._answer(session, wire, Said("start", _START, language=hello.language)))
        return session

    def _start(self, turns: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        self._keep(turns.create_task(work))

    def _keep(self, turn: asyncio.Task[None]) -> None:
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)

    async def _answer(self, session: Session, wire: Wire, said: Said) -> None:
        self._sessions.touch(session)
        message = IncomingMessage(
            id=_message_id(session.id, said),
            sender=Address(ChannelName.WEB, session.id),
            text=said.text,
            received_at=self._clock(),
            kind=said.kind,
            language=said.language,
            network=wire.network,
        )
        session.open_turns.append(message.id)
        try:
            receipt = await self._reception(session, said, message)
        except Exception:  # border: inbound message
            log.exception("web turn failed")
            receipt = Receipt.NOT_SENT
        finally:
            session.open_turns.remove(message.id)
        if receipt is Receipt.NOT_SENT:
            await wire.write({"failed": said.id})
        elif receipt is Receipt.IGNORED:
            await wire.write({"done": said.id})

    async def _reception(self, session: Session, said: Said, message: IncomingMessage) -> Receipt:
        """Have the message answered. A copy of one answered before gets the same reply again.

        When that reply is no longer here (the server was restarted) the message is answered anew.
        """
        via = _Via(session, said.id)
        receipt = await self._receive(message, via)
        if receipt is not Receipt.DUPLICATE:
            return receipt
        if session.open_turns.count(message.id) > 1:
            return Receipt.ANSWERED  # the first copy is being answered now, to every wire of the conversation
        if frames := [frame for frame in session.frames if frame.to == said.id]:
            return Receipt.ANSWERED if await session.write(frames) else Receipt.NOT_SENT
        return await self._receive(replace(message, id=secrets.token_hex(16)), via)


class _Via:
    """Where the replies to one message leave."""

    limits = LIMITS

    def __init__(self, session: Session, to: str) -> None:
        self._session = session
        self._to = to
        self._unwritten: tuple[Frame, ...] = ()

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Write the parts to the open sockets of the conversation.

        Raises `TryLater` when there is none: the reply is kept, and the browser gets it when it comes back. Trying
        again writes the same frames, so that a reply is not shown twice.
        """
        if to.id != self._session.id:
            raise Unreachable("another conversation")
        if [frame.part for frame in self._unwritten] != list(parts):
            self._unwritten = self._session.keep(self._to, parts)
        frames = self._unwritten
        if not await self._session.write(frames):
            raise TryLater("no open socket")
        self._unwritten = ()
        return str(frames[-1].seq)


def _message_id(session: str, said: Said) -> str:
    """The same for a message sent twice, another for everything else; tells nothing of the conversation."""
    return hashlib.sha256("\n".join((session, said.id, said.kind.value, said.text)).encode()).hexdigest()[:32]


def _sound(text: str) -> str:
    """The text with halves of split characters replaced: nothing behind could store or hash them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _language(code: object) -> str | None:
    return code if isinstance(code, str) and _LANGUAGE.match(code) else None
