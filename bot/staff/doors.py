"""The guard in front of every page of the console: who may come in, and what a browser may do with it."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.core.staff import Act, NotAllowed
from bot.public.dress import Dress
from bot.staff.arrival import is_encrypted, is_local
from bot.staff.frame import PAGE_HEADERS
from bot.staff.office import Office
from bot.staff.visit import HOME, Area, Visit, came_from, elsewhere, with_then
from bot.store.faults import StoreDown
from bot.store.sessions import root_of

log = structlog.get_logger()

COOKIE = "__Host-staff"
FINISH = "/finish"  # where an account gets its own password and codes; before that nothing else opens
_CSRF_FIELD, _CSRF_HEADER = "csrf", "X-CSRF-Token"
_SAFE = ("GET", "HEAD")
_LARGEST = 2 * 1024 * 1024  # bytes of a form: the longest file of the knowledge, a few times
_LARGEST_OF_A_STRANGER = 16 * 1024
_BODY_WAIT = timedelta(seconds=20)  # for a form to arrive, over a bad mobile network
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}  # a year, ASVS 5, 3.4.1; of this host, not the city's others


@dataclass(frozen=True, slots=True)
class Door:
    """A page or an act of the console; `act` is the right it needs, None for anybody signed in.

    `is_for_unfinished`: it opens for an account that has a start password or no codes yet.
    """

    method: str
    path: str
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]
    act: Act | None
    is_for_unfinished: bool = False


class Guard:
    """Lets in whoever is signed in and may; everybody else gets a page that says why."""

    def __init__(self, office: Office, frame: Dress, doors: Sequence[Door], areas: Sequence[Area]) -> None:
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
                return self._signed_out(request)
            if request.method in _SAFE:
                return await self._opened(door, visit)
            if is_from_here(request, self._office.public_url):
                async with arrived(visit.request) as form:
                    if is_same(request.headers.get(_CSRF_HEADER, form.get(_CSRF_FIELD)), visit.csrf):
                        return await self._opened(door, visit)
            log.warning("staff form refused", account=visit.account.name, path=door.path)
            why = "This form was not sent from the console, or the page is too old. Open the page again."
            return self._refusal(request, 403, why)

        return handle

    async def _opened(self, door: Door, visit: Visit) -> web.StreamResponse:
        if visit.session.is_unfinished and not door.is_for_unfinished:
            return elsewhere(visit.request, f"{HOME}{FINISH}")
        try:
            if door.act is not None:
                visit.account.must_be_allowed(door.act)
            return await door.handler(visit)
        except NotAllowed as e:
            log.warning("turned away", account=visit.account.name, path=door.path)
            await self._office.accounts.turned_away(visit.account.name, e.act, door.path, visit.now)
            return visit.page("refused.html", status=403, why=f"You may not do this: {e}.")

    async def _visit(self, request: web.Request) -> Visit | None:
        """The visit of whoever is signed in; None for everybody else."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        now, sessions = self._office.clock(), self._office.sessions
        is_page = request.method == "GET" and "HX-Request" not in request.headers
        session = await sessions.of(token, now, is_used=is_page or request.method not in _SAFE)
        if session is None:
            return None
        said = await sessions.said(token) if is_page and session.notice else None
        roomy = request if request.method in _SAFE else request.clone(client_max_size=_LARGEST)
        return Visit(roomy, self._office, self._frame, session, token, csrf_of(token), now, self._areas, said)

    def _signed_out(self, request: web.Request) -> web.Response:
        told = (request.method, request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Site"))
        if told in (("GET", "navigate", "cross-site"), ("GET", "navigate", "same-site")):
            # Whoever follows a link from a mail brings no strict cookie: the page asks for itself once more.
            return self._frame.page("arrived.html", request, {"address": came_from(request)})
        return elsewhere(request, with_then(f"{HOME}/sign-in", came_from(request)))

    def _refusal(self, request: web.Request, status: int, why: str) -> web.Response:
        return self._frame.page("stopped.html", request, {"why": why, "status": status}, status)

    @web.middleware
    async def borders(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What every answer of the console has, and what becomes of whatever goes wrong."""
        is_static = request.path.startswith(f"{HOME}/static/")
        is_https = is_encrypted(request, self._office.proxies, self._office.public_url)
        extra = _HSTS if is_https else {}
        if request.method not in _SAFE:
            request = request.clone(client_max_size=_LARGEST_OF_A_STRANGER)
        try:
            if is_https or is_static or is_local(request):
                answer = await handler(request)
            else:
                answer = self._unsafe(request)
        except web.HTTPException as e:
            if e.status < 400:
                e.headers.update(PAGE_HEADERS | extra)
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
        if not answer.prepared:
            answer.headers.update(extra if is_static else PAGE_HEADERS | extra)
        return answer

    def _unsafe(self, request: web.Request) -> web.Response:
        """A browser keeps none of our cookies on such a way, so it says so in place of a form that cannot work."""
        shown = {"address": f"{self._office.public_url}{HOME}/" if self._office.public_url else None}
        return self._frame.page("unsafe.html", request, shown, 403)


_WORDS = {
    400: "The browser sent something that cannot be read.",
    404: "There is no such page in the console.",
    405: "This page cannot be used like that.",
    408: "The form did not arrive in time. Try again.",
    413: "That is too large.",
}


def csrf_of(token: str) -> str:
    """What a form of this session must carry: nobody without its cookie can make it, nor the cookie from it."""
    return hmac.digest(root_of(token).encode("utf-8", "replace"), b"a form of this session", hashlib.sha256).hex()


def is_same(given: object, right: str) -> bool:
    """Whether what came is the right token; tells nothing by its time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def is_from_here(request: web.Request, public_url: str | None) -> bool:
    """Whether a page of ours sent it, by what the browser says; one too old for the first header has the second."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    ours = {request.host, urlsplit(public_url or "").netloc} - {""}
    return origin is None or urlsplit(origin).netloc in ours


@asynccontextmanager
async def arrived(request: web.Request) -> AsyncIterator[Mapping[str, object]]:
    """The form, once all of it is here; its files are closed at the end.

    Raises 400 when it cannot be read, 408 when it takes too long, 413 when it is too large.
    """
    try:
        async with asyncio.timeout(_BODY_WAIT.total_seconds()):
            form = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, LookupError):  # no text, or in letters that there are not
        raise web.HTTPBadRequest from None
    try:
        yield form
    finally:
        for each in form.values():
            if isinstance(each, web.FileField):
                each.file.close()
