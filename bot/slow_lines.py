"""Open connections on which nobody has asked anything: whoever only holds them open keeps others out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary, WeakSet

from aiohttp import web
from aiohttp.typedefs import Handler

# From the first byte of a connection to the last of its first request's head; a bad mobile network takes a few.
FIRST_WITHIN = 30.0  # seconds
# Between two requests of one connection. Proxies keep quiet ones for up to two minutes, and must be the first to leave.
QUIET_AT_MOST = 150.0  # seconds
_LOOK_EVERY = 5.0  # seconds


class Lines:
    """Closes connections whose first request does not come; the library does so only between two requests."""

    def __init__(self) -> None:
        self._asked: WeakSet[asyncio.BaseTransport] = WeakSet()
        self._seen_at: WeakKeyDictionary[asyncio.BaseTransport, float] = WeakKeyDictionary()

    @web.middleware
    async def noted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every request passes here, before anything is done with it."""
        if request.transport is not None:
            self._asked.add(request.transport)
        return await handler(request)

    @contextmanager
    def watched(self, runner: web.AppRunner) -> Iterator[None]:
        """Look at the connections of the server every few seconds, for as long as the block lasts."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            self._look([each.transport for each in runner.server.connections] if runner.server else [], loop.time())
            next_look[0] = loop.call_later(_LOOK_EVERY, look)

        next_look = [loop.call_later(_LOOK_EVERY, look)]
        try:
            yield
        finally:
            next_look[0].cancel()

    def _look(self, lines: list[asyncio.Transport | None], now: float) -> None:
        for line in lines:
            is_mute = line is not None and line not in self._asked
            if line is not None and is_mute and now - self._seen_at.setdefault(line, now) >= FIRST_WITHIN:
                line.abort()
