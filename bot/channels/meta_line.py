"""The connections to Meta's Graph API, and what the end of a call on them means."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)

from bot.channels.meta_fields import NOTHING, Fields, fields, parsed
from bot.core.channel import MayHaveArrived, TryLater

T = TypeVar("T")
Body = Mapping[str, Any]

API = "https://graph.facebook.com/v23.0"
USER_AGENT = "danbury-bot/0.1.0"  # Meta's own mock server insists on name/x.y.z
_MOST_BYTES = 256 * 1024  # an answer is a few hundred bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is waited, and for what."""

    connect: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=10)
    second_try: timedelta = timedelta(milliseconds=500)  # for a reply, inside its turn
    patience: timedelta = timedelta(seconds=7)  # the longest wait inside a turn: WhatsApp may want six seconds


class GraphRefused(Exception):
    """The Graph API itself said no. The numbers are all that is kept: its words may quote what was sent.

    `after` is the wait it asks for, None when it does not say.
    """

    def __init__(self, status: int, error: Fields, after: timedelta | None) -> None:
        self.status, self.code, self.subcode = status, _whole(error.get("code")), _whole(error.get("error_subcode"))
        self.is_transient = error.get("is_transient") is True
        self.after = after
        super().__init__(f"HTTP {status} code {self.code} subcode {self.subcode}")


class Line:
    """So many connections with one token. Nothing is sent before `async with`.

    The machine's proxy settings are not for the department's messages, and a redirect is not followed: the token
    goes to Meta only.
    """

    def __init__(self, api: str, token: str, connections: int, pace: Pace) -> None:
        self._api = api.rstrip("/")
        self._token = token
        self._connections = connections
        self._pace = pace
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        most, connect = self._pace.answer.total_seconds(), self._pace.connect.total_seconds()
        self._session = ClientSession(
            connector=TCPConnector(limit=self._connections),
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": USER_AGENT},
            timeout=ClientTimeout(total=most + connect, connect=connect, sock_connect=connect, sock_read=most),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def post(self, path: str, body: Body) -> Fields:
        """What Meta says to the body, empty when it took it and its words make no sense.

        Raises `GraphRefused`, or `TryLater` when the call never left, or `MayHaveArrived`.
        """
        data = json.dumps(body, ensure_ascii=True).encode()
        return await self._call("POST", path, data=data, headers={"Content-Type": "application/json"})

    async def get(self, path: str, **asked: str) -> Fields:
        """What Meta knows. Raises as `post` does; then nothing is known."""
        return await self._call("GET", path, params=asked)

    async def _call(self, method: str, path: str, **given: Any) -> Fields:
        if self._session is None:
            raise TryLater("not open")
        try:
            async with self._session.request(method, f"{self._api}/{path}", allow_redirects=False, **given) as response:
                return _said(response, await _read(response))
        # From None: the library's text may quote the address.
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise TryLater(type(error).__name__) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise MayHaveArrived(type(error).__name__) from None


async def twice(put: Callable[[], Awaitable[T]], pace: Pace) -> T:
    """The same call once more when it may help and the wait is short: a reply is worth it."""
    try:
        return await put()
    except TryLater as failure:
        wait = failure.after or pace.second_try
        if wait > pace.patience:
            raise
    await asyncio.sleep(wait.total_seconds())
    return await put()


async def _read(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            return b""
    return bytes(body)


def _said(response: ClientResponse, body: bytes) -> Fields:
    said = parsed(body)
    told = said if isinstance(said, Mapping) else NOTHING
    if error := fields(told, "error"):
        raise GraphRefused(response.status, error, _after(response))
    if response.status < 300:
        return told
    if response.status == 429:
        raise TryLater("HTTP 429", _after(response))
    # Without Meta's words somebody in between has answered; below 500 it did not pass the call on.
    raise (MayHaveArrived if response.status >= 500 else TryLater)(f"HTTP {response.status}")


def _after(response: ClientResponse) -> timedelta | None:
    wanted = response.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(wanted), 86_400)) if wanted.isascii() and wanted.isdecimal() else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
