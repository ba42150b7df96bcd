"""An advisory while somebody writes it: what its template says so far, and how it would look to residents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core import template as templates
from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Area, Content, Stage
from bot.core.channel import Limits
from bot.core.entry import Knowledge, Phrases
from bot.core.message import ChannelName
from bot.core.problem import NotReady, Problem
from bot.core.topic import Template
from bot.service.previewing import Preview, preview
from bot.store.advisories import Advisories
from bot.store.planning import is_urgent
from bot.store.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Begun:
    """An advisory as far as it is written. `problems` are about what was typed; gaps they are about stand open."""

    content: Content
    problems: tuple[Problem, ...]


def begun(
    template: Template,
    typed: Mapping[str, str],
    *,
    area: Area,
    phrases: Phrases,
    zone: ZoneInfo,
    now: datetime,
    expires_at: datetime | None = None,
    web: str | None = None,
) -> Begun:
    """The template with what can be filled in. A gap that stays open keeps it from going out, not from being kept."""
    told = {slot.id: typed[slot.id].strip() for slot in template.slots if typed.get(slot.id, "").strip()}
    empty = [slot.id for slot in template.slots if slot.id not in told and not slot.is_optional]
    problems = [Problem(name, "nothing typed", "fill it in") for name in empty]

    def filled(without: list[str]) -> Content:
        left = tuple(slot for slot in template.slots if slot.id not in without)
        given = {slot.id: told[slot.id] for slot in left if slot.id in told}
        reduced = replace(template, slots=left)
        return templates.filled(
            reduced, given, area=area, phrases=phrases, zone=zone, now=now, expires_at=expires_at, web=web
        )

    try:
        content = filled(empty)
    except NotReady as unfit:
        problems += unfit.problems
        content = filled([problem.where for problem in problems])
    return Begun(replace(content, slots=told), tuple(problems))


class Composing:
    """Previews of what is not in the books yet. May raise `StoreDown`; changes nothing."""

    def __init__(self, advisories: Advisories, people: Subscriptions, limits: Mapping[ChannelName, Limits]) -> None:
        """`limits` are those of the channels that announce."""
        self._advisories = advisories
        self._people = people
        self._limits = limits

    async def sketch(
        self,
        content: Content,
        kind: AdvisoryKind,
        author: str,
        knowledge: Knowledge,
        now: datetime,
        *,
        at: Advisory | None = None,
        follows: Advisory | None = None,
    ) -> Preview:
        """As it would be with this content: the draft `at`, an Update that `follows`, or else a new one.

        The number it then has is the one it would get if nobody else began another before.
        """
        known = at or follows
        before = () if known is None else await self._advisories.thread(known.number)
        if at is not None:
            sketched = replace(at, content=content, stage=Stage.DRAFT, texts={}, corrections={}, replacements={})
            thread = tuple(each for each in before if each.number != at.number)
        else:
            sketched, thread = await self._next(content, kind, author, knowledge, now, before), before
        urgent = is_urgent(sketched, thread)
        level = AdvisoryLevel.ALERT if urgent else content.level
        audience = await self._people.audience(content.topic, level, kind)
        return preview(sketched, (*thread, sketched), audience, self._limits, knowledge, now)

    async def _next(
        self,
        content: Content,
        kind: AdvisoryKind,
        author: str,
        knowledge: Knowledge,
        now: datetime,
        thread: tuple[Advisory, ...],
    ) -> Advisory:
        newest = await self._advisories.newest(1)
        number = newest[0].number + 1 if newest else 1
        first = thread[0].number if thread else number
        prefix = knowledge.alerting.prefix if knowledge.alerting else ""
        kind_of_message = AdvisoryType.UPDATE if thread else AdvisoryType.ALERT
        identifier = f"{prefix}-{now.year}-{first:06d}.{len(thread) + 1}"
        return Advisory(number, identifier, kind, kind_of_message, first, Stage.DRAFT, content, author, now)
