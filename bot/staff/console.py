"""The console as one application under `/staff`: every room's doors behind one guard."""

import asyncio

from aiohttp import web

from bot.core.staff import Act
from bot.staff import accounts, advisories, home, knowledge, own
from bot.staff.audit import AuditRoom
from bot.staff.doors import Door, Guard
from bot.staff.editing import editing_of
from bot.staff.figures import FiguresRoom
from bot.staff.frame import dress
from bot.staff.office import Office
from bot.staff.records import RecordsRoom
from bot.staff.signing import Signing
from bot.staff.trying import TryingRoom
from bot.staff.unanswered import Unanswered
from bot.staff.visit import HOME, Area

AREAS = (
    Area("Home", "/", None),
    Area("Try it", "/try", Act.SEE),
    Area("Unanswered", "/unanswered", Act.SEE),
    Area("Knowledge", "/knowledge", Act.SEE),
    Area("Advisories", "/advisories", Act.SEE),
    Area("Figures", "/figures", Act.SEE),
    Area("Accounts", "/accounts", Act.KEEP_ACCOUNTS),
    Area("Audit log", "/audit", Act.READ_AUDIT),
    Area("Records", "/records", Act.READ_AUDIT),
)


class Console:
    """The console's rooms."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._frame = dress()
        self._signing = Signing(office, self._frame)
        self._audit = AuditRoom(office)
        self._figures = FiguresRoom(office)
        self._editing = editing_of(office)
        self.doors: tuple[Door, ...] = (
            *self._signing.doors(),
            *home.doors(),
            *TryingRoom().doors(),
            *Unanswered(office).doors(),
            *knowledge.doors(),
            *advisories.doors(),
            *self._figures.doors(),
            *own.doors(),
            *accounts.doors(),
            *self._audit.doors(),
            *RecordsRoom().doors(),
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """What the rooms do by themselves, until stopping: finish saves, read figures ahead."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._editing.run(stopping), name="edits")
            tasks.create_task(self._figures.run(stopping), name="figures")

    async def close(self) -> None:
        """End what the rooms have going on."""
        await self._audit.close()
        await self._editing.close()

    def setup(self, parent: web.Application) -> None:
        """Put it under `/staff` of the application that serves everything."""
        guard = Guard(self._office, self._frame, self.doors, AREAS)
        app = web.Application(middlewares=[guard.borders])
        self._frame.setup(app, {})
        app.router.add_routes([*self._signing.routes(), *guard.routes()])
        parent.router.add_get(HOME, _to_home)
        parent.add_subapp(f"{HOME}/", app)


async def _to_home(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - aiohttp's signature
    return web.Response(status=303, headers={"Location": f"{HOME}/"})
