"""Telegram's end of the load: takes what the bot calls, as fast as it can, and keeps count."""

import json
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from aiohttp import web

TOKEN = "123456:" + "known-to-the-load-generator-only"
_FIRST_ASKER = 10_000_000  # chats below it are subscribers


class Platform:
    """The Bot API on loopback. `secret` is "" before the webhook is registered; `announced` counts the advisories."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.announced = 0
        self.told: Callable[[str, str], None] = lambda _chat, _text: None
        self._numbers = count(1)
        app = web.Application()
        app.add_routes([web.post("/bot{token}/{method}", self._called)])
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _called(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs((await request.read()).decode()).items()}
        method = request.match_info["method"]
        if method == "sendMessage":
            chat = form["chat_id"]
            if int(chat) < _FIRST_ASKER:
                self.announced += 1
            else:
                self.told(chat, form["text"])
            shown = {"message_id": next(self._numbers), "date": 1, "chat": {"id": int(chat), "type": "private"}}
            return _ok(shown)
        if method == "setWebhook":
            self.secret = form["secret_token"]
        if method == "getMe":
            return _ok({"id": 123456, "is_bot": True, "first_name": "Bot", "username": "our_bot"})
        return _ok(True)


def _ok(result: object) -> web.Response:
    return web.Response(text=json.dumps({"ok": True, "result": result}), content_type="application/json")
