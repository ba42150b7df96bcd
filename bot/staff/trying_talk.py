"""A talk with the bot that nobody has: the same turns as a resident's, and nothing is stored, counted or sent."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.answer import Snapshot, Turn, answer, spoken_in
from bot.core.channel import Limits
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict
from bot.core.first_look import looked
from bot.core.fit import fit
from bot.core.message import Address, ChannelName, IncomingMessage, Kind
from bot.core.shown import Bubble, Style, shown
from bot.core.subscribing import Done, Order, SetReach, ShowSubscription, Subscribe, Unsubscribe
from bot.core.subscription import Reach, Subscription
from bot.core.text import fold
from bot.service.orders import told

_MOST_TALKS = 200  # in memory, of some kilobytes each
_LASTS = timedelta(hours=2)
_MOST_SAID = 12  # exchanges that stay on the page
_T = TypeVar("_T")

STYLES = {
    ChannelName.TERMINAL: Style.WORDS,
    ChannelName.WEB: Style.BUTTONS,
    ChannelName.TELEGRAM: Style.BUTTONS,
    ChannelName.WHATSAPP: Style.LIST,
    ChannelName.MESSENGER: Style.QUICK,
    ChannelName.SMS: Style.WORDS,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done for a turn, and how many milliseconds it took."""

    name: str
    took: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said, on which channel, and what came back. `label`: what was read on the button that was pressed."""

    message: IncomingMessage
    label: str
    before: Conversation
    turn: Turn
    bubbles: tuple[Bubble, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """The talk so far. `subscription` is what a resident would get by now, None: nothing."""

    conversation: Conversation = field(default_factory=Conversation)
    subscription: Subscription | None = None
    said: tuple[Exchange, ...] = ()
    last_at: datetime | None = None


class Talks:
    """Talks that go on, by whose they are. In memory only: what somebody tries is nobody's business."""

    def __init__(self) -> None:
        self._talks: OrderedDict[tuple[str, str], Talk] = OrderedDict()

    def of(self, whose: str, name: str, now: datetime) -> Talk | None:
        """The talk of that name; None when there is none, or it was left long ago."""
        talk = self._talks.get((whose, name))
        if talk is None or talk.last_at is None or now - talk.last_at > _LASTS:
            return None
        return talk

    def keep(self, whose: str, name: str, talk: Talk) -> None:
        self._talks[whose, name] = talk
        self._talks.move_to_end((whose, name))
        while len(self._talks) > _MOST_TALKS:
            self._talks.popitem(last=False)


def said(
    talk: Talk,
    text: str,
    label: str,
    snapshot: Snapshot,
    limits: Limits,
    channel: ChannelName,
    kind: Kind,
    device: str | None,
    now: datetime,
) -> Talk:
    """The talk after one more message."""
    number = str(len(talk.said) + 1)
    message = IncomingMessage(f"{number} {now:%H%M%S%f}", Address(channel, "try"), text, now, kind, device)
    watch, before = _Watch(), talk.conversation
    watch.of("Reading the words", lambda: fold(text))
    watch.of("Telling the language", lambda: spoken_in(message, snapshot, before))
    verdict = watch.of("Looking for an emergency", lambda: looked(text, snapshot))
    turn = watch.of("Finding the answer", lambda: _decided(message, verdict, snapshot, before, limits, now))
    subscription = talk.subscription
    if turn.order is not None:
        done = pretended(turn.order, subscription, turn.language)
        turn = told(turn, done, snapshot, now, limits)
        subscription = done.after if done and not isinstance(turn.order, ShowSubscription) else subscription
    bubbles = watch.of("Fitting it to the channel", lambda: shown(fit(turn.reply, limits), limits, STYLES[channel]))
    exchange = Exchange(message, label, before, turn, bubbles, tuple(watch.steps))
    return Talk(turn.conversation, subscription, (*talk.said, exchange)[-_MOST_SAID:], now)


def label_of(talk: Talk, value: str) -> str | None:
    """What is read on the button of the last reply that sends this; None when it has none."""
    bubbles = talk.said[-1].bubbles if talk.said else ()
    choices = (button.choice for bubble in bubbles for button in bubble.buttons)
    return next((choice.label for choice in choices if choice.value == value), None)


def pretended(order: Order, before: Subscription | None, language: str) -> Done | None:
    """What the store would make of the order; None of one about exercises, whose codes are not tried here."""
    match order:
        case Subscribe(topics, reach):
            had = before or Subscription(frozenset(), Reach.EVERY, language)
            after = replace(had, topics=had.topics | set(topics), reach=reach or had.reach)
            return Done(before, after)
        case Unsubscribe(topic):
            left = before.topics - {topic} if before and topic else frozenset[str]()
            return Done(None, replace(before, topics=left) if before and left else None)
        case SetReach(reach):
            return Done(None, replace(before, reach=reach) if before else None)
        case ShowSubscription():
            return Done(before, before)
    return None


def _decided(
    message: IncomingMessage,
    verdict: Verdict,
    snapshot: Snapshot,
    before: Conversation,
    limits: Limits,
    now: datetime,
) -> Turn:
    """The turn as reception makes it: an emergency opens, and leaves all else of the chat as it was."""
    turn = answer(message, verdict, snapshot, before, now, limits)
    if verdict.level is Level.EMERGENCY:
        turn = replace(turn, conversation=replace(before, emergency_at=now))
    return turn


class _Watch:
    """Says of each step how long it took."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def of(self, name: str, work: Callable[[], _T]) -> _T:
        began = time.perf_counter()
        done = work()
        self.steps.append(Step(name, (time.perf_counter() - began) * 1000))
        return done
