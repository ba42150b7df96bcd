"""A day at the console in a real browser: a question gets its answer, an Alert goes out and is withdrawn."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from bot.clock import utc_now
from bot.core.staff import Role
from bot.store.accounts import Accounts
from bot.store.database import Database, in_file
from bot.store.passwords import Passwords
from bot.store.sealed import Seal
from tests import telegram_emulator as telegram
from tests.staff_rooms import CHEAP, PASSWORD
from tests.test_whole_path import Running, running, stored
from tests.web_house import Browser, Page, ask, expect, violations
from tests.web_house import a_browser as a_browser  # fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DESK, PHONE = (1280, 800), (360, 740)
SOON = 60_000  # milliseconds; whatever a machine that does other things too needs for grouping and for going live
QUESTION = "do you rent out bouncy castles"
ANSWERS = """\
- id: police-report-copy
  en:
    title: Police report copy
    asks: [how do i get a copy of a police report, i need my police report, where can i pick up a report]
    answer: Ask the Records Division.
- id: lost-property
  en:
    title: Lost property
    asks: [i lost my wallet, somebody found my keys, where is the lost and found]
    answer: Ask the front desk about lost things.
# The street is the city's: the permit is theirs too.
- id: block-party
  en:
    title: Block party
    asks: [how do i close my street for a block party, permit for a street party]
    answer: Ask the city for a permit.
