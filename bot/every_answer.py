"""What every answer of the port says to a browser, whatever made it: page, feed, file, refusal."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.settings import Settings
from bot.staff.arrival import is_encrypted

_TYPE = "X-Content-Type-Options"
_STAY = "Strict-Transport-Security"
_YEAR = "max-age=31536000"  # ASVS 5, 3.4.1; of this host, not the city's others


def said(settings: Settings) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `on_response_prepare`: the type that is named is the type; over https, stay there."""

    async def prepare(request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers.setdefault(_TYPE, "nosniff")
        if is_encrypted(request, settings.proxies, settings.public_url):
            answer.headers.setdefault(_STAY, _YEAR)

    return prepare
