"""Where `/metrics` is reached: on the bot's own port for this machine, or on a port apart; elsewhere with a token."""

from contextlib import AsyncExitStack

from aiohttp import web

from bot.house import House
from bot.settings import Settings


def setup(house: House, settings: Settings, application: web.Application) -> None:
    """Add it to the application, unless it has a port of its own.

    Behind a proxy all the world may seem to be on this machine: then it takes the token.
    """
    if settings.metrics_port is None:
        is_bare = settings.public_url is None and not settings.proxies
        application.router.add_routes(house.figures(trusts_loopback=is_bare, token=_token(settings)))


async def listen(house: House, settings: Settings, rooms: AsyncExitStack) -> None:
    """Open its own port, if it has one. Raises OSError when that is taken."""
    if settings.metrics_port is None:
        return
    application = web.Application()
    application.router.add_routes(house.figures(trusts_loopback=True, token=_token(settings)))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    rooms.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, settings.host, settings.metrics_port).start()


def _token(settings: Settings) -> str | None:
    return settings.metrics_token.get_secret_value() if settings.metrics_token else None
