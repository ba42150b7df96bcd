"""The guard in front of every page of the console: who may come in, and what a browser may do with it."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.core.staff import Act, NotAllowed
from bot.staff.frame import PAGE_HEADERS, Frame
from bot.staff.office import Office
from bot.staff.visit import HOME, Area, Visit, elsewhere
from bot.store.faults import StoreDown

log = structlog.get_logger()

COOKIE = "__Host-staff"
_CSRF_FIELD, _CSRF_HEADER = "csrf", "X-CSRF-Token"
_OWN_SITES = (None, "same-origin")  # what Sec-Fetch-Site may say; an old browser says nothing
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Door:
    """A page or an act of the console; `act` is the right it needs, None for anybody signed in."""

    method: str
    path: str
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]
    act: Act | None


class Guard:
    """Lets in whoever is signed in and may; everybody else gets a page that says why."""

    def __init__(self, office: Office, frame: Frame, doors: Sequence[Door], areas: Sequence[Area]) -> None:
        self._office = office
        self._frame = frame
        self._doors = doors
        self._areas = tuple(areas)

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, guarded."""
        for door in self._doors:
            yield web.route(door.method, door.path, self._guarded(door))

    def _guarded(self, door: Door) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request)
            if visit is None:
                return elsewhere(request, f"{HOME}/sign-in")
            if request.method not in _SAFE and not await _is_own_form(request, visit.csrf):
                log.warning("staff form refused", account=visit.account.name, path=door.path)
                return self._refusal(request, 403, "This form was not sent from the console. Open the page again.")
            try:
                if door.act is not None:
                    visit.account.must_be_allowed(door.act)
                return await door.handler(visit)
            except NotAllowed as e:
                await self._office.accounts.turned_away(visit.account.name, e.act, door.path, visit.now)
                return visit.page("refused.html", status=403, why=f"You may not do this. {e}")

        return handle

    async def _visit(self, request: web.Request) -> Visit | None:
        """The visit of whoever is signed in; None for everybody else."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        now = self._office.clock()
        session = await self._office.sessions.of(token, now)
        if session is None:
            return None
        is_page = request.method == "GET" and "HX-Request" not in request.headers
        said = await self._office.sessions.said(token) if is_page else None
        return Visit(request, self._office, self._frame, session, token, csrf_of(token), now, self._areas, said)

    def _refusal(self, request: web.Request, status: int, why: str) -> web.Response:
        return self._frame.page("stopped.html", request, {"why": why, "status": status}, status)

    @web.middleware
    async def borders(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What every answer of the console has, and what becomes of whatever goes wrong."""
        try:
            answer = await handler(request)
        except web.HTTPException as e:
            if e.status < 400:
                e.headers.update(PAGE_HEADERS)
                raise
            answer = self._refusal(request, e.status, _WORDS.get(e.status, e.reason))
        except StoreDown as e:
            log.warning("store down", reason=str(e))
            answer = self._refusal(request, 503, "The store cannot be reached now. Nothing was changed; try again.")
        except Exception:  # border: inbound message
            log.exception("page failed")
            answer = self._refusal(
                request, 500, "Something went wrong here. It is in the log; nothing was left half done."
            )
        if "/static/" not in request.path:
            answer.headers.update(PAGE_HEADERS)
        return answer


_WORDS = {
    404: "There is no such page in the console.",
    405: "This page cannot be used like that.",
    413: "That is too large.",
}


def csrf_of(token: str) -> str:
    """What a form of this session must carry: nobody without the cookie can make it."""
    return hashlib.sha256(f"csrf:{token}".encode("utf-8", "replace")).hexdigest()


async def _is_own_form(request: web.Request, csrf: str) -> bool:
    if request.headers.get("Sec-Fetch-Site") not in _OWN_SITES:
        return False
    given = request.headers.get(_CSRF_HEADER) or (await request.post()).get(_CSRF_FIELD, "")
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), csrf.encode())
