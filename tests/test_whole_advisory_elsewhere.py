"""An advisory as it really goes on WhatsApp and SMS: subscribed to, released, and withdrawn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import app
from bot.clock import utc_now
from bot.core.answer import Snapshot
from bot.core.message import Address
from tests import real_folder
from tests.test_whole_advisory import ANNA, desk, released
from tests.whole_house import SMS, WHATSAPP, Door, Shown, Street, street

PERSON, OTHER = "12035550140", "12035550141"


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@asynccontextmanager
async def announcing(town: Street) -> AsyncIterator[None]:
    """The senders and the ledger's clock, as `serve` runs them."""
    stopping = asyncio.Event()
    sending = asyncio.create_task(app._announce(town.house, town.database, stopping))
    try:
        yield
    finally:
        stopping.set()
        await sending


async def seen(door: Door, town: Street, most: int) -> list[Shown]:
    """What the platform has shown once it is so many messages."""
    async with asyncio.timeout(20):
        while len(door.shown(town)) < most:  # noqa: ASYNC110 - nobody tells when a provider has taken something
            await asyncio.sleep(0.05)
    return door.shown(town)


@pytest.mark.parametrize("door", [WHATSAPP, SMS], ids=str)
async def test_who_subscribed_gets_the_alert_and_its_withdrawal_and_who_stopped_gets_neither(
    door: Door, tmp_path: Path, known: Snapshot
) -> None:
    async with street(tmp_path, known) as town, desk(tmp_path) as staff, announcing(town):
        for person in (PERSON, OTHER):
            await door.bring(town, door.wrote("/subscribe all", person))
        await door.bring(town, door.wrote("please stop sending me alerts", OTHER))
        before = len(door.shown(town))
        number = await released(staff, place="Main Street")
        alert = (await seen(door, town, before + 1))[-1]
        assert "STAY INSIDE" in alert.text
        await staff.cancel(number, ANNA)
        withdrawal = (await seen(door, town, before + 2))[-1]
        assert withdrawal.text.startswith("CANCELLED")
        assert len(door.shown(town)) == before + 2


async def test_outside_of_24_hours_the_alert_comes_in_the_template(tmp_path: Path, known: Snapshot) -> None:
    async with street(tmp_path, known) as town, desk(tmp_path) as staff, announcing(town):
        late = WHATSAPP.wrote("/subscribe all", PERSON)
        message = late["entry"][0]["changes"][0]["value"]["messages"][0]
        message["timestamp"] = str(int(utc_now().timestamp()) - 25 * 3600)  # brought by Meta a day late
        before = len(await WHATSAPP.bring(town, late))
        await released(staff, place="Main Street")
        await seen(WHATSAPP, town, before + 1)
        assert town.graph.sent[-1]["type"] == "template"
        assert "STAY INSIDE" in WHATSAPP.shown(town)[-1].text
        contact = await town.house.book.contact(Address(WHATSAPP.channel, PERSON))
        assert contact is not None
        assert contact.language == "en"
