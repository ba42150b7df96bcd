"""The examination of a draft in the background: its faults at once, then collisions, notes and the blast radius.

One at a time, in a thread of its own; the others wait their turn. Nobody's page and nobody's answer waits for it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

import structlog

from bot.core.answer import Snapshot
from bot.core.entry import Knowledge
from bot.knowledge import edit_check, launch, live, source
from bot.knowledge.edit import Draft
from bot.knowledge.edit_blast import Counting, Radius, Stopped
from bot.knowledge.edit_check import Checked, Collision
from bot.knowledge.launch import Kind
from bot.knowledge.source import Problem
from bot.staff.knowledge_search import texts

log = structlog.get_logger()

_MOST = 20  # examinations remembered; one is some hundred kilobytes


@dataclass(slots=True)
class Examination:
    """What is known of a draft so far; a thread fills it in. None: not there yet."""

    key: str
    checked: Checked | None = None
    collisions: tuple[Collision, ...] | None = None
    notes: tuple[Problem, ...] | None = None
    radius: Radius | None = None
    done: int = 0
    total: int = 0
    is_over: bool = False
    has_failed: bool = False
    stopping: Event = field(default_factory=Event)

    @property
    def was_stopped(self) -> bool:
        return self.stopping.is_set()


@dataclass(frozen=True, slots=True)
class Survey:
    """What takes too long for a page: everything that each entry says, as it is searched, and those entries with a
    value that the department has not confirmed; None while these are looked for."""

    revision: str
    said: Mapping[str, str]
    unconfirmed: frozenset[str] | None


class Examiner:
    """Examines drafts. Close it: what is still being counted is called off."""

    def __init__(self, folder: Path, today: Callable[[], Snapshot | None], clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._today = today
        self._clock = clock
        self._counting = Counting()
        self._notes: tuple[str, tuple[Problem, ...]] = ("", ())
        self._known: OrderedDict[str, Examination] = OrderedDict()
        self._survey: Survey | None = None
        self._surveyed = ""  # the revision whose entries are, or will be, looked through
        self._thread: ThreadPoolExecutor | None = None

    def of(self, draft: Draft, *, again: bool = False) -> Examination:
        """The draft's examination; begun when there is none, when the draft or what answers has changed, or `again`."""
        today = self._today()
        key = _key(draft, today)
        known = self._known.get(draft.id)
        if known is not None and known.key == key and not again:
            return known
        if known is not None:
            known.stopping.set()
        made = self._known[draft.id] = Examination(key)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)[1].stopping.set()
        self._submit(self._examine, made, draft, today)
        return made

    def survey(self) -> Survey | None:
        """What is known of all entries in use; None while they are being looked through, which this begins."""
        today = self._today()
        revision = today.knowledge.revision if today else ""
        if today is not None and self._surveyed != revision:
            self._surveyed = revision
            self._submit(self._look_through, today.knowledge)
        return self._survey if self._survey and self._survey.revision == revision else None

    def forget(self, draft: str) -> None:
        """Call off what is being counted for it."""
        if (known := self._known.pop(draft, None)) is not None:
            known.stopping.set()

    def close(self) -> None:
        """Call everything off and wait for the thread: less than the seconds that reading a folder takes."""
        for known in self._known.values():
            known.stopping.set()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None

    def _submit(self, work: Callable[..., None], *arguments: object) -> None:
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="examination")
        self._thread.submit(work, *arguments)

    def _look_through(self, knowledge: Knowledge) -> None:
        try:
            said = texts(knowledge)
            self._survey = Survey(knowledge.revision, said, None)
            sources = source.read(self._folder, live.SHIPPED)
            found = launch.still_open(knowledge, sources) if sources.revision == knowledge.revision else ()
            names = (each.entries.split() for each in found if each.kind is Kind.VALUE)
            unconfirmed = frozenset(entry for entries in names for entry in entries)
            self._survey = Survey(knowledge.revision, said, unconfirmed)
        except Exception:  # border: knowledge watch
            log.exception("values not looked through")

    def _examine(self, made: Examination, draft: Draft, today: Snapshot | None) -> None:
        try:
            self._filled(made, draft, today)
        except Stopped:
            made.stopping.set()
        except Exception:  # border: knowledge watch
            made.has_failed = True
            log.exception("draft not examined")
        finally:
            made.is_over = True

    def _filled(self, made: Examination, draft: Draft, today: Snapshot | None) -> None:
        def step(done: int, total: int) -> None:
            made.done, made.total = done, total
            if made.was_stopped:
                raise Stopped

        step(0, 0)
        checked = edit_check.checked(self._folder, draft.changes)
        made.checked = Checked(checked.faults, checked.standing, None)  # the folder itself is large
        if checked.loaded is None or today is None:
            return
        after = checked.loaded.snapshot
        made.collisions = tuple(edit_check.collisions(today, after.knowledge))
        step(0, 0)
        now = self._clock()
        day = now.astimezone(after.knowledge.department.time_zone).date()
        if self._notes[0] != (revision := today.knowledge.revision):
            sources = source.read(self._folder, live.SHIPPED)
            if sources.revision == revision:
                self._notes = revision, edit_check.notes(today.knowledge, sources, day)
        if self._notes[0] == revision:
            found = edit_check.notes(after.knowledge, checked.loaded.sources, day)
            made.notes = edit_check.fresh(self._notes[1], found)
        made.radius = self._counting.radius(today, after, now, step)


def _key(draft: Draft, today: Snapshot | None) -> str:
    digest = hashlib.sha256((today.knowledge.revision if today else "").encode())
    for change in draft.changes:
        digest.update(f"\0{change.file}\0{change.after}".encode(errors="replace"))
    return digest.hexdigest()
