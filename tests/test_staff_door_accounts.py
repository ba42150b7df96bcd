"""The accounts page: who may come, with what, and who is out at once. Numbers are OWASP's, ASVS 5."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.staff import Role
from bot.staff.visit import PROOF_LASTS
from bot.store.audit import Audit
from tests.staff_browser import Browser
from tests.staff_rooms import Clerk, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        await desk.account("first")
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Staffed) -> Staffed:
    opened.now += timedelta(days=1)
    return opened


_names = iter(range(1000))


async def somebody(desk: Staffed, *roles: Role) -> str:
    return await desk.account(f"officer.{next(_names)}", *(roles or (Role.CURATOR,)))


async def admin(desk: Staffed) -> Clerk:
    return await desk.signed_in(Role.ADMINISTRATOR, name="chief")


async def acts(desk: Staffed, most: int) -> list[tuple[str, str, str]]:
    return [(each.who, each.act, each.subject) for each in await Audit(desk.office.database).newest(most)]


async def test_an_account_is_made_with_a_start_password_that_is_shown_once(desk: Staffed) -> None:
    """6.4.1: neither in the list, nor in the books, nor open in the store."""
    chief = await admin(desk)
    made = await chief.post("/new-account", [("name", " Anna.Lopez "), ("role", "curator"), ("role", "viewer")])
    assert made.status == 200
    start = re.findall(r'<code class="key">([a-z2-9-]{19})<', made.text)[0]
    assert "leaving the code empty" in made.words
    assert (await acts(desk, 1)) == [("chief", "account made", "anna.lopez")]
    for page in ("/accounts", "/accounts/anna.lopez"):
        shown = await chief.get(page)
        assert "anna.lopez" in shown.words
        assert start not in shown.text
    assert "curator, viewer" in (await chief.get("/accounts")).words
    everything = b"".join(path.read_bytes() for path in desk.office.data.glob("bot.sqlite3*"))
    assert start.encode() not in everything
    assert (await Browser(desk).sign_in("anna.lopez", start, "")).status == 303


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "first", "role": "viewer"}, "there is an account `first` already"),
        ({"name": "bot", "role": "viewer"}, "stands for no person"),
        ({"name": "x", "role": "viewer"}, "a name has 2 to 40"),
        ({"name": "<script>", "role": "viewer"}, "a name has 2 to 40"),
        ({"name": "roleless"}, "give at least one role"),
        ({"name": "roleless", "role": "emperor"}, "give at least one role"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_with_the_reason(
    desk: Staffed, typed: dict[str, str], words: str
) -> None:
    refused = await (await admin(desk)).post("/new-account", typed)
    assert (refused.status, words in refused.words) == (400, True)
    assert "<script>" not in refused.text.partition("<main")[2]


async def test_every_change_asks_first_who_one_is(desk: Staffed) -> None:
    """7.5.1, 7.5.3."""
    name, chief = await somebody(desk), await admin(desk)
    desk.now += PROOF_LASTS + timedelta(seconds=1)
    for path in ("/new-account", *(f"/accounts/{name}/{what}" for what in ("roles", "disable", "enable", "start"))):
        asked = await chief.post(path, {"role": "administrator"})
        assert asked.headers["Location"].startswith("/staff/prove"), path
    assert (await chief.get("/new-account")).headers["Location"] == "/staff/prove?then=/staff/new-account"
    page = await chief.get(f"/accounts/{name}")
    assert "First show that it is you" in page.words
    assert f"/staff/prove?then=/staff/accounts/{name}" in page.text
    kept = {each.account.name: each for each in await desk.office.accounts.all()}[name]
    assert kept.account.roles == {Role.CURATOR}
    assert (kept.is_unfinished, kept.disabled_at) == (False, None)


async def test_roles_are_given_and_taken(desk: Staffed) -> None:
    name, chief = await somebody(desk), await admin(desk)
    clerk = await desk.signed_in(name=name)
    assert (await clerk.get("/audit")).status == 403
    await chief.post(f"/accounts/{name}/roles", [("role", "viewer"), ("role", "approver")])
    assert (await clerk.get("/audit")).status == 200
    assert "The roles are: approver, viewer." in (await chief.get(f"/accounts/{name}")).words
    refused = await chief.post(f"/accounts/{name}/roles", {})
    assert (refused.status, "give at least one role" in refused.words) == (400, True)
    assert (await acts(desk, 1)) == [("chief", "account roles", name)]


async def test_disabling_shuts_everything_and_enabling_opens_the_door_alone(desk: Staffed) -> None:
    """7.4.2."""
    name, chief = await somebody(desk), await admin(desk)
    clerk = await desk.signed_in(name=name)
    assert (await chief.post(f"/accounts/{name}/disable")).status == 303
    assert (await clerk.get("/me")).status == 303
    assert "disabled" in (await chief.get("/accounts")).words
    assert (await Browser(desk).sign_in(name)).status == 403
    assert (await chief.post(f"/accounts/{name}/enable")).status == 303
    assert (await clerk.get("/me")).status == 303
    assert (await Browser(desk).sign_in(name)).status == 303


async def test_an_administrator_ends_anybodys_sessions_one_or_all(desk: Staffed) -> None:
    """7.4.5; it only shuts doors, so it asks for no proof."""
    name, chief = await somebody(desk), await admin(desk)
    clerks = [await desk.signed_in(name=name) for _ in range(3)]
    desk.now += PROOF_LASTS + timedelta(seconds=1)
    mark = re.findall(r'name="session" value="([0-9a-f]+)"', (await chief.get(f"/accounts/{name}")).text)[0]
    await chief.post(f"/accounts/{name}/sessions/end", {"session": mark})
    assert sorted([(await clerk.get("/me")).status for clerk in clerks]) == [200, 200, 303]
    await chief.post(f"/accounts/{name}/sessions/end")
    assert [(await clerk.get("/me")).status for clerk in clerks] == [303] * 3
    assert (await acts(desk, 2)) == [("chief", "sessions ended", name), ("chief", "session ended", name)]


@pytest.mark.parametrize("codes", ["keep", "end"])
async def test_whoever_lost_the_way_in_gets_a_start_password(desk: Staffed, codes: str) -> None:
    """6.4.3, 6.4.6: an administrator begins it, and chooses nobody's password."""
    name, chief = await somebody(desk), await admin(desk)
    clerk = await desk.signed_in(name=name)
    given = await chief.post(f"/accounts/{name}/start", {"codes": codes})
    start = re.findall(r'<code class="key">([a-z2-9-]{19})<', given.text)[0]
    assert ("with a code from their phone" in given.words) == (codes == "keep")
    assert (await clerk.get("/me")).status == 303
    without = await Browser(desk).sign_in(name, start, "")
    assert without.status == (403 if codes == "keep" else 303)
    assert "Not begun" in (await chief.get(f"/accounts/{name}")).words


