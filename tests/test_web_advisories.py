"""Advisories in a real browser: the banner over the chat, here and on other sites, and the pages it leads to."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp import web

from bot.core.advisory import AdvisoryLevel, AdvisoryType, Ended
from tests.advisory_builders import NOW, an_advisory, some_content
from tests.web_builders import served, site
from tests.web_house import DESK, LOW, PHONE, Browser, House, Page, ask, beyond, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixtures
from tests.web_house import a_house as a_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ALERT = some_content(level=AdvisoryLevel.ALERT, event={"en": "Boil your water", "es": "Hierva el agua"})
LONG = {"en": "Main Street " * 12, "es": "Main Street " * 12, "pt": "Main Street " * 12}


@pytest_asyncio.fixture(name="town", loop_scope="module")
async def a_town_with_news(house: House) -> AsyncIterator[House]:
    await tell(house)
    yield house


async def tell(house: House) -> None:
    """Put out an Alert, a road closure, something of the community, and messages that no longer hold."""
    house.desk.clock = lambda: NOW + timedelta(hours=1)
    house.desk.shelf.kept = [
        an_advisory(1, ended=Ended.CANCELLED),
        an_advisory(2, thread=1, type=AdvisoryType.CANCEL),
        an_advisory(3, content=ALERT),
        an_advisory(4, content=some_content(event=LONG)),
        an_advisory(5, content=some_content(level=AdvisoryLevel.COMMUNITY)),
    ]
    await house.desk.look()


async def shown(page: Page) -> list[str]:
    return await page.locator(".advisories .advisory").all_inner_texts()


async def test_axe_finds_nothing_to_complain_of_in_the_banner(town: House) -> None:
    page = await town.greeted(reduced_motion="reduce")
    await expect(page.get_by_role("region", name="Advisories in effect")).to_be_visible()
    async for look in looks(page, PHONE, DESK, LOW):
        assert (await violations(page), await beyond(page)) == ([], 0), look


async def test_axe_finds_nothing_to_complain_of_on_the_pages(town: House) -> None:
    page = await town.open(town.url)
    for path in ("advisories", "advisories/danbury-pd-2026-000003.1", "advisories/nothing"):
        await page.goto(town.url + path)
        async for look in looks(page, LOW, DESK):
            assert (await violations(page), await beyond(page)) == ([], 0), (path, look)
    town.errors.clear()  # the browser notes the 404 that one of them is


async def test_targets_are_large_and_the_banner_leaves_room_for_the_chat(town: House) -> None:
    for width, height in ((320, 568), (360, 740), (1280, 800)):
        page = await town.greeted(width=width, height=height)
        tall = "all => all.map(e => e.getBoundingClientRect().height)"
        assert min(await page.locator(".advisories a").evaluate_all(tall)) >= 44
        assert await page.get_by_role("log").evaluate("log => log.clientHeight") >= 90
        await expect(page.locator("header .call")).to_be_in_viewport(ratio=1)


async def test_the_banner_is_the_same_before_and_after_the_chat_has_drawn_it(town: House) -> None:
    page = await town.greeted()
    drawn = await page.locator(".advisories").inner_html()
    plain = await town.open(java_script_enabled=False)
    written = await plain.locator(".advisories").inner_html()

    def told(html: str) -> list[str]:
        return re.findall(r'class="[^"]+"|href="[^"]+"|lang="[^"]+"|[^<>]+(?=<)', html.replace(town.url, "/"))

    assert sorted(told(drawn)) == sorted(told(written))
    assert "▲ ALERT" in (await shown(page))[0].replace("\n", " ")


async def test_what_is_released_or_withdrawn_shows_at_once_and_takes_nobody_from_what_they_type(house: House) -> None:
    house.desk.clock = lambda: NOW + timedelta(hours=1)
    page = await house.greeted()
    assert await shown(page) == []
    await page.get_by_label("Your message").type("where is")
    house.desk.shelf.kept = [an_advisory(3, content=ALERT)]
    await house.desk.look()
    await expect(page.locator(".advisories")).to_contain_text("Boil your water")
    await expect(page.get_by_label("Your message")).to_be_focused()
    await page.keyboard.type(" the station")
    await expect(page.get_by_label("Your message")).to_have_value("where is the station")
    house.desk.shelf.kept = [an_advisory(3, content=ALERT, ended=Ended.CANCELLED)]
    await house.desk.look()
    await expect(page.locator(".advisories")).to_be_empty()


async def test_the_banner_is_read_out_when_there_is_time(town: House) -> None:
    page = await town.greeted()
    await expect(page.locator(".advisories")).to_have_attribute("aria-live", "polite")
    await expect(page.get_by_role("status")).to_have_count(1)


async def test_the_banner_keeps_its_place_under_the_finger_when_nothing_changed(town: House) -> None:
    page = await town.greeted()
    await page.locator(".advisory").first.focus()
    await town.desk.look()
    await ask(page, "where do i park?")
    await page.locator(".advisory").first.focus()
    await town.desk.look()
    await expect(page.locator(".advisory").first).to_be_focused()


async def test_a_change_of_language_changes_the_banner_and_where_it_leads(town: House) -> None:
    page = await town.greeted()
    await page.get_by_role("link", name="Español").click()
    await expect(page.locator(".advisory").first).to_contain_text("ALERTA")
    await expect(page.locator(".advisory").first).to_contain_text("Hierva el agua")
    await expect(page.get_by_role("link", name="Todos los avisos")).to_be_visible()
    await page.locator(".advisory").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hierva el agua")
    assert page.url == f"{town.url}advisories/danbury-pd-2026-000003.1?lang=es"


async def test_another_site_shows_them_in_the_chat_it_embeds(browser: Browser) -> None:
    script = ""

    async def host(_: web.Request) -> web.Response:
        page = f'<!doctype html><html lang="en"><title>City</title><h1>City</h1><script src="{script}"></script></html>'
        return web.Response(text=page, content_type="text/html")

    city = web.Application()
    city.router.add_get("/", host)
    async with AsyncExitStack() as rooms:
        city_url = f"http://127.0.0.1:{await rooms.enter_async_context(served(city))}"
        house = House(browser, rooms)
        house.port = await rooms.enter_async_context(served(site(house.desk, (city_url,))))
        await tell(house)
        script = f"{house.url}chat.js"
        page = await house.open(f"{city_url}/", width=320, height=568)
        await page.get_by_role("button", name="Ask the police assistant").click()
        first = page.get_by_role("region", name="Advisories in effect").get_by_role("link").first
        await expect(first).to_contain_text("ALERT Boil your water")
        await expect(first).to_have_attribute("href", f"{house.url}advisories/danbury-pd-2026-000003.1?lang=en")
        await expect(first).to_have_attribute("rel", "noopener noreferrer")
        assert await violations(page, "department-chat") == []
        assert await page.get_by_role("log").evaluate("log => log.clientHeight") >= 90
        await page.get_by_role("button", name="Português").click()
        await expect(page.get_by_role("link", name="Todos os avisos")).to_be_visible()
        house.desk.shelf.kept = []
        await house.desk.look()
        await expect(page.get_by_role("link", name="Todos os avisos")).to_have_count(0)
        assert [error for error in house.errors if "favicon" not in error and "404" not in error] == []


async def test_with_forced_colours_every_advisory_has_an_edge(town: House) -> None:
    page = await town.greeted(forced_colors="active")
    widths = "all => all.map(e => parseFloat(getComputedStyle(e).borderTopWidth))"
    assert min(await page.locator(".advisory").evaluate_all(widths)) > 0
