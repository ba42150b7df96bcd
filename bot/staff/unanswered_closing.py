"""What is done about a group: a phrase for an answer, "not ours", dismissed, or opened again."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.core.staff import Act
from bot.knowledge import edit_builders
from bot.knowledge.edit import EditRefused, Texts
from bot.knowledge.edit_save import EditFailed
from bot.staff import unanswered_group
from bot.staff.doors import Door
from bot.staff.editing import editing_of
from bot.staff.editing_saving import Saved
from bot.staff.office import Office
from bot.staff.unanswered_group import REASONS
from bot.staff.visit import Visit
from bot.store.group_lists import Closing, GroupLists, Whole

_LONGEST_NOTE = 300  # characters
_MOST_PHRASES = 30
_MARKER = re.compile(r"\[(?:link|email|handle|birth date|plate|document|address|phone|card|ssn|number|name)\]")
_PATH = "/unanswered/{group:[0-9]{1,15}}"


def doors() -> tuple[Door, ...]:
    edits = Act.EDIT_KNOWLEDGE
    return (
        Door("POST", f"{_PATH}/phrase", _with_group(_add_phrases), edits),
        Door("POST", f"{_PATH}/elsewhere", _with_group(_not_ours), edits),
        Door("POST", f"{_PATH}/dismiss", _with_group(_dismiss), edits),
        Door("POST", f"{_PATH}/open", _with_group(_open_again), edits),
    )


def closes_groups(office: Office) -> None:
    """Have a group closed whenever a draft that answers it is saved."""

    async def close(saved: Saved) -> None:
        if saved.closes is not None:
            elsewhere = {entry.id for entry in office.knowledge().elsewhere}
            how = Closing.OUT_OF_SCOPE if saved.subject in elsewhere else Closing.ANSWERED
            await GroupLists(office.database).close(saved.closes, how, saved.who, saved.what, saved.at)

    editing_of(office).on_saved.append(close)


def _with_group(
    act: Callable[[Visit, Whole], Awaitable[web.StreamResponse]],
) -> Callable[[Visit], Awaitable[web.StreamResponse]]:
    async def handle(visit: Visit) -> web.StreamResponse:
        whole = await GroupLists(visit.office.database).one(int(visit.request.match_info["group"]))
        return unanswered_group.gone(visit) if whole is None else await act(visit, whole)

    return handle


async def _add_phrases(visit: Visit, whole: Whole) -> web.StreamResponse:
    """A draft with the phrases in an answer, each a test question as well."""
    return await _drafted(visit, whole, "Add a phrase to", is_ours=True)


async def _not_ours(visit: Visit, whole: Whole) -> web.StreamResponse:
    """A draft with the phrases in one of the groups of what is not the department's business."""
    return await _drafted(visit, whole, "Not ours, a phrase for", is_ours=False)


async def _drafted(visit: Visit, whole: Whole, what: str, *, is_ours: bool) -> web.StreamResponse:
    typed = await visit.form()
    knowledge, text = visit.office.knowledge(), typed.get("phrases", "")
    entry = typed.get("entry") or typed.get("other", "")
    known = knowledge.entries if is_ours else {each.id for each in knowledge.elsewhere}
    languages = knowledge.department.languages
    language = typed["language"] if typed.get("language") in languages else whole.group.language
    phrases = [said for line in text.splitlines() if (said := " ".join(line.split()))]
    if entry not in known:
        return await unanswered_group.page(visit, whole, "Choose where the phrases belong.", text)
    if not phrases or len(phrases) > _MOST_PHRASES:
        return await unanswered_group.page(visit, whole, "Write one phrase on each line, at most thirty.", text)
    if found := next((marker for phrase in phrases if (marker := _MARKER.search(phrase))), None):
        told = f"Write the phrase without {found[0]}: that stands where a resident named something."
        return await unanswered_group.page(visit, whole, told, text)

    def build(texts: Texts) -> Texts:
        made = edit_builders.add_phrases(texts, entry, language, phrases)
        for phrase in phrases:
            made = edit_builders.add_question(made, phrase, language, entry if is_ours else None)
        return made

    try:
        draft = await editing_of(visit.office).open(
            visit.account, f"{what} {entry}", build, subject=entry, closes=whole.group.id
        )
    except (EditRefused, EditFailed) as e:
        return await unanswered_group.page(visit, whole, f"{str(e)[:1].upper()}{str(e)[1:]}.".replace("..", "."), text)
    return await visit.go(f"/knowledge/drafts/{draft}")


async def _dismiss(visit: Visit, whole: Whole) -> web.StreamResponse:
    typed = await visit.form()
    reason, words = typed.get("reason", ""), " ".join(typed.get("note", "").split())[:_LONGEST_NOTE]
    if reason not in REASONS or (reason == "other" and not words):
        return await unanswered_group.page(visit, whole, "Say why this group needs nothing.")
    told = f"{REASONS[reason]}: {words}" if words else REASONS[reason]
    how = Closing.ANSWERED if reason == "answered" else Closing.DISMISSED
    lists = GroupLists(visit.office.database)
    if await lists.close(whole.group.id, how, visit.account.name, told, visit.now):
        return await visit.go("/unanswered", "The group is closed. A new question like it opens it again.")
    return await visit.go(f"/unanswered/{whole.group.id}", "Somebody has closed this group already.")


async def _open_again(visit: Visit, whole: Whole) -> web.StreamResponse:
    lists = GroupLists(visit.office.database)
    is_done = await lists.open_again(whole.group.id, visit.account.name, visit.now)
    said = "The group is open again." if is_done else "This group is open already."
    return await visit.go(f"/unanswered/{whole.group.id}", said)
