"""The guard in front of the console: sessions, forms, headers, what is thrown at it. Numbers are OWASP's, ASVS 5."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.core.staff import Role
from bot.staff import doors
from bot.staff.doors import csrf_of
from bot.store.sessions import IDLE, LONGEST, MOST
from tests.staff_browser import STEP, Browser
from tests.staff_rooms import Clerk, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

HTTPS = {"X-Forwarded-Proto": "https", "Host": "bot.example"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        await desk.account("first")
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def desk(opened: Staffed) -> Staffed:
    """The same door a day later: every session of before is over."""
    opened.now += timedelta(days=1)
    return opened


async def test_somebody_signed_in_sees_the_home_page_and_a_stranger_the_sign_in(desk: Staffed) -> None:
    clerk = await desk.signed_in(Role.CURATOR)
    assert "Home" in (await clerk.get("/")).words
    turned_away = await desk.stranger().get("/")
    assert (turned_away.status, turned_away.headers["Location"]) == (303, "/staff/sign-in")


async def test_a_session_that_nobody_uses_ends_after_an_hour(desk: Staffed) -> None:
    """7.3.1."""
    used, left = await desk.signed_in(Role.VIEWER), await desk.signed_in(Role.VIEWER)
    desk.now += IDLE / 2
    assert (await used.get("/me")).status == 200
    desk.now += IDLE / 2 + timedelta(seconds=1)
    assert (await used.get("/me")).status == 200
    assert (await left.get("/me")).status == 303
    desk.now -= IDLE
    assert (await left.get("/me")).status == 303  # over is over


async def test_a_page_that_asks_by_itself_keeps_no_session_open(desk: Staffed) -> None:
    """7.3.1: a live page left open on the desk is nobody at the desk."""
    clerk = await desk.signed_in(Role.VIEWER)
    for _ in range(6):
        desk.now += IDLE / 5
        last = await clerk.part("/audit/check/progress")
    assert (last.status, last.headers["HX-Redirect"].partition("?")[0]) == (204, "/staff/sign-in")


async def test_a_session_ends_after_twelve_hours_however_busy(desk: Staffed) -> None:
    """7.3.2."""
    clerk = await desk.signed_in(Role.VIEWER)
    begun = desk.now
    while desk.now + IDLE <= begun + LONGEST:
        desk.now += IDLE
        assert (await clerk.get("/me")).status == 200
    desk.now = begun + LONGEST + timedelta(seconds=1)
    assert (await clerk.get("/me")).status == 303


async def test_a_disabled_account_is_out_at_once_and_stays_out_when_it_is_enabled(desk: Staffed) -> None:
    """7.4.2."""
    clerk = await desk.signed_in(Role.CURATOR, name="leaver")
    await desk.office.accounts.disable("leaver", "first", desk.now)
    assert (await clerk.get("/")).status == 303
    assert (await clerk.post("/me/sessions/end-others")).status == 303
    await desk.office.accounts.enable("leaver", "first", desk.now)
    assert (await clerk.get("/")).status == 303


async def test_a_role_that_is_taken_away_is_gone_from_the_next_page_on(desk: Staffed) -> None:
    """8.3.2."""
    clerk = await desk.signed_in(Role.ADMINISTRATOR, name="demoted")
    assert (await clerk.get("/accounts")).status == 200
    await desk.office.accounts.set_roles("demoted", {Role.CURATOR}, "first", desk.now)
    refused = await clerk.get("/accounts")
    assert refused.status == 403
    assert "You may not do this: demoted may not keep accounts: that needs the role administrator." in refused.words
    assert "Accounts" not in refused.text.partition("</nav>")[0]
    await desk.office.accounts.set_roles("demoted", {Role.ADMINISTRATOR}, "first", desk.now)
    assert (await clerk.get("/accounts")).status == 200


async def test_the_oldest_of_too_many_sessions_gives_way(desk: Staffed) -> None:
    """7.1.2: so many at once, as documented."""
    clerks = []
    for _ in range(MOST + 1):
        clerks.append(await desk.signed_in(Role.CURATOR, name="everywhere"))
        desk.now += timedelta(seconds=1)
    assert [(await clerk.get("/me")).status for clerk in clerks] == [303] + [200] * MOST


@pytest.mark.parametrize("token", ["", "x", "a.b", "." * 300, "é.ü", "'; DROP TABLE staff_session; --", "a" * 4000])
async def test_a_made_up_cookie_is_nobody(desk: Staffed, token: str) -> None:
    """7.2.1, 7.2.3."""
    answer = await Clerk(desk.client, token).get("/")
    assert answer.headers["Location"] == "/staff/sign-in"


async def test_a_token_is_random_and_the_store_has_only_its_digest(desk: Staffed) -> None:
    """7.2.3, 11.5.1."""
    clerks = [await desk.signed_in(Role.CURATOR) for _ in range(3)]
    tokens = {clerk.token for clerk in clerks}
    assert len(tokens) == 3
    assert all(token is not None and len(token.partition(".")[2]) == 43 for token in tokens)
    everything = b"".join(path.read_bytes() for path in (desk.office.data).glob("bot.sqlite3*"))
    for token in tokens:
        assert token is not None
        assert all(part.encode() not in everything for part in token.split("."))


FROM_ELSEWHERE: list[tuple[str, Mapping[str, str]]] = [
    ("cross-site", {"Sec-Fetch-Site": "cross-site"}),
    ("another site of the city", {"Sec-Fetch-Site": "same-site"}),
    ("typed", {"Sec-Fetch-Site": "none"}),
    ("unheard of", {"Sec-Fetch-Site": "martian"}),
    ("old browser", {"Origin": "https://evil.example"}),
    ("old browser, hidden", {"Origin": "null"}),
]


@pytest.mark.parametrize("headers", [each[1] for each in FROM_ELSEWHERE], ids=[each[0] for each in FROM_ELSEWHERE])
async def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(
    desk: Staffed, headers: Mapping[str, str]
) -> None:
    """3.5.1, 3.5.2."""
    clerk = await desk.signed_in(Role.CURATOR)
    refused = await clerk.post("/me/sessions/end-others", **headers)
    assert refused.status == 403
    assert "not sent from the console" in refused.words


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://bot.example"}])
async def test_a_form_of_our_own_is_taken(desk: Staffed, headers: dict[str, str]) -> None:
    clerk = await desk.signed_in(Role.CURATOR)
    assert (await clerk.post("/me/sessions/end-others", **headers)).status == 303


async def test_a_form_without_the_sessions_own_token_is_refused(desk: Staffed) -> None:
    """3.5.1."""
    clerk, other = await desk.signed_in(Role.CURATOR), await desk.signed_in(Role.CURATOR)
    assert other.token is not None
    for csrf in ("", "0" * 64, csrf_of(other.token), csrf_of(""), "é", other.token):
        assert (await clerk.post("/me/sessions/end-others", csrf=csrf.encode("utf-8").decode("latin-1"))).status == 403
    missing = await desk.client.post(
        "/staff/me/sessions/end-others", headers={"Cookie": f"{doors.COOKIE}={clerk.token}"}, allow_redirects=False
    )
    assert missing.status == 403
    assert (await other.get("/me")).status == 200


async def test_a_token_may_stand_in_the_form_or_in_the_header(desk: Staffed) -> None:
    clerk = await desk.signed_in(Role.CURATOR)
    assert clerk.token is not None
    cookie = {"Cookie": f"{doors.COOKIE}={clerk.token}"}
    for data in ({"csrf": csrf_of(clerk.token)}, [("csrf", csrf_of(clerk.token)), ("csrf", "another")]):
        sent = await desk.client.post("/staff/me/sessions/end-others", data=data, headers=cookie, allow_redirects=False)
        assert sent.status == 303


HOSTILE: list[tuple[str, Any, str, tuple[int, ...]]] = [
    ("huge", b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded", (413,)),
    ("many fields", b"a=1&" * 100_000, "application/x-www-form-urlencoded", (413,)),
    ("binary", bytes(range(256)) * 8, "application/x-www-form-urlencoded", (303, 400)),
    ("no letters of this world", b"a=1", "application/x-www-form-urlencoded; charset=klingon", (400,)),
    ("cut escapes", b"name=%&session=%zz&x=%c3%28", "application/x-www-form-urlencoded", (303, 400)),
    ("NUL", b"session=%00%00", "application/x-www-form-urlencoded", (303,)),
    ("half a letter", b"session=%ed%a0%80", "application/x-www-form-urlencoded", (303, 400)),
    ("same name often", b"session=a&session=b&session=c", "application/x-www-form-urlencoded", (303,)),
    ("parts without end", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nhalf",
     "multipart/form-data; boundary=x", (303, 400)),
    ("parts without a name", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
     "multipart/form-data; boundary=x", (303, 400)),
    ("parts without a boundary", b"--x--", "multipart/form-data", (400,)),
    ("a file for a word", b'--x\r\nContent-Disposition: form-data; name=session; filename="a"\r\n\r\na\r\n--x--\r\n',
     "multipart/form-data; boundary=x", (303,)),
    ("JSON", b'{"session": {"$ne": ""}}', "application/json", (303,)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "kind", "expected"), [each[1:] for each in HOSTILE], ids=[each[0] for each in HOSTILE]
)
async def test_a_hostile_form_is_refused_or_does_nothing(
    desk: Staffed, body: bytes, kind: str, expected: tuple[int, ...]
) -> None:
    """2.2.1, 5.2.1, 15.1.3: with the right token in the header, so that it gets as far as it can."""
    clerk = await desk.signed_in(Role.CURATOR)
    answer = await clerk.post("/me/sessions/end", io.BytesIO(body), **{"Content-Type": kind})
    assert answer.status in expected, answer.words
    assert (await clerk.get("/me")).status == 200


async def test_what_a_stranger_may_send_is_small(desk: Staffed) -> None:
    """4.3.1: nobody fills the memory who has not signed in."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await desk.stranger().post("/sign-in", b"name=" + b"x" * 20_000, **form)).status == 413
    assert (await desk.stranger().post("/me/password", b"x" * 20_000, **form)).status == 303  # not even read


