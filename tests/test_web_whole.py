"""The web chat in a real browser with the whole bot behind it and the department's own knowledge.

`BOT_SHOTS=FOLDER` keeps screenshots; the one in the README is one of them.
"""

import os
from pathlib import Path

import pytest

from tests.test_whole_path import CONVERSATIONS, free_port, running
from tests.web_house import Browser, Page, expect, violations
from tests.web_house import a_browser as a_browser  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

MISSPELT = {
    "en": "how do i get a copy of my polise reprot",
    "es": "como saco una cópia del reporte de polisia",
    "pt": "como tiro uma copia do boletin de ocorencia",
}
LABELS = {"en": "Your message", "es": "Su mensaje", "pt": "Sua mensagem"}


async def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("BOT_SHOTS"):
        await page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("es", 360), ("pt", 360)])
async def test_a_resident_asks_chooses_and_is_sent_to_911(
    browser: Browser, tmp_path: Path, language: str, width: int
) -> None:
    async with running(tmp_path) as bot:
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, locale=language, reduced_motion="reduce"
        )
        page = await context.new_page()
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
        await page.goto(bot.url)
        log, field = page.get_by_role("log"), page.get_by_label(LABELS[language])
        await expect(log).to_contain_text("911")
        await shot(page, f"{language}-{width}-1-start")

        await field.fill(MISSPELT[language])
        await field.press("Enter")
        await expect(log).to_contain_text("375 Main Street")
        await expect(log).to_contain_text("2026")  # the day it was checked
        await shot(page, f"{language}-{width}-2-answer")

        related = log.locator(".choices").last.get_by_role("button").last
        label = await related.inner_text()
        await related.press("Enter")
        await expect(log.locator(".said:not(.mine)")).to_have_count(3)
        await expect(log.locator(".said").last).to_contain_text(label)

        await field.fill(CONVERSATIONS[language][1])
        await field.press("Enter")
        dial = log.locator('.urgent .call[href="tel:911"]').last
        await expect(dial).to_be_visible()
        await shot(page, f"{language}-{width}-3-emergency")
        await expect(dial).to_be_in_viewport()
        await shot(page, f"{language}-{width}-3-emergency")

        assert await violations(page) == []
        assert await context.cookies() == []
        assert errors == []
        await context.close()


async def test_while_the_bot_restarts_it_says_so_and_answers_what_was_typed_meanwhile(
    browser: Browser, tmp_path: Path
) -> None:
    port = str(free_port())
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="en", reduced_motion="reduce")
    page = await context.new_page()
    async with running(tmp_path, port) as bot:
        await page.goto(bot.url)
        log, field = page.get_by_role("log"), page.get_by_label("Your message")
        await expect(log).to_contain_text("911")
    await expect(page.get_by_text("You are offline")).to_be_visible()
    await field.fill(CONVERSATIONS["en"][0])
    await field.press("Enter")
    await shot(page, "en-360-4-offline")
    async with running(tmp_path, port):
        await expect(log).to_contain_text("375 Main Street", timeout=20_000)
    await context.close()
