"""One webhook route, the same for every platform: raw body, proof, decode, receive, acknowledge."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog
from aiohttp import web

from bot.core.channel import Receipt

log = structlog.get_logger()

# A platform's update is a few kB; the largest documented (a long chain of quoted messages) stays far below.
MOST_BYTES = 1024 * 1024
# Platforms send from data centres: a body that takes longer is somebody holding the connection open.
BODY_WITHIN = timedelta(seconds=10)

T = TypeVar("T")


def hook(
    path: str,
    *,
    is_genuine: Callable[[Mapping[str, str], bytes], bool],
    decode: Callable[[bytes], Sequence[T]],
    turn: Callable[[T], Awaitable[Receipt]],
) -> web.RouteDef:
    """The route of one platform.

    `is_genuine` sees headers and raw body before anything else is done with them. `decode` returns what it can read
    and counts what it cannot: an unreadable body is acknowledged, or the platform would bring it for ever. 503 asks
    the platform to bring the body again, because one of its replies did not leave.
    """

    async def on_post(request: web.Request) -> web.Response:
        body = await _body(request)
        if not is_genuine(request.headers, body):
            return web.Response(status=403)
        receipts = await asyncio.gather(*(attempt(turn(arrival)) for arrival in decode(body)))
        return web.Response(status=503 if Receipt.NOT_SENT in receipts else 200)

    return web.post(path, on_post)


async def attempt(turn: Awaitable[Receipt]) -> Receipt:
    """What became of the turn. One that raises is a reply that did not leave: the message is to come again."""
    try:
        return await turn
    except Exception:
        log.exception("turn failed")
        return Receipt.NOT_SENT


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN.total_seconds()):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MOST_BYTES, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)
