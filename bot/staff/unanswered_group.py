"""One group: its questions, what the bot would say to them now, and everything that can be done about it."""

import asyncio
from urllib.parse import urlencode

from aiohttp import web

from bot.core.staff import Act
from bot.core.turn import Outcome
from bot.staff.doors import Door
from bot.staff.entry_page import languages_named
from bot.staff.knowledge_search import title
from bot.staff.unanswered_today import look
from bot.staff.visit import Visit
from bot.store.faults import StoreDown
from bot.store.group_lists import GroupLists, Whole

# Why a group may be closed without any change.
REASONS = {
    "nonsense": "It makes no sense",
    "spam": "Spam or a test",
    "not ours": "Not for us, and not worth a line of its own",
    "answered": "The bot answers it by now",
    "other": "Another reason",
}
_LOOKED_AT = 4  # wordings whose answer of today is shown: each costs as much as a resident's message


def doors() -> tuple[Door, ...]:
    return (Door("GET", "/unanswered/{group:[0-9]{1,15}}", _show, Act.SEE),)


async def _show(visit: Visit) -> web.Response:
    whole = await GroupLists(visit.office.database).one(int(visit.request.match_info["group"]))
    return gone(visit) if whole is None else await page(visit, whole)


def gone(visit: Visit) -> web.Response:
    """What is shown in place of a group that is not there."""
    return visit.page("unanswered_gone.html", status=404)


async def page(visit: Visit, whole: Whole, trouble: str | None = None, typed: str | None = None) -> web.Response:
    """The group's page. `trouble` is why a form was refused, with the phrases `typed` into it."""
    snapshot, knowledge, group = visit.office.live.current, visit.office.knowledge(), whole.group
    if snapshot is None:
        raise StoreDown("no knowledge can be read yet")
    seen = [wording.question for wording in whole.wordings[:_LOOKED_AT]]
    looked = await asyncio.to_thread(look, group.question, seen, group.language, group.entry, snapshot, visit.now)
    first, names = knowledge.department.languages[0], languages_named(knowledge)
    answered = {today.entry for today in looked.todays if today.outcome is Outcome.ANSWERED and today.entry}
    is_mended = len(answered) == 1 and all(today.outcome is Outcome.ANSWERED for today in looked.todays)
    changed = sum(each.times for each in whole.wordings if each.version and each.version != looked.version)
    return visit.page(
        "unanswered_group.html",
        status=422 if trouble else 200,
        group=group,
        wordings=[(each, looked.todays[at] if at < _LOOKED_AT else None) for at, each in enumerate(whole.wordings)],
        events=whole.events,
        nearest=looked.nearest,
        now_answered=next(iter(answered)) if is_mended and group.entry is None else None,
        is_there=looked.version is not None,
        changed=changed,
        outcomes=Outcome,
        reasons=REASONS,
        trouble=trouble,
        phrases=typed if typed is not None else group.question,
        spoken=names,
        language=names.get(group.language, group.language),
        answers=sorted((title(entry, first), entry.id) for entry in knowledge.entries.values()),
        elsewhere=sorted((title(entry, first), entry.id) for entry in knowledge.elsewhere),
        titled={entry.id: title(entry, first) for entry in knowledge.entries.values()},
        begin=urlencode({"closes": group.id, "language": group.language, "phrase": group.question}),
    )
