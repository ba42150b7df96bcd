"""The console as one application under `/staff`: every room's doors behind one guard."""

from aiohttp import web

from bot.core.staff import Act
from bot.staff import home
from bot.staff.doors import Door, Guard
from bot.staff.frame import Frame
from bot.staff.office import Office
from bot.staff.signing import Signing
from bot.staff.visit import HOME, Area

_LARGEST = 2 * 1024 * 1024  # bytes of a form: the longest file of the knowledge, a few times

AREAS = (
    Area("Home", "/", None),
    Area("Try it", "/try", Act.SEE),
    Area("Unanswered", "/unanswered", Act.SEE),
    Area("Knowledge", "/knowledge", Act.SEE),
    Area("Advisories", "/advisories", Act.SEE),
    Area("Figures", "/figures", Act.SEE),
    Area("Accounts", "/accounts", Act.KEEP_ACCOUNTS),
    Area("Audit log", "/audit", Act.READ_AUDIT),
)


class Console:
    """The console's rooms."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._frame = Frame()
        self._signing = Signing(office, self._frame)
        self.doors: tuple[Door, ...] = (*self._signing.doors(), *home.doors())

    def setup(self, parent: web.Application) -> None:
        """Put it under `/staff` of the application that serves everything."""
        guard = Guard(self._office, self._frame, self.doors, AREAS)
        app = web.Application(middlewares=[guard.borders], client_max_size=_LARGEST)
        self._frame.setup(app)
        app.router.add_routes([*self._signing.routes(), *guard.routes()])
        parent.router.add_get(HOME, _to_home)
        parent.add_subapp(f"{HOME}/", app)


async def _to_home(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - aiohttp's signature
    return web.Response(status=303, headers={"Location": f"{HOME}/"})
