"""One's own page, the first steps of an account, and proving again who one is. Numbers are OWASP's, ASVS 5."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio

from bot.core.staff import Role
from bot.staff.visit import PROOF_LASTS
from bot.store.audit import Audit
from bot.store.passwords import START_LASTS
from bot.store.throttle import FREE_OF_A_NAME
from tests.staff_browser import STEP, Browser
from tests.staff_rooms import PASSWORD, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER = "seven owls under a bridge"


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


async def signed_in(desk: Staffed, name: str, agent: str = "Mozilla/5.0 (Linux; Android 16) Chrome/150.0") -> Browser:
    browser = Browser(desk, agent=agent)
    assert (await browser.sign_in(name)).status == 303
    desk.now += STEP  # the next code is another one
    return browser


def code(desk: Staffed, secret: str) -> str:
    return pyotp.TOTP(secret).at(desk.now)


def offered(page: str) -> tuple[str, str]:
    """What a page with a picture has for a phone: the key, and the offer in the form."""
    key = re.search(r'<code class="key">([^<]+)<', page)
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert key is not None
    assert offer is not None
    return key[1].replace(" ", ""), unescape(offer[1])


async def test_everybody_sees_where_they_are_signed_in_and_ends_one_or_all(desk: Staffed) -> None:
    """7.5.2."""
    name = await somebody(desk)
    phone = await signed_in(desk, name)
    desk_pc = await signed_in(desk, name, "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    lost = await signed_in(desk, name, "Mozilla/5.0 (iPhone) Version/26.0 Safari/605")
    page = await phone.get("/me")
    for words in ("Chrome on Android", "Firefox on Windows", "Safari on iPhone", "this one"):
        assert words in page.words
    mark = re.findall(r'name="session" value="([0-9a-f]+)"', page.text)[0]  # the one used last
    ended = await phone.send("/me", "/me/sessions/end", {"session": mark})
    assert ended.status == 303
    assert "That browser is signed out." in (await phone.get("/me")).words
    assert ((await lost.get("/me")).status, (await desk_pc.get("/me")).status) == (303, 200)
    await phone.send("/me", "/me/sessions/end-others", {})
    assert ((await desk_pc.get("/me")).status, (await phone.get("/me")).status) == (303, 200)
    acts = [(each.who, each.act, each.subject) for each in await Audit(desk.office.database).newest(2)]
    assert acts == [(name, "sessions ended", name), (name, "session ended", name)]


async def test_nobody_ends_a_session_of_somebody_else_on_their_own_page(desk: Staffed) -> None:
    """8.2.2: the mark of another's session is nothing here."""
    mine, theirs = await signed_in(desk, await somebody(desk)), await signed_in(desk, await somebody(desk))
    assert theirs.token is not None
    other = await desk.office.sessions.of(theirs.token, desk.now)
    assert other is not None
    await mine.send("/me", "/me/sessions/end-others", {})
    page = await mine.get("/me")
    csrf = re.findall(r'name="csrf" value="(\w+)"', page.text)[0]
    await mine.post("/me/sessions/end", {"csrf": csrf, "session": other.mark})
    assert (await theirs.get("/me")).status == 200


