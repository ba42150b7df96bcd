"""Alerts of others made into drafts: a file goes in, and what a person must look at comes out with each."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.core import cap_draft
from bot.core.advisory import Advisory, AdvisoryLevel
from bot.core.cap_reader import CapUnreadable, Imported, read
from bot.core.staff import Act
from bot.service.importing import sorted_out
from bot.staff.advisories_room import REFUSALS, Room, alerting, reasons
from bot.staff.advisories_shown import LEVELS, title
from bot.staff.compose_form import sentence
from bot.staff.doors import Door
from bot.staff.once import Once, token
from bot.staff.visit import Visit

LARGEST = 1_000_000  # bytes of a file; the largest seen in public had a fifth of it
_Made = tuple[tuple[tuple[Advisory, tuple[str, ...]], ...], tuple[str, ...]]


class Importing:
    """The page on which files of one kind are taken: a test of theirs is an exercise of ours, and never live."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._once: Once[_Made] = Once()

    def doors(self) -> tuple[Door, ...]:
        return (
            self._room.door("GET", "/import", self._asked, Act.DRAFT),
            self._room.door("POST", "/import", self._taken, Act.DRAFT),
        )

    async def _asked(self, visit: Visit) -> web.Response:
        return self._page(visit, 200)

    async def _taken(self, visit: Visit) -> web.Response:
        form = await visit.form()
        level = next((level for level in AdvisoryLevel if level.value == form.get("level")), None)
        try:
            alerts = await asyncio.to_thread(read, await _file(visit))
            mine, others = self._parted(visit, alerts)

            async def drafted() -> _Made:
                return await visit.office.advising.import_(visit.account, mine, form.get("topic", ""), level)

            made, left_out = await self._once.done(visit.account.name, form.get("once", ""), drafted)
        except CapUnreadable as e:
            return self._page(visit, 422, refused=tuple(map(sentence, e.problems)))
        except REFUSALS as e:
            return self._page(visit, 422, refused=reasons(e))
        drafts = [(each, title(each), notes) for each, notes in made]
        return self._page(visit, 200, drafts=drafts, left_out=(*left_out, *others))

    def _parted(self, visit: Visit, alerts: Sequence[Imported]) -> tuple[list[Imported], tuple[str, ...]]:
        """The alerts that become drafts of this room's kind, and a word on each of the others."""
        known, here = alerting(visit.office), self._room
        usable, left_out = sorted_out(alerts)
        why = "it is real: take it in under Advisories" if here.is_exercise else "it is no real alert: see Exercises"
        mine = [each for each in usable if cap_draft.drafted(each, known, visit.now)[1] is here.kind]
        others = (f"{each.identifier}: left out, {why}" for each in usable if each not in mine)
        return mine, (*left_out, *others)

    def _page(
        self,
        visit: Visit,
        status: int,
        *,
        refused: Sequence[str] = (),
        drafts: Sequence[tuple[Advisory, str, tuple[str, ...]]] | None = None,
        left_out: Sequence[str] = (),
    ) -> web.Response:
        known = alerting(visit.office)
        return visit.page(
            "advisories_import.html",
            status=status,
            room=self._room,
            topics=[(topic.id, topic.titles.get("en", topic.id)) for topic in known.topics],
            levels=[(level.value, *words) for level, words in LEVELS.items()],
            largest=LARGEST // 1_000,
            refused=refused,
            drafts=drafts,
            left_out=left_out,
            once=token(),
        )


async def _file(visit: Visit) -> bytes:
    """What was uploaded. Raises `CapUnreadable` for nothing, and for too much."""
    sent = (await visit.request.post()).get("file")
    if not isinstance(sent, web.FileField):
        raise CapUnreadable(("choose a file first",))
    with sent.file as uploaded:
        data = await asyncio.to_thread(uploaded.read, LARGEST + 1)
    if len(data) > LARGEST:
        raise CapUnreadable((f"it has more than {LARGEST // 1_000:,} kB: split it",))
    return data
