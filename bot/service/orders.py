"""Carries out what people order about advisories: stored first, then told (law 6)."""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.advisory import AdvisoryKind
from bot.core.answer import Snapshot, Turn, replied
from bot.core.channel import Limits
from bot.core.exercising import JoinExercises, LeaveExercises
from bot.core.floor import FLOOR_STOPPED
from bot.core.message import IncomingMessage, Reply
from bot.core.optout import Stop, recognise_optout
from bot.core.subscribing import (
    Done,
    Order,
    SetReach,
    ShowSubscription,
    Subscribe,
    Unsubscribe,
    confirmed,
    spelt,
)
from bot.core.text import fold
from bot.store.subscriptions import Subscriptions

log = structlog.get_logger()


async def carried_out(
    order: Order, message: IncomingMessage, language: str, now: datetime, kept: Subscriptions
) -> Done:
    """Store the order and return what it came to. Raises `StoreDown`: then nothing may be claimed.

    What is kept as their consent is the order as we understood it, and by what it came; never their words.
    """
    person, how = message.sender, f"{message.kind.value}: {spelt(order)}"
    match order:
        case Subscribe(topics, reach):
            before = await kept.of(person)
            return Done(before, await kept.subscribe(person, topics, reach, language, how, now))
        case Unsubscribe(topic):
            return Done(None, await kept.stop(person, topic, now))
        case SetReach(reach):
            return Done(None, await kept.set_reach(person, reach, now))
        case ShowSubscription():
            mine = await kept.of(person)
            return Done(mine, mine, await kept.of(person, AdvisoryKind.EXERCISE) is not None)
        case JoinExercises(topics, code):
            return Done(None, None, await kept.join_exercises(person, code, topics, language, how, now) is not None)
        case LeaveExercises():
            await kept.leave_exercises(person, now)
            return Done(None, None)


def told(turn: Turn, done: Done | None, snapshot: Snapshot, now: datetime, limits: Limits) -> Turn:
    """The turn with the reply that tells what its order came to. A STOP that is stored is always confirmed."""
    order = turn.order
    if order is None:
        return turn
    try:
        return replied(turn, confirmed(order, done, turn.language, snapshot.knowledge, limits), snapshot, now)
    except Exception:  # border: inbound message
        log.exception("confirmation failed", order=type(order).__name__)
        is_stopped = done is not None and isinstance(order, Unsubscribe)
        return replace(turn, reply=Reply(FLOOR_STOPPED)) if is_stopped else turn


def is_stop(message: IncomingMessage) -> bool:
    """Whether the message is a STOP by the words that stand in no file; False when that cannot be told."""
    try:
        return isinstance(recognise_optout(fold(message.text)), Stop)
    except Exception:  # border: inbound message
        log.exception("stop not read", channel=message.sender.channel.value)
        return False
