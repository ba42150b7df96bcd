"""The records: how long each kind stays, and the legal holds under which nothing of a kind is deleted."""

from collections.abc import Mapping

from aiohttp import web

from bot.core.staff import Act
from bot.staff.doors import Door
from bot.staff.once import Once, token
from bot.staff.signing import typed
from bot.staff.visit import Visit
from bot.store.holds import LONGEST_REASON, Hold, HoldRefused, Holds, Record
from bot.store.retention import SCHEDULE

_PATH = "/records"


class RecordsRoom:
    """The page. Whoever reads the audit log sees it; a hold is placed and released by who keeps the records.

    To release one lets things be deleted that never come back: that asks for password and code again.
    """

    def __init__(self) -> None:
        self._once: Once[Hold] = Once()

    def doors(self) -> tuple[Door, ...]:
        return (
            Door("GET", _PATH, _shown, Act.READ_AUDIT),
            Door("POST", f"{_PATH}/holds", self._place, Act.KEEP_RECORDS),
            Door("POST", rf"{_PATH}/holds/{{number:\d{{1,9}}}}/release", self._release, Act.KEEP_RECORDS),
        )

    async def _place(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        reason, by, holds = _reason(form), visit.account.name, Holds(visit.office.database)
        try:
            record = _record(typed(form, "record"))
            held = await self._once.done(by, typed(form, "once"), lambda: holds.place(record, reason, by, visit.now))
        except HoldRefused as e:
            return await _page(visit, str(e), record=typed(form, "record"), reason=reason)
        said = f"Hold {held.number}: nothing of \u201c{held.record}\u201d is deleted until it is released."
        return await visit.go(_PATH, said)

    async def _release(self, visit: Visit) -> web.StreamResponse:
        visit.must_prove()
        form, number = await visit.form(), int(visit.request.match_info["number"])
        reason, by, holds = _reason(form), visit.account.name, Holds(visit.office.database)
        try:
            held = await self._once.done(by, typed(form, "once"), lambda: holds.release(number, reason, by, visit.now))
        except HoldRefused as e:
            return await _page(visit, str(e), released=number, reason=reason)
        return await visit.go(_PATH, f"Hold {held.number} on \u201c{held.record}\u201d is released.")


async def _shown(visit: Visit) -> web.StreamResponse:
    return await _page(visit)


async def _page(
    visit: Visit, fault: str | None = None, *, record: str = "", reason: str = "", released: int | None = None
) -> web.Response:
    """`released` is the hold whose form is shown with what was typed into it; None: that of a new one."""
    every = await Holds(visit.office.database).all()
    in_force = [each for each in every if each.released_at is None]
    return visit.page(
        "records.html",
        status=400 if fault else 200,
        faults=(fault,) if fault else (),
        in_force=in_force,
        over=[each for each in every if each.released_at is not None],
        held={each.record for each in in_force},
        schedule=[(series, series.stays(visit.office.stays)) for series in SCHEDULE],
        typed={"record": record, "reason": reason, "released": released},
        longest=LONGEST_REASON,
        is_proved=visit.is_proved,
        once=token(),
    )


def _reason(form: Mapping[str, str]) -> str:
    """Looked at so far that one that is too long is refused, and not cut."""
    return typed(form, "reason", LONGEST_REASON + 1)


def _record(given: str) -> Record:
    try:
        return Record(given)
    except ValueError:
        raise HoldRefused("choose a kind of record") from None
