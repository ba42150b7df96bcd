"""Writing an advisory: pick a template, fill it in, see it as residents will; a draft is kept on every preview."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.core.advisory import Advisory, AdvisoryLevel
from bot.core.entry import Knowledge
from bot.core.problem import NotReady, Problem
from bot.core.staff import Act
from bot.core.topic import Slot, SlotKind, Template
from bot.service.composing import Begun
from bot.staff.advisories_room import NUMBER, REFUSALS, Room, alerting, announcing, composing, reasons, template
from bot.staff.advisories_shown import CHANNELS, LEVELS, title, tongues
from bot.staff.compose_form import (
    WORDS,
    Form,
    blank,
    by_field,
    closed,
    in_words,
    label,
    of_content,
    open_gaps,
    read,
    sentence,
)
from bot.staff.doors import Door
from bot.staff.once import Once, token
from bot.staff.visit import Visit

_HINTS = {
    SlotKind.NAME: "As on the sign; it stands like this in every language.",
    SlotKind.MOMENT: "",
    SlotKind.NUMBER: "Digits only.",
    SlotKind.CHOICE: "",
}
Fault = tuple[str, bool]  # in words, and whether it keeps the advisory from going out


@dataclass(frozen=True, slots=True)
class _Field:
    """A gap of a template on the page; `choices` are value and words."""

    name: str
    label: str
    hint: str
    kind: str
    choices: tuple[tuple[str, str], ...]
    is_optional: bool


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is being written: where its form is sent, what it changes or follows, both None for a new one."""

    action: str
    heading: str
    at: Advisory | None = None
    follows: Advisory | None = None


