"""What comes in and what goes out, whatever the platform."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum


class ChannelName(StrEnum):
    """The platforms the department answers on."""

    TERMINAL = "terminal"
    WEB = "web"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a reply goes to: the platform and its id for the chat. Never printed: a log line shows a pseudonym."""

    channel: ChannelName
    id: str = field(repr=False)


class Kind(Enum):
    """How a message reached us."""

    TEXT = "text"
    EDITED = "edited"
    BUTTON = "button"
    MEDIA = "media"  # a voice note, photo, sticker or place; `text` is its caption, "" when it has none


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One thing a resident sent.

    `id` is the platform's, unique within the channel. `received_at` is the platform's own time where answers hang on
    it: what is brought late was written earlier. `language` is what the platform says the person's device
    speaks, None when it says nothing. `network` is where it was sent from, "" when a platform stands between: how much
    comes from there is limited, and it is kept nowhere. `is_addressed` is False for talk in a group that was not meant
    for the bot: only an emergency is answered there.
    """

    id: str
    sender: Address
    text: str = field(repr=False)
    received_at: datetime
    kind: Kind = Kind.TEXT
    language: str | None = None
    is_addressed: bool = True
    network: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the resident may press, or pick by its number: what they read, and what comes back."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Approved words and the choices under them.

    `source` is the entry they came from, None for the bot's own. `urgent` marks a 911 redirect, so that a channel may
    show it as one. `notice` is the 911 line that stands in the text, which is never cut away; "" when there is none.
    `has_page`: all of it stands on the page of its source as well. `rating` are the buttons that say whether it
    helped; they have no number, so that they stand in the way of no other choice. `language` is the one they are in,
    None when they are in several.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    source: str | None = None
    urgent: bool = False
    notice: str = ""
    has_page: bool = False
    rating: tuple[Choice, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """As much of a reply as a platform takes at once; `urgent` and `language` as in the reply."""

    text: str
    choices: tuple[Choice, ...] = ()
    urgent: bool = False
    language: str | None = None
