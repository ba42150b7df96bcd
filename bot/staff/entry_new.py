"""A new answer: begun from nothing, or from a question that nobody could answer."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from bot.core.staff import Act
from bot.knowledge import edit_builders
from bot.knowledge.edit import EditRefused, Texts
from bot.knowledge.edit_builders import ELSEWHERE, NewEntry
from bot.knowledge.edit_reading import is_of_entries
from bot.knowledge.edit_save import EditFailed
from bot.staff.doors import Door
from bot.staff.editing import editing_of
from bot.staff.entry_page import languages_named
from bot.staff.visit import Visit

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LONGEST_ID = 40
_REVIEW = "180 days"  # of an answer whose keeper says nothing else


@dataclass(frozen=True, slots=True)
class Begun:
    """A new answer as far as it is typed. `closes` is the group of questions that it answers, None: none."""

    title: str
    id: str
    file: str
    language: str
    phrases: tuple[str, ...]
    answer: str
    owner: str
    source_title: str
    source_url: str
    risk: str
    closes: int | None


def doors() -> tuple[Door, ...]:
    edits = Act.EDIT_KNOWLEDGE
    return (Door("GET", "/knowledge/new", _form, edits), Door("POST", "/knowledge/new", _send, edits))


async def _form(visit: Visit) -> web.Response:
    return await _page(visit, _begun(visit.request.query, visit), None)


async def _send(visit: Visit) -> web.Response:
    begun = _begun(await visit.forms(), visit)
    entry = begun.id or _slug(begun.title)
    if not _SLUG.match(entry) or len(entry) > _LONGEST_ID:
        return await _page(visit, begun, "The name may have small letters, digits and hyphens, at most 40 of them.")

    def build(texts: Texts) -> Texts:
        phrases = begun.phrases or (begun.title.casefold(),)
        new = NewEntry(entry, begun.language, begun.title, phrases, begun.answer, _fields(begun))
        return edit_builders.add_entry(texts, begun.file, new)

    try:
        made = await editing_of(visit.office).open(
            visit.account, f"New answer: {entry}", build, subject=entry, closes=begun.closes
        )
    except (EditRefused, EditFailed) as e:
        return await _page(visit, begun, str(e))
    return await visit.go(f"/knowledge/drafts/{made}")


async def _page(visit: Visit, begun: Begun, trouble: str | None) -> web.Response:
    texts = await editing_of(visit.office).texts()
    files = [name for name in texts if is_of_entries(name) and name != ELSEWHERE]
    return visit.page(
        "knowledge_new.html",
        status=422 if trouble else 200,
        begun=begun,
        trouble=trouble,
        files=files,
        spoken=languages_named(visit.office.knowledge()),
    )


def _begun(typed: MultiMapping[str], visit: Visit) -> Begun:
    languages = visit.office.knowledge().department.languages
    language, closes = typed.get("language", ""), typed.get("closes", "")
    lines = [line for each in typed.getall("phrase", []) for line in each.splitlines()]
    return Begun(
        title=" ".join(typed.get("title", "").split()),
        id=typed.get("id", "").strip(),
        file=typed.get("file", ""),
        language=language if language in languages else languages[0],
        phrases=tuple(said for line in lines if (said := " ".join(line.split()))),
        answer=edit_builders.prose(typed.get("answer")) or "",
        owner=typed.get("owner", "").strip(),
        source_title=typed.get("source_title", "").strip(),
        source_url=typed.get("source_url", "").strip(),
        risk="high" if typed.get("risk") == "high" else "low",
        closes=int(closes) if closes.isascii() and closes.isdecimal() and len(closes) < 10 else None,
    )


def _fields(begun: Begun) -> Mapping[str, Any]:
    """What the file says beside the wording. It was compared with its source by whoever writes it: they mark that."""
    fields: dict[str, Any] = {"risk": begun.risk, "review_every": _REVIEW}
    if begun.owner:
        fields["owner"] = begun.owner
    if begun.source_url:
        fields["source"] = {"title": begun.source_title or begun.source_url, "url": begun.source_url}
    return fields


def _slug(title: str) -> str:
    """A name made of the title's first words."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        if len(name) + len(word) + 1 > _LONGEST_ID:
            break
        name = f"{name}-{word}" if name else word
    return name
