"""The connections to Telegram, and what the end of a call on them means: whether Telegram may have taken it."""

import json
from typing import Any
from urllib.parse import urlencode

from aiohttp import BytesPayload, ClientError, ClientSession, ClientTimeout, TCPConnector
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram_polling import Pace

# By name: what stands between us and the network is the library's choice. What is not in here may have left.
_NEVER_LEFT = {"ConnectionTimeoutError", "ClientConnectorError", "ClientConnectorDNSError", "ClientConnectorSSLError",
               "ClientConnectorCertificateError", "ClientProxyConnectionError", "InvalidURL",
               "NonHttpUrlClientError"}  # fmt: skip
_FROM_GATEWAYS = (502, 504)  # by HTTP: somebody in between passed it on and heard nothing, or nonsense
_FORM = "application/x-www-form-urlencoded"
_CONNECTS = 5.0  # seconds that a connection may take, and a place among those there are


class GatewayAnswered(NetworkError):
    """Something on the way answered in Telegram's place. `is_end_known`: it did not pass the call on."""

    def __init__(self, code: int) -> None:
        super().__init__(f"HTTP {code}")
        self.is_end_known = code < 500


class AnswerUnreadable(NetworkError):
    """Telegram took the call; what it said about it makes no sense."""


class Line(BaseRequest):
    """Connections to Telegram, whose failures tell Telegram's own words from anybody else's.

    On aiohttp as all else that the bot calls: the library's own way takes a third of a whole turn's time. The
    machine's proxy settings are not for the department's messages.
    """

    def __init__(self, connections: int, pace: Pace) -> None:
        self._connections = connections
        self._most = pace.answer.total_seconds()
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._most

    async def initialize(self) -> None:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections),
                headers={"User-Agent": BaseRequest.USER_AGENT},
                trust_env=False,
            )

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the library's signature
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Raises `GatewayAnswered` and `AnswerUnreadable` besides what the library expects: `TimedOut`, `NetworkError`.

        Without them a firewall's page with status 403 would read as "this person has blocked the bot".
        """
        if self._session is None:
            raise NetworkError("not open")
        most = self._most if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeout = ClientTimeout(total=most + _CONNECTS, connect=min(self._most, _CONNECTS), sock_read=most)
        form = urlencode(request_data.json_parameters).encode() if request_data else b""
        body = BytesPayload(form, content_type=_FORM)  # told: to guess it the library reads a table at each call
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                code, payload = response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut(type(error).__name__) from error
        except (ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error
        is_readable = _is_telegrams(payload)
        if code in _FROM_GATEWAYS or (code >= 300 and not is_readable):
            raise GatewayAnswered(code)
        if not is_readable:
            raise AnswerUnreadable(f"HTTP {code}")
        return code, payload


def may_have_arrived(error: TelegramError) -> bool:
    """Whether Telegram may have done what was asked although the call failed."""
    match error:
        case GatewayAnswered():
            return not error.is_end_known
        case NetworkError(__cause__=Exception() as cause):
            return type(cause).__name__ not in _NEVER_LEFT
        case _:
            return False  # Telegram itself said no


def _is_telegrams(payload: bytes) -> bool:
    try:
        return isinstance(said := json.loads(payload), dict) and isinstance(said.get("ok"), bool)
    except (ValueError, RecursionError):
        return False
