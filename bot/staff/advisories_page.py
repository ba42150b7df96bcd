"""The page of one advisory: its words on every phone, what is wrong with it, what can be done now, how far it is."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.core.advisory import Advisory, Stage
from bot.core.cap_doubts import doubts
from bot.core.cap_reader import CapUnreadable, read
from bot.core.delivery import State
from bot.core.entry import Knowledge
from bot.core.message import ChannelName
from bot.service.advising import SHORTEST_REASON
from bot.service.pace import Pace, pace
from bot.service.previewing import Preview, preview
from bot.staff.advisories_room import Room, announcing, reasons
from bot.staff.advisories_shown import CHANNELS, LEVELS, STATES, choices, slices, standing, title, tongues
from bot.staff.compose_form import closed, in_words, open_gaps
from bot.staff.once import token
from bot.staff.visit import Visit
from bot.store.audit import Noted
from bot.store.ledger import Ledger
from bot.store.outbox import Progress

_ACTS_SHOWN = 60  # lines of the books about one thread
_DONE = {
    "draft": "wrote it", "change": "changed it", "approve": "approved it", "release": "published it",
    "schedule": "scheduled it", "pause": "paused it", "resume": "let it go on", "discard": "discarded it",
    "finish": "finished it",
}  # fmt: skip


async def page(
    visit: Visit,
    room: Room,
    advisory: Advisory,
    refusal: Exception | None = None,
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    """The whole page; after a refusal with its reasons, and with what was typed."""
    office = visit.office
    knowledge, ledger = office.knowledge(), Ledger(office.database)
    thread = await office.advisories.thread(advisory.number)
    advisory = next(each for each in thread if each.number == advisory.number)  # as it is after what was refused
    if advisory.released_at is None:
        shown = await office.advising.preview(advisory.number, visit.account)
    else:  # its audience is frozen, and nobody is asked how many it would be now
        shown = preview(advisory, thread, {}, announcing(office), knowledge, visit.now)
    acts = await ledger.acts([each.identifier for each in thread], _ACTS_SHOWN)
    is_released = advisory.released_at is not None
    odd = () if is_released else await asyncio.to_thread(_doubts, advisory, visit.now)
    word, tone = standing(advisory, visit.now)
    return visit.page(
        "advisories_one.html",
        status=200 if refusal is None else 409,
        room=room,
        title=title(advisory),
        word=word,
        tone=tone,
        level=LEVELS[advisory.content.level],
        topic=_topic(visit, advisory),
        tongues=list(tongues(shown, knowledge, announcing(office))),
        crowd_rows=_crowd(shown),
        by_channel_count=[(CHANNELS[ChannelName(name)], count) for name, count in sorted(shown.people(0).items())],
        by_language_count=sorted(shown.people(1).items()),
        count=shown.count,
        seen=shown.seen,
        first_line=shown.first_line,
        blocking=() if is_released else _told(shown, knowledge, is_blocking=True),
        notes=() if is_released else _told(shown, knowledge, is_blocking=False),
        gaps=() if is_released else open_gaps(advisory.content, knowledge),
        doubts=odd,
        can=choices(advisory, thread, visit.account),
        is_proved=visit.is_proved,
        shortest_reason=SHORTEST_REASON,
        thread=[(each, title(each), *standing(each, visit.now)) for each in thread if each.number != advisory.number],
        acts=[(each, acted(each, visit)) for each in acts],
        refused=() if refusal is None else reasons(refusal),
        typed=typed or {},
        once=token(),
        **await progress(visit, advisory),
    )


async def progress(visit: Visit, advisory: Advisory) -> dict[str, Any]:
    """What is shown while it goes out and afterwards."""
    told = await visit.office.advising.status(advisory.number, visit.account)
    speed = pace(told, advisory, visit.now, visit.office.zone)
    return {
        "it": advisory,
        "progress": told,
        "pace": speed,
        "left_words": _left(speed),
        "slices": slices(told.states),
        "states": [(state, word) for state, word in STATES.items() if state in told.states],
        "by_channel": [(CHANNELS[name], counts) for name, counts in sorted(told.channels.items())],
        "done": sum(count for state, count in told.states.items() if state.is_final),
        "not_reached": sum(told.states.get(state, 0) for state in (State.UNCERTAIN, State.UNDELIVERABLE)),
        "resting": [rest for rest in told.lanes if rest.until > visit.now],
        "is_moving": _is_moving(told),
    }


def acted(noted: Noted, visit: Visit) -> str:
    """What a line of the books says was done, in words."""
    told, details = _DONE.get(noted.act, noted.act), noted.details
    if noted.act == "approve":
        told += f" for {details.get('count', 0):,} people"
    if noted.act in ("release", "schedule"):
        told += f" for {details.get('audience', 0):,} people"
    if noted.act == "finish":
        told += ": " + ", ".join(
            f"{word} {details[state.value]:,}" for state, word in STATES.items() if state.value in details
        )
    if at := details.get("at"):
        told += f", to begin {visit.local(datetime.fromisoformat(at))}"
    if why := details.get("why") or details.get("override"):
        told += f": {why}"
    return told


def _is_moving(told: Progress) -> bool:
    """Whether the page has anything new to say in two seconds."""
    return told.stage in (Stage.SENDING, Stage.SCHEDULED) or (told.stage is Stage.PAUSED and told.audience is not None)


def _left(speed: Pace) -> str:
    if speed.is_over:
        return "done"
    if speed.done_in is None:
        return "time left not known"
    seconds = round(speed.done_in.total_seconds())
    if seconds < 100:
        return f"about {seconds} seconds left"
    minutes = round(seconds / 60)
    return f"about {minutes} minutes left" if minutes < 100 else f"about {round(minutes / 60)} hours left"


def _topic(visit: Visit, advisory: Advisory) -> str:
    known = visit.office.knowledge().alerting
    topic = known.topic(advisory.content.topic) if known else None
    return topic.titles.get("en", topic.id) if topic else advisory.content.topic


def _crowd(shown: Preview) -> list[tuple[str, str, int]]:
    """How many people on each channel read it in each language."""
    return [(CHANNELS[channel], language, count) for (channel, language), count in sorted(shown.audience.items())]


def _told(shown: Preview, knowledge: Knowledge, *, is_blocking: bool) -> list[str]:
    """What is wrong with it, in words; sentences with open gaps apart, which are told as such."""
    content, known = shown.advisory.content, knowledge.alerting
    template = known.template(content.template) if known and content.template else None
    found = closed(shown.problems, content)
    return [in_words(each, template, knowledge) for each in found if each.is_blocking is is_blocking]


def _doubts(advisory: Advisory, now: datetime) -> tuple[str, ...]:
    """What was odd about the alert that it was made from; nothing when it was written here."""
    return tuple(_of_original(advisory.content.original, now)) if advisory.content.original else ()


def _of_original(original: str, now: datetime) -> Iterator[str]:
    try:
        for alert in read(original.encode()):
            yield from doubts(alert, now)
    except CapUnreadable as e:
        yield f"what came in cannot be read again: {e.problems[0]}"
