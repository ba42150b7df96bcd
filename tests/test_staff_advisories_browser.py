"""The sergeant's telephone: advisories written, sent and withdrawn on 360 pixels, on a bad network, without scripts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.core.advisory import Ended, Stage
from bot.core.channel import MayHaveArrived, Unreachable
from bot.staff.doors import COOKIE
from tests.staff_advisories import ANYBODY, EXERCISE, GAS, REASON, ROAD, URGENT, Desk, at_desk, place, sent
from tests.staff_rooms import Clerk
from tests.test_staff_advisories_lists import settle
from tests.web_house import DESK, PHONE, Browser, Page, beyond, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Office:
    """Staff at real browsers in front of the console."""

    desk: Desk
    browser: Browser
    rooms: AsyncExitStack
    errors: list[str] = field(default_factory=list)

    async def open(self, clerk: Clerk, path: str, **device: Any) -> Page:
        context = await self.browser.new_context(**{"viewport": PHONE, **device})
        await self.rooms.enter_async_context(context)
        page = await context.new_page()
        # Only an answer of the site's own can leave a cookie whose name begins with `__Host-`.
        cookie = {"Set-Cookie": f"{COOKIE}={clerk.token}; Path=/; Secure; HttpOnly; SameSite=Strict"}
        await page.route(
            "**/staff/signed-in", lambda route: route.fulfill(headers=cookie, body="", content_type="text/html")
        )
        await page.goto(self.url("/signed-in"))
        page.on("console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(self.url(path))
        return page

    def url(self, path: str) -> str:
        return str(self.desk.console.client.make_url(f"/staff{path}"))


@pytest_asyncio.fixture(name="office", loop_scope="module")
async def an_office(browser: Browser, tmp_path: Path) -> AsyncIterator[Office]:
    async with at_desk(tmp_path) as desk, AsyncExitStack() as rooms:
        yield Office(desk, browser, rooms)


async def test_a_lone_sergeant_warns_the_town_and_takes_it_back_with_few_presses(office: Office) -> None:
    await office.desk.subscribe("1", "2", topic="safety")
    page = await office.open(await office.desk.night(), "/advisories")
    await page.get_by_role("link", name="New advisory").click()
    await page.get_by_role("link", name="Stay inside").click()
    await page.get_by_label("What the danger is").select_option("a gas leak")
    await page.get_by_label("Place and street").fill("Main Street")
    await page.get_by_role("button", name="Since when: Now").click()
    await page.get_by_role("button", name="When it ends, or is looked at again: +4 h").click()
    await expect(page.get_by_label("Since when", exact=True)).to_have_value("2026-11-22T10:00")
    await expect(page.get_by_label("When it ends, or is looked at again", exact=True)).to_have_value("2026-11-22T14:00")
    sketch = page.get_by_role("region", name="Preview")
    await expect(sketch).to_contain_text("DANGER: a gas leak. You may get hurt outside.")
    await expect(sketch).to_contain_text("QUÉDESE ADENTRO.")
    await expect(sketch).to_contain_text("Goes to 2 subscribers now")
    await page.get_by_role("button", name="Keep and preview").click()
    await expect(page.get_by_role("status")).to_have_text("Kept as a draft. This is how people will see it.")
    await page.get_by_role("link", name="Go to approve").click()
    await page.get_by_label("Type how many subscribers it goes to: 2").fill("2")
    await page.get_by_label("You wrote this.").fill(REASON)
    await page.get_by_role("button", name="Approve and publish now").click()
    await expect(page.get_by_role("status")).to_have_text("It is going out to 2 subscribers.")
    await settle(office.desk, None, None)
    await expect(page.get_by_text("2 of 2 subscribers done")).to_be_visible()
    await office.desk.console.office.outbox.tick(office.desk.console.now)
    await expect(page.get_by_text("Finished: everybody is accounted for.")).to_be_visible()
    await expect(page.locator("[hx-trigger='every 2s']")).to_have_count(0)

    await page.get_by_role("link", name="Withdraw…").click()
    await expect(page.get_by_text("CANCELLED - Danbury Police Department")).to_be_visible()
    await page.get_by_role("button", name="Withdraw it now").click()
    await expect(page.get_by_role("status")).to_contain_text("The withdrawal goes out to 2 subscribers")
    assert (await office.desk.advisory(1)).ended is Ended.CANCELLED
    assert office.errors == []


async def test_what_is_typed_outlives_a_lost_network_and_a_closed_page(office: Office) -> None:
    page = await office.open(await office.desk.anna(), "/advisories/new/road-closed")
    await page.get_by_label("Street that is affected").fill("Main Street")
    await page.get_by_label("Why").select_option("a fallen tree")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Keep and preview").click()
    await expect(page.get_by_text("No connection. Nothing is lost")).to_be_visible()
    await expect(page.get_by_label("Street that is affected")).to_have_value("Main Street")
    await page.context.set_offline(False)
    await page.reload()
    await expect(page.get_by_text("What you had typed here before is back.")).to_be_visible()
    await expect(page.get_by_label("Street that is affected")).to_have_value("Main Street")
    await expect(page.get_by_label("Why")).to_have_value("tree")
    await page.get_by_role("button", name="Keep and preview").click()
    await expect(page.get_by_role("status")).to_contain_text("What is still missing is marked.")
    await expect(page.locator("#fault-from_street")).to_have_text("Nothing typed: fill it in.")
    assert (await office.desk.advisory(1)).content.slots == {"street": "Main Street", "reason": "tree"}
    await page.goto(office.url("/advisories/new/road-closed"))
    await expect(page.get_by_label("Street that is affected")).to_have_value("")
    assert [each for each in office.errors if not each.startswith(("Failed to load resource", "htmx:"))] == []


async def test_begun_afresh_nothing_of_before_is_left(office: Office) -> None:
    page = await office.open(await office.desk.anna(), "/advisories/new/road-closed")
    await page.get_by_label("Street that is affected").fill("Main Street")
    await page.reload()
    await page.get_by_role("button", name="Begin afresh").click()
    await expect(page.get_by_label("Street that is affected")).to_have_value("")
    await expect(page.get_by_text("What you had typed here before is back.")).to_be_hidden()


async def test_faults_appear_beside_their_fields_while_somebody_types(office: Office) -> None:
    page = await office.open(await office.desk.anna(), "/advisories/new/road-closed")
    await page.get_by_label("Street that is affected").fill("Main {Street}")
    await expect(page.locator("#fault-street")).to_contain_text("A brace or an angle bracket in it")
    await expect(page.locator("#fault-to_street")).to_be_empty()
    await page.get_by_label("Street that is affected").fill("Main Street")
    await expect(page.locator("#fault-street")).to_be_empty()
    assert await office.desk.console.office.advisories.newest(1) == ()


async def test_all_of_it_works_without_scripts(office: Office) -> None:
    await office.desk.subscribe("1")
    page = await office.open(await office.desk.anna(), "/advisories/new/road-closed", java_script_enabled=False)
    for name, value in ROAD.items():
        if name in ("street", "from_street", "to_street", "start", "end"):
            await page.locator(f"[name={name}]").fill(value)
    await page.get_by_label("Why").select_option("a crash")
    await page.get_by_role("button", name="Keep and preview").click()
    await expect(page.get_by_text("ROAD CLOSED because of a crash. Cars cannot pass.").first).to_be_visible()
    await page.get_by_label("Type how many subscribers it goes to: 1").fill("1")
    await page.get_by_role("button", name="Publish now").click()
    await expect(page.get_by_text("0 of 1 subscriber done")).to_be_visible()
    await page.get_by_label("Why pause").fill("Wrong street")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused. anna: Wrong street")).to_be_visible()
    await page.get_by_role("link", name="Withdraw…").click()
    await page.get_by_role("button", name="Withdraw it now").click()
    advisory = await office.desk.advisory(1)
    assert (advisory.ended, advisory.stage) == (Ended.CANCELLED, Stage.PAUSED)


async def test_every_page_fits_and_can_be_used_by_everybody(office: Office) -> None:
    desk = office.desk
    await desk.subscribe(*map(str, range(12)))
    await desk.subscribe("tester", kind=EXERCISE)
    anna, otis, night = await desk.anna(), await desk.otis(), await desk.night()
    out = f"/advisories/{await desk.released()}"
    await settle(desk, None, Unreachable("bot was blocked by the user"), MayHaveArrived("cut"))
    await desk.console.office.advising.discard(await desk.drafted(), ANYBODY)
    urgent, alone = f"/advisories/{await desk.drafted(URGENT)}", f"/advisories/{await desk.drafted(URGENT, by='night')}"
    half = place(await sent(anna, "/advisories/new/shelter", "/advisories/new/shelter", **{**GAS, "place": ""}))
    exercise = f"/exercises/{await desk.drafted(kind=EXERCISE)}"
    pages = [
        *((anna, path) for path in ("/advisories", "/exercises", "/advisories/new", "/advisories/new/missing-child",
                                    "/advisories/write", half, out, f"{out}/cancel", f"{out}/update",
                                    f"{out}/not-reached", "/advisories/import", "/exercises/testers", exercise)),
        (otis, urgent), (night, alone),
    ]  # fmt: skip
    found = {}
    for clerk, paths in groupby(pages, lambda page: page[0]):
        page = await office.open(clerk, "/advisories")
        for _, path in paths:
            await page.goto(office.url(path))
            async for look in looks(page, PHONE, DESK):
                told = (await violations(page), await beyond(page), await page.evaluate(_SMALL))
                if told != ([], 0, []):
                    found[path, look] = told
        await page.context.close()
    assert found == {}
    # A slow machine may refuse one of the looks at the ledger; nothing else may be wrong.
    assert [each for each in office.errors if "503" not in each and "htmx:responseError" not in each] == []


# What is pressed on a page and is lower than a finger's tip; WCAG 2.2 asks for 24 pixels, buttons here have 44.
_SMALL = """() => [...document.querySelectorAll("main button, main input, main select, main .button")]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 44)
    .map((each) => each.outerHTML.slice(0, 80))"""
