"""Signing in and out."""

import hmac
import secrets

from aiohttp import web

from bot.staff.doors import COOKIE, Door
from bot.staff.frame import Frame
from bot.staff.office import Office
from bot.staff.visit import HOME, Visit, elsewhere

_FORM_COOKIE = "__Host-staff-form"  # ties the sign-in form to the browser it was shown in
_LONGEST = 200  # characters of a name or a code that are looked at


class Signing:
    """The pages of whoever is not signed in yet."""

    def __init__(self, office: Office, frame: Frame) -> None:
        self._office = office
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/sign-in", self._shown), web.post("/sign-in", self._sign_in)]

    def doors(self) -> tuple[Door, ...]:
        return (Door("POST", "/sign-out", _sign_out, None),)

    async def _shown(self, request: web.Request) -> web.Response:
        return self._form(request, None)

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        kept, given = request.cookies.get(_FORM_COOKIE, ""), str(form.get("csrf", ""))
        if not kept or not hmac.compare_digest(kept.encode(), given.encode("utf-8", "replace")):
            return self._form(request, "This form is too old. Try again.", 403)
        name, code = (str(form.get(field, ""))[:_LONGEST] for field in ("name", "code"))
        now = self._office.clock()
        account = await self._office.accounts.sign_in(name, str(form.get("password", "")), code, now)
        if account is None:
            return self._form(request, "Name, password or code is wrong.", 403)
        token = await self._office.sessions.begin(account.name, "a browser", now)
        answer = elsewhere(request, f"{HOME}/")
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict")
        answer.del_cookie(_FORM_COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
        return answer

    def _form(self, request: web.Request, fault: str | None, status: int = 200) -> web.Response:
        csrf = secrets.token_urlsafe(32)
        page = self._frame.page("sign_in.html", request, {"csrf": csrf, "fault": fault}, status)
        page.set_cookie(_FORM_COOKIE, csrf, path="/", secure=True, httponly=True, samesite="Strict")
        return page


async def _sign_out(visit: Visit) -> web.StreamResponse:
    await visit.office.sessions.end(visit.token)
    answer = await visit.go("/sign-in")
    answer.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return answer
