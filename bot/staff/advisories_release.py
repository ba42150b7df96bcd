"""What lets an advisory out, and what stops it. The rules are the service's; what it refuses is told on the page."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from aiohttp import web

from bot.core import bulletin
from bot.core.advisory import Advisory, AdvisoryType, ReleaseRefused, Stage
from bot.core.moment import MomentUnclear, moment
from bot.core.staff import Act
from bot.service.advising import is_urgent
from bot.service.previewing import Seen
from bot.staff import advisories_page
from bot.staff.advisories_room import NUMBER, REFUSALS, Room, announcing
from bot.staff.advisories_shown import phones, standing, title
from bot.staff.doors import Door
from bot.staff.once import Once, token
from bot.staff.visit import Visit
from bot.store.ledger import Ledger

Form = Mapping[str, str]
Came = tuple[str, str]  # the page to go on to, and what it says


class Releasing:
    """The acts on one advisory that residents, or testers, may notice."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._once: Once[Came] = Once()

    def doors(self) -> tuple[Door, ...]:
        door = self._room.door
        return (
            door("POST", f"/{NUMBER}/approve", self._approve, Act.APPROVE),
            door("POST", f"/{NUMBER}/publish", self._publish, Act.PUBLISH),
            door("POST", f"/{NUMBER}/pause", self._pause, Act.PAUSE),
            door("POST", f"/{NUMBER}/resume", self._resume, Act.PUBLISH),
            door("POST", f"/{NUMBER}/discard", self._discard, Act.DISCARD),
            door("GET", f"/{NUMBER}/cancel", self._asked, Act.CANCEL),
            door("POST", f"/{NUMBER}/cancel", self._cancel, Act.CANCEL),
        )

    async def _approve(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:
            advising, by = visit.office.advising, visit.account
            count, seen, reason = _count(form), _seen(form), form.get("reason")
            approved = await advising.approve(advisory.number, by, count, seen, reason)
            if form.get("do") == "publish":
                released = await advising.release(advisory.number, by, count, seen, reason)
                return self._out(released, visit)
            return self._room.of(approved), f"Approved for {self._room.counted(count)}. It has not gone out yet."

        return await self._done(visit, act, is_gravest=True)

    async def _publish(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:
            starts_at = _start(form, visit)
            released = await visit.office.advising.release(
                advisory.number, visit.account, _count(form), _seen(form), form.get("reason"), starts_at
            )
            return self._out(released, visit)

        return await self._done(visit, act, is_gravest=True)

    async def _pause(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:
            await visit.office.advising.pause(advisory.number, visit.account, form.get("why", ""))
            return self._room.of(advisory), "Paused. Nobody else gets it until it is let go on."

        return await self._done(visit, act)

    async def _resume(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:  # noqa: ARG001 - nothing is typed
            await visit.office.advising.resume(advisory.number, visit.account)
            return self._room.of(advisory), "It goes on."

        return await self._done(visit, act)

    async def _discard(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:  # noqa: ARG001 - nothing is typed
            await visit.office.advising.discard(advisory.number, visit.account)
            return self._room.path, f"{advisory.identifier} is discarded. It went to nobody."

        return await self._done(visit, act)

    async def _asked(self, visit: Visit) -> web.Response:
        """The withdrawal with its prepared words, one press away."""
        advisory = await self._room.its(visit)
        office = visit.office
        thread = await office.advisories.thread(advisory.number)
        released = [each for each in thread if each.released_at is not None]
        if not released:
            return await visit.go(self._room.of(advisory), "It has not gone out: discard it instead.")
        knowledge, limits = office.knowledge(), announcing(office)
        names, newest = knowledge.phrases.texts["language_name"], released[-1]
        return visit.page(
            "advisories_cancel.html",
            room=self._room,
            it=advisory,
            title=title(advisory),
            standing=standing(advisory, visit.now),
            people=await Ledger(office.database).may_hold(newest),
            words=[
                (code, names.get(code, code), list(phones(text, limits)),
                 bulletin.withdrawn(newest.kind, code, knowledge))
                for code, text in newest.corrections.items()
            ],
            once=token(),
        )  # fmt: skip

    async def _cancel(self, visit: Visit) -> web.Response:
        async def act(advisory: Advisory, form: Form) -> Came:  # noqa: ARG001 - nothing is typed
            cancel = await visit.office.advising.cancel(advisory.number, visit.account)
            if cancel.type is AdvisoryType.CANCEL:
                told = f"The withdrawal goes out to {self._room.counted(cancel.audience or 0)}, before anything else."
                return self._room.of(cancel), told
            return self._room.of(cancel), "It had not gone out to anybody: it is discarded."

        return await self._done(visit, act)

    def _out(self, released: Advisory, visit: Visit) -> Came:
        if released.stage is Stage.SCHEDULED and released.starts_at is not None:
            return self._room.of(released), f"Scheduled for {visit.local(released.starts_at)}."
        return self._room.of(released), f"It is going out to {self._room.counted(released.audience or 0)}."

    async def _done(
        self, visit: Visit, act: Callable[[Advisory, Form], Awaitable[Came]], *, is_gravest: bool = False
    ) -> web.Response:
        """Do it once for each form that was shown, and go on; what is refused is told on the advisory's page.

        `is_gravest`: for a live Alert whoever does it gives password and code first, unless they did a moment ago.
        """
        advisory = await self._room.its(visit)
        if is_gravest and is_urgent(advisory):
            visit.must_prove()
        form = await visit.form()
        try:
            path, told = await self._once.done(visit.account.name, form.get("once", ""), lambda: act(advisory, form))
        except REFUSALS as refusal:
            return await advisories_page.page(visit, self._room, advisory, refusal, form)
        return await visit.go(path, told)


def _count(form: Form) -> int:
    """The count that was typed. Raises `ReleaseRefused` for anything else."""
    typed = form.get("typed", "").strip()
    digits = typed.replace(",", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise ReleaseRefused(("type how many people it goes to, in digits: nothing was done",))
    return int(digits)


def _seen(form: Form) -> Seen:
    count = form.get("count", "")
    return Seen(int(count) if count.isascii() and count.isdigit() and len(count) < 10 else -1, form.get("words", ""))


def _start(form: Form, visit: Visit) -> datetime | None:
    """When it is to begin; None: now. Raises `ReleaseRefused` when button and field say different things."""
    typed, is_later = form.get("starts_at", "").strip(), form.get("do") == "later"
    if not is_later and typed:
        raise ReleaseRefused(("a time to begin is typed: press the button for later, or empty that field",))
    if not is_later:
        return None
    try:
        return moment(typed, visit.office.zone)
    except MomentUnclear as e:
        raise ReleaseRefused((f"when it begins: {e}",)) from e
