"""What residents asked and got no answer to, or none that helped: listed by groups, and as a file."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from bot.core.entry import Knowledge
from bot.core.staff import Act
from bot.staff import unanswered_closing, unanswered_group
from bot.staff.csv_cells import table
from bot.staff.doors import Door
from bot.staff.entry_page import languages_named
from bot.staff.knowledge_search import title
from bot.staff.office import Office
from bot.staff.visit import Visit
from bot.store.group_lists import PAGE, GroupLists, Sought

_LONGEST_SEARCH = 200  # characters
_KINDS = {"unanswered": False, "not-helped": True}
_COLUMNS = ("day", "language", "question", "group", "state of the group", "answer that did not help", "nearest answers")


class Unanswered:
    """The room. A group is closed by itself when a draft that answers it is saved."""

    def __init__(self, office: Office) -> None:
        unanswered_closing.closes_groups(office)

    def doors(self) -> tuple[Door, ...]:
        """Everything under `/unanswered`."""
        return (
            Door("GET", "/unanswered", _list, Act.SEE),
            Door("GET", "/unanswered.csv", _file, Act.SEE),
            *unanswered_group.doors(),
            *unanswered_closing.doors(),
        )


async def _list(visit: Visit) -> web.Response:
    asked, knowledge = visit.request.query, visit.office.knowledge()
    lists = GroupLists(visit.office.database)
    sought = _sought(asked)
    groups, count = await lists.sought(sought)
    counts = await lists.open_by_language()
    names = languages_named(knowledge)
    return visit.page(
        "unanswered_list.html",
        groups=groups,
        count=count,
        sought=sought,
        kind=asked.get("kind", ""),
        counts=counts,
        all_groups=sum(number for number, _ in counts.values()),
        all_questions=sum(number for _, number in counts.values()),
        ungrouped=await lists.ungrouped(),
        names=names,
        spoken={code: names.get(code, code) for code in dict.fromkeys((*names, *counts))},
        titled=lambda entry: titled(knowledge, entry),
        pages=max(1, -(-count // PAGE)),
        turned=lambda page: _address(asked, page=str(page)),
        shown=lambda state: _address(asked, state=state, page=""),
    )


async def _file(visit: Visit) -> web.Response:
    """All of it for a spreadsheet; no cell of it is a formula, whatever a resident wrote."""
    questions = await GroupLists(visit.office.database).every_question()
    body = await asyncio.to_thread(table, _COLUMNS, questions)
    named = {"Content-Disposition": f'attachment; filename="unanswered-{visit.now:%Y-%m-%d}.csv"'}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=named)


def titled(knowledge: Knowledge, entry: str) -> str:
    """The title of an answer in the department's first language; its id when it is there no longer."""
    found = knowledge.entries.get(entry)
    return title(found, knowledge.department.languages[0]) if found else entry


def _sought(asked: Mapping[str, str]) -> Sought:
    page = asked.get("page", "")
    return Sought(
        is_open=asked.get("state") != "closed",
        language=asked.get("language", "")[:2],
        words=asked.get("q", "").strip()[:_LONGEST_SEARCH],
        disliked=_KINDS.get(asked.get("kind", "")),
        newest_first=asked.get("order") == "newest",
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 6 else 1,
    )


def _address(asked: Mapping[str, str], **other: str) -> str:
    names = ("q", "language", "kind", "order", "state", "page")
    kept = {name: value for name in names if (value := {**asked, **other}.get(name))}
    return f"/staff/unanswered?{urlencode(kept)}" if kept else "/staff/unanswered"
