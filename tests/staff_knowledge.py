"""Curators at the console's pages of the knowledge, over a real folder."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.staff import Account, Role
from bot.knowledge.edit_builders import add_phrases
from bot.staff.editing import Build, Editing, editing_of
from tests import small_folder
from tests.staff_rooms import Answered, Clerk, Staffed, staffed

MORE = """\
- id: keys
  risk: high
  checked_on: 2026-01-01
  review_every: 30 days
  source: {title: Page, url: "https://police.example/keys"}
  en:
    title: Lost keys
    asks:
      - i lost my keys  # as they say it
      - keys gone
    answer: |
      Ask at the desk.
  es:
    title: Llaves pérdidas
    asks: [perdí mis llaves]
    answer: Pregunte en la estación.
    translates: "000000000000"
    approved_by: null
"""
CURATOR = Account("ana", frozenset({Role.CURATOR}))


def keys_folder(folder: Path) -> Path:
    """A small folder with an answer in two languages in it: of high risk, overdue, its translation old and unsigned."""
    small_folder.write(folder)
    (folder / "faqs/keys.yaml").write_text(MORE)
    return folder


def saying(phrase: str) -> Build:
    """The phrase added to the answer `a`."""
    return lambda texts: add_phrases(texts, "a", "en", [phrase])


@dataclass
class Desk:
    """The console, its desk for edits, and the folder."""

    console: Staffed
    folder: Path

    @property
    def editing(self) -> Editing:
        return editing_of(self.console.office)

    async def clerk(self, name: str = "ana", *roles: Role) -> Clerk:
        return await self.console.signed_in(*(roles or (Role.CURATOR,)), name=name)

    def text(self, name: str = "faqs/a.yaml") -> str:
        return (self.folder / name).read_text()

    async def goes_live(self) -> None:
        """Two looks at a folder that keeps still: what the watch does, without its clock."""
        live = self.console.office.live
        await live.look(await live.look(()))

    async def counted(self) -> None:
        """Whatever is counted in the background is done."""
        thread = self.editing._examiner._thread
        if thread is not None:
            await asyncio.wrap_future(thread.submit(int))

    async def examined(self, clerk: Clerk, draft: str) -> Answered:
        """The draft's page when everything is known of it."""
        await clerk.get(f"/knowledge/drafts/{draft}")
        await self.counted()
        return await clerk.get(f"/knowledge/drafts/{draft}")


@asynccontextmanager
async def desk(tmp_path: Path, *, small: bool = True, folder: Path | None = None) -> AsyncIterator[Desk]:
    """The console over a folder of its own; what is counted in the background ends with it."""
    async with staffed(tmp_path, small=small, folder=folder) as console:
        made = Desk(console, console.office.folder)
        try:
            yield made
        finally:
            await made.editing.close()


def reads(answered: Answered) -> str:
    """The page's words with what is taken out left out."""
    text = re.sub(r"<del>.*?</del>|<span class=.unseen.>.*?</span>", "", answered.text.partition("<main")[2])
    return " ".join(html.unescape(re.sub(r"</?(?:ins|strong|code)>", "", text)).replace("<", " <").split())


def draft_in(answered: Answered) -> str:
    """The draft that a form has led to."""
    assert answered.status == 303, answered.words
    found = re.search(r"/knowledge/drafts/([0-9a-f]{16})\Z", answered.headers["Location"])
    assert found, answered.headers["Location"]
    return found[1]


def fields(answered: Answered) -> Mapping[str, str | list[str]]:
    """What a browser would send of the page's main form, as it stands there."""
    body = answered.text.partition("<main")[2]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input(?![^>]*type="checkbox")[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', body):
        found.setdefault(name, []).append(html.unescape(value))
    for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', body, re.DOTALL):
        found.setdefault(name, []).append(html.unescape(value).removeprefix("\n"))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found.setdefault(name, []).append(html.unescape(chosen[1]) if chosen else "")
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if name != "csrf"}
