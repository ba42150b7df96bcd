"""Signing in, out and in again: guesses, replays, fixed sessions, locked doors. Numbers are OWASP's, ASVS 5."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pyotp
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Role
from bot.staff import devices
from bot.store import throttle
from bot.store.account_rows import row_of
from bot.store.accounts import Accounts
from bot.store.audit import Audit
from bot.store.passwords import Passwords
from bot.store.throttle import FORGIVEN, FREE_OF_A_NAME
from tests.staff_browser import STEP, Browser
from tests.staff_rooms import CHEAP, PASSWORD, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRONG = "Name, password or code is wrong"
SLOWED = "Too many wrong tries"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        desk.office.proxies = 1
        await desk.account("first")
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Staffed) -> Staffed:
    """The same door a day later: nobody remembers what went before."""
    opened.now += timedelta(days=1)
    await opened.office.throttle.forget(opened.now)
    await opened.office.sessions.forget(opened.now)
    return opened


_names = iter(range(1000))


async def somebody(desk: Staffed, *roles: Role) -> str:
    return await desk.account(f"officer.{next(_names)}", *(roles or (Role.CURATOR,)))


def browser(desk: Staffed, address: str = "203.0.113.7") -> Browser:
    return Browser(desk, address)


async def guess(desk: Staffed, name: str, address: str, password: str = "not the password") -> int:
    return (await browser(desk, address).sign_in(name, password, "000000")).status


async def test_name_password_and_code_let_somebody_in_and_without_javascript(desk: Staffed) -> None:
    """6.3.3: a second factor, always."""
    name, anna = await somebody(desk), browser(desk)
    answer = await anna.sign_in(name)
    assert (answer.status, answer.headers["Location"]) == (303, "/staff/")
    assert name in (await anna.get("/")).words


@pytest.mark.parametrize("name", ["Officer.Upper", " officer.upper ", "OFFICER.UPPER"])
async def test_a_phone_that_begins_with_a_capital_or_leaves_a_space_gets_in(desk: Staffed, name: str) -> None:
    if "officer.upper" not in desk.secrets:
        await desk.account("officer.upper", Role.CURATOR)
    code = pyotp.TOTP(desk.secrets["officer.upper"]).at(desk.now)
    assert (await browser(desk).sign_in(name, code=code)).status == 303


async def test_every_reason_to_be_refused_reads_the_same(desk: Staffed) -> None:
    """6.3.8: nothing tells whether there is such a name."""
    name, gone = await somebody(desk), await somebody(desk)
    await desk.office.accounts.disable(gone, "first", desk.now)
    right = pyotp.TOTP(desk.secrets[name]).at(desk.now)
    tried = [
        (name, "not the password", right),
        (name, PASSWORD, "000000"),
        (name, PASSWORD, ""),
        (gone, PASSWORD, pyotp.TOTP(desk.secrets[gone]).at(desk.now)),
        ("nemo", PASSWORD, right),
        ("", "", ""),
        ("x" * 100_000, "y" * 100, "z" * 100),
    ]
    answers = [await browser(desk).sign_in(*each) for each in tried[:-1]]
    assert {answer.status for answer in answers} == {403}
    assert len({answer.words for answer in answers}) == 1
    assert WRONG in answers[0].words
    assert (await browser(desk).sign_in(*tried[-1])).status == 413


class Counting(PasswordHasher):
    """The real thing, and how often it compared."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.compared += 1
        return super().verify(hash, password)


