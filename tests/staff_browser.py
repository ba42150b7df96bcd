"""A browser in front of the console, as far as the door minds it: it keeps cookies, and sends the forms it is shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pyotp
from aiohttp import ClientResponse

from bot.staff.doors import COOKIE
from bot.staff.visit import HOME
from tests.staff_rooms import PASSWORD, Answered, Staffed

STEP = timedelta(seconds=30)
_HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)"[^>]*? value="([^"]*)"')


@dataclass
class Browser:
    """`address` is what a proxy in front would tell of it; cookies are kept by their names."""

    desk: Staffed
    address: str | None = None
    agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    cookies: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """Every Set-Cookie, as it was sent."""

    async def get(self, path: str, **headers: str) -> Answered:
        return await self._asked("GET", path, None, headers)

    async def post(self, path: str, data: Any = None, **headers: str) -> Answered:
        """Just what is given, and nothing that a form would have had besides."""
        return await self._asked("POST", path, data or {}, headers)

    async def send(self, page: str, to: str, typed: Mapping[str, Any], **headers: str) -> Answered:
        """The form of a page, filled in: with the hidden fields that the page has for it."""
        shown = (await self.get(page)).text
        form = shown.partition(f'action="{HOME}{to}"')[2].partition("</form>")[0]
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(form)}
        return await self.post(to, {**hidden, **typed}, **headers)

    async def sign_in(self, name: str, password: str = PASSWORD, code: str | None = None, then: str = "") -> Answered:
        """Through the form; `code` None: the right one of this moment."""
        given = pyotp.TOTP(self.desk.secrets[name]).at(self.desk.now) if code is None else code
        page = f"/sign-in?then={then}" if then else "/sign-in"
        return await self.send(page, "/sign-in", {"name": name, "password": password, "code": given})

    @property
    def token(self) -> str | None:
        return self.cookies.get(COOKIE)

    def copied(self) -> "Browser":
        """Another one with the same cookies."""
        return Browser(self.desk, self.address, self.agent, dict(self.cookies))

    async def _asked(self, method: str, path: str, data: Any, headers: Mapping[str, str]) -> Answered:
        told = {"User-Agent": self.agent, **({"X-Forwarded-For": self.address} if self.address else {}), **headers}
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        asked = self.desk.client.request(method, f"{HOME}{path}", data=data, headers=told, allow_redirects=False)
        response = await asked
        self._keep(response)
        return Answered(response.status, await response.text(), response.headers)

    def _keep(self, response: ClientResponse) -> None:
        self.told += response.headers.getall("Set-Cookie", [])
        for name, morsel in response.cookies.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
