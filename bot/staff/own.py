"""Everybody's own page: where they are signed in, their password, their codes; and the first steps of a new account."""

from typing import Any

import structlog
from aiohttp import web

from bot.core.staff import Role
from bot.staff.doors import FINISH, Door
from bot.staff.pictures import qr_code
from bot.staff.signing import NotProved, counted, typed
from bot.staff.visit import Visit
from bot.store.accounts import AccountRefused
from bot.store.own_account import Offer

log = structlog.get_logger()

OWN = "/me"
_LONGEST_OFFER = 1_000  # characters; it has some two hundred
_TWICE = "The two new passwords are not the same."
_WRONG = "The password you have now is wrong."

DOES = {
    Role.VIEWER: "sees everything and changes nothing",
    Role.CURATOR: "looks after the answers",
    Role.ANNOUNCER: "drafts advisories, and publishes those that need no second person",
    Role.APPROVER: "approves and publishes advisories, Alerts too",
    Role.ADMINISTRATOR: "looks after the accounts and reads the audit log",
}
"""What each role is for, in words for those who have it."""


def doors() -> tuple[Door, ...]:
    """Open to everybody signed in: each of these acts on nobody's account but their own."""
    return (
        Door("GET", OWN, _shown, None),
        Door("POST", f"{OWN}/sessions/end", _end_one, None),
        Door("POST", f"{OWN}/sessions/end-others", _end_others, None),
        Door("GET", f"{OWN}/password", _password_asked, None),
        Door("POST", f"{OWN}/password", _change_password, None),
        Door("GET", f"{OWN}/codes", _codes_shown, None),
        Door("POST", f"{OWN}/codes", _change_codes, None),
        Door("GET", FINISH, _unfinished, None, is_for_unfinished=True),
        Door("POST", FINISH, _finish, None, is_for_unfinished=True),
    )


async def _shown(visit: Visit) -> web.StreamResponse:
    sessions = await visit.office.sessions.open_of(visit.account.name, visit.now)
    return visit.page("own.html", sessions=sessions, this=visit.session.mark, does=_does(visit))


async def _end_one(visit: Visit) -> web.StreamResponse:
    name, mark = visit.account.name, typed(await visit.form(), "session")
    if await visit.office.sessions.end_one(name, mark, name, visit.now):
        return await visit.go(OWN, "That browser is signed out.")
    return await visit.go(OWN, "That browser was signed out already.")


async def _end_others(visit: Visit) -> web.StreamResponse:
    name = visit.account.name
    await visit.office.sessions.end_all(name, name, visit.now, but=visit.session.digest)
    return await visit.go(OWN, "You are signed out everywhere else.")


async def _password_asked(visit: Visit) -> web.StreamResponse:
    return visit.page("own_password.html", faults=())


async def _change_password(visit: Visit) -> web.StreamResponse:
    form, own = await visit.form(), visit.office.own_account
    old, new = typed(form, "password"), typed(form, "new")
    faults = (_TWICE,) if new != typed(form, "again") else await own.faults(visit.session, new)
    try:
        if not faults:
            await counted(visit, lambda: own.change_password(visit.session, old, new, visit.now), _WRONG)
    except (NotProved, AccountRefused) as e:
        faults = (str(e),)
    if faults:
        return visit.page("own_password.html", status=400, faults=faults)
    log.info("own password changed", account=visit.account.name)
    return await visit.go(OWN, "You have another password. Every other browser is signed out.")


async def _codes_shown(visit: Visit) -> web.StreamResponse:
    visit.must_prove()
    return _codes_page(visit, visit.office.own_account.offer(visit.session), ())


async def _change_codes(visit: Visit) -> web.StreamResponse:
    visit.must_prove()
    form, own = await visit.form(), visit.office.own_account
    password, sealed, code = typed(form, "password"), typed(form, "offer", _LONGEST_OFFER), typed(form, "code")
    try:
        await counted(visit, lambda: own.change_codes(visit.session, password, sealed, code, visit.now), _WRONG)
    except (NotProved, AccountRefused) as e:
        return _codes_page(visit, own.offer(visit.session, sealed), (str(e),))
    log.info("own codes changed", account=visit.account.name)
    return await visit.go(OWN, "Your codes come from the new app now. Every other browser is signed out.")


def _codes_page(visit: Visit, offer: Offer, faults: tuple[str, ...]) -> web.Response:
    return visit.page("own_codes.html", status=400 if faults else 200, faults=faults, **_drawn(offer))


async def _unfinished(visit: Visit) -> web.StreamResponse:
    if not visit.session.is_unfinished:
        return await visit.go("/")
    return await _finish_page(visit, "", ())


async def _finish(visit: Visit) -> web.StreamResponse:
    if not visit.session.is_unfinished:
        return await visit.go("/")
    form = await visit.form()
    new, sealed = typed(form, "new"), typed(form, "offer", _LONGEST_OFFER)
    try:
        if new != typed(form, "again"):
            raise AccountRefused(_TWICE)
        await visit.office.own_account.finish(visit.session, new, sealed, typed(form, "code"), visit.now)
    except AccountRefused as e:
        return await _finish_page(visit, sealed, e.reasons)
    log.info("account finished", account=visit.account.name)
    return await visit.go("/", "Your account is ready. From now on you sign in with your own password and a code.")


async def _finish_page(visit: Visit, sealed: str, faults: tuple[str, ...]) -> web.Response:
    """The same picture again after a fault: by then it is in the phone."""
    own = visit.office.own_account
    offer = own.offer(visit.session, sealed) if await own.lacks_codes(visit.session) else None
    status, does = 400 if faults else 200, _does(visit)
    return visit.page("own_finish.html", status=status, faults=faults, does=does, **_drawn(offer))


def _drawn(offer: Offer | None) -> dict[str, Any]:
    """An offer as a page shows it."""
    if offer is None:
        return {"offer": None, "picture": None, "secret": None}
    return {"offer": offer, "picture": qr_code(offer.address), "secret": _in_fours(offer.secret)}


def _does(visit: Visit) -> list[tuple[str, str]]:
    """The roles of whoever is signed in, and what each is for."""
    return [(role.value, DOES[role]) for role in Role if role in visit.account.roles]


def _in_fours(secret: str) -> str:
    """As somebody types it who cannot scan."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