async def test_a_form_that_never_ends_is_not_waited_for(desk: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_BODY_WAIT", timedelta(milliseconds=50))
    clerk = await desk.signed_in(Role.CURATOR)
    host, port = desk.client.host, desk.client.port
    reader, writer = await asyncio.open_connection(host, port)
    head = (
        f"POST /staff/me/sessions/end HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {doors.COOKIE}={clerk.token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nsession=a"
    )
    writer.write(head.encode())
    try:
        assert (await reader.readline()).split()[1] == b"408"
    finally:
        writer.close()
        await writer.wait_closed()


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("clerk", "/", 200),
        ("clerk", "/accounts", 403),
        ("clerk", "/no-such-page", 404),
        ("clerk", "/sign-out", 405),
        ("clerk", "/audit.csv", 200),
        ("clerk", "/audit.jsonl", 200),
        ("clerk", "/finish", 303),
        ("stranger", "/sign-in", 200),
        ("stranger", "/", 303),
        ("stranger", "/no-such-page", 404),
    ],
)
async def test_every_answer_has_the_headers_that_keep_a_browser_in(
    desk: Staffed, who: str, path: str, status: int
) -> None:
    """3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 14.3.2."""
    clerk = await desk.signed_in(Role.VIEWER) if who == "clerk" else desk.stranger()
    answer = await clerk.get(path)
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Strict-Transport-Security" not in answer.headers


