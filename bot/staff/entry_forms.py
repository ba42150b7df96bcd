"""An answer written in a form or as YAML. Whatever is sent becomes a draft, to be looked at before it is saved."""

import asyncio
from collections.abc import Mapping

from aiohttp import web
from multidict import MultiDictProxy

from bot.core.staff import Act
from bot.knowledge import edit_builders, edit_form
from bot.knowledge.edit import EditRefused, Texts
from bot.knowledge.edit_builders import DETAILS
from bot.knowledge.edit_form import CHANNELS, Filled, Said, Told
from bot.knowledge.edit_save import EditFailed
from bot.staff.doors import Door
from bot.staff.editing import editing_of
from bot.staff.editing_drafts import Kept
from bot.staff.editing_saving import NoSuchDraft, with_draft
from bot.staff.entry_page import languages_named
from bot.staff.visit import Visit

_REVIEWS = ("30 days", "90 days", "180 days", "365 days")
_FIELDS_RELATED = 6
_MOST_CHANNELS = 30


def doors() -> tuple[Door, ...]:
    edits = Act.EDIT_KNOWLEDGE
    return (
        Door("GET", "/knowledge/answers/{entry}/edit", _form, edits),
        Door("POST", "/knowledge/answers/{entry}/edit", _send_form, edits),
        Door("GET", "/knowledge/answers/{entry}/yaml", _yaml, edits),
        Door("POST", "/knowledge/answers/{entry}/yaml", _send_yaml, edits),
    )


async def _form(visit: Visit) -> web.Response:
    entry = visit.request.match_info["entry"]
    try:
        kept, texts = await _start(visit)
        shown = await asyncio.to_thread(edit_form.filled, texts, entry)
    except (EditRefused, NoSuchDraft) as e:
        return await visit.go(f"/knowledge/answers/{entry}", f"{e}")
    return _form_page(visit, shown, kept.draft.id if kept else None)


async def _send_form(visit: Visit) -> web.Response:
    entry, typed = visit.request.match_info["entry"], await visit.forms()
    sent, draft = _sent(typed), typed.get("draft") or None

    def build(texts: Texts) -> Texts:
        return edit_form.change_entry(texts, entry, sent)

    try:
        made = await editing_of(visit.office).open(
            visit.account, f"Edit: {entry}", build, subject=entry, in_place_of=draft
        )
    except (EditRefused, EditFailed, NoSuchDraft) as e:
        return _form_page(visit, sent, draft, str(e))
    return await visit.go(f"/knowledge/drafts/{made}")


async def _yaml(visit: Visit) -> web.Response:
    entry = visit.request.match_info["entry"]
    try:
        kept, texts = await _start(visit)
        again = (edit_builders.retyped(change, entry) for change in (kept.draft.changes if kept else ()))
        text = next((typed for typed in again if typed is not None), None)
        text = text or await asyncio.to_thread(edit_builders.yaml_of, texts, entry)
    except (EditRefused, NoSuchDraft) as e:
        return await visit.go(f"/knowledge/answers/{entry}", f"{e}")
    return visit.page(
        "knowledge_yaml.html", entry=entry, text=text, draft=kept.draft.id if kept else None, trouble=None
    )


async def _send_yaml(visit: Visit) -> web.Response:
    entry, typed = visit.request.match_info["entry"], await visit.form()
    text, draft = typed.get("text", ""), typed.get("draft") or None

    def build(texts: Texts) -> Texts:
        return edit_builders.replace_entry(texts, entry, text)

    try:
        made = await editing_of(visit.office).open(
            visit.account, f"Edit as YAML: {entry}", build, subject=entry, in_place_of=draft
        )
    except (EditRefused, EditFailed, NoSuchDraft) as e:
        return visit.page("knowledge_yaml.html", status=422, entry=entry, text=text, draft=draft, trouble=str(e))
    return await visit.go(f"/knowledge/drafts/{made}")


async def _start(visit: Visit) -> tuple[Kept | None, Texts]:
    """The files to begin from, with the draft that is being changed again in them."""
    desk = editing_of(visit.office)
    now = await desk.texts()
    if not (draft := visit.request.query.get("draft")):
        return None, now
    kept = await desk.find(visit.account, draft)
    return kept, await asyncio.to_thread(with_draft, now, kept.draft.changes)


def _form_page(visit: Visit, shown: Filled, draft: str | None, trouble: str | None = None) -> web.Response:
    entry, knowledge = visit.request.match_info["entry"], visit.office.knowledge()
    names = languages_named(knowledge)
    codes = dict.fromkeys((*shown.wordings, *names))
    reviews = dict.fromkeys((*_REVIEWS, *([shown.review_every] if shown.review_every else [])))
    return visit.page(
        "knowledge_form.html",
        status=422 if trouble else 200,
        entry=entry,
        filled=shown,
        draft=draft,
        trouble=trouble,
        spoken={code: names.get(code, code) for code in codes},
        first=next(iter(shown.wordings), ""),
        reviews=list(reviews),
        details=DETAILS,
        channels=CHANNELS,
        related=[*shown.related, *[""] * max(1, _FIELDS_RELATED - len(shown.related))],
        titles=[(other.id, next(iter(other.wordings.values())).title) for other in knowledge.entries.values()],
        is_ours=all(other.id != entry for other in knowledge.elsewhere),
    )


def _sent(typed: MultiDictProxy[str]) -> Filled:
    """What was typed; a language without a title is not there yet."""
    codes = [code for code in typed.getall("language", []) if len(code) == 2 and code.isascii()]
    return Filled(
        risk="high" if typed.get("risk") == "high" else "low",
        owner=typed.get("owner", ""),
        review_every=typed.get("review_every", ""),
        source_title=typed.get("source_title", ""),
        source_url=typed.get("source_url", ""),
        related=tuple(dict.fromkeys(name for each in typed.getall("related", []) if (name := each.strip()))),
        wordings={code: _said(typed, code) for code in codes if typed.get(f"{code}.title", "").strip()},
        channels=tuple(_channels(typed)),
        is_crisis="is_crisis" in typed,
    )


def _said(typed: Mapping[str, str], code: str) -> Said:
    return Said(
        title=typed.get(f"{code}.title", ""),
        phrases=tuple(line for each in typed.get(f"{code}.asks", "").splitlines() if (line := each.strip())),
        answer=edit_builders.prose(typed.get(f"{code}.answer")),
        details={name: text for name in DETAILS if (text := typed.get(f"{code}.{name}", "").strip())},
        is_current=f"{code}.is_current" in typed,
    )


def _channels(typed: MultiDictProxy[str]) -> list[Told]:
    """Each way to reach a desk, in the order of the form; the last one may be new."""
    told = []
    for at in range(_MOST_CHANNELS):
        kind = typed.get(f"channel.{at}.kind", "")
        if kind not in CHANNELS:
            continue
        spoken = {
            name.rsplit(".", 1)[1]: text.strip()
            for name, text in typed.items()
            if name.startswith(f"channel.{at}.value.") and text.strip()
        }
        value = typed.get(f"channel.{at}.value", "").strip()
        told.append(Told(kind, spoken or value or None))
    return told
