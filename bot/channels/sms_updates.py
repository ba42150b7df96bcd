"""What Twilio brings, read field by field from its form: one odd field must not hide an emergency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from urllib.parse import parse_qsl

from bot.channels.twilio_failures import failure
from bot.core.channel import SendFailed
from bot.core.message import Address, ChannelName, IncomingMessage, Kind
from bot.core.optout_words import CARRIER_START, CARRIER_STOP

_MOST_FIELDS = 500  # a message has about thirty, and three more for each of at most ten pictures
# After its own word for it Twilio answers by itself. "Yes" may also be the answer to a question of ours, which is worth
# a second message.
_STARTS = CARRIER_START - {"yes"}


class Answered(Enum):
    """What Twilio has answered a message with, by itself, before it was brought to us."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a resident sent. `answered` is None when the reply is ours to give."""

    message: IncomingMessage
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message of ours that Twilio had taken and could not bring: to whom, and why."""

    to: Address
    failure: SendFailed


def fields(body: bytes) -> list[tuple[str, str]]:
    """The form in the body, in its order; empty when there are too many fields for one of Twilio's."""
    try:
        return parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return []


def decode(body: bytes, now: datetime) -> Arrival | None:
    """The message in the form; None when nothing tells who wrote it."""
    form = _first(body)
    sender, text = form.get("From", "").strip(), form.get("Body", "")
    if not sender:
        return None
    has_media = form.get("NumMedia", "0") not in ("", "0") or "MediaUrl0" in form
    message = IncomingMessage(
        id=form.get("MessageSid") or form.get("SmsMessageSid") or sha256(body).hexdigest(),
        sender=Address(ChannelName.SMS, sender),
        text=text,
        received_at=now,
        # Without a word it is a picture, a contact, or of a kind that did not exist when this was written.
        kind=Kind.TEXT if text.strip() and not has_media else Kind.MEDIA,
    )
    return Arrival(message, _answered(form.get("OptOutType", ""), text))


def undelivered(body: bytes) -> Undelivered | None:
    """What a status callback says about a message that did not arrive; None for one that did or still may."""
    form = _first(body)
    to = form.get("To", "").strip()
    if not to or (form.get("MessageStatus") or form.get("SmsStatus")) not in ("failed", "undelivered"):
        return None
    code = re.fullmatch(r"[0-9]{1,6}", form.get("ErrorCode", ""))
    return Undelivered(Address(ChannelName.SMS, to), failure(int(code[0]) if code else 0))


def _answered(told: str, text: str) -> Answered | None:
    """What Twilio answered: as it tells, or, where it does not, as it does by default after its own words."""
    word = text.strip().lower()  # Twilio trims and ignores case, and takes no other spelling
    if word == "yes":
        return None
    if told.upper() in Answered.__members__:
        return Answered[told.upper()]
    return Answered.STOP if word in CARRIER_STOP else Answered.START if word in _STARTS else None


def _first(body: bytes) -> Mapping[str, str]:
    """The form's fields; of one that stands twice, the first."""
    return dict(reversed(fields(body)))
