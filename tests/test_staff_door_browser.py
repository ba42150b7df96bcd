"""The door in Chromium: its cookies are kept, nothing needs JavaScript, everybody can read it and fits it in a hand."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import pytest_asyncio

from bot.core.staff import Role
from bot.store.holds import Holds, Record
from tests.staff_browser import STEP
from tests.staff_rooms import PASSWORD, Staffed, staffed
from tests.web_house import DESK, PHONE, Browser, Page, beyond, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OWN = "seven owls under a bridge"
PAGES = ("/", "/me", "/me/password", "/me/codes", "/accounts", "/new-account", "/accounts/anna", "/accounts/chief",
         "/audit", "/audit?act=turned+away", "/audit/check", "/records", "/no-such-page")  # fmt: skip


@dataclass
class Entrance:
    desk: Staffed
    browser: Browser
    rooms: AsyncExitStack
    errors: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return str(self.desk.client.make_url(f"/staff{path}"))

    async def open(self, path: str = "/", **device: Any) -> Page:
        context = await self.browser.new_context(**{"viewport": PHONE, **device})
        await self.rooms.enter_async_context(context)
        page = await context.new_page()
        page.on("console", lambda said: self.errors.append(said.text) if "Security" in said.text else None)
        await page.goto(self.url(path))
        return page

    async def sign_in(self, page: Page, name: str, password: str, code: str) -> None:
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(password)
        await page.get_by_label("Code").fill(code)
        await page.get_by_role("button", name="Sign in").click()

    def code(self, name: str) -> str:
        return pyotp.TOTP(self.desk.secrets[name]).at(self.desk.now)


@pytest_asyncio.fixture(name="door", scope="module", loop_scope="module")
async def a_door(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Entrance]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk, AsyncExitStack() as rooms:
        await desk.account("first")
        await desk.account("anna", Role.CURATOR)
        await desk.account("chief", *Role)
        await Holds(desk.office.database).place(Record.QUESTIONS, "FOI 2026-118, the city clerk", "chief", desk.now)
        yield Entrance(desk, browser, rooms)


async def test_a_newcomers_first_day_without_javascript(door: Entrance) -> None:
    start = await door.desk.office.accounts.invite("newcomer", {Role.VIEWER}, "first", door.desk.now)
    page = await door.open("/audit", java_script_enabled=False)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await door.sign_in(page, "Newcomer", start, "")
    await expect(page.get_by_role("heading", name="Welcome, newcomer")).to_be_visible()
    await page.get_by_text("You cannot scan it?").click()
    key = (await page.locator("code.key").inner_text()).replace(" ", "")
    await page.get_by_label("New password", exact=True).fill(OWN)
    await page.get_by_label("New password once more").fill(OWN)
    await page.get_by_label("Code that the app shows now").fill(pyotp.TOTP(key).at(door.desk.now))
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("status")).to_contain_text("Your account is ready.")
    door.desk.now += timedelta(minutes=11)
    await page.goto(door.url("/me"))
    await page.get_by_role("link", name="Set up codes on another phone").click()
    await expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    await page.get_by_label("Password of newcomer").fill(OWN)
    await page.get_by_label("Code").fill(pyotp.TOTP(key).at(door.desk.now))
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name="Codes on another phone")).to_be_visible()
    await page.goto(door.url("/audit/check"))
    await page.get_by_role("button", name="Check every line").click()
    await expect(page.get_by_role("status")).to_contain_text("Every line is as it was written.")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto(door.url("/me"))
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_everybody_can_use_every_page_of_the_door(door: Entrance) -> None:
    door.desk.now += timedelta(days=1)
    page, found = await door.open(), {}

    async def look_around(place: str) -> None:
        async for look in looks(page, PHONE, DESK):
            if (told := (await violations(page), await beyond(page))) != ([], 0):
                found[place, look] = told

    await look_around("sign-in")
    await door.sign_in(page, "chief", "not the password", "000000")
    await look_around("wrong")
    await door.sign_in(page, "chief", PASSWORD, door.code("chief"))
    await expect(page.get_by_role("heading", name="Home")).to_be_visible()
    for path in PAGES:
        await page.goto(door.url(path))
        await look_around(path)
    await page.goto(door.url("/new-account"))
    await page.get_by_label("Name").fill("made")
    await page.get_by_label("curator").check()
    await page.get_by_role("button", name="Make it").click()
    await expect(page.get_by_role("heading", name=re.compile("^Start password of"))).to_be_visible()
    await look_around("start")
    assert found == {}
    assert door.errors == []


async def test_a_link_from_elsewhere_leads_in_without_signing_in_again(door: Entrance) -> None:
    door.desk.now += timedelta(days=1)
    page = await door.open()
    await door.sign_in(page, "anna", PASSWORD, door.code("anna"))
    await page.goto(f"data:text/html,<a href='{door.url('/me')}'>your account</a>")
    await page.get_by_role("link", name="your account").click()
    await expect(page.get_by_role("heading", name="Your account")).to_be_visible()


async def test_a_form_that_stands_open_in_another_window_outlives_a_proof(door: Entrance) -> None:
    door.desk.now += timedelta(days=1)
    page = await door.open()
    await door.sign_in(page, "anna", PASSWORD, door.code("anna"))
    other = await page.context.new_page()
    await other.goto(door.url("/me/password"))
    door.desk.now += timedelta(minutes=11) + STEP
    await page.goto(door.url("/me/codes"))
    await page.get_by_label("Password of anna").fill(PASSWORD)
    await page.get_by_label("Code").fill(door.code("anna"))
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name="Codes on another phone")).to_be_visible()
    await other.get_by_label("Password you have now").fill(PASSWORD)
    await other.get_by_label("New password", exact=True).fill(OWN)
    await other.get_by_label("New password once more").fill(OWN)
    await other.get_by_role("button", name="Change it").click()
    await expect(other.get_by_role("status")).to_contain_text("You have another password.")
