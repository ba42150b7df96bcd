"""The history of the knowledge: who changed what and when, the difference, and undoing it."""

from aiohttp import web

from bot.core.staff import Act
from bot.knowledge.edit import EditRefused
from bot.knowledge.edit_save import EditConflict, EditFailed
from bot.staff.doors import Door
from bot.staff.editing import editing_of
from bot.staff.editing_saving import NotSound
from bot.staff.knowledge_difference import difference
from bot.staff.visit import Visit
from bot.store.edits import Edits

_AT_ONCE = 50


def doors() -> tuple[Door, ...]:
    return (
        Door("GET", "/knowledge/history", _list, Act.SEE),
        Door("GET", r"/knowledge/history/{number:[0-9]{1,9}}", _one, Act.SEE),
        Door("POST", r"/knowledge/history/{number:[0-9]{1,9}}/undo", _undo, Act.EDIT_KNOWLEDGE),
    )


async def _list(visit: Visit) -> web.Response:
    asked = visit.request.query
    subject = asked.get("entry") or None
    before = asked.get("before", "")
    is_number = before.isascii() and before.isdecimal() and len(before) < 10
    listed = await Edits(visit.office.database).newest(_AT_ONCE + 1, subject, int(before) if is_number else None)
    return visit.page(
        "knowledge_history.html",
        edits=listed[:_AT_ONCE],
        more=listed[_AT_ONCE - 1].number if len(listed) > _AT_ONCE else None,
        subject=subject,
    )


async def _one(visit: Visit) -> web.Response:
    kept = await Edits(visit.office.database).one(int(visit.request.match_info["number"]))
    if kept is None:
        raise web.HTTPNotFound
    files = [(each.file, difference(each.before, each.after)) for each in kept.texts.values()]
    return visit.page("knowledge_edit.html", edit=kept.edit, files=files)


async def _undo(visit: Visit) -> web.Response:
    """Take the edit back at once; what stands in the way is said on its page, what has faults is kept as a draft."""
    number = int(visit.request.match_info["number"])
    desk = editing_of(visit.office)
    try:
        draft = await desk.take_back(visit.account, number)
    except EditRefused as e:
        return await visit.go(f"/knowledge/history/{number}", f"Not undone: {e}")
    try:
        await desk.save(visit.account, draft)
    except (EditConflict, EditFailed, EditRefused, NotSound) as e:
        return await visit.go(f"/knowledge/drafts/{draft}", f"Not undone yet: {e}")
    return await visit.go(f"/knowledge/drafts/{draft}")
