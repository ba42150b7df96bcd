"""The chat for everybody: by keyboard, read out, magnified, in the dark, in forced colours, without motion."""

import pytest

from tests.web_house import DESK, LOW, PHONE, House, ask, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixtures
from tests.web_house import a_house as a_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FOCUSED = """() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at.id === "field" ? "field" : at.textContent.trim();
}"""


async def test_everything_can_be_done_by_keyboard(house: House) -> None:
    page = await house.greeted(width=1280, height=800)
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "Skip to the chat"
    await page.keyboard.press("Enter")
    passed: list[str] = []
    while (passed[-1:] or [""])[0] != "Police report copy" and len(passed) < 10:
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(FOCUSED))
    assert passed[-1] == "Police report copy"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("The answer about police-report-copy.")
    assert await page.evaluate(FOCUSED) == "Police report copy"
    while (passed[-1:] or [""])[0] != "field" and len(passed) < 20:
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(FOCUSED))
    await page.keyboard.type("first line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Said: first line\nsecond line")


async def test_axe_finds_nothing_to_complain_of(house: House) -> None:
    page = await house.greeted(reduced_motion="reduce")
    await page.get_by_role("button", name="Police report copy").click()
    await ask(page, "there is a shooting")
    await expect(page.locator(".urgent")).to_be_visible()
    await ask(page, "slow one")
    await expect(page.get_by_role("status")).to_have_text("Looking it up")
    await page.get_by_text("What you can ask").click()
    async for look in looks(page, PHONE, DESK, LOW):
        assert await violations(page) == [], look
    house.desk.go.set()


@pytest.mark.parametrize("path", ["answers/police-report-copy", "answers/nothing"])
async def test_axe_finds_nothing_to_complain_of_on_the_other_pages(path: str, house: House) -> None:
    page = await house.open(house.url + path, color_scheme="dark")
    house.errors.clear()  # the browser notes the 404 that one of them is
    assert await violations(page) == []


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 568), (360, 740), (1280, 800)])
async def test_nothing_runs_off_the_screen_targets_are_large_and_911_stays_in_sight(
    width: int, height: int, house: House
) -> None:
    page = await house.greeted("?lang=pt", width=width, height=height)
    await ask(page, "shooting " + "x" * 300, "Sua mensagem")
    await expect(page.locator(".urgent")).to_be_visible()
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert await page.get_by_role("log").evaluate("log => log.scrollWidth <= log.clientWidth")
    targets = page.locator("button:visible, .call:visible, textarea, nav a, .tap:visible")
    sizes = await targets.evaluate_all("all => all.map(e => [e.textContent, e.getBoundingClientRect().height])")
    assert [text for text, tall in sizes if tall < 44] == []
    for place in ("0", "document.body.scrollHeight"):
        await page.evaluate(f"scrollTo(0, {place})")
        await expect(page.locator("header .call")).to_be_in_viewport(ratio=1)


async def test_with_forced_colours_what_can_be_pressed_has_an_edge(house: House) -> None:
    page = await house.greeted(forced_colors="active")
    await ask(page, "there is a shooting")
    await expect(page.locator(".urgent")).to_be_visible()
    widths = "all => all.map(e => parseFloat(getComputedStyle(e).borderTopWidth))"
    assert min(await page.locator("button, .call, textarea, .urgent").evaluate_all(widths)) > 0


async def test_who_wants_no_motion_gets_none(house: House) -> None:
    for wish, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        page = await house.greeted(reduced_motion=wish)
        assert await page.get_by_role("log").evaluate("log => getComputedStyle(log).scrollBehavior") == behaviour


async def test_the_log_is_read_out_politely_and_the_state_of_the_line_as_a_status(house: House) -> None:
    page = await house.greeted()
    await expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    await expect(page.get_by_role("status")).to_be_attached()
    await ask(page, "hello")
    await expect(page.locator(".mine .unseen")).to_have_text("You: ")
    await expect(page.locator(".said:not(.mine) .unseen").last).to_have_text("Assistant: ")


async def test_without_scripts_the_page_says_where_to_go(house: House) -> None:
    page = await house.open(java_script_enabled=False)
    assert "This chat needs JavaScript." in await page.locator("noscript p").inner_text()
    await expect(page.get_by_role("link", name="Call 911")).to_be_visible()
