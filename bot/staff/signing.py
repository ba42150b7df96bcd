"""Signing in and out, and proving again who one is."""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeVar

import structlog
from aiohttp import web

from bot.public.dress import Dress
from bot.staff import devices
from bot.staff.arrival import client
from bot.staff.devices import Device
from bot.staff.doors import COOKIE, Door, arrived, is_from_here, is_same
from bot.staff.office import Office
from bot.staff.visit import HOME, Visit, elsewhere, inside
from bot.store.accounts import AccountRefused
from bot.store.own_account import Entered

log = structlog.get_logger()

T = TypeVar("T")

_FORM_COOKIE = "__Host-staff-form"  # ties the sign-in form to the browser it was shown in
_LONGEST = 200  # characters of what is typed that are looked at: no name, password or code has more
_AT_ONCE = 8  # whose passwords are looked at, or wait for it; each takes a fifth of a second and 64 MiB, two at a time
_SHOWN = 8  # characters of an address's mark in the log: which refusals belong together
_WRONG = "Name, password or code is wrong, or the code was used before. Wait for the next code and try again."
_WRONG_PROOF = "Password or code is wrong, or the code was used before. Wait for the next code and try again."
_OLD_FORM = "This form is too old, or the browser keeps no cookies. Try again."
_BUSY = "Many people are signing in just now. Try again in a few seconds."


class Signing:
    """The pages of whoever is not signed in yet, and of whoever must show again that they are who they are."""

    def __init__(self, office: Office, frame: Dress) -> None:
        self._office = office
        self._frame = frame
        # Strangers who come by the thousand keep nobody waiting who has signed in on their browser before.
        self._looking = {is_known: asyncio.Semaphore(_AT_ONCE) for is_known in (True, False)}

    def routes(self) -> list[web.RouteDef]:
        """What is reached without being signed in."""
        return [web.get("/sign-in", self._shown), web.post("/sign-in", self._sign_in)]

    def doors(self) -> tuple[Door, ...]:
        return (
            Door("POST", "/sign-out", _sign_out, None, is_for_unfinished=True),
            Door("GET", "/prove", _proof_asked, None),
            Door("POST", "/prove", _prove, None),
        )

    async def _shown(self, request: web.Request) -> web.StreamResponse:
        then, token = inside(request.query.get("then", "")), request.cookies.get(COOKIE)
        if token and await self._office.sessions.of(token, self._office.clock()):
            return elsewhere(request, then)
        return self._form(request, then, None)

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        async with arrived(request) as form:
            return await self._came(request, form)

    async def _came(self, request: web.Request, form: Mapping[str, object]) -> web.StreamResponse:
        then, kept = inside(typed(form, "then")), request.cookies.get(_FORM_COOKIE, "")
        if not (kept and is_from_here(request, self._office.public_url) and is_same(form.get("csrf"), kept)):
            return self._form(request, then, _OLD_FORM, 403)
        name = typed(form, "name").strip().lower()  # as on every account: phones begin with a capital
        device = Device.of(request.cookies.get(devices.COOKIE, ""))
        is_known = device.knows(name, self._office.marks)
        if self._looking[is_known].locked():
            return self._form(request, then, _BUSY, 503)
        async with self._looking[is_known]:
            found = await self._looked_at(request, name, form, device if is_known else None)
        if not isinstance(found, Entered):
            return self._form(request, then, *found)
        return await self._let_in(request, then, name, device, found)

    async def _looked_at(
        self, request: web.Request, name: str, form: Mapping[str, object], device: Device | None
    ) -> Entered | tuple[str, int]:
        """Who came in, or what the form says and with which status; the same for every name, whether there is one."""
        office, now = self._office, self._office.clock()
        address = client(request, office.proxies)
        throttle, mark = office.throttle, office.marks.of("log", address)[:_SHOWN]
        counts = throttle.of_device(name, device.number) if device else throttle.of_stranger(name, address)
        if wait := await throttle.take(counts, now):
            log.warning("sign-in slowed", client=mark, is_known_device=device is not None)
            return slowed(wait), 429
        called = devices.called(request.headers.get("User-Agent", ""))
        entered = await office.own_account.enter(name, typed(form, "password"), typed(form, "code"), called, now)
        if entered is None:
            log.warning("sign-in refused", client=mark, is_known_device=device is not None)
            return _WRONG, 403
        await throttle.give_back(counts)
        log.info("signed in", account=name, client=mark)
        return entered

    async def _let_in(
        self, request: web.Request, then: str, name: str, device: Device, entered: Entered
    ) -> web.StreamResponse:
        if before := request.cookies.get(COOKIE):
            await self._office.sessions.end(before)
        if entered.wrong_before:
            await self._office.sessions.say(entered.token, _failures(entered.wrong_before))
        answer = elsewhere(request, then)
        keep(answer, COOKIE, entered.token)
        keep(answer, devices.COOKIE, device.with_account(name, self._office.marks).cookie, devices.LASTS)
        drop(answer, _FORM_COOKIE)
        return answer

    def _form(self, request: web.Request, then: str, fault: str | None, status: int = 200) -> web.Response:
        csrf = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)  # the same in every window
        page = self._frame.page("sign_in.html", request, {"csrf": csrf, "fault": fault, "then": then}, status)
        keep(page, _FORM_COOKIE, csrf)
        return page


