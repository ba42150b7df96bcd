"""The accounts of the staff, for whoever keeps them: they hand out start passwords, which their owners change."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.core.staff import Act, Role
from bot.staff.doors import Door
from bot.staff.own import DOES
from bot.staff.signing import typed
from bot.staff.visit import Visit
from bot.store.accounts import AccountRefused, Kept

log = structlog.get_logger()

ACCOUNTS = "/accounts"
_NEW = "/new-account"  # not below the others: somebody may be called `new`
_ONE = f"{ACCOUNTS}/{{name:[a-z0-9._-]+}}"

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


def doors() -> tuple[Door, ...]:
    """Every change asks whoever is signed in to have shown lately that it is them."""
    return (
        Door("GET", ACCOUNTS, _shown, Act.KEEP_ACCOUNTS),
        Door("GET", _NEW, _new, Act.KEEP_ACCOUNTS),
        Door("POST", _NEW, _invite, Act.KEEP_ACCOUNTS),
        Door("GET", _ONE, _one_shown, Act.KEEP_ACCOUNTS),
        Door("POST", f"{_ONE}/roles", _changing(_set_roles), Act.KEEP_ACCOUNTS),
        Door("POST", f"{_ONE}/disable", _changing(_disable), Act.KEEP_ACCOUNTS),
        Door("POST", f"{_ONE}/enable", _changing(_enable), Act.KEEP_ACCOUNTS),
        Door("POST", f"{_ONE}/start", _changing(_start_anew), Act.KEEP_ACCOUNTS),
        Door("POST", f"{_ONE}/sessions/end", _end_sessions, Act.KEEP_ACCOUNTS),
    )


async def _shown(visit: Visit) -> web.StreamResponse:
    return visit.page("accounts.html", accounts=await visit.office.accounts.all())


async def _new(visit: Visit) -> web.StreamResponse:
    visit.must_prove()
    return _form(visit, "", frozenset(), ())


async def _invite(visit: Visit) -> web.StreamResponse:
    visit.must_prove()
    name, roles = typed(await visit.form(), "name").strip().lower(), await _roles(visit)
    try:
        password = await visit.office.accounts.invite(name, roles, visit.account.name, visit.now)
    except AccountRefused as e:
        return _form(visit, name, roles, e.reasons)
    log.info("account made", account=name, by=visit.account.name)
    return visit.page("accounts_start.html", name=name, password=password, needs_code=False)


def _form(visit: Visit, name: str, roles: frozenset[Role], faults: tuple[str, ...]) -> web.Response:
    status = 400 if faults else 200
    return visit.page("accounts_new.html", status=status, name=name, chosen=roles, faults=faults, does=DOES)


async def _one_shown(visit: Visit) -> web.StreamResponse:
    return await _page_of(visit, await _its(visit))


def _changing(act: Callable[[Visit, Kept], Awaitable[web.StreamResponse]]) -> Handler:
    """The door of a change to the account that the path names; why it is refused stands over its page."""

    async def handle(visit: Visit) -> web.StreamResponse:
        visit.must_prove()
        kept = await _its(visit)
        try:
            return await act(visit, kept)
        except AccountRefused as e:
            return await _page_of(visit, kept, e.reasons)

    return handle


async def _set_roles(visit: Visit, kept: Kept) -> web.StreamResponse:
    roles = await _roles(visit)
    await visit.office.accounts.set_roles(kept.account.name, roles, visit.account.name, visit.now)
    return await _done(visit, kept, "roles", f"The roles are: {', '.join(sorted(roles))}.")


async def _disable(visit: Visit, kept: Kept) -> web.StreamResponse:
    if kept.account.name == visit.account.name:
        raise AccountRefused("your own account is disabled by another administrator")
    await visit.office.accounts.disable(kept.account.name, visit.account.name, visit.now)
    return await _done(visit, kept, "disabled", "Nobody can sign in with this account any more, and it is signed out.")


async def _enable(visit: Visit, kept: Kept) -> web.StreamResponse:
    await visit.office.accounts.enable(kept.account.name, visit.account.name, visit.now)
    return await _done(visit, kept, "enabled", "This account can be used again, with the password and codes it had.")


async def _start_anew(visit: Visit, kept: Kept) -> web.StreamResponse:
    """Password and codes, or the password alone, give way to a start password that is shown here and never again."""
    keeps_codes = typed(await visit.form(), "codes") == "keep"
    by, accounts = visit.account.name, visit.office.accounts
    password = await accounts.start_anew(kept.account.name, by, visit.now, keeps_codes=keeps_codes)
    log.info("account changed", account=kept.account.name, by=by, change="start password")
    has_codes = keeps_codes and not kept.lacks_codes
    return visit.page("accounts_start.html", name=kept.account.name, password=password, needs_code=has_codes)


async def _end_sessions(visit: Visit) -> web.StreamResponse:
    """One of them, by its mark, or all: this needs no proof, for it only shuts doors."""
    kept, mark = await _its(visit), typed(await visit.form(), "session")
    name, by, sessions = kept.account.name, visit.account.name, visit.office.sessions
    if mark:
        await sessions.end_one(name, mark, by, visit.now)
    else:
        await sessions.end_all(name, by, visit.now, but=visit.session.digest)
    return await _done(visit, kept, "signed out", f"{name} is signed out there." if mark else f"{name} is signed out.")


async def _done(visit: Visit, kept: Kept, change: str, said: str) -> web.Response:
    log.info("account changed", account=kept.account.name, by=visit.account.name, change=change)
    # Whoever took the right from themselves a moment ago cannot see that page any more.
    still = await visit.office.sessions.of(visit.token, visit.now)
    may_stay = still is not None and still.account.may(Act.KEEP_ACCOUNTS)
    return await visit.go(f"{ACCOUNTS}/{kept.account.name}" if may_stay else "/", said)


async def _page_of(visit: Visit, kept: Kept, faults: tuple[str, ...] = ()) -> web.Response:
    sessions = await visit.office.sessions.open_of(kept.account.name, visit.now)
    return visit.page(
        "accounts_one.html",
        status=400 if faults else 200,
        kept=kept,
        sessions=sessions,
        faults=faults,
        does=DOES,
        is_self=kept.account.name == visit.account.name,
        is_proved=visit.is_proved,
        this=visit.session.mark,
    )


async def _its(visit: Visit) -> Kept:
    """The account that the path names. Raises 404."""
    name = visit.request.match_info["name"]
    found = [each for each in await visit.office.accounts.all() if each.account.name == name]
    if not found:
        raise web.HTTPNotFound
    return found[0]


async def _roles(visit: Visit) -> frozenset[Role]:
    """Those that were ticked; what is no role was not sent by our form."""
    ticked = (await visit.forms()).getall("role", [])
    return frozenset(role for role in Role if role.value in ticked)
