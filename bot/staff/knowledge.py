"""The knowledge: every answer with what is the matter with it, found by words, by state and by use."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import web

from bot.core.entry import EntryKind, Knowledge
from bot.core.staff import Act
from bot.staff import editing_pages, entry_forms, entry_new, entry_page, knowledge_history
from bot.staff.doors import Door
from bot.staff.editing import editing_of
from bot.staff.knowledge_search import Row, State, Use, Wish, found, rows, texts
from bot.staff.visit import Visit
from bot.store.edits import Edits

E = TypeVar("E", bound=Enum)

USED_OF_LATE = timedelta(days=90)
_AT_ONCE = 50  # rows a page
_LONGEST_SEARCH = 200  # characters


class Browsing:
    """The list. It keeps what it has read of the knowledge until another state of it is in use."""

    def __init__(self) -> None:
        self._read: tuple[Knowledge, date, tuple[Row, ...]] | None = None

    def doors(self) -> tuple[Door, ...]:
        return (Door("GET", "/knowledge", self._list, Act.SEE),)

    async def _list(self, visit: Visit) -> web.Response:
        asked = visit.request.query
        wish = Wish(
            asked.get("q", "").strip()[:_LONGEST_SEARCH],
            _one_of(State, asked.get("state")),
            _one_of(EntryKind, asked.get("kind")),
            _one_of(Use, asked.get("use")),
        )
        knowledge, today = visit.office.knowledge(), visit.now.astimezone(visit.office.zone).date()
        listed = self._rows(knowledge, today)
        survey = editing_of(visit.office).survey()
        said = (survey.said if survey else await asyncio.to_thread(texts, knowledge)) if wish.words else {}
        uses = await Edits(visit.office.database).uses(visit.now - USED_OF_LATE)
        unconfirmed = survey.unconfirmed if survey else None
        met = found(listed, wish, said, uses, unconfirmed or ())
        pages = max(1, -(-len(met) // _AT_ONCE))
        page = min(max(1, _number(asked.get("page"))), pages)
        return visit.page(
            "knowledge_list.html",
            rows=met[(page - 1) * _AT_ONCE : page * _AT_ONCE],
            count=len(met),
            every=len(listed),
            wish=wish,
            uses=uses,
            unconfirmed=unconfirmed,
            states=State,
            kinds=EntryKind,
            page=page,
            pages=pages,
            turned=lambda number: _address(asked, number),
        )

    def _rows(self, knowledge: Knowledge, today: date) -> tuple[Row, ...]:
        if self._read is None or self._read[0] is not knowledge or self._read[1] != today:
            self._read = knowledge, today, rows(knowledge, today)
        return self._read[2]


def doors() -> tuple[Door, ...]:
    """Everything under `/knowledge`."""
    return (
        *Browsing().doors(),
        *entry_page.doors(),
        *entry_forms.doors(),
        *entry_new.doors(),
        *editing_pages.doors(),
        *knowledge_history.doors(),
    )


def _one_of(kind: type[E], value: str | None) -> E | None:
    return next((member for member in kind if member.value == value), None)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _address(asked: Mapping[str, str], number: int) -> str:
    kept = {name: value for name, value in asked.items() if name in ("q", "state", "kind", "use") and value}
    return f"/staff/knowledge?{urlencode({**kept, 'page': number})}"
