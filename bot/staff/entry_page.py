"""One answer: what it says in each language, what is the matter with it, its history, and what can be done at once."""

from aiohttp import web

from bot.core.entry import Entry, EntryKind, Knowledge, fingerprint
from bot.core.staff import Act
from bot.knowledge import edit_builders
from bot.knowledge.edit import EditRefused
from bot.knowledge.edit_save import EditConflict, EditFailed
from bot.public.links import pieces
from bot.staff.doors import Door
from bot.staff.editing import Build, editing_of
from bot.staff.editing_saving import NotSound
from bot.staff.knowledge_search import State, states, title
from bot.staff.visit import Visit
from bot.store.edits import Edits

_LAST = 5  # edits shown
_LONGEST_NAME = 100  # of who signs a translation


def doors() -> tuple[Door, ...]:
    edits = Act.EDIT_KNOWLEDGE
    return (
        Door("GET", "/knowledge/answers/{entry}", _show, Act.SEE),
        Door("POST", "/knowledge/answers/{entry}/checked", _checked, edits),
        Door("POST", "/knowledge/answers/{entry}/approve", _approve, edits),
        Door("POST", "/knowledge/answers/{entry}/withdraw", _withdraw, edits),
    )


def entry_of(knowledge: Knowledge, entry: str) -> Entry | None:
    """An answer of the department's, or what is not ours; None when the knowledge in use has none of that name."""
    return knowledge.entries.get(entry) or next((each for each in knowledge.elsewhere if each.id == entry), None)


async def _show(visit: Visit) -> web.Response:
    knowledge = visit.office.knowledge()
    entry = entry_of(knowledge, visit.request.match_info["entry"])
    if entry is None:
        return visit.page("knowledge_none.html", status=404, name=visit.request.match_info["entry"])
    today = visit.now.astimezone(visit.office.zone).date()
    languages = knowledge.department.languages
    told = set(states(entry, today))
    survey = editing_of(visit.office).survey()
    if survey and entry.id in (survey.unconfirmed or ()):
        told.add(State.UNCONFIRMED)
    original = next(iter(entry.wordings.values())).answer
    return visit.page(
        "knowledge_entry.html",
        entry=entry,
        title=title(entry, languages[0]),
        is_ours=entry.kind is not EntryKind.OUT_OF_SCOPE,
        states=[state for state in State if state in told],
        spoken=languages_named(knowledge),
        missing=[language for language in languages if language not in entry.wordings],
        mark=fingerprint(original) if original else None,
        pieces=pieces,
        today=today,
        questions=[question for question in knowledge.questions if question.expect == entry.id],
        related=[
            (other, title(knowledge.entries[other], languages[0]))
            for other in entry.related
            if other in knowledge.entries
        ],
        history=await Edits(visit.office.database).newest(_LAST, entry.id),
    )


def languages_named(knowledge: Knowledge) -> dict[str, str]:
    """The names of the department's languages by their code."""
    names = knowledge.phrases.texts["language_name"]
    return {code: names.get(code, code) for code in knowledge.department.languages}


async def _checked(visit: Visit) -> web.Response:
    entry = visit.request.match_info["entry"]
    day = visit.now.astimezone(visit.office.zone).date()
    return await _done(visit, "Checked with its source", lambda texts: edit_builders.mark_checked(texts, entry, day))


async def _approve(visit: Visit) -> web.Response:
    entry, typed = visit.request.match_info["entry"], await visit.form()
    language, name = typed.get("language", ""), typed.get("name", "")[:_LONGEST_NAME]
    known = languages_named(visit.office.knowledge())
    return await _done(
        visit,
        f"Approve the translation into {known.get(language, 'another language')}",
        lambda texts: edit_builders.approve_translation(texts, entry, language, name),
    )


async def _withdraw(visit: Visit) -> web.Response:
    entry = visit.request.match_info["entry"]
    return await _done(visit, "Withdraw", lambda texts: edit_builders.withdraw(texts, entry))


async def _done(visit: Visit, what: str, build: Build) -> web.Response:
    """Do it at once and show what it came to; when it cannot be done, say why on the answer's own page."""
    entry = visit.request.match_info["entry"]
    back = f"/knowledge/answers/{entry}"
    try:
        kept = await editing_of(visit.office).at_once(visit.account, f"{what}: {entry}", build, entry)
    except (EditRefused, EditConflict, EditFailed, NotSound) as e:
        return await visit.go(back, f"Not done: {e}")
    return await visit.go(f"/knowledge/drafts/{kept.draft.id}")
