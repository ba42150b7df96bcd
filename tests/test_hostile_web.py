"""What is done to a web server to bring it down, or to get past its checks."""

import asyncio
import gzip
import json
import logging
import resource
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from bot import app, logs, slow_lines
from bot.channels import webhook
from tests import meta_emulator as meta
from tests import real_folder
from tests import test_law_1 as law_1
from tests.whole_house import TELEGRAM, WEB, Street, street

DANGER = law_1.DANGER
SOON = 10.0  # seconds


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Street]:
    """With all of the knowledge: pages show sentences that a small one has not."""
    async with street(tmp_path, real_folder.loaded().snapshot, is_stored=False) as found:
        yield found


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Street]:
    async with street(tmp_path, law_1.KNOWN, is_stored=False) as found:
        yield found


async def line(town: Street) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", town.chosen.port)


async def told(town: Street, *raw: bytes) -> bytes:
    """What comes back to these bytes, until the other end has no more to say."""
    reader, writer = await line(town)
    writer.write(b"".join(raw))
    try:
        async with asyncio.timeout(SOON):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def status(town: Street, *raw: bytes) -> int:
    """The status of the first answer to these bytes; the server may go on reading for a while after it."""
    reader, writer = await line(town)
    writer.write(b"".join(raw))
    try:
        async with asyncio.timeout(SOON):
            return int((await reader.readuntil(b"\r\n")).split()[1])
    finally:
        writer.close()


async def gets_911(town: Street, who: str = "7") -> bool:
    shown = await WEB.bring(town, WEB.wrote(DANGER, who))
    return shown[0].text.startswith(law_1.REDIRECT)


def head(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", "")).encode()


# Held open.


async def test_hundreds_of_lines_that_never_finish_asking_hold_up_nobody_and_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lines, "FIRST_WITHIN", 0.3)
    monkeypatch.setattr(slow_lines, "_LOOK_EVERY", 0.05)
    async with street(tmp_path, law_1.KNOWN, is_stored=False) as town:
        lines = [await line(town) for _ in range(200)]
        for at, (_, writer) in enumerate(lines):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-a: b\r\n" if at % 2 else b"")
        assert await gets_911(town)
        async with asyncio.timeout(SOON):
            ends = await asyncio.gather(*(reader.read() for reader, _ in lines), return_exceptions=True)
        assert all(end == b"" or isinstance(end, ConnectionError) for end in ends)
        assert await gets_911(town)  # a line that has asked once stays
        for _, writer in lines:
            writer.close()


async def test_a_quiet_line_is_closed_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "QUIET_AT_MOST", 0.2)
    async with street(tmp_path, law_1.KNOWN, is_stored=False) as town:
        reader, writer = await line(town)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost:")
        async with asyncio.timeout(SOON):
            answer = await reader.read()
        assert answer.count(b"HTTP/1.1 200") == 1
        writer.close()


@pytest.mark.parametrize("path", ["/webhooks/telegram", "/webhooks/meta", "/webhooks/twilio"])
async def test_a_body_without_an_end_is_not_waited_for(
    path: str, town: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "BODY_WITHIN", timedelta(milliseconds=200))
    assert await status(town, head(path, "Transfer-Encoding: chunked"), b'5\r\n{"a":') == 408
    assert await status(town, head(path, "Content-Length: 500"), b"{") == 408


async def test_a_body_without_an_end_is_cut_off_at_its_bound(town: Street) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    assert await status(town, head("/webhooks/meta", "Transfer-Encoding: chunked"), chunk * 17) == 413


# Said one way and meant another.


