"""The first page after signing in: what waits for whoever looks, what is out, and how the bot is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aiohttp import web

from bot.core import compose
from bot.core.advisory import Advisory, AdvisoryKind, Stage
from bot.core.entry import Knowledge
from bot.core.staff import Act
from bot.staff.advisories_shown import CHANNELS, holds, is_on_its_way, standing, title
from bot.staff.doors import Door
from bot.staff.visit import Visit
from bot.store.backup import last_backup, last_rehearsal
from bot.store.holds import Holds
from bot.store.waiting import Waiting, waiting

_NAMES = {channel.value: name for channel, name in CHANNELS.items()}
_BACKUP_IS_OLD = timedelta(hours=26)  # a night's, and time to take it
_LOOKED_AT = 100  # advisories, the newest: drafts are finished or discarded within days


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done: how often, what in words, where, and how it is shown; "" for what can wait."""

    count: int
    what: str
    path: str
    tone: str = ""


def doors() -> tuple[Door, ...]:
    return (Door("GET", "/", _home, None),)


async def _home(visit: Visit) -> web.StreamResponse:
    office, now = visit.office, visit.now
    sees = visit.account.may(Act.SEE)
    waits = await waiting(office.database, now)
    drafts = await office.advisories.newest(_LOOKED_AT, AdvisoryKind.LIVE) if sees else ()
    live = await office.advisories.live(now) if sees else ()
    out = {each.number: each for each in (*live, *drafts) if holds(each, now) or is_on_its_way(each)}
    knowledge = office.live.current.knowledge if office.live.current else None
    today = now.astimezone(knowledge.department.time_zone).date() if knowledge else now.date()
    return visit.page(
        "home.html",
        tasks=[
            *(_advisory_tasks(drafts, visit) if sees else ()),
            *(_knowledge_tasks(knowledge, today) if knowledge and sees else ()),
            *_other_tasks(waits, visit),
        ],
        out=[(each, title(each), *standing(each, now)) for each in sorted(out.values(), key=lambda each: -each.number)],
        rests=waits.rests,
        channels={_NAMES.get(name, name): state for name, state in office.channels().items()},
        revision=knowledge.revision if knowledge else None,
        looks=office.live.looks,
        matches=office.live.matches,
        sees=sees,
        safety=await _safety(visit),
    )


async def _safety(visit: Visit) -> tuple[tuple[str, str, str], ...]:
    """How it stands with backups and holds: name, how it is shown, and words; for those who look after the bot."""
    if not visit.account.may(Act.READ_AUDIT):
        return ()
    folder, now = visit.office.backup, visit.now
    taken, tried = await asyncio.to_thread(lambda: (last_backup(folder), last_rehearsal(folder)))
    held = await Holds(visit.office.database).in_force()
    nothing = "none yet: set BOT_BACKUP" if folder is None else "none yet"
    return (
        ("Last backup", *_age(taken, now, _BACKUP_IS_OLD, nothing)),
        (
            "Last rehearsal of a restore",
            *(("bad", "failed: danbury-bot rehearse says why") if tried and not tried.is_sound else
              _age(tried.at if tried else None, now, _BACKUP_IS_OLD, "none yet: danbury-bot rehearse")),
        ),
        *((f"Legal hold {each.number}", "warn", f"{each.record}: nothing is deleted. {each.reason}") for each in held),
    )  # fmt: skip


def _age(at: datetime | None, now: datetime, most: timedelta, none: str) -> tuple[str, str]:
    if at is None:
        return "warn", none
    hours = int((now - at) / timedelta(hours=1))
    return ("good" if now - at <= most else "bad"), f"{hours} hours ago" if hours != 1 else "1 hour ago"


def _advisory_tasks(drafts: Sequence[Advisory], visit: Visit) -> list[Task]:
    """First what keeps people waiting: an Alert that somebody has to approve, and what was stopped on its way."""
    urgent = sum(each.stage is Stage.DRAFT and standing(each, visit.now)[1] == "warn" for each in drafts)
    paused = sum(each.stage is Stage.PAUSED for each in drafts)
    ready = sum(each.stage in (Stage.APPROVED, Stage.SCHEDULED) for each in drafts)
    own = sum(each.stage is Stage.DRAFT and each.author == visit.account.name for each in drafts)
    tasks = [
        Task(urgent, _many(urgent, "advisory waits", "advisories wait") + " for approval", "/advisories", "bad"),
        Task(paused, _many(paused, "advisory is", "advisories are") + " paused", "/advisories", "bad"),
        Task(ready, _many(ready, "advisory is", "advisories are") + " approved and not out yet", "/advisories", "warn"),
        Task(own, _many(own, "draft", "drafts") + " of yours", "/advisories"),
    ]
    return [task for task in tasks if task.count]


def _knowledge_tasks(knowledge: Knowledge, today: date) -> list[Task]:
    late = [entry for entry in knowledge.entries.values() if compose.is_overdue(entry, today)]
    withheld = sum(compose.gives_way(entry, today) for entry in late)
    tasks = [
        Task(
            withheld,
            _many(withheld, "answer of high risk is", "answers of high risk are") + " overdue and not shown any more",
            "/knowledge?state=overdue",
            "bad",
        ),
        Task(
            len(late) - withheld,
            _many(len(late) - withheld, "answer wants", "answers want") + " to be compared with the source again",
            "/knowledge?state=overdue",
            "warn",
        ),
    ]
    return [task for task in tasks if task.count]


def _other_tasks(waits: Waiting, visit: Visit) -> list[Task]:
    tasks = []
    if visit.account.may(Act.SEE):
        groups = _many(waits.groups, "group", "groups")
        told = f"{groups} of questions without a good answer, {waits.questions:,} in all"
        tasks.append(Task(waits.groups, told, "/unanswered", "warn"))
        tasks.append(Task(waits.ungrouped, _many(waits.ungrouped, "new question", "new questions"), "/unanswered"))
    if visit.account.may(Act.READ_AUDIT):
        told = _many(waits.refusals, "refusal", "refusals") + " at the door in the last day"
        tasks.append(Task(waits.refusals, told, "/audit?act=sign-in+refused"))
    return [task for task in tasks if task.count]


def _many(count: int, one: str, more: str) -> str:
    return one if count == 1 else more
