"""The pages with figures: what residents asked and how it ended, and whom advisories reach."""

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from bot.core.staff import Act
from bot.core.turn import Outcome
from bot.staff import figures_drawn as drawn
from bot.staff import figures_reach as reach
from bot.staff.csv_cells import table
from bot.staff.doors import Door
from bot.staff.figures_drawn import ENDS, QUESTIONS, Figure
from bot.staff.figures_words import channel_named, language_named
from bot.staff.office import Office
from bot.staff.period import LENGTHS, Filter, filter_of
from bot.staff.visit import Visit
from bot.store.faults import StoreDown
from bot.store.figures import Figures
from bot.store.reached import Reached

_LATEST = 8  # advisories: more bars than one looks through
_YEAR = timedelta(days=370)
_WEEK = timedelta(days=7)
_BREATH = 0.1  # seconds between two stretches that are read ahead, for those who write meanwhile
_READ_AHEAD = timedelta(hours=12)  # sooner than what was read is forgotten
_NOT_YET = timedelta(seconds=10)  # until the store is asked for again


class FiguresRoom:
    """The room of the figures. It keeps the counts that it has read: `run` reads a year of them ahead."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._kept: Figures | None = None

    def doors(self) -> tuple[Door, ...]:
        return (
            Door("GET", "/figures", self._questions, Act.SEE),
            Door("GET", "/figures/advisories", self._advisories, Act.SEE),
            Door("GET", "/figures/csv/{name}", self._csv, Act.SEE),
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Read the counts of the past year, again and again until stopping: then the first page is quick as well."""
        while not stopping.is_set():
            wait = _READ_AHEAD
            try:
                await self._read_ahead(stopping)
            except StoreDown:
                wait = _NOT_YET
            await _pause(stopping, wait.total_seconds())

    async def _read_ahead(self, stopping: asyncio.Event) -> None:
        figures, zone, now = self._figures(), self._office.zone, self._office.clock()
        today = now.astimezone(zone).date()
        day = today - _YEAR
        while day <= today and not stopping.is_set():
            await figures.of(day, day, zone, now)
            day += _WEEK
            await _pause(stopping, _BREATH)

    def _figures(self) -> Figures:
        if self._kept is None:
            self._kept = Figures(self._office.database)
        return self._kept

    async def _questions(self, visit: Visit) -> web.Response:
        wanted = _filter(visit)
        figures = await self._asked(visit, wanted)
        return visit.page("figures.html", figures=figures.values(), tiles=self._tiles(figures), tab="questions",
                          **_form(visit, wanted))  # fmt: skip

    async def _advisories(self, visit: Visit) -> web.Response:
        wanted = _filter(visit)
        figures = await self._reached(visit, wanted)
        return visit.page("figures.html", figures=figures.values(), tiles=(), tab="advisories", **_form(visit, wanted))

    async def _csv(self, visit: Visit) -> web.Response:
        """The table behind one figure, in a file."""
        name, wanted = visit.request.match_info["name"], _filter(visit)
        figures = await (self._asked(visit, wanted) if name in _ASKED else self._reached(visit, wanted))
        if name not in figures:
            raise web.HTTPNotFound
        figure = figures[name]
        file = f"{name}-{wanted.first}-{wanted.last}.csv"
        told = {"Content-Disposition": f'attachment; filename="{file}"'}
        body = table(figure.header, figure.rows)
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=told)

    async def _asked(self, visit: Visit, wanted: Filter) -> dict[str, Figure]:
        knowledge = visit.office.knowledge()
        found = await self._figures().of(wanted.first, wanted.last, visit.office.zone, visit.now)
        found = found.of(wanted.channel, wanted.language)
        turns = drawn.turns(found)
        days = turns.by_day()
        helped = await self._figures().helped(wanted.first, wanted.last, wanted.channel, wanted.language)
        return _by_name(
            (
                drawn.by_day(days, wanted.first, wanted.last),
                drawn.shares(days, wanted.first, wanted.last),
                drawn.by_hour(turns),
                drawn.top_answers(turns, knowledge),
                drawn.emergencies(found),
                drawn.feedback(helped, knowledge),
                drawn.by_channel(turns),
                drawn.by_language(turns, knowledge),
            )
        )

    async def _reached(self, visit: Visit, wanted: Filter) -> dict[str, Figure]:
        knowledge, reached = visit.office.knowledge(), Reached(visit.office.database)
        subscribers = await reached.subscribers()
        movement = await reached.movement(wanted.first, wanted.last, visit.office.zone)
        return _by_name(
            (
                reach.by_topic(subscribers, knowledge),
                reach.growth(movement, wanted.first, wanted.last),
                reach.subscribed_where(subscribers),
                reach.deliveries(await reached.latest(_LATEST), knowledge),
            )
        )

    def _tiles(self, figures: dict[str, Figure]) -> tuple[tuple[str, str], ...]:
        """The few numbers that say how it goes: what they are called, and how they are shown."""
        sums = [sum(column) for column in zip(*(row[2:] for row in figures["by-day"].rows), strict=True)]
        counts = dict(zip(ENDS, sums, strict=True))
        questions = sum(counts[end] for end in QUESTIONS)

        def share(end: Outcome) -> str:
            return f"{round(100 * counts[end.value] / questions)}%" if questions else "–"

        return (
            ("Messages", f"{sum(counts.values()):,}"),
            ("Questions answered", share(Outcome.ANSWERED)),
            ("Asked which", share(Outcome.ASKED_WHICH)),
            ("Not known", share(Outcome.NOT_FOUND)),
            ("Sent to 911", f"{counts[Outcome.EMERGENCY.value]:,}"),
        )


_ASKED = ("by-day", "shares", "by-hour", "top-answers", "emergencies", "feedback", "by-channel", "by-language")


def _by_name(figures: Iterable[Figure]) -> dict[str, Figure]:
    return {figure.id: figure for figure in figures}


def _filter(visit: Visit) -> Filter:
    today: date = visit.now.astimezone(visit.office.zone).date()
    return filter_of(visit.request.query, today)


def _form(visit: Visit, wanted: Filter) -> dict[str, Any]:
    """What the filter offers, and what is chosen."""
    knowledge = visit.office.knowledge()
    return {
        "wanted": wanted,
        "lengths": LENGTHS,
        "channels": [(name.value, channel_named(name.value)) for name in visit.office.limits],
        "languages": [(code, language_named(code, knowledge)) for code in knowledge.department.languages],
    }


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
