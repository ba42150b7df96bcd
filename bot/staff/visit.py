"""One request of somebody who is signed in: who, with which rights, and how they are answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from bot.core.staff import Account, Act
from bot.public.dress import Dress
from bot.staff.office import Office
from bot.store.sessions import Session

PROOF_LASTS = timedelta(minutes=10)  # how long password and code count for the gravest acts; ASVS 5, 7.5.3
HOME = "/staff"
_INSIDE = re.compile(r"/staff/[\w./~-]*(\?[\w./~%&=+:,@!*-]*)?", re.ASCII)
_NOT_AGAIN = (f"{HOME}/sign-in", f"{HOME}/sign-out", f"{HOME}/prove")


@dataclass(frozen=True, slots=True)
class Area:
    """Something in the menu, for those who may do it."""

    name: str
    path: str
    act: Act | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that passed the guard. `now` is its time; `said` is what the page before left to say, None: nothing."""

    request: web.Request
    office: Office
    frame: Dress
    session: Session
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    now: datetime
    areas: tuple[Area, ...]
    said: str | None = None

    @property
    def account(self) -> Account:
        return self.session.account

    @property
    def wants_part(self) -> bool:
        """Whether htmx asks for a piece of a page."""
        return "HX-Request" in self.request.headers

    @property
    def is_proved(self) -> bool:
        """Whether password and code were given a short while ago."""
        return self.now - self.session.proved_at <= PROOF_LASTS

    def must_prove(self) -> None:
        """Send whoever has not proved themselves lately to do so, and back to the page they came from.

        What they had typed there is gone by then, so the page of a long form calls this before it shows itself.
        """
        if not self.is_proved:
            address = with_then(f"{HOME}/prove", came_from(self.request))
            if self.wants_part:
                raise web.HTTPNoContent(headers={"HX-Redirect": address})
            raise web.HTTPSeeOther(address)

    async def forms(self) -> MultiDictProxy[str]:
        """What was typed; a name may stand several times. Files are left out."""
        form = await self.request.post()
        # No store keeps a NUL, and nobody types one.
        texts = [(name, value.replace("\0", "\ufffd")) for name, value in form.items() if isinstance(value, str)]
        return MultiDictProxy(MultiDict(texts))

    async def form(self) -> Mapping[str, str]:
        """What was typed, the first of each name."""
        typed = await self.forms()
        return {name: typed[name] for name in typed}

    def page(self, template: str, *, status: int = 200, **shown: Any) -> web.Response:
        """A whole page."""
        return self.frame.page(template, self.request, self._always() | shown, status)

    def part(self, template: str, *, status: int = 200, **shown: Any) -> web.Response:
        """A piece of a page, for htmx."""
        return self.frame.page(template, self.request, self._always() | shown, status)

    async def go(self, path: str, said: str | None = None) -> web.Response:
        """On to another page of the console; `said` is shown there once."""
        if said is not None:
            await self.office.sessions.say(self.token, said)
        return elsewhere(self.request, f"{HOME}{path}")

    def local(self, moment: datetime) -> str:
        """A moment in the department's time, to be read."""
        return f"{moment.astimezone(self.office.zone):%Y-%m-%d %H:%M}"

    def _always(self) -> dict[str, Any]:
        path = self.request.path.removeprefix(HOME)
        return {
            "account": self.account,
            "may": lambda act: self.account.may(Act(act)),
            "csrf": self.csrf,
            "local": self.local,
            "here": path,
            "areas": [area for area in self.areas if area.act is None or self.account.may(area.act)],
            "said": self.said,
            "fault": self.office.live.fault,
        }


def elsewhere(request: web.Request, address: str) -> web.Response:
    """On to the address; a piece of a page cannot follow there, so htmx is told to."""
    if "HX-Request" in request.headers:
        return web.Response(status=204, headers={"HX-Redirect": address})
    return web.Response(status=303, headers={"Location": address})


def came_from(request: web.Request) -> str:
    """The page somebody looks at: the one they ask for, or the one whose form they sent."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return inside(request.path_qs)
    headers = request.headers
    try:
        parts = urlsplit(headers.get("HX-Current-URL", headers.get("Referer", "")))
    except ValueError:
        return f"{HOME}/"
    return inside(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def inside(address: str) -> str:
    """The address when it is a page of the console's, else the home page: nobody is sent elsewhere from here."""
    path = address.partition("?")[0]
    is_ours = _INSIDE.fullmatch(address) and ".." not in path and path not in _NOT_AGAIN
    return address if is_ours else f"{HOME}/"


def with_then(address: str, then: str) -> str:
    """The address with where to go afterwards; the home page is where everybody goes anyway."""
    return address if then == f"{HOME}/" else f"{address}?then={quote(then, safe='/')}"