def typed(form: Mapping[str, object], field: str, most: int = _LONGEST) -> str:
    """What stands in a field of a form, as far as it is looked at; "" when there is none, or a file."""
    value = form.get(field)
    return value[:most].replace("\0", "\ufffd") if isinstance(value, str) else ""


def slowed(wait: timedelta) -> str:
    """What somebody reads who has tried too often."""
    seconds = math.ceil(wait.total_seconds())
    told = f"{seconds} seconds" if seconds < 100 else f"{math.ceil(seconds / 60)} minutes"
    return f"Too many wrong tries. Wait {told}, then try again."


def keep(answer: web.StreamResponse, name: str, value: str, lasts: timedelta | None = None) -> None:
    """Set a cookie that only this site's own pages send, and no script reads; None: until the browser is closed."""
    age = None if lasts is None else int(lasts.total_seconds())
    answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="Strict", max_age=age)


def drop(answer: web.StreamResponse, name: str) -> None:
    """Take a cookie away; a browser minds only one with the prefix's own marks."""
    answer.del_cookie(name, path="/", secure=True, httponly=True, samesite="Strict")


class NotProved(Exception):
    """Whoever is signed in did not show that it is them; the text is for them."""


async def counted(visit: Visit, look: Callable[[], Awaitable[T]], wrong: str) -> T:
    """What a look at the password of whoever is signed in comes to, unless they guess too often.

    Raises `NotProved` when that is nothing; an `AccountRefused` comes after the password was found right.
    """
    name, throttle = visit.account.name, visit.office.throttle
    counts = throttle.of_proof(name)
    if wait := await throttle.take(counts, visit.now):
        log.warning("proof slowed", account=name)
        raise NotProved(slowed(wait))
    try:
        found = await look()
    except AccountRefused:
        await throttle.give_back(counts)
        raise
    if not found:
        log.warning("proof refused", account=name)
        raise NotProved(wrong)
    await throttle.give_back(counts)
    return found


async def _proof_asked(visit: Visit) -> web.StreamResponse:
    then = inside(visit.request.query.get("then", ""))
    if visit.is_proved:
        return elsewhere(visit.request, then)
    return visit.page("prove.html", then=then, fault_of_proof=None)


async def _prove(visit: Visit) -> web.StreamResponse:
    form = await visit.form()
    then = inside(typed(form, "then"))
    given = (visit.account.name, typed(form, "password"), typed(form, "code"))
    own = visit.office.own_account
    try:
        token = await counted(visit, lambda: own.prove(visit.token, *given, visit.now), _WRONG_PROOF)
    except NotProved as e:
        return visit.page("prove.html", status=403, then=then, fault_of_proof=str(e))
    log.info("proved again", account=visit.account.name)
    answer = elsewhere(visit.request, then)
    keep(answer, COOKIE, token or "")
    return answer


async def _sign_out(visit: Visit) -> web.StreamResponse:
    await visit.office.sessions.end(visit.token)
    log.info("signed out", account=visit.account.name)
    answer = elsewhere(visit.request, f"{HOME}/sign-in")
    drop(answer, COOKIE)
    return answer


def _failures(times: int) -> str:
    often = "once" if times == 1 else f"{times} times"
    told = f"Since you last signed in, a wrong password or code was given for your name {often}."
    return f"{told} If that was not you, tell an administrator."
