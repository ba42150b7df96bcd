"""What every answer of the port says, whatever made it, and what none of them tells."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.core.floor import FLOOR_TEXT
from tests import meta_emulator as meta
from tests import real_folder
from tests import telegram_emulator as telegram
from tests import test_law_1 as law_1
from tests import twilio_api as twilio
from tests.whole_house import Street, street

PATHS = ("/", "/chat.js", "/healthz", "/readyz", "/advisories", "/answers/police-report-copy", "/nothing-here",
         "/staff/", "/staff/sign-in", "/staff/static/staff.css", "/webhooks/meta", "/chat")  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Street]:
    async with street(tmp_path, real_folder.loaded().snapshot, {"BOT_PROXIES": "1"}, is_stored=False) as found:
        yield found


async def test_every_answer_names_its_type_for_good_and_over_https_stays_there(town: Street) -> None:
    for scheme, wanted in (("https", "max-age=31536000"), ("http", None)):
        for path in PATHS:
            headers = {"X-Forwarded-Proto": scheme}
            async with town.client.get(f"{town.url}{path}", headers=headers, allow_redirects=False) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
                assert answer.headers.get("Strict-Transport-Security") == wanted, path


async def test_no_answer_tells_what_the_bot_is_made_of_or_what_went_wrong_in_it(tmp_path: Path) -> None:
    """With a small knowledge the page of the chat fails: a sentence is missing."""
    async with street(tmp_path, law_1.KNOWN, is_stored=False) as town:
        async with town.client.get(f"{town.url}/") as answer:
            assert (answer.status, await answer.text()) == (500, FLOOR_TEXT)
        async with town.client.post(f"{town.url}/staff/sign-in", data=b"\xff" * 100) as answer:
            assert "Traceback" not in await answer.text()


async def test_nothing_about_the_machine_is_on_the_public_port(town: Street) -> None:
    """Behind a proxy, where whoever asks seems to be on this machine."""
    for path in ("/metrics", "/metrics/", "/staff/metrics", "/debug", "/.env", "/.git/config", "/server-status"):
        async with town.client.get(f"{town.url}{path}", headers={"X-Forwarded-For": "127.0.0.1"}) as answer:
            assert answer.status in (403, 404), path


async def test_no_address_of_ours_holds_a_secret(town: Street) -> None:
    """ASVS 5, 14.2.1: proofs come in headers. Meta's handshake alone shows its word in the query: that is Meta's."""
    secrets = {telegram.TOKEN, meta.TOKEN, meta.VERIFY, *meta.SECRETS, twilio.TOKEN, twilio.OLD_TOKEN,
               town.house.platforms.telegram_secret or ""}  # fmt: skip
    application = web.Application()
    town.house.setup(application)
    paths = [route.canonical for route in application.router.resources()]
    assert [path for path in paths if any(secret and secret in path for secret in secrets)] == []
    assert {"/webhooks/telegram", "/webhooks/meta", "/webhooks/twilio"} <= set(paths)
