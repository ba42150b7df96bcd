"""A house with the web chat in it, a real browser before it, and a record of everything the browser did."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.web_builders import Desk, served, site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LABEL = "Your message"
PHONE, DESK, LOW = ({"width": w, "height": h} for w, h in ((360, 740), (1280, 800), (320, 256)))

try:
    from axe_playwright_python.async_playwright import Axe
    from playwright.async_api import Browser as Browser
    from playwright.async_api import Page as Page
    from playwright.async_api import async_playwright
    from playwright.async_api import expect as expect
except ImportError as e:  # the extra `browser` is not installed
    if os.environ.get("CI"):
        raise
    pytest.skip(f"no {e.name}: install the extra `browser`", allow_module_level=True)
if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("no Chromium on this machine", allow_module_level=True)


@pytest_asyncio.fixture(name="browser", scope="module", loop_scope="module")
async def a_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        yield await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


class House:
    """One desk, its site, and the pages open on it with everything they did."""

    def __init__(self, browser: Browser, rooms: AsyncExitStack) -> None:
        self.desk = Desk()
        self.port = 0
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self._browser, self._rooms = browser, rooms

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def open(self, url: str = "", width: int = 360, height: int = 740, **device: Any) -> Page:
        context = await self._browser.new_context(viewport={"width": width, "height": height}, **device)
        await self._rooms.enter_async_context(context)
        page = await context.new_page()
        page.on("console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))
        await page.goto(url or self.url)
        return page

    async def greeted(self, path: str = "", **device: Any) -> Page:
        page = await self.open(self.url + path, **device)
        await expect(page.get_by_role("log")).to_contain_text(re.compile("automated|automático"))
        return page


@pytest_asyncio.fixture(name="house", loop_scope="module")
async def a_house(browser: Browser) -> AsyncIterator[House]:
    """A served house; afterwards nobody complained, nothing went elsewhere and no cookie was left."""
    async with AsyncExitStack() as rooms:
        made = House(browser, rooms)
        made.port = await rooms.enter_async_context(served(site(made.desk)))
        yield made
        assert [cookie for context in browser.contexts for cookie in await context.cookies()] == []
    assert made.errors == []
    assert made.hosts <= {f"127.0.0.1:{made.port}"}


async def ask(page: Page, text: str, label: str = LABEL) -> None:
    await page.get_by_label(label).fill(text)
    await page.get_by_label(label).press("Enter")


async def looks(page: Page, *sizes: dict[str, int]) -> AsyncIterator[str]:
    """The page as it stands, in light and dark at each size: it is made once and looked at often."""
    await page.emulate_media(reduced_motion="reduce")
    for size in sizes:
        await page.set_viewport_size({"width": size["width"], "height": size["height"]})
        await page.evaluate("scrollTo(0, 0)")  # or the bar may stand half over something
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            yield f"{size}, {scheme}"


async def beyond(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


async def violations(page: Page, within: str | None = None) -> list[tuple[str, list[Any]]]:
    # Without `resultTypes` every element that is sound is told too, which takes as long again.
    found = await Axe().run(page, context=within, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found.response["violations"]]
