"""The first page after signing in."""

from aiohttp import web

from bot.staff.doors import Door
from bot.staff.visit import Visit


def doors() -> tuple[Door, ...]:
    return (Door("GET", "/", _home, None),)


async def _home(visit: Visit) -> web.Response:
    return visit.page("home.html")
