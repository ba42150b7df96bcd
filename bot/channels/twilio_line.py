"""The connections to Twilio's REST API, and what the end of a call on them means: whether Twilio may have taken it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
    encode_basic_auth,
)

from bot.channels.twilio_failures import failure
from bot.core.channel import MayHaveArrived, TryLater

API = "https://api.twilio.com"
_FROM_GATEWAYS = (502, 504)  # by HTTP: somebody in between passed it on and heard nothing, or nonsense
_CONNECT_WITHIN = timedelta(seconds=5)
_LONGEST_REST = timedelta(minutes=5)  # a Retry-After beyond it is not believed


@dataclass(frozen=True, slots=True)
class Account:
    """Whose messages these are. They leave from the `number`, or from one of the `service`, where that is set.

    The first of the `secrets` opens the API; a webhook may be signed with any, so that one can be replaced.
    """

    sid: str
    secrets: tuple[str, ...] = field(repr=False)
    number: str | None = None
    service: str | None = None

    @property
    def sender(self) -> str:
        """What the messages leave by; Twilio's limits are counted for it."""
        return self.service or self.number or ""


class TwilioLine:
    """Calls to the API. A failure's text names codes only: never an address, a text or a token."""

    def __init__(self, account: Account, api: str, connections: int, answer: timedelta) -> None:
        self._account = account
        self._api = api.rstrip("/")
        self._connections = connections
        self._timeout = ClientTimeout(
            total=answer.total_seconds(), connect=min(answer, _CONNECT_WITHIN).total_seconds()
        )
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        # The machine's proxy settings are not for the department's messages: the session does not look at them.
        self._session = ClientSession(
            connector=TCPConnector(limit=self._connections),
            timeout=self._timeout,
            headers={"Authorization": encode_basic_auth(self._account.sid, self._account.secrets[0])},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, form: Mapping[str, str]) -> str:
        """Hand one message over and return Twilio's id of it, "" when that cannot be read.

        Raises a `SendFailed`, and nothing else.
        """
        said = await self._call("POST", f"{self._api}{self._at('Messages.json')}", form)
        sid = said.get("sid")
        return sid if isinstance(sid, str) else ""

    async def account(self) -> Mapping[str, Any]:
        """What Twilio knows of the account. Raises a `SendFailed`, as do the next two: then nothing is known."""
        return await self._call("GET", f"{self._api}/2010-04-01/Accounts/{self._account.sid}.json")

    async def numbers(self) -> Mapping[str, Any]:
        """The account's number that messages leave by, in a list; empty when the account does not own it."""
        path = self._at("IncomingPhoneNumbers.json")
        return await self._call("GET", f"{self._api}{path}", asked={"PhoneNumber": self._account.number or ""})

    async def service(self) -> Mapping[str, Any]:
        """The messaging service, which lives on a host of its own."""
        parts = urlsplit(self._api)
        host = parts.netloc.replace("api.", "messaging.", 1)
        path = f"/v1/Services/{self._account.service}"
        return await self._call("GET", parts._replace(netloc=host, path=path).geturl())

    def _at(self, name: str) -> str:
        return f"/2010-04-01/Accounts/{self._account.sid}/{name}"

    async def _call(
        self, method: str, url: str, form: Mapping[str, str] | None = None, asked: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        if self._session is None:
            raise TryLater("the line is not open")
        try:
            async with self._session.request(method, url, data=form, params=asked, allow_redirects=False) as response:
                status, after, body = response.status, _after(response.headers), await response.read()
        # From None: the library's text may quote the URL, and so the account.
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise TryLater(type(error).__name__) from None
        except (ClientConnectionError, ClientError, TimeoutError, OSError) as error:
            raise MayHaveArrived(type(error).__name__) from None
        said = _read(body)
        if 200 <= status < 300:
            return said or {}  # Twilio took it, even when what it said about it makes no sense
        code = (said or {}).get("code")
        if status in _FROM_GATEWAYS or (status >= 500 and not isinstance(code, int)):
            raise MayHaveArrived(f"HTTP {status}")
        if not isinstance(code, int):
            raise TryLater(f"HTTP {status}", after)  # a firewall's page says nothing about the message
        raise failure(code, status, after)


def _after(headers: Mapping[str, str]) -> timedelta | None:
    """How long the answer asks us to wait; None when it does not say, or not in seconds."""
    found = re.fullmatch(r"[0-9]{1,6}", headers.get("Retry-After", ""))
    return min(timedelta(seconds=int(found[0])), _LONGEST_REST) if found else None


def _read(body: bytes) -> dict[str, Any] | None:
    """The JSON object in the body; None when there is none."""
    try:
        return said if isinstance(said := json.loads(body), dict) else None
    except (ValueError, RecursionError):
        return None
