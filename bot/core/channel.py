"""The ports every platform fulfils, and the ways a send can fail.

SendFailed
  TryLater           not now: the platform is busy or out of reach; the same send may go through later
    MayHaveArrived   nobody knows: the connection broke after the message had left
    LaneClosed       not with this credential: a person must mend the token
  Refused            never like this: the platform understood and said no to what was sent
  Unreachable        never to this person: they blocked the bot, left, or do not exist
    OptedOut         they told the platform itself that they want nothing more of us
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Protocol

from bot.core.message import Address, IncomingMessage, Part


class SendFailed(Exception):
    """The platform did not take what was sent. Its children say what to do about it."""


class TryLater(SendFailed):
    """Not now. `after` is how long the platform asks us to wait; None when it does not say."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class MayHaveArrived(TryLater):
    """The platform may have taken it and may not. A reply is sent again; an announcement by the rules of its level."""


class LaneClosed(TryLater):
    """The platform no longer knows our credential: nobody can be written to until a person mends it."""


class Refused(SendFailed):
    """The platform will never take this message as it is."""


class Unreachable(SendFailed):
    """This person cannot be written to."""


class OptedOut(Unreachable):
    """This person has stopped us where the platform keeps count: as good as a STOP to us."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform takes at once.

    `text_units` counted by `measure` is the longest text; `choices` how many buttons it shows under one (0: none,
    choices become numbered lines); `label_units` how long a button's words may be before the platform cuts them.
    `announces`: people may subscribe to advisories there. `stop_silences`: after STOP nothing of ours gets through,
    replies neither. `is_metered`: each unit of a text is a message that is paid for. An answer longer than
    `answer_units` is cut to them and ends with a link to its `page`, which is found by the entry it came from; None:
    there is none. `takes_feedback`: a tap costs nobody anything there, so people are asked whether an answer helped.
    """

    text_units: int
    choices: int
    label_units: int
    measure: Callable[[str], int] = len
    announces: bool = False
    stop_silences: bool = False
    is_metered: bool = False
    answer_units: int | None = None
    page: Callable[[str], str | None] | None = None
    takes_feedback: bool = False


class Channel(Protocol):
    """Where replies leave. One for a platform, or one for a single conversation on it."""

    limits: Limits

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts in order and return the platform's id of the last one.

        Raises a `SendFailed`, and nothing else, when the platform did not take them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message of ours in the same chat that an announcement follows: the platform's id, and what it shall say now."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform's id of an announcement, and where that person is written to from now on; None: where before."""

    id: str
    moved_to: Address | None = None


class Announcer(Protocol):
    """Where announcements leave: apart from replies, tried once, never waiting by itself.

    `lane` names the credential whose limit all of them share; `rate` is how many a second it allows.
    """

    limits: Limits
    lane: str
    rate: float

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        """Send the parts in order, as an answer to the earlier message where the platform can; that one then says so.

        Raises a `SendFailed`, and nothing else. What becomes of the earlier message never fails an announcement.
        """
        ...


def utf16_units(text: str) -> int:
    """Length as Telegram and JavaScript count it: characters beyond the first plane are two."""
    return len(text) + sum(character > "\uffff" for character in text)


class Receipt(Enum):
    """What became of an incoming message, for whoever must tell the platform."""

    ANSWERED = "answered"
    DUPLICATE = "duplicate"  # answered before
    IGNORED = "ignored"  # talk in a group that was not for the bot
    UNDELIVERABLE = "undeliverable"  # this person, or this message, never: bringing it again would not help
    NOT_SENT = "not sent"  # the reply did not leave: the platform should bring the message again


Receive = Callable[[IncomingMessage, Channel], Awaitable[Receipt]]