async def test_nobody_resets_or_disables_themselves(desk: Staffed) -> None:
    chief = await admin(desk)
    for what, words in (("start", "on your own page"), ("disable", "by another administrator")):
        refused = await chief.post(f"/accounts/chief/{what}")
        assert (refused.status, words in refused.words) == (400, True)
    assert "This is you." in (await chief.get("/accounts/chief")).words


async def test_the_last_administrator_who_can_sign_in_cannot_be_lost(desk: Staffed) -> None:
    chief = await admin(desk)
    start = await chief.post("/new-account", {"name": "never.came", "role": "administrator"})
    assert start.status == 200  # an administrator who has not begun keeps nobody's place
    for each in await desk.office.accounts.all():
        if each.account.name not in ("chief", "never.came"):
            await desk.office.accounts.set_roles(each.account.name, {Role.VIEWER}, "chief", desk.now)
    refused = await chief.post("/accounts/chief/roles", {"role": "viewer"})
    assert (refused.status, "this is the last administrator" in refused.words) == (400, True)
    await desk.office.accounts.set_roles("first", {Role.ADMINISTRATOR}, "chief", desk.now)
    gone = await chief.post("/accounts/chief/roles", {"role": "viewer"})
    assert gone.headers["Location"] == "/staff/"
    await desk.office.accounts.set_roles("chief", {Role.ADMINISTRATOR}, "first", desk.now)


async def test_an_account_that_there_is_not_is_not_found(desk: Staffed) -> None:
    chief = await admin(desk)
    assert (await chief.get("/accounts/nemo")).status == 404
    assert (await chief.post("/accounts/nemo/disable")).status == 404
