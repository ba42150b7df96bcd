"""A draft before it is saved: the difference, its faults, its collisions, and what it does to known questions."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.core.answer import Outcome
from bot.core.entry import Knowledge
from bot.core.staff import Act
from bot.knowledge.edit import EditRefused
from bot.knowledge.edit_blast import Effect, Got
from bot.knowledge.edit_save import EditConflict, EditFailed
from bot.staff.doors import Door
from bot.staff.editing import Editing, editing_of
from bot.staff.editing_drafts import Kept, Stage
from bot.staff.editing_saving import NoSuchDraft, NotSound
from bot.staff.entry_page import entry_of
from bot.staff.knowledge_difference import difference
from bot.staff.knowledge_search import title
from bot.staff.visit import Visit

_MOST_SHOWN = 100  # questions of one effect; who changes more has changed everything
_WORDS = {
    Outcome.EMERGENCY: "911",
    Outcome.COMMAND: "a command",
    Outcome.OUT_OF_SCOPE: "“not ours”",
    Outcome.NOT_FOUND: "“I do not know”",
    Outcome.ANSWERED: "an answer",
    Outcome.ASKED_WHICH: "“which one?”",
}


def doors() -> tuple[Door, ...]:
    edits = Act.EDIT_KNOWLEDGE
    return (
        Door("GET", "/knowledge/drafts", _list, edits),
        Door("GET", "/knowledge/drafts/{draft}", _show, edits),
        Door("GET", "/knowledge/drafts/{draft}/examination", _examination, edits),
        Door("POST", "/knowledge/drafts/{draft}/save", _with_draft(_save), edits),
        Door("POST", "/knowledge/drafts/{draft}/renew", _with_draft(_renew), edits),
        Door("POST", "/knowledge/drafts/{draft}/discard", _with_draft(_discard), edits),
        Door("POST", "/knowledge/drafts/{draft}/stop", _with_draft(_stop), edits),
        Door("POST", "/knowledge/drafts/{draft}/count", _with_draft(_count), edits),
    )


async def _list(visit: Visit) -> web.Response:
    return visit.page("knowledge_drafts.html", drafts=await editing_of(visit.office).drafts(visit.account), Stage=Stage)


async def _show(visit: Visit) -> web.Response:
    desk = editing_of(visit.office)
    try:
        kept = await desk.find(visit.account, visit.request.match_info["draft"])
    except NoSuchDraft:
        return visit.page("knowledge_no_draft.html", status=404)
    clashes = await desk.clashes(kept)
    return visit.page(
        "knowledge_draft.html",
        files_changed=[(change.file, difference(change.before, change.after)) for change in kept.draft.changes],
        clashes=[(clash, difference(clash.change.before, clash.now)) for clash in clashes],
        **_examined(visit, desk, kept),
    )


async def _examination(visit: Visit) -> web.Response:
    """The piece that changes while the page is open."""
    desk = editing_of(visit.office)
    try:
        kept = await desk.find(visit.account, visit.request.match_info["draft"])
    except NoSuchDraft:
        raise web.HTTPNotFound from None
    if not visit.wants_part:
        return await visit.go(f"/knowledge/drafts/{kept.draft.id}")
    return visit.part("knowledge_examination.html", **_examined(visit, desk, kept))


def _with_draft(
    act: Callable[[Visit, Editing, Kept], Awaitable[str | None]],
) -> Callable[[Visit], Awaitable[web.Response]]:
    """An act on a draft, and back to its page; gives what is said there."""

    async def handle(visit: Visit) -> web.Response:
        desk = editing_of(visit.office)
        try:
            kept = await desk.find(visit.account, visit.request.match_info["draft"])
        except NoSuchDraft:
            return visit.page("knowledge_no_draft.html", status=404)
        try:
            said = await act(visit, desk, kept)
        except (EditRefused, EditConflict, EditFailed, NotSound) as e:
            said = f"Not done: {e}"
        if act is _discard:
            return await visit.go("/knowledge/drafts", said)
        return await visit.go(f"/knowledge/drafts/{kept.draft.id}", said)

    return handle


async def _save(visit: Visit, desk: Editing, kept: Kept) -> str | None:
    await desk.save(visit.account, kept.draft.id)
    return None


async def _renew(visit: Visit, desk: Editing, kept: Kept) -> str | None:
    await desk.renew(visit.account, kept.draft.id)
    return "Your change now stands on the newest version. Look at it once more, then save."


async def _discard(visit: Visit, desk: Editing, kept: Kept) -> str | None:
    await desk.discard(visit.account, kept.draft.id)
    return "The draft is discarded." if kept.stage is Stage.OPEN else None


async def _stop(visit: Visit, desk: Editing, kept: Kept) -> str | None:  # noqa: ARG001 - one signature for all acts
    desk.stop(kept)
    return None


async def _count(visit: Visit, desk: Editing, kept: Kept) -> str | None:  # noqa: ARG001 - one signature for all acts
    desk.examination(kept, again=True)
    return None


def _examined(visit: Visit, desk: Editing, kept: Kept) -> dict[str, Any]:
    knowledge = visit.office.knowledge()
    shown: dict[str, Any] = {"kept": kept, "draft": kept.draft, "is_saved": kept.stage is Stage.SAVED}
    if kept.stage is Stage.SAVED:
        return shown | {"progress": desk.progress(kept).value, "seen": None}
    seen = desk.examination(kept)
    groups = [(effect.value, seen.radius.of(effect)) for effect in Effect] if seen.radius else []
    return shown | {
        "progress": None,
        "seen": seen,
        "groups": [(effect, shifts[:_MOST_SHOWN], len(shifts)) for effect, shifts in groups if shifts],
        "told": lambda got: _told(got, knowledge),
        "named": lambda entry: _named(entry, knowledge),
    }


def _told(got: Got, knowledge: Knowledge) -> str:
    """What a question gets, in words."""
    if got.entry:
        return _named(got.entry, knowledge)
    if got.offered:
        return f"{_WORDS[got.outcome]} {', '.join(_named(entry, knowledge) for entry in got.offered)}"
    return _WORDS[got.outcome]


def _named(entry: str, knowledge: Knowledge) -> str:
    """The entry by its title; by its id when it is not in use yet."""
    known = entry_of(knowledge, entry)
    return f"“{title(known, knowledge.department.languages[0])}”" if known else f"“{entry}”"
