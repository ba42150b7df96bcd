"""The socket of the web chat, spoken to as browsers and others do."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSCloseCode, WSMsgType, WSServerHandshakeError, web

from bot.channels.web import MOST_BYTES, WebChat
from bot.core.channel import Channel, Receipt
from bot.core.message import ChannelName, IncomingMessage, Kind
from tests.web_builders import URGENT, Desk, now, served, site

Connect = Callable[..., Any]


@dataclass(slots=True)
class Browser:
    """One end of a socket; what is read is JSON."""

    socket: ClientWebSocketResponse

    async def hello(self, session: str | None = None, since: int = 0, language: str = "en") -> dict[str, Any]:
        await self.socket.send_json({"hello": {"session": session, "since": since, "language": language}})
        return await self.read()

    async def read(self) -> dict[str, Any]:
        said = await self.socket.receive_json(timeout=5)
        assert isinstance(said, dict)
        return said

    async def reply(self) -> dict[str, Any]:
        """The one frame of the next message."""
        (frame,) = (await self.read())["frames"]
        assert isinstance(frame, dict)
        return frame

    async def ask(self, key: str, text: str) -> dict[str, Any]:
        await self.socket.send_str(json.dumps({"id": key, "text": text}, ensure_ascii=False))
        return await self.reply()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@contextlib.asynccontextmanager
async def connecting(app: web.Application) -> AsyncIterator[Connect]:
    """Opens sockets to the application, served as it is in earnest: a turn outlives its connection."""
    async with served(app) as port, ClientSession() as session:

        async def opened(**headers: str) -> Browser:
            return Browser(await session.ws_connect(f"http://127.0.0.1:{port}/chat", headers=headers))

        yield opened


@pytest.fixture
async def connect(desk: Desk) -> AsyncIterator[Connect]:
    async with connecting(site(desk, ("https://city.example",))) as opened:
        yield opened


async def test_a_new_conversation_gets_its_id_and_then_the_bots_own_greeting(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    first = await browser.hello(language="es")
    greeting = await browser.reply()
    assert (len(first["session"]), first["frames"]) == (32, [])
    assert (greeting["seq"], greeting["to"], greeting["urgent"]) == (1, "start", False)
    assert [choice["label"] for choice in greeting["choices"]] == ["Police report copy", "Lost property"]
    (start,) = desk.received
    assert (start.text, start.kind, start.language) == ("/start", Kind.TEXT, "es")
    assert start.sender.channel is ChannelName.WEB
    assert start.sender.id == first["session"]


async def test_a_question_is_answered_under_the_id_the_browser_gave_it(connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    assert await browser.ask("q1", "parking?") == {
        "seq": 2, "to": "q1", "text": "Said: parking?", "choices": [], "urgent": False, "language": None,
    }  # fmt: skip


async def test_a_pressed_choice_arrives_as_a_button_with_its_value(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    await browser.socket.send_json({"id": "q1", "choice": "=lost", "language": "pt"})
    assert "The answer about lost" in (await browser.reply())["text"]
    pressed = desk.received[-1]
    assert (pressed.text, pressed.kind, pressed.language) == ("=lost", Kind.BUTTON, "pt")


async def test_an_emergency_does_not_wait_behind_a_slow_turn_and_is_marked_urgent(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    await browser.socket.send_json({"id": "q1", "text": "slow question"})
    reply = await browser.ask("q2", "there is a shooting")
    assert (reply["to"], reply["text"], reply["urgent"]) == ("q2", URGENT, True)
    desk.go.set()
    assert (await browser.reply())["to"] == "q1"


@pytest.mark.parametrize("raw", [
    "there is a shooting",
    '"there is a shooting"',
    '{"txt": "there is a shooting"}',
    '{"text": 5, "note": "there is a shooting"}',
    '{"hello": {}, "text": "there is a shooting"}',
    '{"text": "there is a shooting", "id": {"a": []}}',
    "[" * 50_000 + "there is a shooting",
    '{"text": "there is a shooting \\ud83d"}',
    "9" * 6000 + " there is a shooting",
])  # fmt: skip
async def test_nothing_stands_between_what_was_sent_and_the_emergency_check(raw: str, connect: Connect) -> None:
    browser = await connect()
    await browser.socket.send_str(raw)
    assert "session" in await browser.read()
    assert (await browser.reply())["text"] == URGENT


async def test_bytes_that_are_no_text_are_read_as_far_as_they_can_be(connect: Connect) -> None:
    browser = await connect()
    await browser.socket.send_bytes(b"\xff there is a shooting")
    assert "session" in await browser.read()
    assert (await browser.reply())["text"] == URGENT


async def test_a_message_of_a_hundred_thousand_characters_is_taken_whole(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    text = "ã" * 100_000
    assert (await browser.ask("q1", text))["text"].startswith("Said: 100000 ")
    assert desk.received[-1].text == text


async def test_more_than_the_socket_takes_closes_it_and_nothing_else(connect: Connect) -> None:
    browser, other = await connect(), await connect()
    await browser.socket.send_str("x" * (MOST_BYTES + 1))
    closed = await browser.socket.receive(timeout=5)
    assert (closed.type, closed.data) == (WSMsgType.CLOSE, WSCloseCode.MESSAGE_TOO_BIG)
    assert "session" in await other.hello()


async def test_a_hundred_messages_at_once_are_all_answered_in_their_order(connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    for number in range(100):
        await browser.socket.send_json({"id": str(number), "text": str(number)})
    assert [(await browser.reply())["to"] for _ in range(100)] == [str(number) for number in range(100)]


async def test_what_was_said_while_the_line_was_down_is_replayed_and_the_greeting_is_not_said_again(
    desk: Desk, connect: Connect
) -> None:
    browser = await connect()
    session = (await browser.hello())["session"]
    await browser.reply()
    await browser.socket.send_json({"id": "q1", "text": "slow question"})
    await browser.ask("q2", "shooting")
    await browser.socket.close()
    desk.go.set()
    again = await connect()
    missed = await again.hello(session, since=2)
    frames = missed["frames"] or (await again.read())["frames"]
    assert [(frame["seq"], frame["to"]) for frame in frames] == [(3, "q1")]
    assert (await again.ask("q3", "next"))["seq"] == 4
    assert [message.text for message in desk.received].count("/start") == 1


async def test_a_reply_that_found_no_socket_is_reported_as_not_sent_and_kept() -> None:
    receipts: list[Receipt] = []
    go, tried_twice = asyncio.Event(), asyncio.Event()
    desk = Desk()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        if message.text == "wait":
            await go.wait()
        receipts.append(receipt := await desk.receive(message, via))
        if receipt is Receipt.NOT_SENT:  # a reply is worth a second try, and must not be shown twice for it
            receipts.append(receipt := await desk.receive(message, via))
            tried_twice.set()
        return receipt

    app = web.Application()
    app.add_routes(WebChat(receive, now).routes())
    async with connecting(app) as connect:
        browser = await connect()
        session = (await browser.hello())["session"]
        await browser.reply()
        await browser.socket.send_json({"id": "q1", "text": "wait"})
        await browser.ask("q2", "shooting")
        await browser.socket.close()
        go.set()
        await asyncio.wait_for(tried_twice.wait(), 5)
        again = await connect()
        frames = (await again.hello(session, since=2))["frames"]
    assert receipts.count(Receipt.NOT_SENT) == 2
    assert [(frame["seq"], frame["to"], frame["text"]) for frame in frames] == [(3, "q1", "Said: wait")]


async def test_a_message_sent_twice_gets_its_one_reply_again_not_a_second_one(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    first = await browser.ask("q1", "parking?")
    assert await browser.ask("q1", "parking?") == first


async def test_after_a_restart_a_message_answered_before_is_answered_anew(desk: Desk, connect: Connect) -> None:
    first = await connect()
    session = (await first.hello())["session"]
    await first.reply()
    await first.ask("q1", "parking?")
    async with connecting(site(desk)) as restarted:
        browser = await restarted()
        assert await browser.hello(session, since=1) == {"session": session, "frames": []}
        again = await browser.ask("q1", "parking?")
    assert (again["seq"], again["to"], again["text"]) == (2, "q1", "Said: parking?")
    assert len({message.sender for message in desk.received}) == 1
    assert len({message.id for message in desk.received}) == 3


async def test_two_tabs_of_one_conversation_both_see_the_reply(connect: Connect) -> None:
    one = await connect()
    session = (await one.hello())["session"]
    await one.reply()
    two = await connect()
    await two.hello(session, since=1)
    assert await one.ask("q1", "parking?") == await two.reply()


async def test_a_turn_that_raises_is_reported_and_the_socket_goes_on(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    desk.fails = 1
    await browser.socket.send_json({"id": "q1", "text": "parking?"})
    assert await browser.read() == {"failed": "q1"}
    assert (await browser.ask("q1", "parking?"))["text"] == "Said: parking?"


async def test_the_same_id_with_other_words_is_another_message(desk: Desk, connect: Connect) -> None:
    browser = await connect()
    await browser.hello()
    await browser.reply()
    assert (await browser.ask("1", "one"))["text"] == "Said: one"
    assert (await browser.ask("1", "two"))["text"] == "Said: two"


@pytest.mark.parametrize(("origin", "host", "may"), [
    ("https://city.example", "chat.example", True),
    ("HTTPS://City.Example:443", "chat.example", True),
    ("https://chat.example", "chat.example", True),
    ("http://chat.example:8080", "chat.example:8080", True),
    ("https://chat.example:8443", "chat.example", False),
    ("https://evil.example", "chat.example", False),
    ("https://city.example.evil.example", "chat.example", False),
    ("http://city.example", "chat.example", False),
    ("null", "chat.example", False),
    ("https://chat.example:x", "chat.example", False),
    ("", "", False),
])  # fmt: skip
async def test_only_our_own_and_the_listed_sites_may_open_the_chat(
    origin: str, host: str, may: bool, connect: Connect
) -> None:
    if may:
        browser = await connect(Origin=origin, Host=host)
        assert "session" in await browser.hello()
    else:
        with pytest.raises(WSServerHandshakeError) as refused:
            await connect(Origin=origin, Host=host)
        assert refused.value.status == 403


async def test_when_the_server_stops_open_turns_finish_and_browsers_are_sent_away_to_come_back(desk: Desk) -> None:
    async with ClientSession() as session:
        async with served(site(desk)) as port:
            browser = Browser(await session.ws_connect(f"http://127.0.0.1:{port}/chat"))
            await browser.hello()
            await browser.reply()
            await browser.socket.send_json({"id": "q1", "text": "slow question"})
            await browser.ask("q2", "shooting")
            asyncio.get_running_loop().call_soon(desk.go.set)
        assert (await browser.reply())["to"] == "q1"
        closed = await browser.socket.receive(timeout=5)
    assert (closed.type, closed.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
