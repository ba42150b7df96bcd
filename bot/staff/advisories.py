"""The lists of advisories and exercises, how far one has come, whom it did not reach, and its ledger as a file."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.core.advisory import Advisory, AdvisoryKind, Stage
from bot.core.staff import Act
from bot.staff import advisories_page
from bot.staff.advisories_import import Importing
from bot.staff.advisories_release import Releasing
from bot.staff.advisories_room import EXERCISES, LIVE, NUMBER, Room
from bot.staff.advisories_shown import CHANNELS, STATES, holds, is_on_its_way, standing, title
from bot.staff.compose import Composer
from bot.staff.csv_cells import table
from bot.staff.doors import Door
from bot.staff.testers import Testers
from bot.staff.visit import Visit
from bot.store.ledger import Ledger

_WAITING = (Stage.APPROVED, Stage.SCHEDULED, Stage.PAUSED)
_MOST = 200  # of a list, the newest
_MOST_NAMED = 500  # deliveries shown on a page; the file has all
_COLUMNS = ("delivery", "subscription", "channel", "language", "state", "attempts", "reason", "settled at (UTC)",
            "id on the platform")  # fmt: skip


def doors() -> tuple[Door, ...]:
    """Every page of live advisories, and beside them those of exercises."""
    rooms = [each for room in (LIVE, EXERCISES) for each in (Reading(room), Composer(room), Releasing(room),
                                                             Importing(room))]  # fmt: skip
    return (*(door for each in rooms for door in each.doors()), *Testers().doors())


class Reading:
    """The pages that change nothing."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def doors(self) -> tuple[Door, ...]:
        door = self._room.door
        return (
            door("GET", "", self._list, Act.SEE),
            door("GET", f"/{NUMBER}", self._one, Act.SEE),
            door("GET", f"/{NUMBER}/progress", self._progress, Act.SEE),
            door("GET", f"/{NUMBER}/not-reached", self._not_reached, Act.SEE),
            door("GET", f"/{NUMBER}/ledger.csv", self._ledger, Act.SEE),
        )

    async def _list(self, visit: Visit) -> web.Response:
        office, now = visit.office, visit.now
        newest = await office.advisories.newest(_MOST, self._room.kind)
        # One that holds for a month may have left the newest.
        live = await office.advisories.live(now) if self._room.kind is AdvisoryKind.LIVE else ()
        known = {each.number: each for each in (*live, *newest)}
        current = [each for each in known.values() if holds(each, now) or is_on_its_way(each)]
        rest = [each for each in newest if each not in current]
        drafts = [each for each in rest if each.stage is Stage.DRAFT]
        waiting = [each for each in rest if each.released_at is None and each.stage in _WAITING]
        urgent = [each for each in drafts if standing(each, now)[0] != "Draft"]
        past = [each for each in rest if each.released_at is not None or each.stage is Stage.DISCARDED]
        return visit.page(
            "advisories_list.html",
            room=self._room,
            current=self._lines(sorted(current, key=lambda each: (each.priority(), -each.number)), visit),
            waiting=self._lines([*urgent, *waiting], visit),
            drafts=self._lines([each for each in drafts if each not in urgent], visit),
            past=self._lines(past, visit),
            most=_MOST,
        )

    def _lines(self, found: Sequence[Advisory], visit: Visit) -> list[tuple[Advisory, str, str, str]]:
        return [(each, title(each), *standing(each, visit.now)) for each in found]

    async def _one(self, visit: Visit) -> web.Response:
        return await advisories_page.page(visit, self._room, await self._room.its(visit))

    async def _progress(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        part = visit.part(
            "advisories_progress.html", room=self._room, **await advisories_page.progress(visit, advisory)
        )
        if visit.request.query.get("stage", advisory.stage.value) != advisory.stage.value:
            part.headers["HX-Refresh"] = "true"  # other things can be done now: the whole page is another
        return part

    async def _not_reached(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        ledger = Ledger(visit.office.database)
        reasons = await ledger.reasons(advisory.number)
        return visit.page(
            "advisories_not_reached.html",
            room=self._room,
            it=advisory,
            title=title(advisory),
            reasons=[(each, STATES[each.state], CHANNELS[each.channel]) for each in reasons],
            rows=[(each, STATES[each.state], CHANNELS[each.channel])
                  for each in await ledger.not_reached(advisory.number, _MOST_NAMED)],
            count=sum(each.count for each in reasons),
            most=_MOST_NAMED,
        )  # fmt: skip

    async def _ledger(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        rows = [
            (row.delivery, row.subscription, row.channel.value, row.language, row.state.value, row.attempts, row.note,
             row.settled_at and row.settled_at.isoformat(timespec="seconds"), row.provider_id)
            async for row in visit.office.outbox.rows(advisory.number)
        ]  # fmt: skip
        named = f'attachment; filename="{advisory.identifier}.csv"'
        body = await asyncio.to_thread(table, _COLUMNS, rows)  # half a second for 30,000 people
        answer = web.Response(body=body, content_type="text/csv", charset="utf-8")
        answer.headers["Content-Disposition"] = named
        return answer
