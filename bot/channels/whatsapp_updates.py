"""WhatsApp's webhooks, read field by field from the raw JSON: messages of residents, and reports on ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.channels import whatsapp_status
from bot.channels.meta_fields import NOTHING, Fields, fields, identity, items, pressed, words
from bot.channels.whatsapp_status import Status
from bot.core.message import Address, ChannelName, IncomingMessage, Kind

# What WhatsApp itself says about the person: a new number, a deleted message. Whatever is not listed was sent by a
# person, even of a kind that did not exist when this was written, and is answered as something the bot cannot take.
_SERVICE = frozenset(("system", "revoke"))
# Parts of a message that are not the person's words: what it answers, the advertisement it came from, our own faults.
_NOT_SAID = frozenset(("context", "referral", "system", "errors", "identity", "reaction", "location"))
_SAYINGS = ("body", "caption", "text")
_OPENED = "request_welcome"  # somebody opened the chat for the first time and has written nothing


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a resident sent, and the number of the department's that they wrote to; None when that is not said.

    `formerly` is how they were known as long as WhatsApp told only telephone numbers; None when it tells one name.
    """

    message: IncomingMessage
    number_id: str | None
    formerly: Address | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody has another number: what they asked for goes with them."""

    who: Address
    to: Address


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one webhook brought. `unreadable` counts messages of nobody: somebody wrote, and it is not known who."""

    arrivals: tuple[Arrival, ...] = ()
    statuses: tuple[Status, ...] = ()
    moves: tuple[Move, ...] = ()
    unreadable: int = 0


def decode(payload: Fields, number_id: str, now: datetime) -> Batch:
    """Everything in a webhook. Talk in a group, and to another number of the account, is not addressed to the bot."""
    arrivals: list[Arrival] = []
    statuses: list[Status] = []
    moves: list[Move] = []
    unreadable = 0
    for entry in items(payload, "entry"):
        for change in items(entry, "changes"):
            value = fields(change, "value")
            found = [whatsapp_status.decoded(report) for report in items(value, "statuses")]
            statuses += [status for status in found if status is not None]
            for body in items(value, "messages"):
                arrival = _arrival(body, value, number_id, now)
                if arrival is not None:
                    arrivals.append(arrival)
                elif words(body, "type") not in _SERVICE:
                    unreadable += 1
                elif (move := _move(body)) is not None:
                    moves.append(move)
    return Batch(tuple(arrivals), tuple(statuses), tuple(moves), unreadable)


def _move(body: Fields) -> Move | None:
    """Who has another number, and which; None when it tells something else."""
    told = fields(body, "system")
    who, to = identity(body.get("from")), identity(told.get("wa_id"), told.get("new_wa_id"))
    # Its name was another in the versions before 12 of the Graph API.
    if words(told, "type") not in ("user_changed_number", "customer_changed_number") or who is None or to is None:
        return None
    return None if who == to else Move(Address(ChannelName.WHATSAPP, who), Address(ChannelName.WHATSAPP, to))


def _arrival(body: Fields, value: Fields, number_id: str, now: datetime) -> Arrival | None:
    """None for what no person sent, and for what nobody can be found behind."""
    kind_named = words(body, "type")
    person = _person(body, value)
    if kind_named in _SERVICE or person is None:
        return None
    to = identity(fields(value, "metadata").get("phone_number_id"))
    is_ours = to is None or to == number_id
    text, kind = _content(body, kind_named)
    message = IncomingMessage(
        id=whatsapp_status.identity_of(body) or f"{person}/{identity(body.get('timestamp'))}",
        sender=Address(ChannelName.WHATSAPP, person),
        text=text,
        received_at=_written_at(body, now),
        kind=kind,
        # A thumb under an answer asks for nothing, but is looked at like everything a person sends.
        is_addressed=is_ours and "group_id" not in body and kind_named != "reaction",
    )
    number = identity(body.get("from"))
    formerly = None if number is None or number == person else Address(ChannelName.WHATSAPP, number)
    return Arrival(message, to, formerly)


def _written_at(body: Fields, now: datetime) -> datetime:
    """By WhatsApp's own clock, from which it counts 24 hours; now when that cannot be read, or has not come yet."""
    told = whatsapp_status.moment(body.get("timestamp"))
    return now if told is None else min(told, now)


def _person(body: Fields, value: Fields) -> str | None:
    """Who wrote: by the id that stays when the phone number is hidden or changed, and by the number without it."""
    contacts = list(items(value, "contacts"))
    written = body.get("from")
    theirs = [each for each in contacts if written is not None and each.get("wa_id") == written]
    # One webhook may carry messages of several people; the only contact in it is the sender's in any case.
    contact: Fields = next(iter(theirs or (contacts if len(contacts) == 1 else [])), NOTHING)
    return identity(body.get("from_user_id"), contact.get("user_id"), written, contact.get("wa_id"))


def _content(body: Fields, kind_named: str) -> tuple[str, Kind]:
    if kind_named == _OPENED:
        return "/start", Kind.BUTTON
    if kind_named == "edit":
        inner = fields(fields(body, "edit"), "message")
        return _content(inner, words(inner, "type"))[0], Kind.EDITED
    interactive = fields(body, "interactive")
    for button in (fields(interactive, "button_reply"), fields(interactive, "list_reply"), fields(body, "button")):
        if press := pressed(words(button, "id", "payload"), words(button, "title", "text")):
            return press, Kind.BUTTON
    said = "\n".join(dict.fromkeys(_said(body)))
    is_text = isinstance(fields(body, "text").get("body"), str)
    return said or words(fields(body, "reaction"), "emoji"), Kind.TEXT if is_text else Kind.MEDIA


def _said(body: Fields) -> Iterator[str]:
    """The person's words, wherever in the message they stand: text, caption, the note on an order."""
    for name in body:
        if name not in _NOT_SAID:
            part = fields(body, name) or ({name: body[name]} if name in _SAYINGS else NOTHING)
            yield from (said for each in _SAYINGS if (said := words(part, each)))
            yield from (said for each in part if (said := words(fields(part, each), *_SAYINGS)))
