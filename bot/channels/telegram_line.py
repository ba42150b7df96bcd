"""The connections to Telegram, and what the end of a call on them means: whether Telegram may have taken it."""

import json
from typing import Any

from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram_polling import Pace

# By name: the transport is the library's choice, not ours. What is not in here may have left.
_NEVER_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
_FROM_GATEWAYS = (502, 504)  # by HTTP: somebody in between passed it on and heard nothing, or nonsense


class GatewayAnswered(NetworkError):
    """Something on the way answered in Telegram's place. `is_end_known`: it did not pass the call on."""

    def __init__(self, code: int) -> None:
        super().__init__(f"HTTP {code}")
        self.is_end_known = code < 500


class AnswerUnreadable(NetworkError):
    """Telegram took the call; what it said about it makes no sense."""


class Line(HTTPXRequest):
    """Connections to Telegram, whose failures tell Telegram's own words from anybody else's.

    The machine's proxy settings are not for the department's messages.
    """

    def __init__(self, connections: int, pace: Pace) -> None:
        most = pace.answer.total_seconds()
        super().__init__(
            connections,
            read_timeout=most,
            write_timeout=most,
            connect_timeout=min(most, 5),
            pool_timeout=most,
            httpx_kwargs={"trust_env": False},
        )

    async def do_request(self, *wanted: Any, **more: Any) -> tuple[int, bytes]:
        """Raises `GatewayAnswered` and `AnswerUnreadable` besides what the library raises.

        Without this a firewall's page with status 403 would read as "this person has blocked the bot".
        """
        code, payload = await super().do_request(*wanted, **more)
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
