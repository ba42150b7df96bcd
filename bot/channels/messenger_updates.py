"""Messenger's webhooks, read field by field from the raw JSON: what people send to the department's page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.channels.meta_fields import Fields, fields, identity, items, pressed, words
from bot.core.message import Address, ChannelName, IncomingMessage, Kind

# The button under a page's first message; its value is set in Meta's pages when nobody has told the page ours.
_STARTS = frozenset(("GET_STARTED", "get_started", "Get Started", "<GET_STARTED_PAYLOAD>"))
START = "/start"


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one webhook brought. `unreadable` counts messages of nobody: somebody wrote, and it is not known who."""

    messages: tuple[IncomingMessage, ...] = ()
    unreadable: int = 0


def is_start(payload: str) -> bool:
    """Whether a postback is that of the button under a page's first message."""
    return payload == START or payload in _STARTS


def decode(payload: Fields, now: datetime) -> Batch:
    """Every message in a webhook. Echoes of our own, and reports that one was delivered or read, are none.

    While another program or a person has taken the conversation over it is brought as `standby`: then it is not
    addressed to the bot, and only an emergency is answered.
    """
    messages: list[IncomingMessage] = []
    unreadable = 0
    for entry in items(payload, "entry"):
        for name in ("messaging", "standby"):
            for event in items(entry, name):
                if not _is_from_person(event):
                    continue
                person = identity(fields(event, "sender").get("id"))
                if person is None:
                    unreadable += 1
                    continue
                messages.append(_message(event, person, now, is_ours=name == "messaging"))
    return Batch(tuple(messages), unreadable)


def _is_from_person(event: Fields) -> bool:
    said = fields(event, "message")
    if said:
        return said.get("is_echo") is not True and said.get("is_deleted") is not True
    return any(fields(event, name) for name in ("postback", "message_edit", "reaction"))


def _message(event: Fields, person: str, now: datetime, *, is_ours: bool) -> IncomingMessage:
    text, kind = _content(event)
    return IncomingMessage(
        id=_id(event, person),
        sender=Address(ChannelName.MESSENGER, person),
        text=text,
        received_at=_written_at(event, now),
        kind=kind,
        # A thumb under an answer asks for nothing, but is looked at like everything a person sends.
        is_addressed=is_ours and not _is_reaction(event),
    )


def _written_at(event: Fields, now: datetime) -> datetime:
    """By Meta's own clock, in milliseconds, from which it counts 24 hours; now when that cannot be read."""
    told = event.get("timestamp")
    if not isinstance(told, int) or isinstance(told, bool):
        return now
    try:
        return min(datetime.fromtimestamp(told / 1000, UTC), now)
    except (ValueError, OverflowError, OSError):
        return now


def _content(event: Fields) -> tuple[str, Kind]:
    said = fields(event, "message")
    typed = words(said, "text")
    if quick := words(fields(said, "quick_reply"), "payload"):
        return pressed(quick, typed), Kind.BUTTON
    if typed:
        return typed, Kind.TEXT
    if said:
        return "", Kind.MEDIA
    if edited := fields(event, "message_edit"):
        return words(edited, "text"), Kind.EDITED
    if _is_reaction(event):
        return words(fields(event, "reaction"), "emoji"), Kind.MEDIA
    postback = fields(event, "postback")
    payload = words(postback, "payload")
    return START if is_start(payload) else pressed(payload, words(postback, "title")), Kind.BUTTON


def _is_reaction(event: Fields) -> bool:
    return bool(fields(event, "reaction")) and not fields(event, "message") and not fields(event, "postback")


def _id(event: Fields, person: str) -> str:
    """What tells this message from every other: an edit is another message, and so is each press of the same button."""
    at = identity(event.get("timestamp"))
    edited = fields(event, "message_edit")
    for part in (fields(event, "message"), edited, fields(event, "postback")):
        if mid := words(part, "mid"):
            return f"{mid}/{identity(part.get('num_edit')) or at}" if part is edited else mid
    return f"{person}/{at}"
