"""What a platform gets for what it brings, and that nothing is looked at before it has proved itself."""

import asyncio
import json
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from bot.channels.webhook import MOST_BYTES, hook
from bot.core.channel import Channel, Receipt
from bot.core.message import IncomingMessage
from tests.telegram_emulator import ADA, LUZ, SECRET, SOON, listening, posting, said, telegram

NOWHERE = "http://127.0.0.1:9"
BODY = json.dumps({"update_id": 1, **said("hello")}).encode()


class Door:
    """A reception that says what it is told to say."""

    def __init__(self, *receipts: Receipt) -> None:
        self.receipts = list(receipts)
        self.heard: list[str] = []

    async def receive(self, message: IncomingMessage, via: Channel) -> Receipt:
        self.heard.append(message.text)
        return self.receipts.pop(0) if self.receipts else Receipt.ANSWERED


@pytest.mark.parametrize("shown", [None, "", "wrong", SECRET[:-1], SECRET + "x", "señal", "\udcff"])
async def test_without_the_secret_nothing_is_read(shown: str | None) -> None:
    door = Door()
    async with telegram(NOWHERE, door.receive) as channel, posting(channel) as post:
        for body in (BODY, b"", b"{", b"\xff" * 1000):
            assert await post(body, shown) == 403
        assert channel.unreadable == 0
    assert door.heard == []


@pytest.mark.parametrize(
    ("receipt", "status"),
    [
        (Receipt.ANSWERED, 200),
        (Receipt.DUPLICATE, 200),
        (Receipt.IGNORED, 200),
        (Receipt.UNDELIVERABLE, 200),
        (Receipt.NOT_SENT, 503),
    ],
)
async def test_only_a_reply_that_did_not_leave_brings_the_message_again(receipt: Receipt, status: int) -> None:
    door = Door(receipt)
    async with telegram(NOWHERE, door.receive) as channel, posting(channel) as post:
        assert await post(BODY) == status
        assert await post(BODY) == 200
    assert door.heard == ["hello", "hello"]


async def test_a_turn_that_raises_brings_the_message_again() -> None:
    async def broken(message: IncomingMessage, via: Channel) -> Receipt:
        raise RuntimeError

    with capture_logs() as logs:
        async with telegram(NOWHERE, broken) as channel, posting(channel) as post:
            assert await post(BODY) == 503
    assert [line["event"] for line in logs] == ["turn failed"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"[" * 100_000, b'{"message": 3}'])
async def test_what_cannot_be_read_is_acknowledged_and_counted(body: bytes) -> None:
    door = Door()
    with capture_logs() as logs:
        async with telegram(NOWHERE, door.receive) as channel, posting(channel) as post:
            assert await post(body) == 200
            assert channel.unreadable == 1
    assert [line["event"] for line in logs] == ["telegram update unreadable"]
    assert door.heard == []


async def test_a_body_that_no_platform_sends_is_refused() -> None:
    door = Door()
    async with telegram(NOWHERE, door.receive) as channel, posting(channel) as post:
        assert await post(b" " * (MOST_BYTES + 1)) == 413
    assert door.heard == []


async def test_one_person_does_not_wait_for_another() -> None:
    may_answer, asked = asyncio.Event(), asyncio.Event()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        if message.sender.id == str(ADA.id):
            asked.set()
            await may_answer.wait()
        return Receipt.ANSWERED

    async with telegram(NOWHERE, receive) as channel, posting(channel) as post:
        slow = asyncio.create_task(post(json.dumps(said("slow", ADA)).encode()))
        await asyncio.wait_for(asked.wait(), SOON)
        assert await post(json.dumps(said("quick", LUZ)).encode()) == 200
        assert not slow.done()
        may_answer.set()
        assert await slow == 200


@pytest.mark.parametrize("secret", ["", "with space", "ñ", "x" * 257])
async def test_a_secret_that_telegram_would_not_take_is_refused_at_the_start(secret: str) -> None:
    async with telegram(NOWHERE, Door().receive) as channel:
        with pytest.raises(ValueError, match="a webhook secret is") as failure:
            channel.routes(secret)
    assert not secret or secret not in str(failure.value)


async def test_a_body_with_several_messages_is_brought_again_when_one_reply_did_not_leave() -> None:
    receipts = {"a": Receipt.ANSWERED, "b": Receipt.NOT_SENT, "c": Receipt.ANSWERED}
    heard: list[str] = []

    def is_signed(headers: Mapping[str, str], body: bytes) -> bool:
        return headers["Signature"] == str(len(body))

    async def turn(arrival: str) -> Receipt:
        heard.append(arrival)
        return receipts[arrival]

    app = web.Application()
    app.add_routes([hook("/here", is_genuine=is_signed, decode=lambda body: body.decode().split(), turn=turn)])
    async with listening(app) as url, ClientSession() as client:
        for body, status in ((b"a b c", 503), (b"a c", 200), (b"", 200)):
            signed = {"Signature": str(len(body))}
            async with client.post(f"{url}/here", data=body, headers=signed) as response:
                assert response.status == status
        async with client.get(f"{url}/here") as response:
            assert response.status == 405
    assert heard == ["a", "b", "c", "a", "c"]
