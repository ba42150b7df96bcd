"""A platform in trouble: what is done about a reply to it and about a broadcast through it, and that it passes.

A reply is tried again, and when it did not leave the platform is asked to bring the message again (503); one that may
have arrived is not said twice.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from bot.core.advisory import AdvisoryLevel
from bot.core.delivery import State
from tests.fake_provider import FakeProvider, Fault
from tests.simulated_time import START, now, simulated
from tests.sizes import some
from tests.telegram_emulator import listening
from tests.test_broadcast import SmallLedger, broadcast
from tests.test_law_1 import DANGER, KNOWN
from tests.whole_house import HOOKS, Door, Street, street

TEN_MINUTES = timedelta(minutes=10)
WHO = "12035550140"


# Broadcasts.


def in_trouble(fault: Fault, people: int) -> FakeProvider:
    """An Alert to so many, during which every send of ten minutes ends like this."""

    def fails() -> Fault | None:
        return fault if timedelta(seconds=1) <= now() - START < TEN_MINUTES else None

    provider, ledger = FakeProvider(now, fails), SmallLedger(people, AdvisoryLevel.ALERT)
    with capture_logs():
        simulated(lambda: broadcast(provider, ledger))
    assert ledger.states() == {State.SENT: people}
    return provider


@pytest.mark.parametrize("fault", some([Fault.BUSY, Fault.AWAY, Fault.CLOSED], 3))
def test_ten_minutes_of_trouble_cost_ten_minutes_and_nobody_is_missed_or_told_twice(fault: Fault) -> None:
    provider = in_trouble(fault, 100)
    assert provider.copies() == {str(row): 1 for row in range(100)}
    tries = provider.faults[fault]
    assert 2 <= tries <= 29 * TEN_MINUTES.total_seconds()  # it asks whether it is over, no faster than it sends
    assert provider.books[-1].at - START < TEN_MINUTES + timedelta(minutes=8)


# Replies.


@asynccontextmanager
async def platform(
    answer: Callable[[web.Request], web.StreamResponse], certificate: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """An API that answers everything like this."""

    async def on_any(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", on_any)
    if certificate is None:
        async with listening(app) as url:
            yield url
        return
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate)
    await site.start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def half(request: web.Request) -> web.StreamResponse:
    """The head and a part of the body, then the line breaks."""
    assert request.transport is not None
    request.transport.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"ok":')
    request.transport.close()
    return web.Response()


TROUBLES: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "429": lambda _: web.json_response({}, status=429, headers={"Retry-After": "0"}),
    "500": lambda _: web.Response(status=500, text="<h1>oops</h1>"),
    "503": lambda _: web.json_response({}, status=503),
    "reset": cut,
    "reset in the body": half,
    "no JSON": lambda _: web.Response(text="<html>maintenance</html>"),
    "200 and no": lambda _: web.json_response({"ok": False, "error_code": 500, "error": {"code": 2}}),
    "a list": lambda _: web.json_response([1, 2, 3]),
    "nothing": lambda _: web.Response(),
}
APIS = ("BOT_TELEGRAM_API", "BOT_META_API", "BOT_TWILIO_API")


@asynccontextmanager
async def town_beside(tmp_path: Path, api: str) -> AsyncIterator[Street]:
    async with street(tmp_path, KNOWN, dict.fromkeys(APIS, api)) as town:
        yield town


@pytest.mark.parametrize("trouble", some(list(TROUBLES), 4))
@pytest.mark.parametrize("door", HOOKS, ids=str)
async def test_a_reply_to_a_platform_in_trouble_ends_as_sent_or_is_asked_for_again_and_never_in_a_fault(
    door: Door, trouble: str, tmp_path: Path
) -> None:
    """An emergency and a question alike: 200 when it may have arrived, 503 when it did not; nothing else, no fault."""
    with capture_logs() as logs:
        async with platform(TROUBLES[trouble]) as api, town_beside(tmp_path, api) as town:
            statuses = [await door._bring(town, door.wrote(text, WHO)) for text in ("my report", DANGER)]
    assert set(statuses) <= {200, 503}
    assert {line["event"] for line in logs} & {"turn failed", "send failed", "store failed"} == set()
    if trouble in ("429", "503"):
        assert statuses == [503, 503]


@pytest.mark.parametrize("door", HOOKS, ids=str)
async def test_a_platform_whose_certificate_has_expired_gets_no_word_and_the_message_is_asked_for_again(
    door: Door, tmp_path: Path
) -> None:
    asked: list[str] = []

    def heard(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({"ok": True})

    with capture_logs() as logs:
        async with platform(heard, expired(tmp_path)) as api, town_beside(tmp_path / "data", api) as town:
            assert await door._bring(town, door.wrote(DANGER, WHO)) == 503
    assert asked == []
    assert {line["event"] for line in logs} & {"turn failed", "send failed"} == set()


def expired(folder: Path) -> ssl.SSLContext:
    """What a server shows whose certificate ran out yesterday."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    yesterday = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(yesterday - timedelta(days=90)).not_valid_after(yesterday)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "expired.pem"
    kept = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(kept + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