async def test_another_password_needs_the_old_one_and_ends_every_other_session(desk: Staffed) -> None:
    """6.2.2, 6.2.3, 7.4.3."""
    name = await somebody(desk)
    anna, elsewhere = await signed_in(desk, name), await signed_in(desk, name)
    new = {"new": OTHER, "again": OTHER}
    wrong = await anna.send("/me/password", "/me/password", {"password": "not the password", **new})
    assert (wrong.status, "The password you have now is wrong." in wrong.words) == (400, True)
    assert (await elsewhere.get("/me")).status == 200
    changed = await anna.send("/me/password", "/me/password", {"password": PASSWORD, **new})
    assert changed.headers["Location"] == "/staff/me"
    assert ((await anna.get("/me")).status, (await elsewhere.get("/me")).status) == (200, 303)
    assert (await Browser(desk).sign_in(name, PASSWORD)).status == 403
    assert (await Browser(desk).sign_in(name, OTHER)).status == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, "password1234", "password1234", "too easy to guess"),
        (PASSWORD, OTHER, f"{OTHER}s", "are not the same"),
        (PASSWORD, PASSWORD, PASSWORD, "that is the old password"),
        (PASSWORD, "x" * 129, "x" * 129, "at most 128 characters"),
        ("", OTHER, OTHER, "The password you have now is wrong"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_with_the_reason(
    desk: Staffed, old: str, new: str, again: str, words: str
) -> None:
    """6.2.1, 6.2.4, 6.2.9."""
    anna = await signed_in(desk, await somebody(desk))
    refused = await anna.send("/me/password", "/me/password", {"password": old, "new": new, "again": again})
    assert (refused.status, words in refused.words) == (400, True)


async def test_whoever_sits_down_at_an_open_console_cannot_guess_the_password_there(desk: Staffed) -> None:
    """6.3.1: asking again is counted as well, under a count that no stranger reaches."""
    name = await somebody(desk)
    anna = await signed_in(desk, name)
    typed = {"password": "not the password", "new": OTHER, "again": OTHER}
    told = [(await anna.send("/me/password", "/me/password", typed)).words for _ in range(FREE_OF_A_NAME + 1)]
    assert ["Too many wrong tries" in words for words in told] == [False] * FREE_OF_A_NAME + [True]
    right = await anna.send("/prove", "/prove", {"password": PASSWORD, "code": code(desk, desk.secrets[name])})
    assert right.status in (303, 403)
    desk.now += timedelta(seconds=3)
    weak = {"password": PASSWORD, "new": "short", "again": "short"}
    await anna.send("/me/password", "/me/password", weak)  # no way to have the count forgiven
    assert "Too many" not in (await anna.send("/me/password", "/me/password", typed)).words
    assert "Too many" in (await anna.send("/me/password", "/me/password", typed)).words


async def test_other_codes_need_a_fresh_proof_the_password_and_a_code_of_the_new_phone(desk: Staffed) -> None:
    """6.5.5, 7.5.1, 7.5.3, 7.4.3."""
    name = await somebody(desk)
    anna, elsewhere = await signed_in(desk, name), await signed_in(desk, name)
    page = await anna.get("/me/codes")
    key, offer = offered(page.text)
    assert "<svg" in page.text
    assert "style=" not in page.text
    form = {"password": PASSWORD, "offer": offer}
    old = await anna.send("/me/codes", "/me/codes", {**form, "code": code(desk, desk.secrets[name])})
    assert (old.status, "the code does not fit" in old.words) == (400, True)
    assert offered(old.text) == (key, offer)  # the picture is in the phone by now
    wrong = await anna.send("/me/codes", "/me/codes", {**form, "password": "no", "code": code(desk, key)})
    assert (wrong.status, "The password you have now is wrong" in wrong.words) == (400, True)
    assert (await anna.send("/me/codes", "/me/codes", {**form, "code": code(desk, key)})).status == 303
    assert ((await anna.get("/me")).status, (await elsewhere.get("/me")).status) == (200, 303)
    desk.now += STEP
    assert (await Browser(desk).sign_in(name)).status == 403
    assert (await Browser(desk).sign_in(name, code=code(desk, key))).status == 303


async def test_an_offer_of_codes_is_good_for_its_own_account_only(desk: Staffed) -> None:
    mine, theirs = await somebody(desk), await somebody(desk)
    anna, eve = await signed_in(desk, mine), await signed_in(desk, theirs)
    key, offer = offered((await eve.get("/me/codes")).text)
    for forged in (offer, offer[:-4], "", "x" * 900):
        typed = {"password": PASSWORD, "offer": forged, "code": code(desk, key)}
        refused = await anna.send("/me/codes", "/me/codes", typed)
        assert (refused.status, "the picture is no longer good" in refused.words) == (400, True)


async def test_the_gravest_acts_ask_again_who_one_is_and_lead_back(desk: Staffed) -> None:
    """7.5.3, 7.2.4: a proof changes the token, and forms that stand open elsewhere stay good."""
    name = await somebody(desk)
    anna = await signed_in(desk, name)
    desk.now += PROOF_LASTS
    open_form = (await anna.get("/me")).text
    csrf = re.findall(r'name="csrf" value="(\w+)"', open_form)[0]
    asked = await anna.get("/me/codes")
    assert asked.headers["Location"] == "/staff/prove?then=/staff/me/codes"
    thief, before = anna.copied(), anna.token
    proved = await anna.send(
        "/prove?then=/staff/me/codes", "/prove", {"password": PASSWORD, "code": code(desk, desk.secrets[name])}
    )
    assert proved.headers["Location"] == "/staff/me/codes"
    assert anna.token != before
    assert (await anna.get("/me/codes")).status == 200
    assert (await thief.get("/me")).status == 303
    assert (await anna.post("/me/sessions/end-others", {"csrf": csrf})).status == 303
    assert [each.act for each in await Audit(desk.office.database).newest(2)] == ["sessions ended", "proved again"]


async def test_a_form_that_needs_proof_leads_back_to_its_page_and_nowhere_else(desk: Staffed) -> None:
    name = await somebody(desk, Role.ADMINISTRATOR)
    anna = await signed_in(desk, name)
    form = re.findall(r'name="csrf" value="(\w+)"', (await anna.get("/me")).text)[0]
    desk.now += PROOF_LASTS + timedelta(seconds=1)
    for referrer, leads_to in (
        ("https://bot.example/staff/accounts/first?x=1", "/staff/prove?then=/staff/accounts/first?x%3D1"),
        ("https://evil.example/phish", "/staff/prove"),
        ("https://evil.example/staff/accounts/first", "/staff/prove?then=/staff/accounts/first"),
        ("http://[broken", "/staff/prove"),
        ("", "/staff/prove"),
    ):
        sent = await anna.post("/accounts/first/disable", {"csrf": form}, Referer=referrer)
        assert sent.headers["Location"] == leads_to, referrer
    part = await anna.post("/accounts/first/disable", {"csrf": form}, **{
        "HX-Request": "true", "HX-Current-URL": "https://bot.example/staff/accounts/first"})  # fmt: skip
    assert (part.status, part.headers["HX-Redirect"]) == (204, "/staff/prove?then=/staff/accounts/first")
    typed = {"password": PASSWORD, "code": code(desk, desk.secrets[name]), "then": "https://evil.example"}
    assert (await anna.send("/prove", "/prove", typed)).headers["Location"] == "/staff/"


async def test_a_wrong_proof_proves_nothing(desk: Staffed) -> None:
    name = await somebody(desk)
    anna = await signed_in(desk, name)
    desk.now += PROOF_LASTS
    right = {"password": PASSWORD, "code": code(desk, desk.secrets[name])}
    for typed in ({**right, "code": "000000"}, {**right, "password": "not the password"}, {}):
        refused = await anna.send("/prove", "/prove", typed)
        assert (refused.status, "Password or code is wrong" in refused.words) == (403, True)
    assert (await anna.get("/me/codes")).status == 303
    assert (await anna.send("/prove", "/prove", right)).status == 303
    desk.now += PROOF_LASTS
    assert (await anna.send("/prove", "/prove", right)).status == 403  # that code was used


async def test_a_new_account_begins_with_its_owners_own_password_and_codes(desk: Staffed) -> None:
    """6.3.2, 6.3.3, 6.4.1: what an administrator hands out is good once, for days, and never stays."""
    start = await desk.office.accounts.invite("newcomer", {Role.CURATOR, Role.VIEWER}, "first", desk.now)
    anna = Browser(desk)
    assert (await anna.sign_in("newcomer", "another password", "")).status == 403
    assert (await anna.sign_in("newcomer", start, "")).status == 303
    for path in ("/", "/me", "/audit", "/me/password", "/prove"):
        assert (await anna.get(path)).headers["Location"] == "/staff/finish"
    page = await anna.get("/finish")
    key, offer = offered(page.text)
    assert "looks after the answers" in page.words
    form = {"new": OTHER, "again": OTHER, "offer": offer}
    for typed, words in (
        ({**form, "code": "000000"}, "the code does not fit"),
        ({**form, "code": code(desk, key), "new": start, "again": start}, "that is the start password"),
        ({**form, "code": code(desk, key), "again": "another"}, "are not the same"),
        ({**form, "code": code(desk, key), "offer": ""}, "the picture is no longer good"),
        ({**form, "new": "short", "again": "short", "code": "000000"}, "at least 12 characters"),
    ):
        refused = await anna.send("/finish", "/finish", typed)
        assert (refused.status, words in refused.words) == (400, True), words
    finished = await anna.send("/finish", "/finish", {**form, "code": code(desk, key)})
    assert finished.headers["Location"] == "/staff/"
    assert "Your account is ready" in (await anna.get("/")).words
    assert (await anna.get("/finish")).headers["Location"] == "/staff/"
    desk.now += STEP
    assert (await Browser(desk).sign_in("newcomer", start, "")).status == 403
    assert (await Browser(desk).sign_in("newcomer", start, code(desk, key))).status == 403
    assert (await Browser(desk).sign_in("newcomer", OTHER, "")).status == 403
    assert (await Browser(desk).sign_in("newcomer", OTHER, code(desk, key))).status == 303


async def test_a_start_password_is_good_for_three_days(desk: Staffed) -> None:
    start = await desk.office.accounts.invite("latecomer", {Role.VIEWER}, "first", desk.now)
    desk.now += START_LASTS
    assert (await Browser(desk).sign_in("latecomer", start, "")).status == 403


async def test_a_start_password_in_place_of_a_forgotten_one_still_needs_the_phone(desk: Staffed) -> None:
    name = await somebody(desk)
    anna = await signed_in(desk, name)
    start = await desk.office.accounts.start_anew(name, "first", desk.now, keeps_codes=True)
    assert (await anna.get("/me")).status == 303
    assert (await Browser(desk).sign_in(name, start, "")).status == 403
    again = Browser(desk)
    assert (await again.sign_in(name, start)).status == 303
    page = await again.get("/finish")
    assert "<svg" not in page.text
    assert (await again.send("/finish", "/finish", {"new": OTHER, "again": OTHER})).headers["Location"] == "/staff/"
    desk.now += STEP
    assert (await Browser(desk).sign_in(name, OTHER)).status == 303


async def test_an_account_that_is_not_begun_can_do_nothing_at_the_command_line(desk: Staffed) -> None:
    start = await desk.office.accounts.invite("beginner", {Role.ADMINISTRATOR}, "first", desk.now)
    assert await desk.office.accounts.sign_in("beginner", start, "", desk.now) is None