async def test_over_https_a_browser_is_told_to_stay_there(desk: Staffed) -> None:
    """3.4.1."""
    page = await desk.stranger().get("/sign-in", Host="bot.example")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    redirect = await desk.stranger().get("/", Host="bot.example")
    assert redirect.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("proxies", "headers", "is_let_in"),
    [
        (0, {"Host": "127.0.0.1:8080"}, True),
        (0, {"Host": "localhost"}, True),
        (0, {"Host": "[::1]:8080"}, True),
        (0, {"Host": "bot.example"}, True),  # BOT_PUBLIC_URL says https: something in front ends it
        (0, {"Host": "192.0.2.1:8080"}, False),
        (0, {"Host": "station.local"}, False),
        (0, {"Host": "station.local", "X-Forwarded-Proto": "https"}, False),  # anybody can say so
        (0, {"Host": "localhost.evil.example"}, False),
        (1, {"Host": "station.local", "X-Forwarded-Proto": "https"}, True),
        (1, {"Host": "bot.example", "X-Forwarded-Proto": "http"}, False),
        (2, {"Host": "station.local", "X-Forwarded-Proto": "http, https"}, True),
    ],
)
async def test_without_https_the_console_says_so_in_place_of_a_form(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch, proxies: int, headers: dict[str, str], is_let_in: bool
) -> None:
    """12.2.1: no password is asked for where it could be read on the way."""
    monkeypatch.setattr(desk.office, "proxies", proxies)
    page = await desk.stranger().get("/sign-in", **headers)
    assert page.status == (200 if is_let_in else 403)
    assert ("Password" in page.words) == is_let_in
    assert ("https://bot.example/staff/" in page.words) != is_let_in


