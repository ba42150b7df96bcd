"""An advisory as it really goes: a resident subscribes on Telegram, officers release it, it arrives, is withdrawn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from bot.channels.telegram_sending import LIMITS
from bot.clock import utc_now
from bot.core.message import ChannelName
from bot.core.staff import Account, Role
from bot.service.advising import Advising
from bot.store.advisories import Advisories
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from tests import real_folder
from tests import telegram_emulator as telegram
from tests.sizes import some
from tests.test_whole_path import running, stored

ANNA = Account("anna", frozenset({Role.ANNOUNCER}))
OTIS = Account("otis", frozenset({Role.APPROVER}))
ZONE = ZoneInfo("America/New_York")


@asynccontextmanager
async def desk(data: Path) -> AsyncIterator[Advising]:
    """Where staff sit: another process's view of the same store."""
    knowledge = real_folder.loaded().snapshot.knowledge
    async with Database(in_file(data / "bot.sqlite3")) as database:
        await database.open()
        outbox = Outbox(database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        limits = {ChannelName.TELEGRAM: LIMITS}
        yield Advising(Advisories(database), outbox, lambda: knowledge, utc_now, limits)


async def released(staff: Advising, **typed: str) -> int:
    """An Alert, which goes out at any hour: drafted by one, approved and released by another."""
    began = utc_now().astimezone(ZONE).replace(hour=12, minute=0) - timedelta(days=1)
    moments = {"since": f"{began:%Y-%m-%d %H:%M}", "end": f"{began + timedelta(days=3):%Y-%m-%d %H:%M}"}
    ends = began.replace(second=0, microsecond=0) + timedelta(days=3)
    content = staff.content("shelter", {"danger": "gas", **moments, **typed}, expires_at=ends)
    advisory = await staff.draft(ANNA, content)
    seen = (await staff.preview(advisory.number, OTIS)).seen
    await staff.approve(advisory.number, OTIS, seen.count, seen)
    await staff.release(advisory.number, OTIS, seen.count, seen)
    return advisory.number


async def page(url: str) -> tuple[int, str]:
    async with ClientSession() as client, client.get(url) as response:
        return response.status, await response.text()


async def test_a_resident_subscribes_gets_an_alert_and_its_withdrawal_in_the_same_chat(tmp_path: Path) -> None:
    async with telegram.emulator() as api:
        environment = {"BOT_TELEGRAM_TOKEN": telegram.TOKEN, "BOT_TELEGRAM_API": api.url}
        async with running(tmp_path, **environment) as bot, desk(tmp_path) as staff:
            await stored(bot)
            await api.bring(telegram.said("quiero recibir avisos", telegram.LUZ))
            offer = (await api.replies(1))[0]
            assert "https://www.danbury-ct.gov/174/Emergency-Management" in offer.text
            await api.bring(telegram.pressed(offer.buttons[0][1], telegram.LUZ))
            await api.bring(telegram.said("/subscribe all", telegram.ADA))
            await api.replies(3)
            number = await released(staff, place="Main Street")
            alerts = {sent.chat: sent for sent in (await api.replies(5))[3:]}
            assert "QUÉDESE ADENTRO" in alerts[telegram.LUZ.id].text
            assert "STAY INSIDE" in alerts[telegram.ADA.id].text
            status, listed = await page(f"{bot.url}/advisories?lang=es")
            assert (status, "Main Street" in listed) == (200, True)
            await api.bring(telegram.said("STOP", telegram.ADA))
            await api.replies(6)
            cancel = await staff.cancel(number, ANNA)
            withdrawal = (await api.replies(7))[6]
            assert (withdrawal.chat, withdrawal.text.startswith("CANCELADO")) == (telegram.LUZ.id, True)
            await api.until(lambda: bool(api.asked("editMessageText")))
            (edit,) = api.asked("editMessageText")
            assert (int(edit["chat_id"]), "QUÉDESE ADENTRO" in edit["text"]) == (telegram.LUZ.id, False)
            assert (await page(f"{bot.url}/advisories/{cancel.identifier}"))[0] == 200
            await api.bring(telegram.said("hay un hombre con una pistola en mi casa", telegram.LUZ))
            redirect = (await api.replies(8))[7]  # a reply to an advisory is heard like anything else (law 1)
            assert "911" in redirect.text.splitlines()[0]


@pytest.mark.parametrize("words", some(["STOP", "ya no quiero recibir avisos", "para de me mandar mensagem"], 3))
async def test_whoever_says_stop_gets_no_alert_and_still_gets_answers(tmp_path: Path, words: str) -> None:
    async with telegram.emulator() as api:
        environment = {"BOT_TELEGRAM_TOKEN": telegram.TOKEN, "BOT_TELEGRAM_API": api.url}
        async with running(tmp_path, **environment) as bot, desk(tmp_path) as staff:
            await stored(bot)
            for person in (telegram.ADA, telegram.RUI):
                await api.bring(telegram.said("/subscribe all", person))
            await api.replies(2)
            await api.bring(telegram.said(words, telegram.ADA))
            await api.replies(3)
            await released(staff, place="Main Street")
            assert (await api.replies(4))[3].chat == telegram.RUI.id
            await api.bring(telegram.said("how do i get a copy of a police report", telegram.ADA))
            assert (await api.replies(5))[4].chat == telegram.ADA.id
