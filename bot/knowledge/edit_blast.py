"""The blast radius of an edit: which known questions get another answer than today. Runs in a thread, for seconds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bot.core import compose
from bot.core.answer import Outcome, Snapshot, answer
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict
from bot.core.entry import Question
from bot.core.features import Floats
from bot.core.first_look import looked
from bot.core.lookout import Lookout
from bot.core.match import COUNTED
from bot.core.message import Address, ChannelName, IncomingMessage

_ASKER = Address(ChannelName.TERMINAL, "blast radius")
_MOST_KEPT = 20_000  # vectors of questions, two kilobytes each; ours has fifteen hundred questions


class Stopped(Exception):
    """Somebody has called the counting off."""


class Effect(Enum):
    """What a change does to a question, by the entry it must find."""

    WORSE = "worse"
    OTHER = "other"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Got:
    """What a question gets. `entry` None: no answer of ours; `offered` are entries it may choose from."""

    outcome: Outcome
    entry: str | None = None
    offered: tuple[str, ...] = ()

    def finds(self, expect: str | None) -> bool:
        """Whether it gets what it must: the entry, or a choice that has it; no answer where there is none."""
        if expect is None:
            return self.entry is None
        return expect == self.entry or expect in self.offered


@dataclass(frozen=True, slots=True)
class Shift:
    """A question whose answer changes. `is_new`: it comes with the draft."""

    question: Question
    before: Got
    after: Got
    is_new: bool = False

    @property
    def effect(self) -> Effect:
        was, is_ = self.before.finds(self.question.expect), self.after.finds(self.question.expect)
        return Effect.OTHER if was == is_ else Effect.BETTER if is_ else Effect.WORSE


@dataclass(frozen=True, slots=True)
class Radius:
    """`asked` questions were put; `is_counted`: by counted words alone, because entries came or went and what was
    learned fits only those that were there. The last is only nearly what the bot will do once it has learned anew."""

    asked: int
    shifts: tuple[Shift, ...]
    is_counted: bool

    def of(self, effect: Effect) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.effect is effect)


class Counting:
    """Puts the questions; remembers what they get today, and their vectors, so that the next draft costs half."""

    def __init__(self) -> None:
        self._base: tuple[object, ...] = ()
        self._today: dict[str, Got] = {}
        self._vectors: dict[str, Floats | None] = {}

    def radius(self, today: Snapshot, draft: Snapshot, now: datetime, step: Callable[[int, int], None]) -> Radius:
        """What the draft changes. `step` is told how many of how many are done; raising `Stopped` there ends it."""
        before, after, is_counted = _alike(today, draft)
        base = (before.knowledge, before.index.learned, before.lookout.net)
        if [id(part) for part in base] != [id(part) for part in self._base]:
            self._base, self._today = base, {}
        before, after = self._remembering(before), self._remembering(after)
        known = {question.text for question in before.knowledge.questions}
        questions = {question.text: question for question in (*before.knowledge.questions, *after.knowledge.questions)}
        shifts = []
        for done, (text, question) in enumerate(questions.items()):
            step(done, len(questions))
            message = IncomingMessage("1", _ASKER, text, now)
            if (was := self._today.get(text)) is None:
                was = self._today[text] = _got(message, looked(text, before), before, now)
            is_ = _got(message, looked(text, after), after, now)
            shift = Shift(question, was, is_, text not in known)
            if (was.outcome, was.entry) != (is_.outcome, is_.entry) or shift.effect is not Effect.OTHER:
                shifts.append(shift)
        step(len(questions), len(questions))
        order = list(Effect)
        return Radius(len(questions), tuple(sorted(shifts, key=lambda shift: order.index(shift.effect))), is_counted)

    def _remembering(self, snapshot: Snapshot) -> Snapshot:
        embed = snapshot.lookout.embed
        if embed is None:
            return snapshot

        def remembered(text: str) -> Floats | None:
            if text not in self._vectors:
                if len(self._vectors) >= _MOST_KEPT:
                    self._vectors.clear()
                self._vectors[text] = embed(text)
            return self._vectors[text]

        return replace(snapshot, lookout=Lookout(snapshot.lookout.net, remembered))


def _alike(today: Snapshot, draft: Snapshot) -> tuple[Snapshot, Snapshot, bool]:
    """Both judged by the same: what was learned fits the draft as long as it has the same entries."""
    draft = replace(draft, lookout=today.lookout)
    if _ids(today) == _ids(draft):
        return today, replace(draft, index=draft.index.knowing(today.index.learned)), False
    counted = replace(today, index=today.index.knowing(COUNTED))
    return counted, replace(draft, index=draft.index.knowing(COUNTED)), today.index.learned is not COUNTED


def _ids(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(entry.id for entry in snapshot.index.phrasings.entries)


def _got(message: IncomingMessage, verdict: Verdict, snapshot: Snapshot, now: datetime) -> Got:
    if verdict.level is Level.EMERGENCY:
        return Got(Outcome.EMERGENCY)
    turn = answer(message, verdict, snapshot, Conversation(), now)
    if turn.outcome is Outcome.ASKED_WHICH:
        values = (choice.value for choice in turn.reply.choices if choice.value.startswith(compose.ENTRY_MARK))
        return Got(turn.outcome, None, tuple(value.removeprefix(compose.ENTRY_MARK) for value in values))
    return Got(turn.outcome, turn.entry)