async def test_whoever_follows_a_link_from_a_mail_gets_there_signed_in(desk: Staffed) -> None:
    """A browser brings no strict cookie from elsewhere: the page asks for itself once more."""
    from_mail = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    first = await desk.stranger().get("/audit?act=signed+in", **from_mail)
    assert first.status == 200
    assert 'content="0; url=/staff/audit?act=signed+in"' in first.text
    clerk = await desk.signed_in(Role.VIEWER)
    assert (await clerk.get("/audit?act=signed+in", **{"Sec-Fetch-Site": "same-origin"})).status == 200
    again = await desk.stranger().get("/audit", **{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"})
    assert again.status == 303


async def test_a_fault_of_ours_is_told_in_plain_words_and_shows_nothing(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16.5.1."""
    clerk = await desk.signed_in(Role.VIEWER)

    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(desk.office.sessions, "open_of", broken)
    answer = await clerk.get("/me")
    assert answer.status == 500
    assert "Something went wrong here" in answer.words
    assert "secret" not in answer.text
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


async def test_a_store_that_is_down_is_told_in_plain_words(desk: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    """16.5.3."""
    clerk = await desk.signed_in(Role.VIEWER)
    monkeypatch.setattr(desk.office.database, "_patient", None)
    answer = await clerk.get("/")
    assert (answer.status, "The store cannot be reached" in answer.words) == (503, True)


async def test_the_log_tells_of_refusals_and_no_secret(desk: Staffed) -> None:
    """16.2.5, 16.3.2, 16.3.3."""
    name, anna = "logged.officer", Browser(desk)
    await desk.account(name, Role.CURATOR)
    with capture_logs() as lines:
        await anna.sign_in(name, "a wrong password", "123456")
        await anna.sign_in(name)
        await anna.get("/accounts")
        await anna.post("/me/sessions/end-others", {"csrf": "wrong"})
        await anna.send("/", "/sign-out", {})
    told = str(lines)
    for event in ("sign-in refused", "signed in", "turned away", "staff form refused", "signed out"):
        assert event in [line["event"] for line in lines]
    assert "a wrong password" not in told
    assert "123456" not in told
    assert "127.0.0.1" not in told
    desk.now += STEP