async def test_a_name_that_there_is_not_costs_the_same_work(desk: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    """6.3.8, by time: one comparison of argon2 each."""
    counting = Counting(CHEAP.time_cost, CHEAP.memory_cost, CHEAP.parallelism)
    name = await somebody(desk)
    gone = await somebody(desk)
    await desk.office.accounts.disable(gone, "first", desk.now)
    passwords = desk.office.accounts.proving.passwords
    monkeypatch.setattr(passwords, "_hasher", counting)
    for each in (name, "nemo", gone, "", "x" * 150):
        before = counting.compared
        await guess(desk, each, "203.0.113.7")
        assert counting.compared == before + 1, each


async def test_a_code_works_once(desk: Staffed) -> None:
    """6.5.1."""
    name = await somebody(desk)
    code = pyotp.TOTP(desk.secrets[name]).at(desk.now)
    assert (await browser(desk).sign_in(name, code=code)).status == 303
    assert WRONG in (await browser(desk).sign_in(name, code=code)).words
    desk.now += STEP
    assert (await browser(desk).sign_in(name)).status == 303


async def test_signing_in_gives_a_new_session_and_ends_the_one_before(desk: Staffed) -> None:
    """7.2.4: a session that somebody put into the browser is worth nothing afterwards."""
    name, anna = await somebody(desk), browser(desk)
    anna.cookies["__Host-staff"] = "fixed.by-somebody-else"
    await anna.sign_in(name)
    first = anna.copied()
    assert anna.token is not None
    assert "somebody-else" not in anna.token
    desk.now += STEP
    page = (await anna.get("/sign-in")).headers
    assert page["Location"] == "/staff/"  # somebody signed in sees no form; who has one open from before may send it
    other = browser(desk)
    await other.get("/sign-in")
    anna.cookies["__Host-staff-form"] = other.cookies["__Host-staff-form"]
    code = pyotp.TOTP(desk.secrets[name]).at(desk.now)
    typed = {"csrf": anna.cookies["__Host-staff-form"], "name": name, "password": PASSWORD, "code": code}
    assert (await anna.post("/sign-in", typed)).status == 303
    assert anna.token != first.token
    assert (await anna.get("/me")).status == 200
    assert (await first.get("/me")).status == 303


async def test_a_copied_cookie_is_worth_nothing_after_signing_out(desk: Staffed) -> None:
    """7.4.1."""
    name, anna = await somebody(desk), browser(desk)
    await anna.sign_in(name)
    thief = anna.copied()
    assert (await thief.get("/me")).status == 200
    signed_out = await anna.send("/", "/sign-out", {})
    assert signed_out.headers["Location"] == "/staff/sign-in"
    assert anna.token is None
    assert (await thief.get("/me")).headers["Location"] == "/staff/sign-in?then=/staff/me"


async def test_guesses_from_one_address_are_slowed_and_slower_still_with_each_one(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6.3.1: as many names as one likes, one address pays for all of them."""
    monkeypatch.setattr(throttle, "FREE_OF_AN_ADDRESS", 3)
    statuses = [await guess(desk, f"nemo{number}", "198.51.100.1") for number in range(4)]
    assert statuses == [403, 403, 403, 429]
    assert await guess(desk, "nemo", "198.51.100.2") == 403
    for seconds in (2, 4):
        desk.now += timedelta(seconds=seconds - 1)
        assert await guess(desk, "another", "198.51.100.1") == 429
        desk.now += timedelta(seconds=1)
        assert await guess(desk, "another", "198.51.100.1") == 403


async def test_guesses_at_one_name_from_many_addresses_are_slowed(desk: Staffed) -> None:
    """6.3.1: a thousand addresses have five tries between them, then nine in the first minute."""
    name, through = await somebody(desk), 0
    begun = desk.now
    while desk.now < begun + timedelta(minutes=1):
        for number in range(3):
            seconds = int((desk.now - begun).total_seconds())
            through += await guess(desk, name, f"192.0.{seconds}.{number}") == 403
        desk.now += timedelta(seconds=3)
    assert FREE_OF_A_NAME < through <= 10


async def test_a_name_that_there_is_not_is_slowed_just_the_same(desk: Staffed) -> None:
    name = await somebody(desk)
    told = []
    for each in (name, "nobody.such"):
        statuses = [await guess(desk, each, f"192.0.2.{number}") for number in range(FREE_OF_A_NAME + 2)]
        told.append(statuses)
    assert told[0] == told[1] == [403] * FREE_OF_A_NAME + [429, 429]


async def test_whoever_hammers_a_name_cannot_lock_its_officer_out(desk: Staffed) -> None:
    """2.4.1, and no lock-out abuse: a browser the officer has signed in on before has a count of its own."""
    name, anna = await somebody(desk), browser(desk)
    await anna.sign_in(name)
    await anna.send("/", "/sign-out", {})
    desk.now += STEP
    for number in range(30):
        await guess(desk, name, f"192.0.2.{number}")
    stranger = await browser(desk, "192.0.2.200").sign_in(name)
    assert stranger.status == 429
    assert SLOWED in stranger.words
    assert (await anna.sign_in(name)).status == 303


async def test_a_browser_known_for_one_account_is_a_stranger_to_another(desk: Staffed) -> None:
    mine, theirs, eve = await somebody(desk), await somebody(desk), browser(desk)
    await eve.sign_in(mine)
    await eve.send("/", "/sign-out", {})
    statuses = [(await eve.sign_in(theirs, "not the password", "000000")).status for _ in range(FREE_OF_A_NAME + 1)]
    assert statuses == [403] * FREE_OF_A_NAME + [429]
    number = eve.cookies[devices.COOKIE].partition(".")[0]
    eve.cookies[devices.COOKIE] = f"{number}.{'a' * 26}"
    assert (await eve.sign_in(theirs, "not the password", "000000")).status == 429


async def test_a_stolen_device_cookie_is_slowed_as_well(desk: Staffed) -> None:
    name, anna = await somebody(desk), browser(desk)
    await anna.sign_in(name)
    thief = Browser(desk, "198.51.100.9", cookies={devices.COOKIE: anna.cookies[devices.COOKIE]})
    statuses = [(await thief.sign_in(name, "not the password", "000000")).status for _ in range(FREE_OF_A_NAME + 1)]
    assert statuses == [403] * FREE_OF_A_NAME + [429]


async def test_a_desk_that_a_shift_shares_knows_each_of_them(desk: Staffed) -> None:
    names, station = [await somebody(desk) for _ in range(3)], browser(desk)
    for name in names:
        await station.sign_in(name)
        await station.send("/", "/sign-out", {})
    known = devices.Device.of(station.cookies[devices.COOKIE])
    assert all(known.knows(name, desk.office.marks) for name in names)
    assert names[0] not in station.cookies[devices.COOKIE]


async def test_who_mistypes_and_then_gets_in_begins_anew(desk: Staffed) -> None:
    name, anna = await somebody(desk), browser(desk)
    for _ in range(FREE_OF_A_NAME - 1):
        await anna.sign_in(name, "not the password", "000000")
    assert (await anna.sign_in(name)).status == 303
    words = (await anna.get("/")).words
    assert "a wrong password or code was given for your name 4 times" in words
    assert "wrong password" not in (await anna.get("/")).words  # said once
    desk.now += STEP
    again = browser(desk)
    for _ in range(FREE_OF_A_NAME - 1):
        assert (await again.sign_in(name, "not the password", "000000")).status == 403


async def test_what_was_wrong_is_forgiven_after_an_hour(desk: Staffed) -> None:
    name = await somebody(desk)
    for number in range(FREE_OF_A_NAME + 1):
        await guess(desk, name, f"192.0.2.{number}")
    desk.now += FORGIVEN
    assert (await browser(desk, "192.0.2.99").sign_in(name)).status == 303


async def test_an_address_somebody_claims_is_not_believed_beyond_our_own_proxies(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15.3.4: one more X-Forwarded-For on each try makes nobody another client."""
    monkeypatch.setattr(throttle, "FREE_OF_AN_ADDRESS", 3)
    statuses = [await guess(desk, f"nemo.{number}", f"192.0.2.{number}, 198.51.100.77") for number in range(4)]
    assert statuses == [403, 403, 403, 429]


async def test_both_outcomes_are_in_the_books_and_nothing_that_was_typed(desk: Staffed) -> None:
    """16.3.1, 16.2.5: what is typed as a name may be a password."""
    name = await somebody(desk)
    await guess(desk, name, "203.0.113.7")
    await guess(desk, PASSWORD, "203.0.113.7")
    await browser(desk).sign_in(name)
    newest = await Audit(desk.office.database).newest(3)
    assert [(each.who, each.act) for each in reversed(newest)] == [
        (name, "sign-in refused"), ("nobody", "sign-in refused"), (name, "signed in"),
    ]  # fmt: skip
    assert newest[0].details == {"device": "Firefox on Linux"}
    assert PASSWORD not in str(newest)


async def test_when_many_wait_the_next_stranger_is_asked_to_come_again(desk: Staffed) -> None:
    """15.1.3: the dear work is bounded, and what strangers do does not keep a known browser waiting."""
    signing = desk.console._signing
    name, anna = await somebody(desk), browser(desk)
    await anna.sign_in(name)
    await anna.send("/", "/sign-out", {})
    desk.now += STEP
    places = signing._looking[False]
    taken = [await places.acquire() for _ in range(places._value)]
    try:
        busy = await browser(desk).sign_in("nemo", code="000000")
        assert (busy.status, "Try again in a few seconds" in busy.words) == (503, True)
        assert (await anna.sign_in(name)).status == 303
    finally:
        for _ in taken:
            places.release()


@pytest.mark.parametrize(
    ("then", "leads_to"),
    [
        ("/staff/audit?act=signed+in", "/staff/audit?act=signed+in"),
        ("/staff/accounts/anna.lopez", "/staff/accounts/anna.lopez"),
        ("https://evil.example/staff/", "/staff/"),
        ("//evil.example/staff/", "/staff/"),
        ("/staff/..//evil.example", "/staff/"),
        ("/staff/../webhooks/telegram", "/staff/"),
        ("/staff\\evil.example", "/staff/"),
        ("/\\evil.example", "/staff/"),
        ("/staff/%0d%0aSet-Cookie: a=b", "/staff/"),
        ("/staff/\r\nSet-Cookie: a=b", "/staff/"),
        ("javascript:alert(1)", "/staff/"),
        ("/staff/sign-out", "/staff/"),
        ("/staff/sign-in?then=/staff/", "/staff/"),
        ("/chat", "/staff/"),
        ("", "/staff/"),
    ],
)
async def test_afterwards_nobody_is_sent_out_of_the_console(desk: Staffed, then: str, leads_to: str) -> None:
    """No open redirect, ASVS 5, 3.7.2; and back to the page that asked for the sign-in."""
    name, anna = await somebody(desk), browser(desk)
    await anna.get("/sign-in")
    code = pyotp.TOTP(desk.secrets[name]).at(desk.now)
    form = {"csrf": anna.cookies["__Host-staff-form"], "name": name, "password": PASSWORD, "code": code, "then": then}
    assert (await anna.post("/sign-in", form)).headers["Location"] == leads_to


async def test_who_was_sent_to_sign_in_comes_back_to_their_page(desk: Staffed) -> None:
    name, anna = await somebody(desk, Role.VIEWER), browser(desk)
    sent = await anna.get("/audit?day=2026-11-22")
    assert sent.headers["Location"] == "/staff/sign-in?then=/staff/audit%3Fday%3D2026-11-22"
    there = await anna.sign_in(name, then="/staff/audit%3Fday%3D2026-11-22")
    assert there.headers["Location"] == "/staff/audit?day=2026-11-22"


@pytest.mark.parametrize("spoilt", ["", "another", None])
async def test_a_sign_in_form_from_elsewhere_signs_nobody_in(desk: Staffed, spoilt: str | None) -> None:
    """3.5.1: nobody is signed in to an account that is not theirs without seeing it."""
    name, anna = await somebody(desk), browser(desk)
    await anna.get("/sign-in")
    form = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(desk.secrets[name]).at(desk.now)}
    own = {"csrf": anna.cookies["__Host-staff-form"]}
    refused = await anna.post("/sign-in", form if spoilt is None else {**form, "csrf": spoilt})
    assert (refused.status, anna.token) == (403, None)
    across = await anna.post("/sign-in", {**form, **own}, **{"Sec-Fetch-Site": "cross-site"})
    assert (across.status, anna.token) == (403, None)
    old = await anna.post("/sign-in", {**form, **own}, Origin="https://evil.example")
    assert (old.status, anna.token) == (403, None)
    assert (await anna.post("/sign-in", {**form, **own}, Origin="https://bot.example")).status == 303


async def test_the_cookies_are_the_strictest_there_are(desk: Staffed) -> None:
    """3.3.1 to 3.3.4."""
    name, anna = await somebody(desk), browser(desk)
    await anna.get("/sign-in")
    await anna.sign_in(name)
    set_cookies = anna.told[:1] + anna.told[-3:]
    assert len(set_cookies) == 4
    for line in set_cookies:
        assert line.startswith("__Host-staff")
        assert all(mark in line for mark in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        assert "Domain" not in line
    assert [line.partition("=")[0] for line in set_cookies] == [
        "__Host-staff-form", "__Host-staff", "__Host-staff-device", "__Host-staff-form",
    ]  # fmt: skip


async def test_the_form_lets_a_password_manager_and_a_paste_in(desk: Staffed) -> None:
    """6.2.7."""
    form = (await browser(desk).get("/sign-in")).text
    for each in ("username", "current-password", "one-time-code"):
        assert f'autocomplete="{each}"' in form
    assert "onpaste" not in form


async def test_while_the_store_is_down_nobody_gets_in_and_the_page_says_so(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16.5.3, and law 10: whoever cannot be counted cannot try."""
    name, anna = await somebody(desk), browser(desk)
    await anna.get("/sign-in")
    form = {"csrf": anna.cookies["__Host-staff-form"], "name": name, "password": PASSWORD,
            "code": pyotp.TOTP(desk.secrets[name]).at(desk.now)}  # fmt: skip
    monkeypatch.setattr(desk.office.database, "_patient", None)
    down = await anna.post("/sign-in", form)
    assert (down.status, anna.token) == (503, None)
    assert "The store cannot be reached" in down.words


async def test_an_old_hash_is_made_anew_at_the_next_sign_in_in_the_console_too(desk: Staffed) -> None:
    name = await somebody(desk)
    better = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    accounts = Accounts(desk.office.database, desk.office.keys[1], lambda: "Danbury", Passwords(better))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.office, "own_account", type(desk.office.own_account)(accounts.proving))
        assert (await browser(desk).sign_in(name)).status == 303
        desk.now += STEP
        assert (await browser(desk).sign_in(name)).status == 303
    row = await desk.office.accounts.proving.database.run(_password, name)
    assert "m=16,t=2,p=1" in row


async def _password(connection: AsyncConnection, name: str) -> str:
    row = await row_of(connection, name)
    return str(row.password) if row else ""