"""
QUESTIONS = "- {ask: how can i close the road for a party, language: en, expect: block-party}\n"


@dataclass
class Day:
    """One bot, its residents, and whoever is signed in to its console."""

    bot: Running
    browser: Browser
    rooms: AsyncExitStack
    secrets: dict[str, str]

    async def page(self, path: str, size: tuple[int, int]) -> Page:
        """A browser of somebody's own; an error in its console fails the test."""
        width, height = size
        context = await self.browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        await self.rooms.enter_async_context(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        await page.goto(f"{self.bot.url}{path}")
        return page

    async def signed_in(self, name: str, size: tuple[int, int]) -> Page:
        page = await self.page("/staff/", size)
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_label("Code").fill(pyotp.TOTP(self.secrets[name]).now())
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
        return page


@asynccontextmanager
async def a_day(browser: Browser, folder: Path, **environment: str) -> AsyncIterator[Day]:
    """A bot on a small folder, and an account for each of the three who work today."""
    (folder / "knowledge" / "faqs").mkdir(parents=True)
    (folder / "knowledge" / "questions").mkdir()
    (folder / "knowledge" / "faqs" / "town.yaml").write_text(ANSWERS)
    (folder / "knowledge" / "questions" / "town.yaml").write_text(QUESTIONS)
    data = folder / "data"
    async with AsyncExitStack() as rooms:
        bot = await rooms.enter_async_context(running(data, BOT_KNOWLEDGE=str(folder / "knowledge"), **environment))
        await stored(bot)
        secrets = {}
        async with Database(in_file(data / "bot.sqlite3")) as database:
            await database.open()
            accounts = Accounts(database, Seal.kept_in(data), lambda: "Danbury", Passwords(CHEAP))
            by = None
            for name, roles in (
                ("carla", {Role.CURATOR, Role.ADMINISTRATOR}),
                ("anna", {Role.ANNOUNCER}),
                ("otis", {Role.APPROVER}),
            ):
                shown = await accounts.add(name, roles, PASSWORD, by, utc_now())
                secrets[name], by = dict(re.findall(r"[?&](\w+)=([^&]+)", shown))["secret"], "carla"
        yield Day(bot, browser, rooms, secrets)


async def sound(page: Page, name: str) -> None:
    """Nothing for axe to complain of, nothing wider than the screen; the picture is kept where somebody wants it."""
    assert await violations(page) == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    if shots := os.environ.get("BOT_SHOTS"):
        await page.screenshot(path=f"{shots}/{name}.png", full_page=True)


async def asked_in_vain(page: Page, question: str) -> None:
    """The question gets no answer: the bot says so, or it offers titles and none of them is it."""
    said = page.get_by_text(f"You: {question}", exact=False)
    before = await said.count()
    await ask(page, question)
    await expect(said).to_have_count(before + 1)
    unknown, none = page.get_by_text("do not have an approved answer"), page.get_by_role("button", name="None of these")
    await expect(unknown.or_(none).last).to_be_visible(timeout=SOON)
    if await none.count():
        await none.last.click()
        await expect(none).to_have_count(0)


async def test_an_unanswered_question_becomes_an_answer_of_the_chat(browser: Browser, tmp_path: Path) -> None:
    async with a_day(browser, tmp_path) as day:
        resident = await day.page("/", PHONE)
        for asked in (QUESTION, QUESTION, "can i rent a bouncy castle"):
            await asked_in_vain(resident, asked)

        clerk = await day.signed_in("carla", DESK)
        await clerk.get_by_role("link", name="Unanswered").click()
        async with asyncio.timeout(SOON / 1000):
            while await clerk.locator(".groups .asked").count() == 0:
                await clerk.reload()
        await sound(clerk, "unanswered")
        await clerk.locator(".groups .asked").first.click()
        await sound(clerk, "group")
        await clerk.get_by_role("radio", name=re.compile("Block party")).check()
        await clerk.get_by_role("button", name="Add to this answer").click()

        await expect(clerk.get_by_role("heading", name="Known questions")).to_be_visible(timeout=SOON)
        await expect(clerk.get_by_text(re.compile(r"known questions? gets? "))).to_be_visible(timeout=SOON)
        await expect(clerk.locator("#examination")).to_contain_text("Now found")
        await expect(clerk.locator("ins").filter(has_text="bouncy")).not_to_have_count(0)
        await sound(clerk, "draft")
        await clerk.get_by_role("button", name="Save", exact=True).click()
        await expect(clerk.get_by_text("It is live")).to_be_visible(timeout=SOON)
        await sound(clerk, "saved")

        written = (tmp_path / "knowledge" / "faqs" / "town.yaml").read_text()
        assert "# The street is the city's: the permit is theirs too." in written
        assert QUESTION in written
        assert QUESTION in (tmp_path / "knowledge" / "questions" / "town.yaml").read_text()
        await ask(resident, QUESTION)
        await expect(resident.get_by_role("log")).to_contain_text("Ask the city for a permit.", timeout=SOON)
        await clerk.get_by_role("link", name="Unanswered").click()
        await expect(clerk.locator(".groups .asked")).to_have_count(0)
        await clerk.get_by_role("button", name="Sign out").click()
        await expect(clerk.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_an_alert_goes_out_from_a_phone_and_is_withdrawn_in_the_chat(browser: Browser, tmp_path: Path) -> None:
    async with telegram.emulator() as api:
        environment = {"BOT_TELEGRAM_TOKEN": telegram.TOKEN, "BOT_TELEGRAM_API": api.url}
        async with a_day(browser, tmp_path, **environment) as day:
            await api.bring(telegram.said("/subscribe all", telegram.ADA))
            await api.replies(1)
            chat = await day.page("/", PHONE)

            anna = await day.signed_in("anna", PHONE)
            await anna.goto(f"{day.bot.url}/staff/advisories/new/shelter")
            await anna.get_by_label("What the danger is").select_option(label="a gas leak")
            await anna.get_by_label("Place and street").fill("Main Street")
            # Half past the hour: midnight is refused, whatever the hour at which this test runs.
            began, ends = (f"{utc_now() + timedelta(hours=hours):%Y-%m-%dT%H:30}" for hours in (-13, 47))
            await anna.get_by_role("textbox", name="Since when").fill(began)
            await anna.get_by_role("textbox", name="When it ends").fill(ends)
            await sound(anna, "compose")
            await anna.get_by_role("button", name="Keep and preview").click()
            await anna.wait_for_url(re.compile(r"/advisories/[0-9]+"))
            await expect(anna.get_by_text("STAY INSIDE").first).to_be_visible()
            await sound(anna, "drafted")

            otis = await day.signed_in("otis", PHONE)
            await otis.get_by_role("link", name="Advisories").click()
            await otis.get_by_role("link", name="Stay inside").first.click()
            await sound(otis, "to-approve")
            await otis.get_by_label(re.compile("Type how many")).fill("1")
            await otis.get_by_role("button", name="Approve and publish now").click()
            alert = (await api.replies(2))[1]
            assert "STAY INSIDE" in alert.text
            await expect(chat.get_by_text("Main Street").first).to_be_visible(timeout=SOON)
            await expect(otis.get_by_text(re.compile(r"[Ff]inished")).first).to_be_visible(timeout=SOON)
            await sound(otis, "finished")

            await otis.get_by_role("link", name=re.compile("Withdraw")).click()
            await sound(otis, "withdraw")
            await otis.get_by_role("button", name=re.compile("Withdraw")).click()
            assert (await api.replies(3))[2].text.startswith("CANCEL")
            await api.until(lambda: bool(api.asked("editMessageText")))
            assert "STAY INSIDE" not in api.asked("editMessageText")[0]["text"]
            await sound(otis, "withdrawn")
