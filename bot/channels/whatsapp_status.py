"""What WhatsApp says later about a message of ours: sent, delivered, read, or that it failed after all."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from bot.channels.meta_fields import Fields, fields, identity, items, words
from bot.channels.meta_line import GraphRefused
from bot.channels.whatsapp_failures import failure_of
from bot.core.channel import SendFailed
from bot.core.message import Address, ChannelName

_REMEMBERED = 20_000  # messages: more than an advisory to a whole town with its replies


class Progress(IntEnum):
    """How far a message came. A failure never takes back a delivery, and a delivery corrects a failure."""

    SENT = 1
    FAILED = 2
    DELIVERED = 3
    READ = 4


@dataclass(frozen=True, slots=True)
class Status:
    """One report on a message of ours: its id (wamid), how far it came, whom it was for.

    `failure` says why it failed, None when it did not; `to` is None when the report names nobody. `at` is WhatsApp's
    time, None when it cannot be read.
    """

    id: str
    progress: Progress
    to: Address | None = None
    at: datetime | None = None
    failure: SendFailed | None = None

    def advances(self, earlier: Progress | None) -> bool:
        """Whether it tells something new: reports come repeated and in any order. None: nothing was told before."""
        return earlier is None or self.progress > earlier


OnStatus = Callable[[Status], Awaitable[None]]
"""Who keeps the reports. Raises `TryLater` when it cannot: then WhatsApp brings the report again."""


def decoded(report: Fields) -> Status | None:
    """The report; None for one that says nothing we keep, such as that a voice note was played."""
    name = words(report, "status").upper()
    ours = identity_of(report)
    if name not in Progress.__members__ or ours is None:
        return None
    progress = Progress[name]
    to = identity(report.get("recipient_user_id"), report.get("recipient_id"))
    error = next(items(report, "errors"), fields(report, "error"))
    return Status(
        ours,
        progress,
        None if to is None else Address(ChannelName.WHATSAPP, to),
        moment(report.get("timestamp")),
        failure_of(GraphRefused(200, error, None)) if progress is Progress.FAILED else None,
    )


def identity_of(message: Fields) -> str | None:
    """WhatsApp's id of a message: `wamid.` and base64, which is no id of a person. None: it has none."""
    value = message.get("id")
    return value if isinstance(value, str) and 0 < len(value) <= 512 and value.isascii() else None


class Statuses:
    """Lets each message only go forward. What it no longer remembers is passed on: a ledger asks `advances` itself."""

    def __init__(self, keep: OnStatus) -> None:
        self._keep = keep
        self._told: OrderedDict[str, Progress] = OrderedDict()

    async def take(self, status: Status) -> None:
        """Pass the report on when it tells something new; it counts as told once it is kept."""
        if not status.advances(self._told.get(status.id)):
            return
        await self._keep(status)
        self._told[status.id] = max(status.progress, self._told.get(status.id, Progress.SENT))
        self._told.move_to_end(status.id)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)


def moment(value: object) -> datetime | None:
    """A moment as WhatsApp writes it, in seconds; None for anything else."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
