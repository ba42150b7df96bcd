"""Ten thousand open web chats cost bounded memory, and nobody is refused for it (law 1)."""

import asyncio
import base64
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession, WSCloseCode, WSMsgType, web
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs

from bot.channels import web_sessions
from bot.channels.web import WebChat
from bot.channels.web_sessions import Session, Wire, Wires
from bot.core.channel import Channel, Receipt
from bot.core.message import IncomingMessage, Part
from bot.public import metrics
from tests.builders import NOW
from tests.telegram_emulator import listening
from tests.test_law_1 import KNOWN
from tests.whole_house import street


def a_wire(network: str = "192.0.2.1") -> Wire:
    return Wire(cast(web.WebSocketResponse, object()), None, network)


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_sessions, "MOST_OF_ONE_NETWORK", 2)
    monkeypatch.setattr(web_sessions, "MOST_WIRES", 3)


@pytest.mark.usefixtures("_small")
def test_of_one_network_address_whoever_was_silent_longest_makes_room() -> None:
    wires, first, second, other = Wires(), a_wire(), a_wire(), a_wire("192.0.2.2")
    assert [wires.add(each) for each in (other, first, second)] == [None, None, None]
    wires.used(first)
    assert wires.add(a_wire()) is second
    assert (len(wires), set(wires) >= {first, other}) == (3, True)


@pytest.mark.usefixtures("_small")
def test_of_all_whoever_was_silent_longest_makes_room() -> None:
    wires, several = Wires(), [a_wire(f"192.0.2.{at}") for at in range(5)]
    assert [wires.add(each) for each in several] == [None, None, None, several[0], several[1]]
    assert list(wires) == several[2:]


@pytest.mark.usefixtures("_small")
def test_a_closed_one_is_counted_no_more_and_leaves_nothing_behind() -> None:
    wires, wire = Wires(), a_wire()
    for _ in range(5):
        assert wires.add(wire) is None
        wires.discard(wire)
        wires.discard(wire)
        wires.used(wire)
    assert (len(wires), wires._of) == (0, {})


def frames_of(session: Session) -> list[int]:
    return [frame.seq for frame in session.frames]


def test_a_conversation_keeps_so_many_characters_for_replay_and_the_newest_reply_in_any_case() -> None:
    session = Session("a", NOW)
    for at in range(4):
        session.keep(str(at), (Part("x" * 2_500),))
    assert frames_of(session) == [3, 4]
    session.keep("long", (Part("y" * 50_000), Part("z" * 50_000)))
    assert frames_of(session) == [5, 6]
    session.keep("short", (Part("a"),))
    assert frames_of(session) == [7]


def test_a_conversation_keeps_so_many_frames_for_replay() -> None:
    session = Session("a", NOW)
    for at in range(50):
        session.keep(str(at), (Part("hello"),))
    assert frames_of(session) == list(range(31, 51))


@pytest.mark.usefixtures("_small")
async def test_who_is_sent_away_is_told_to_come_back_and_messages_say_where_they_came_from() -> None:
    seen: list[str] = []

    async def receive(message: IncomingMessage, _: Channel) -> Receipt:
        seen.append(message.network)
        return Receipt.IGNORED

    chat = WebChat(receive, lambda: NOW, client=lambda request: request.headers["X-Network"])
    app = web.Application()
    app.add_routes(chat.routes())
    async with listening(app) as url, ClientSession() as client:

        async def open_one() -> object:
            return await client.ws_connect(f"{url}/chat", headers={"X-Network": "192.0.2.9"})

        first = await client.ws_connect(f"{url}/chat", headers={"X-Network": "192.0.2.9"})
        others = [await open_one() for _ in range(2)]
        closed = await first.receive(timeout=5)
        assert (closed.type, first.close_code) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)
        assert (chat.open_chats, len(others)) == (2, 2)
        last = await client.ws_connect(f"{url}/chat", headers={"X-Network": "192.0.2.8"})
        await last.send_json({"id": "1", "text": "hello"})
        while "done" not in await last.receive_json(timeout=5):
            pass
    assert seen == ["192.0.2.8"]


async def test_a_browser_that_leaves_before_its_socket_is_open_is_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()

    @web.middleware
    async def late(request: web.Request, handler: Handler) -> web.StreamResponse:
        """As on a busy machine: who asked has left by the time that they have their turn."""
        while request.transport is not None:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)
        try:
            return await handler(request)
        finally:
            gone.set()

    monkeypatch.setattr(metrics, "counted", lambda _: late)
    key = base64.b64encode(bytes(16)).decode()
    asked = ("GET /chat HTTP/1.1", "Host: bot", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")  # fmt: skip
    with capture_logs() as logged:
        async with street(tmp_path, KNOWN, is_stored=False) as town:
            _, line = await asyncio.open_connection("127.0.0.1", town.chosen.port)
            line.write("\r\n".join((*asked, "", "")).encode())
            await line.drain()
            line.close()
            await asyncio.wait_for(gone.wait(), 10)
            assert town.house.chat.open_chats == 0
    assert [each["event"] for each in logged if each["log_level"] != "info"] == []