async def test_what_says_two_lengths_is_refused_and_nothing_behind_it_is_read(town: Street) -> None:
    heard = _listened(town)
    body = json.dumps(meta.wrote(DANGER)).encode()
    signed = [f"{name}: {value}" for name, value in meta.signed(body).items()]
    smuggled = head("/webhooks/meta", *signed, f"Content-Length: {len(body)}") + body
    for lengths in (
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: -1",),
        ("Content-Length: +4",),
        ("Content-Length: 0x4",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: \x0bchunked",),
    ):
        answer = await told(town, head("/webhooks/meta", *lengths), b"0\r\n\r\n", smuggled)
        assert answer.split()[1] == b"400", lengths
        assert answer.count(b"HTTP/1.") == 1, lengths
    assert heard == []


async def test_a_signed_body_that_is_longer_or_shorter_than_it_says_is_not_the_signed_one(town: Street) -> None:
    heard = _listened(town)
    body = json.dumps(meta.wrote(DANGER)).encode()
    signed = [f"{name}: {value}" for name, value in meta.signed(body).items()]
    short = head("/webhooks/meta", *signed, f"Content-Length: {len(body) - 5}")
    assert (await told(town, short, body)).split()[1] == b"400"  # more than the last request of a line
    assert await status(town, short, body[:-5]) == 403
    reader, writer = await line(town)
    writer.write(head("/webhooks/meta", *signed, f"Content-Length: {len(body) + 5}") + body)
    writer.write_eof()
    async with asyncio.timeout(SOON):
        await reader.read()
    writer.close()
    assert heard == []


async def test_what_cannot_be_read_as_a_request_leaves_no_word_of_it_in_the_log(
    town: Street, capfd: pytest.CaptureFixture[str]
) -> None:
    root, server, before = logging.getLogger(), logging.getLogger("aiohttp.server"), structlog.get_config()
    kept = root.handlers[:], root.level, server.level
    logs.configure("DEBUG", "json")
    try:
        for length in ("Content-Length: 1", "Content-Length: -1", "Transfer-Encoding: nonsense"):
            assert b"400" in await told(town, head("/webhooks/meta", length), b"{}", DANGER.encode())
    finally:
        root.handlers[:], root.level = kept[:2]
        server.setLevel(kept[2])
        structlog.configure(**before)
    written = capfd.readouterr()
    assert DANGER not in written.err + written.out
    assert "127.0.0.1" not in written.err


async def test_a_body_that_grows_a_thousandfold_is_refused_before_it_has_grown(town: Street) -> None:
    bomb = gzip.compress(b"\0" * 40_000_000, 9)
    assert len(bomb) < webhook.MOST_BYTES
    heard, before = _listened(town), _memory()
    for path in ("/webhooks/telegram", "/webhooks/meta", "/webhooks/twilio"):
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        assert await town.post(path, bomb, headers) in (403, 413)
    async with town.client.post(f"{town.url}/staff/sign-in", data=bomb, headers=headers) as response:
        assert response.status in (400, 403, 413)
    assert _memory() - before < 20_000_000
    assert heard == []


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _listened(town: Street) -> list[object]:
    heard: list[object] = []
    town.house.reception.receive = lambda *given: heard.append(given)  # type: ignore[method-assign,assignment]
    return heard


# Pages.


@pytest.mark.parametrize("path", [
    "//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/answers//evil.example", "/answers/../../staff/",
    "/answers/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/static/../../settings.py", "/static/%2e%2e/%2e%2e/settings.py",
    "/advisories/1%00.cap", "/?lang=//evil.example", "/?lang=%0d%0aSet-Cookie:a=b", "/?next=https://evil.example",
    "/answers/x?lang=<script>", "/staff/sign-in?then=//evil.example", "/staff/static/%2e%2e/templates/sign_in.html",
    "/staff/static/..%2f..%2fsettings.py", "/%ff%fe", "/" + "a" * 5000,
])  # fmt: skip
async def test_no_address_leads_a_browser_elsewhere_shows_a_file_or_comes_back_as_markup(
    path: str, whole: Street
) -> None:
    answer = await told(whole, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    headers, _, body = answer.partition(b"\r\n\r\n")
    assert int(headers.split()[1]) in (200, 303, 400, 403, 404, 414, 503)
    assert b"evil.example" not in headers
    assert b"Set-Cookie:a=b" not in headers
    assert b"<script>" not in body
    assert b"import" not in body[:200]


async def test_every_page_says_that_nobody_may_put_it_into_a_frame(whole: Street) -> None:
    for path in ("/", "/advisories", "/answers/police-report-copy", "/staff/sign-in", "/nothing-here"):
        async with whole.client.get(f"{whole.url}{path}") as response:
            if response.content_type == "text/html":
                assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"], path


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "NONSENSE"])
async def test_no_other_method_does_anything(method: str, town: Street) -> None:
    heard = _listened(town)
    for path in ("/", "/chat", "/webhooks/meta", "/staff/sign-in"):
        raw = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Mark: zq9\r\nConnection: close\r\n\r\n"
        answer = await told(town, raw.encode())
        assert answer.split()[1] in (b"400", b"403", b"404", b"405"), path
        assert b"zq9" not in answer
    assert heard == []


async def test_ten_thousand_conversations_from_one_address_leave_room_for_an_emergency(town: Street) -> None:
    """The chat's memory is bounded: the least used goes, and whoever is in danger is answered all the same."""
    for at in range(10_100):
        town.house.chat._sessions.open(f"{at:032x}", 0)
    assert len(town.house.chat._sessions) == 10_000
    assert await gets_911(town)
    shown = await TELEGRAM.bring(town, TELEGRAM.wrote(DANGER, "12035550140"))
    assert shown[0].text.startswith(law_1.REDIRECT)
