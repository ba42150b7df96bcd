"""One advisory on its way to one subscriber: the states, and the only rules by which it moves between them.

         claim                    sent
due ───────────────▶ sending ───────────────▶ SENT
 ▲                      │ not now, or a first unknown end worth a second try
 ├──────────────────────┤ refused, unreachable ──▶ UNDELIVERABLE; the platform was told STOP ──▶ OPTED_OUT
 │                      └ unknown for good ──────▶ UNCERTAIN
 ├ STOP ──▶ OPTED_OUT   ├ update, cancel ──▶ WITHDRAWN   └ past its time ──▶ EXPIRED
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.advisory import AdvisoryLevel
from bot.core.channel import LaneClosed, MayHaveArrived, OptedOut, Refused, SendFailed, TryLater, Unreachable
from bot.core.message import Address

LEASE = timedelta(minutes=2)  # longer than any send may take: whoever held a row longer has died
MOST_IN_FLIGHT = 3  # sends under way per lane: what a crash may repeat, so it is a promise
MOST_UNKNOWN = 2  # started attempts whose end nobody knows; a third copy is worse than a gap that is named
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)  # between tries while a platform is down
LANE_RESTS = timedelta(minutes=5)  # after a refused token: only a person can mend that


class State(Enum):
    """Where a delivery stands; the last six are final and add up to the audience."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    OPTED_OUT = "opted_out"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"

    @property
    def is_final(self) -> bool:
        return self not in (State.DUE, State.SENDING)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the ledger while somebody holds it.

    `owner` is the token of the claim: only its holder may settle the row. `attempts` counts started sends, `unknowns`
    those whose end nobody knows. `earlier` is the platform's id of this thread's message in the same chat, None when
    there is none. `to` is where it goes; `text` is frozen with the advisory.
    """

    id: int
    advisory: int
    subscription: int
    level: AdvisoryLevel
    to: Address
    language: str
    state: State
    owner: str
    attempts: int
    unknowns: int
    earlier: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a send came to, for the ledger.

    `due_at` is set when it is to be tried again. `lane_until` is until when the whole lane must rest, None when it need
    not. `suspends` says that the subscription rests until the person writes again, `ends` that it is over, as after
    STOP; `moved_to` is their new address, None when it is the old one. `note` says why in words that hold no address.
    """

    state: State
    note: str | None = None
    provider_id: str | None = None
    due_at: datetime | None = None
    attempts: int = 0
    unknowns: int = 0
    lane_until: datetime | None = None
    suspends: bool = False
    ends: bool = False
    moved_to: Address | None = None


def sent(delivery: Delivery, provider_id: str, moved_to: Address | None = None) -> Settlement:
    """The platform has taken it."""
    return Settlement(
        State.SENT, None, provider_id, attempts=delivery.attempts, unknowns=delivery.unknowns, moved_to=moved_to
    )


def not_sent(delivery: Delivery, failure: SendFailed, now: datetime) -> Settlement:
    """What a failed send means for its row, its lane and its subscription.

    A platform that asks for patience, or is not there, costs no attempt. An unknown end is tried once more at level
    Alert, and listed as uncertain otherwise: a bad network makes thousands of those.
    """
    same = Settlement(State.DUE, attempts=delivery.attempts, unknowns=delivery.unknowns, note=type(failure).__name__)
    match failure:
        case LaneClosed():
            until = now + LANE_RESTS
            return replace(same, due_at=until, lane_until=until, attempts=delivery.attempts - 1)
        case MayHaveArrived():
            return unknown_end(delivery, now, is_crash=False)
        case TryLater(after=None):
            return replace(same, due_at=now + _wait(delivery.attempts))
        case TryLater(after=timedelta() as after):
            return replace(same, due_at=now + after, lane_until=now + after, attempts=delivery.attempts - 1)
        case OptedOut():
            return replace(same, state=State.OPTED_OUT, note=str(failure), ends=True)
        case Unreachable():
            return replace(same, state=State.UNDELIVERABLE, note=f"unreachable: {failure}", suspends=True)
        case Refused():
            return replace(same, state=State.UNDELIVERABLE, note=f"refused: {failure}")
        case _:
            return unknown_end(delivery, now, is_crash=False)


def unknown_end(delivery: Delivery, now: datetime, *, is_crash: bool) -> Settlement:
    """What an attempt means that was started and whose end nobody knows.

    After a crash it is repeated at every level: three people with two copies beat three with none. A second unknown
    end is final.
    """
    unknowns = delivery.unknowns + 1
    told = Settlement(State.UNCERTAIN, "crash" if is_crash else "no answer", attempts=delivery.attempts,
                      unknowns=unknowns)  # fmt: skip
    is_worth_it = is_crash or delivery.level is AdvisoryLevel.ALERT
    if unknowns < MOST_UNKNOWN and is_worth_it:
        return replace(told, state=State.DUE, due_at=now if is_crash else now + _FIRST_WAIT)
    return told


def _wait(attempts: int) -> timedelta:
    doubled: timedelta = _FIRST_WAIT * 2 ** min(attempts - 1, 8)
    return min(doubled, _LONGEST_WAIT)
