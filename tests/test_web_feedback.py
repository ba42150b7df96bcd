"""One tap in the web chat says whether an answer helped: by finger, by keyboard, read out, once."""

from typing import Any

import pytest

from tests.web_house import DESK, PHONE, House, Page, beyond, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixtures
from tests.web_house import a_house as a_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def answered(house: House, **device: Any) -> Page:
    page = await house.greeted(**device)
    await page.get_by_role("button", name="Police report copy").click()
    await expect(page.get_by_role("group", name="Did this help?")).to_be_visible()
    return page


def pressed(house: House) -> list[str]:
    return [message.text.rsplit(" ", 1)[0] for message in house.desk.received if message.text.startswith("/useful")]


@pytest.mark.parametrize(
    ("button", "value", "said"),
    [("This helped", "/useful yes", "Thank you for telling me."), ("This did not help", "/useful no", "I am sorry")],
)
async def test_a_tap_is_sent_once_and_stays_to_be_seen(house: House, button: str, value: str, said: str) -> None:
    page = await answered(house)
    group = page.get_by_role("group", name="Did this help?")
    await group.get_by_role("button", name=button).dblclick()
    await expect(page.get_by_role("log")).to_contain_text(said)
    await expect(group.get_by_role("button", name=button)).to_have_attribute("aria-pressed", "true")
    await expect(group.get_by_role("button", pressed=False)).to_have_attribute("aria-disabled", "true")
    await group.get_by_role("button", pressed=False).click(force=True)
    await page.reload()
    await expect(group.get_by_role("button", name=button)).to_have_attribute("aria-pressed", "true")
    assert pressed(house) == [value]
    # It is no message of theirs: what they pressed is marked where it stands.
    await expect(page.locator(".mine")).to_have_text(["You: Police report copy"])


async def test_by_keyboard_the_focus_stays_where_it_was(house: House) -> None:
    page = await answered(house, width=1280, height=800)
    button = page.get_by_role("button", name="This helped")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Thank you for telling me.")
    await expect(button).to_be_focused()


async def test_the_answers_other_choices_stay_apart_and_work(house: House) -> None:
    page = await answered(house)
    beside = page.get_by_role("group", name="Suggested answers").last
    await expect(beside.get_by_role("button")).to_have_text(["Lost"])
    await page.get_by_role("button", name="This helped").click()
    await beside.get_by_role("button", name="Lost").click()
    await expect(page.get_by_role("log")).to_contain_text("The answer about lost.")
    await expect(page.get_by_role("group", name="Did this help?")).to_have_count(2)


async def test_axe_finds_nothing_and_targets_are_large(house: House) -> None:
    page = await answered(house, reduced_motion="reduce")
    async for look in looks(page, PHONE, DESK):
        assert await violations(page) == [], look
    await page.get_by_role("button", name="This did not help").click()
    await expect(page.get_by_role("log")).to_contain_text("I am sorry")
    tall = "all => all.map(e => e.getBoundingClientRect().height)"
    async for look in looks(page, PHONE, DESK):
        assert (await violations(page), await beyond(page)) == ([], 0), look
        assert min(await page.locator(".rating button").evaluate_all(tall)) >= 44, look


async def test_without_a_line_the_tap_waits_for_it(house: House) -> None:
    page = await answered(house)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="This helped").click()
    await expect(page.get_by_role("button", name="This helped")).to_have_attribute("aria-pressed", "true")
    await page.context.set_offline(False)
    await expect(page.get_by_role("log")).to_contain_text("Thank you for telling me.", timeout=20_000)
    assert pressed(house) == ["/useful yes"]
    house.errors.clear()  # the browser notes the line that was cut
