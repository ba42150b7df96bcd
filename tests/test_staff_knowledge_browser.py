"""The pages of the knowledge in Chromium: on a phone and a desk, light and dark, with JavaScript and without."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.staff.doors import COOKIE
from bot.staff.editing import open_draft
from bot.staff.editing_drafts import Stage
from bot.store.edits import Edits
from tests.staff_knowledge import CURATOR, Desk, desk, draft_in, fields, keys_folder, saying
from tests.web_house import DESK, PHONE, Browser, Page, beyond, expect, looks, violations
from tests.web_house import a_browser as a_browser  # fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Room:
    desk: Desk
    browser: Browser
    contexts: AsyncExitStack
    cookie: str
    pages: dict[str, str]

    async def open(self, path: str, **device: Any) -> Page:
        context = await self.browser.new_context(**{"viewport": PHONE, **device})
        await self.contexts.enter_async_context(context)
        await context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": self.cookie,
                    "domain": "127.0.0.1",
                    "path": "/",
                    "secure": True,
                    "httpOnly": True,
                }
            ]
        )
        page = await context.new_page()
        await page.goto(self.url(path))
        return page

    def url(self, path: str) -> str:
        return str(self.desk.console.client.make_url(f"/staff{path}"))


@pytest_asyncio.fixture(name="room", scope="module", loop_scope="module")
async def a_room(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """A folder with a saved edit, a sound draft, one with faults, and one that somebody else has crossed."""
    made = tmp_path_factory.mktemp("room")
    async with desk(made, folder=keys_folder(made / "knowledge")) as kept, AsyncExitStack() as contexts:
        clerk, office = await kept.clerk(), kept.console.office
        await clerk.post("/knowledge/answers/keys/checked")
        sound = await open_draft(office, CURATOR, "Add a phrase: a", saying("keys gone"), subject="a")
        yaml = str(fields(await clerk.get("/knowledge/answers/a/yaml"))["text"])
        broken = draft_in(await clerk.post("/knowledge/answers/a/yaml", {"text": yaml.replace("title", "titel")}))
        crossed = await open_draft(office, CURATOR, "Add a phrase: a", saying("mine"), subject="a")
        ours = kept.text().replace("The first answer.", "Another answer.")
        for draft in (sound, broken, crossed):
            await kept.examined(clerk, draft)
        (kept.folder / "faqs/a.yaml").write_text(ours)
        (edit,) = await Edits(office.database).newest(1)
        (saved,) = [each.draft.id for each in await kept.editing.drafts(CURATOR) if each.stage is Stage.SAVED]
        pages = {
            "list": "/knowledge", "nothing found": "/knowledge?q=zzz", "answer": "/knowledge/answers/keys",
            "contact": "/knowledge/answers/contacts", "not ours": "/knowledge/answers/out-of-scope",
            "form": "/knowledge/answers/keys/edit", "yaml": "/knowledge/answers/keys/yaml", "new": "/knowledge/new",
            "drafts": "/knowledge/drafts", "draft with faults": f"/knowledge/drafts/{broken}",
            "crossed draft": f"/knowledge/drafts/{crossed}", "saved draft": f"/knowledge/drafts/{saved}",
            "history": "/knowledge/history", "edit": f"/knowledge/history/{edit.number}",
            "no answer": "/knowledge/answers/zzz", "no draft": "/knowledge/drafts/zzz",
        }  # fmt: skip
        yield Room(kept, browser, contexts, str(clerk.token), pages)


async def test_axe_finds_nothing_and_nothing_runs_off_the_screen(room: Room) -> None:
    page, found = await room.open(""), {}
    for name, path in room.pages.items():
        await page.goto(room.url(path))
        async for look in looks(page, PHONE, DESK):
            told = (await violations(page), await beyond(page))
            if told != ([], 0):
                found[name, look] = told
    assert found == {}


async def test_a_draft_fills_its_check_in_by_itself_and_is_saved_and_live_without_a_press_more(room: Room) -> None:
    office = room.desk.console.office
    draft = await open_draft(office, CURATOR, "Add a phrase: b", saying("a new way of saying it"), subject="a")
    page = await room.open(f"/knowledge/drafts/{draft}")
    await expect(page.get_by_text("No faults found.")).to_be_visible(timeout=60_000)
    await expect(page.get_by_text("known questions gets another answer")).to_be_visible(timeout=60_000)
    assert await page.locator("#examination").get_attribute("hx-get") is None  # it asks no more
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("It goes live in a few seconds")).to_be_visible(timeout=60_000)
    await room.desk.goes_live()
    await expect(page.get_by_text("It is live")).to_be_visible(timeout=60_000)


async def test_without_javascript_an_answer_is_edited_by_keyboard_looked_at_and_saved(room: Room) -> None:
    page = await room.open("/knowledge/answers/keys/edit", java_script_enabled=False)
    await page.get_by_label("Title").first.fill("Keys that are lost")
    await page.get_by_role("button", name="Look at the change").press("Enter")
    await expect(page.locator("ins").first).to_contain_text("Keys", timeout=60_000)
    await page.get_by_role("button", name="Save", exact=True).press("Enter")
    await expect(page.get_by_role("heading", name="Saved")).to_be_visible(timeout=60_000)
    assert "title: Keys that are lost\n" in room.desk.text("faqs/keys.yaml")
