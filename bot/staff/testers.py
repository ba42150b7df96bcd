"""Who takes part in exercises: how many there are, and the codes by which they come in."""

from aiohttp import web

from bot.core.staff import Act
from bot.staff.advisories_room import EXERCISES
from bot.staff.advisories_shown import CHANNELS
from bot.staff.doors import Door
from bot.staff.once import Once, token
from bot.staff.visit import Visit
from bot.store.testers import LASTS


class Testers:
    """The page of testers. Who they are is not known here, only how many."""

    def __init__(self) -> None:
        self._once: Once[str] = Once()

    def doors(self) -> tuple[Door, ...]:
        return (
            EXERCISES.door("GET", "/testers", self._page, Act.SEE),
            EXERCISES.door("POST", "/testers", self._code, Act.ENROL_TESTERS),
        )

    async def _page(self, visit: Visit, code: str = "") -> web.Response:
        people = await visit.office.subscriptions.testers()
        return visit.page(
            "advisories_testers.html",
            room=EXERCISES,
            people=[(CHANNELS[channel], code, count) for (channel, code), count in sorted(people.items())],
            count=sum(people.values()),
            code=code,
            minutes=round(LASTS.total_seconds() / 60),
            once=token(),
        )

    async def _code(self, visit: Visit) -> web.Response:
        """A new code, shown on this answer and nowhere else."""
        enrolment, by = visit.office.enrolment, visit.account
        form = await visit.form()
        code = await self._once.done(by.name, form.get("once", ""), lambda: enrolment.code(by.name, visit.now))
        return await self._page(visit, code)
