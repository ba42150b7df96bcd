"""What every platform's proof has in common: bytes that are no text prove nothing, and break nothing."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.channels import meta, sms, telegram
from bot.channels.twilio_proof import SIGNATURE
from tests import twilio_api
from tests.meta_emulator import SECRETS, VERIFY, nobody
from tests.telegram_emulator import SECRET, listening
from tests.telegram_emulator import telegram as telegram_channel

NOWHERE = "http://127.0.0.1:9"
Routes = Callable[[], AbstractAsyncContextManager[list[web.RouteDef]]]


@asynccontextmanager
async def metas() -> Any:
    yield meta.Meta(SECRETS, VERIFY, {}).routes()


@asynccontextmanager
async def telegrams() -> Any:
    async with telegram_channel(NOWHERE, nobody) as channel:
        yield channel.routes(SECRET)


@asynccontextmanager
async def twilios() -> Any:
    async with twilio_api.sms(NOWHERE, nobody) as hook:
        yield hook.channel.routes()


@pytest.mark.parametrize(("routes", "path", "header"), [
    (metas, meta.PATH, "X-Hub-Signature-256"),
    (telegrams, telegram.PATH, "X-Telegram-Bot-Api-Secret-Token"),
    (twilios, sms.PATH, SIGNATURE),
    (twilios, sms.STATUS_PATH, SIGNATURE),
])  # fmt: skip
async def test_a_proof_of_bytes_that_are_no_text_is_refused(routes: Routes, path: str, header: str) -> None:
    """No client of ours can send it: the bytes go out by hand."""
    app = web.Application()
    async with routes() as found:
        app.add_routes(found)
        async with listening(app) as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n{header}: "
            writer.write(head.encode() + b"sha256=\xff\xfe\r\n\r\n{}")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
    assert answer.split(b"\r\n")[0] == b"HTTP/1.1 403 Forbidden"
