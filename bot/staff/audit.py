"""The audit log: who did what, to be read, taken away, and checked that nobody has changed it."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web

from bot.core.staff import Act
from bot.staff.csv_cells import table
from bot.staff.doors import Door
from bot.staff.frame import PAGE_HEADERS
from bot.staff.office import Office
from bot.staff.signing import typed
from bot.staff.verifying import Verifying, anchor_of
from bot.staff.visit import Visit
from bot.store.audit_pages import AuditPages, Wanted
from bot.store.chain import Harm, Link
from bot.store.faults import StoreDown

log = structlog.get_logger()

_PATH = "/audit"
_LINES = 50  # on a page
_COLUMNS = ("number", "at", "who", "act", "subject", "details", "previous", "digest")
_NO_ACCOUNTS = {"bot": "the bot itself", "nobody": "nobody (a name there is not)"}
HARMS: Mapping[Harm, str] = {
    Harm.ALTERED: "was changed",
    Harm.DELETED: "was taken away",
    Harm.INSERTED: "was put in",
    Harm.REORDERED: "was moved",
    Harm.TRUNCATED: "and what followed it is gone",
}


class AuditRoom:
    """The pages; one look through the whole log at a time. Whoever makes the room closes it."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._verifying = Verifying(office.clock)
        self._acts: frozenset[str] = frozenset()
        self._read = 0  # lines that `_acts` are of

    def doors(self) -> tuple[Door, ...]:
        return (
            Door("GET", _PATH, self._shown, Act.READ_AUDIT),
            Door("GET", f"{_PATH}.jsonl", _as_json_lines, Act.READ_AUDIT),
            Door("GET", f"{_PATH}.csv", _as_csv, Act.READ_AUDIT),
            Door("GET", f"{_PATH}/check", self._check_shown, Act.READ_AUDIT),
            Door("POST", f"{_PATH}/check", self._check, Act.READ_AUDIT),
            Door("GET", f"{_PATH}/check/progress", self._progress, Act.READ_AUDIT),
        )

    async def close(self) -> None:
        """Break off a look that goes on."""
        await self._verifying.close()

    async def _shown(self, visit: Visit) -> web.StreamResponse:
        asked = visit.request.query
        pages = AuditPages(visit.office.database)
        wanted, before = _wanted(visit), asked.get("before", "")
        above = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        lines = await pages.page(wanted, above, _LINES + 1)
        kept = {name: asked[name] for name in ("who", "act", "day") if asked.get(name)}
        older = urlencode({**kept, "before": lines[_LINES - 1].number}) if len(lines) > _LINES else None
        anchor = await visit.office.audit.anchor()
        people = {each.account.name: each.account.name for each in await visit.office.accounts.all()}
        return visit.page(
            "audit.html",
            lines=lines[:_LINES],
            asked={"who": "", "act": "", "day": "", **kept},
            filtered=urlencode(kept),
            people=people | _NO_ACCOUNTS,
            acts=await self._every_act(pages, anchor.number if anchor else 0),
            older=older,
            is_newest=above is None,
            anchor=anchor,
            told=_told,
        )

    async def _check_shown(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, None)

    async def _check(self, visit: Visit) -> web.StreamResponse:
        given = typed(await visit.form(), "anchor").strip()
        anchor = anchor_of(given)
        if given and anchor is None:
            return await self._page(visit, "An anchor looks like 12:3f5a..., a number and 64 more characters.")
        count = await AuditPages(visit.office.database).count()
        self._verifying.start(visit.office.audit, count, anchor)
        return await visit.go(f"{_PATH}/check")

    async def _progress(self, visit: Visit) -> web.StreamResponse:
        return visit.part("audit_progress.html", **self._state())

    async def _every_act(self, pages: AuditPages, newest: int) -> list[str]:
        """Everything that has ever been done, by name; what was read before is not read again."""
        if newest > self._read:
            self._acts |= set(await pages.acts(self._read))
            self._read = newest
        return sorted(self._acts)

    async def _page(self, visit: Visit, fault: str | None) -> web.Response:
        anchor = await visit.office.audit.anchor()
        shown = {"anchor": anchor, "fault_of_anchor": fault, **self._state()}
        return visit.page("audit_check.html", status=400 if fault else 200, **shown)

    def _state(self) -> dict[str, Any]:
        return {"look": self._verifying.last, "is_going_on": self._verifying.is_going_on, "harms": HARMS}


async def _as_json_lines(visit: Visit) -> web.StreamResponse:
    async def pieces() -> AsyncIterator[bytes]:
        async for links in AuditPages(visit.office.database).lines(_wanted(visit)):
            yield "".join(f"{json.dumps(_whole(link), ensure_ascii=False)}\n" for link in links).encode()

    return await _sent(visit, "audit.jsonl", "application/x-ndjson", pieces())


async def _as_csv(visit: Visit) -> web.StreamResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield table(_COLUMNS, ())
        async for links in AuditPages(visit.office.database).lines(_wanted(visit)):
            rows = ([getattr(link, name) for name in _COLUMNS] for link in links)
            yield table(_COLUMNS, rows).partition(b"\r\n")[2]  # its own head was sent

    return await _sent(visit, "audit.csv", "text/csv", pieces())


async def _sent(visit: Visit, name: str, kind: str, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """A file of any length. Where the store fails in the middle the line breaks, and no browser takes half for all."""
    log.info("audit log exported", account=visit.account.name, file=name)
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    answer = web.StreamResponse(headers=PAGE_HEADERS | disposition)
    answer.content_type, answer.charset = kind, "utf-8"
    first = await anext(pieces, b"")  # before anything is promised
    await answer.prepare(visit.request)
    try:
        await answer.write(first)
        async for piece in pieces:
            await answer.write(piece)
    except StoreDown as e:
        log.warning("store down", reason=str(e))
        if visit.request.transport is not None:
            visit.request.transport.abort()
        return answer
    await answer.write_eof()
    return answer


def _wanted(visit: Visit) -> Wanted:
    """What the filter of the page asks for; a day is the department's."""
    asked = visit.request.query
    try:
        begins = datetime.combine(date.fromisoformat(asked.get("day", "")), time(), visit.office.zone)
    except ValueError:
        begins = None
    # Not 24 hours: the day on which the clocks change has another length.
    ends = begins and datetime.combine(begins.date() + timedelta(days=1), time(), visit.office.zone)
    return Wanted(asked.get("who") or None, asked.get("act") or None, begins, ends)


def _whole(link: Link) -> dict[str, Any]:
    """A line as it was digested, but for its details, which are JSON already."""
    return {name: getattr(link, name) for name in _COLUMNS} | {"details": json.loads(link.details)}


def _told(details: Mapping[str, Any]) -> str:
    """What else a line says, in one."""
    shown = ((name, ", ".join(map(str, each)) if isinstance(each, list) else each) for name, each in details.items())
    return "; ".join(f"{name}: {each}" for name, each in shown if each is not None and each is not False and each != "")
