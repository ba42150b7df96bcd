"""Replies that leave whatever is broken: the 911 redirect, and what is said when no turn could be decided."""

from datetime import datetime

import structlog

from bot.core import compose
from bot.core.answer import Snapshot, heard_in, spoken_in
from bot.core.channel import Channel, Receipt
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict
from bot.core.fit import fit
from bot.core.floor import FLOOR_TEXT
from bot.core.message import IncomingMessage, Part, Reply
from bot.service.shedding import Way

log = structlog.get_logger()

UNCHECKED = Verdict(Level.CAUTION, why=("the check failed",))
"""What a message gets that could not be checked."""


def redirection(
    message: IncomingMessage, verdict: Verdict, snapshot: Snapshot | None, before: Conversation | None
) -> Reply:
    """The redirect in the resident's language, in every one when it cannot be told, the floor's when all fails."""
    if snapshot is None:
        return Reply(FLOOR_TEXT, urgent=True)
    language = None
    try:
        language = heard_in(message, snapshot, before or Conversation())
    except Exception:  # border: emergency check
        log.exception("language failed")
    try:
        return compose.emergency(verdict, language, snapshot.knowledge)
    except Exception:  # border: emergency check
        log.exception("emergency reply failed")
        return Reply(FLOOR_TEXT, urgent=True)


def failed(message: IncomingMessage, snapshot: Snapshot | None) -> Reply:
    """What is said when no turn could be decided: the bot's apology under the 911 line, or the floor's words."""
    try:
        if snapshot is not None:
            language = spoken_in(message, snapshot, Conversation())
            reply = compose.sentence("sorry", language, snapshot.knowledge)
            return compose.with_notice(reply, UNCHECKED, language, snapshot.knowledge)
    except Exception:  # border: inbound message
        log.exception("apology failed")
    return Reply(FLOOR_TEXT, urgent=True)


def turned_away(
    way: Way,
    message: IncomingMessage,
    verdict: Verdict,
    snapshot: Snapshot | None,
    before: Conversation | None,
    now: datetime,
) -> Reply | Receipt:
    """The notice in place of an answer, which says 911 itself, or what became of a message that gets none.

    Where an emergency is open it is the redirect again, and where the check asks for the 911 line there is always a
    notice, under that line.
    """
    if before is not None and before.has_open_emergency(now):
        return redirection(message, verdict, snapshot, before)
    if way is Way.COPY:
        return Receipt.DUPLICATE
    if way is Way.NOTHING and verdict.level is Level.NONE:
        return Receipt.IGNORED
    try:
        if snapshot is not None:
            language = spoken_in(message, snapshot, before or Conversation())
            reply = compose.sentence(way.notice, language, snapshot.knowledge)
            if verdict.level is Level.NONE:
                return reply
            return compose.with_notice(reply, verdict, language, snapshot.knowledge)
    except Exception:  # border: inbound message
        log.exception("notice failed")
    return Reply(FLOOR_TEXT, urgent=True)


def fitted(reply: Reply, via: Channel) -> tuple[Part, ...]:
    """The reply in parts; whole when it cannot be cut: no 911 reply is too long for a platform."""
    try:
        return fit(reply, via.limits)
    except Exception:  # border: inbound message
        log.exception("reply not cut")
        return (Part(reply.text, reply.choices, reply.urgent, reply.language),)