class Composer:
    """The pages on which one kind of advisory is written."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._once: Once[int] = Once()

    def doors(self) -> tuple[Door, ...]:
        door = self._room.door
        return (
            door("GET", "/new", self._choose, Act.DRAFT),
            door("GET", "/new/{template}", self._begin, Act.DRAFT),
            door("POST", "/new/{template}", self._save_new, Act.DRAFT),
            door("GET", "/write", self._begin, Act.DRAFT),
            door("POST", "/write", self._save_new, Act.DRAFT),
            door("POST", "/preview", self._preview, Act.DRAFT),
            door("GET", f"/{NUMBER}/change", self._open, Act.DRAFT),
            door("POST", f"/{NUMBER}/change", self._save_change, Act.DRAFT),
            door("GET", f"/{NUMBER}/update", self._correct, Act.DRAFT),
            door("POST", f"/{NUMBER}/update", self._save_update, Act.DRAFT),
        )

    async def _choose(self, visit: Visit) -> web.Response:
        known = alerting(visit.office)
        told = {level: [each for each in known.templates if each.level is level] for level in AdvisoryLevel}
        languages = visit.office.knowledge().department.languages
        return visit.page(
            "advisories_choose.html",
            room=self._room,
            levels=[(LEVELS[level], [(each, _name(each), _unsigned(each, languages)) for each in templates])
                    for level, templates in told.items() if templates],
        )  # fmt: skip

    async def _begin(self, visit: Visit) -> web.Response:
        name = visit.request.match_info.get("template", "")
        form = blank(template(visit.office, name), visit.office.knowledge(), visit.now)
        return await self._page(visit, self._new(visit), form, ())

    async def _save_new(self, visit: Visit) -> web.Response:
        chosen = template(visit.office, visit.request.match_info.get("template", ""))
        return await self._save(visit, self._new(visit), chosen)

    async def _open(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        return await self._prefilled(visit, self._changing(advisory), advisory)

    async def _save_change(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        chosen = template(visit.office, (await visit.form()).get("template", ""))
        return await self._save(visit, self._changing(advisory), chosen)

    async def _correct(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        return await self._prefilled(visit, self._following(advisory), advisory)

    async def _save_update(self, visit: Visit) -> web.Response:
        advisory = await self._room.its(visit)
        chosen = template(visit.office, (await visit.form()).get("template", ""))
        return await self._save(visit, self._following(advisory), chosen)

    async def _prefilled(self, visit: Visit, sheet: _Sheet, advisory: Advisory) -> web.Response:
        knowledge = visit.office.knowledge()
        form = of_content(advisory.content, knowledge, is_own="own" in visit.request.query)
        try:
            made = read(form.typed, form.template, knowledge, visit.now, advisory.content)
        except NotReady as refusal:
            return await self._page(visit, sheet, form, refusal.problems)
        return await self._page(visit, sheet, form, made.problems, made)

    async def _save(self, visit: Visit, sheet: _Sheet, chosen: Template | None) -> web.Response:
        """Keep it as a draft and show it; what cannot be kept is told beside its field."""
        typed, knowledge = await visit.form(), visit.office.knowledge()
        base = sheet.at or sheet.follows
        form = Form(chosen, typed)
        try:
            made = read(typed, chosen, knowledge, visit.now, base.content if base else None)
            number = await self._once.done(
                visit.account.name, typed.get("once", ""), lambda: self._kept(visit, sheet, made)
            )
        except NotReady as refusal:
            return await self._page(visit, sheet, form, refusal.problems, is_refused=True)
        except REFUSALS as refusal:
            return await self._page(visit, sheet, form, (), is_refused=True, refused=reasons(refusal))
        page = f"{self._room.path}/{number}"
        if made.problems:
            return await visit.go(f"{page}/change", "Kept as a draft. What is still missing is marked.")
        return await visit.go(page, "Kept as a draft. This is how people will see it.")

    async def _kept(self, visit: Visit, sheet: _Sheet, made: Begun) -> int:
        advising, by, content = visit.office.advising, visit.account, made.content
        if sheet.at is not None:
            return (await advising.change(sheet.at.number, by, content)).number
        if sheet.follows is not None:
            return (await advising.update(sheet.follows.number, by, content)).number
        return (await advising.draft(by, content, self._room.kind)).number

    async def _preview(self, visit: Visit) -> web.Response:
        """What is typed, as people would see it; nothing is kept."""
        typed, knowledge = await visit.form(), visit.office.knowledge()
        chosen = template(visit.office, typed.get("template", ""))
        at, follows = [await self._named(visit, typed.get(name, "")) for name in ("at", "follows")]
        form, base = Form(chosen, typed), at or follows
        try:
            made = read(typed, chosen, knowledge, visit.now, base.content if base else None)
        except NotReady as refusal:
            faults, shown = _faults(refusal.problems, form, knowledge), None
        else:
            shown = await self._sketch(visit, made, at, follows)
            faults = _faults((*made.problems, *shown["found"]), form, knowledge)
        beside = _beside(faults, form)
        return visit.part("advisories_sketch.html", room=self._room, sketch=shown, faults=faults, beside=beside)

    async def _named(self, visit: Visit, number: str) -> Advisory | None:
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        return await self._room.found(visit, int(number)) if is_number else None

    async def _sketch(self, visit: Visit, made: Begun, at: Advisory | None, follows: Advisory | None) -> dict[str, Any]:
        office = visit.office
        knowledge = office.knowledge()
        chosen = template(office, made.content.template or "")
        shown = await composing(office).sketch(
            made.content, self._room.kind, visit.account.name, knowledge, visit.now, at=at, follows=follows
        )
        found = closed(shown.problems, made.content)
        return {
            "tongues": list(tongues(shown, knowledge, announcing(office))),
            "count": shown.count,
            "crowd": [(CHANNELS[channel], code, count) for (channel, code), count in sorted(shown.audience.items())],
            "found": found,
            "problems": [(in_words(each, chosen, knowledge), each.is_blocking) for each in found],
            "gaps": open_gaps(made.content, knowledge),
        }

    async def _page(
        self,
        visit: Visit,
        sheet: _Sheet,
        form: Form,
        problems: Iterable[Problem],
        made: Begun | None = None,
        *,
        is_refused: bool = False,
        refused: Sequence[str] = (),
    ) -> web.Response:
        knowledge, known = visit.office.knowledge(), alerting(visit.office)
        sketch = None
        if made is not None:
            sketch = await self._sketch(visit, made, sheet.at, sheet.follows)
            problems = (*problems, *sketch["found"])
        names, languages = knowledge.phrases.texts["language_name"], knowledge.department.languages
        # htmx puts nothing on the page that comes with the status of a failure.
        return visit.page(
            "advisories_compose.html",
            status=422 if is_refused and not visit.wants_part else 200,
            room=self._room,
            sheet=sheet,
            form=form,
            name=_name(form.template) if form.template else "In your own words",
            fields=[_field(slot) for slot in form.template.slots] if form.template else [],
            languages=[(code, names.get(code, code)) for code in languages],
            words=WORDS,
            topics=[(topic.id, topic.titles.get("en", topic.id)) for topic in known.topics],
            levels=[(level.value, *words) for level, words in LEVELS.items()],
            faults=_faults(problems, form, knowledge),
            beside={},
            sketch=sketch,
            refused=refused,
            now=visit.now.astimezone(visit.office.zone).strftime("%Y-%m-%dT%H:%M"),
            once=token(),
        )

    def _new(self, visit: Visit) -> _Sheet:
        return _Sheet(visit.request.path, "New exercise" if self._room.is_exercise else "New advisory")

    def _changing(self, advisory: Advisory) -> _Sheet:
        return _Sheet(f"/staff{self._room.of(advisory)}/change", f"Change {advisory.identifier}", at=advisory)

    def _following(self, advisory: Advisory) -> _Sheet:
        heading = f"Correct: {title(advisory)}"
        return _Sheet(f"/staff{self._room.of(advisory)}/update", heading, follows=advisory)


def _faults(problems: Iterable[Problem], form: Form, knowledge: Knowledge) -> dict[str, list[Fault]]:
    """The faults by field, in words; under "" those that are about none, with their place."""
    found = by_field(problems, form, knowledge.department.languages)
    told = {
        name: [(sentence(f"{each.what}: {each.mend}"), each.is_blocking) for each in some]
        for name, some in found.items()
    }
    if nowhere := found.get(""):
        told[""] = [(in_words(each, form.template, knowledge), each.is_blocking) for each in nowhere]
    return told


def _beside(faults: Mapping[str, list[Fault]], form: Form) -> dict[str, list[Fault]]:
    """The faults to be put beside each field while somebody types: none beside what they have not come to."""
    names = [slot.id for slot in form.template.slots] if form.template else [
        name for name in form.typed if name.partition(".")[2] in WORDS
    ]  # fmt: skip
    told = ("topic", "level", "expires", "web", "only_in", *names)
    return {name: faults.get(name, []) if form[name].strip() else [] for name in told}


def _name(each: Template) -> str:
    event = each.event.get("en") or next(iter(each.event.values()), each.id)
    return f"{event[:1].upper()}{event[1:]}"


def _unsigned(each: Template, languages: Iterable[str]) -> list[str]:
    return [code for code in languages if code not in each.approved_by]


def _field(slot: Slot) -> _Field:
    words = tuple((name, said.get("en") or next(iter(said.values()))) for name, said in slot.choices.items())
    return _Field(slot.id, label(slot), _HINTS[slot.kind], slot.kind.value, words, slot.is_optional)
