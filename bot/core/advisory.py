"""What the department announces: an advisory in every language, and the rules of who may release it and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

QUIET_FROM, QUIET_UNTIL = time(21), time(7)  # local time; Florida woke every phone at 04:45 with a test, in 2023
MOST_GROWTH = 1.05  # of an audience between approval and release; more means that it is not the audience approved
FIRST_BATCH = 10  # people who get it before the short pause in which a fault for everybody shows itself
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_LIFE = timedelta(days=30)  # a longer one is a page of the site, not an advisory


class AdvisoryLevel(Enum):
    """How much an advisory asks of people: `ALERT` act now, `ADVISORY` be aware, `COMMUNITY` events."""

    ALERT = "alert"
    ADVISORY = "advisory"
    COMMUNITY = "community"


class AdvisoryKind(Enum):
    """Whom it may address: subscribers, or those who have agreed to be in exercises. Never both (law 8)."""

    LIVE = "live"
    EXERCISE = "exercise"


class AdvisoryType(Enum):
    """A first message, one that supersedes it, or one that withdraws it."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class Stage(Enum):
    """Where an advisory is on its way. `SCHEDULED` waits for its time, `PAUSED` for a person."""

    DRAFT = "draft"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    DISCARDED = "discarded"


class Ended(Enum):
    """Why a released advisory no longer holds."""

    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Statement:
    """The five things every warning tells, in one language; an empty one is not yet written."""

    source: str = ""
    hazard: str = ""
    place: str = ""
    time: str = ""
    action: str = ""

    def missing(self) -> tuple[str, ...]:
        """Names of what is not yet written."""
        return tuple(each.name for each in fields(self) if not getattr(self, each.name).strip())


@dataclass(frozen=True, slots=True)
class Area:
    """Where it holds, by language, and for machines: geocodes as (name, value), a closed polygon as (lat, lon)."""

    description: Mapping[str, str]
    geocodes: tuple[tuple[str, str], ...] = ()
    polygon: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """All that people write of an advisory; immutable once it is approved.

    `event` names the hazard in two or three words by language, `category` is CAP's. `template` None: written by hand;
    then `slots` is empty. `effective_at` None: from release. `web` None: no page beyond the advisory's own.
    `original` is an imported alert as it came (CAP's XML), None when it was written here. `only_in` is the one language
    it is written in because somebody decided so; None: every language of the department is wanted.
    """

    level: AdvisoryLevel
    topic: str
    event: Mapping[str, str]
    statements: Mapping[str, Statement]
    area: Area
    expires_at: datetime
    category: str = "Safety"
    effective_at: datetime | None = None
    web: str | None = None
    template: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    original: str | None = field(default=None, repr=False)
    only_in: str | None = None


@dataclass(frozen=True, slots=True)
class Advisory:
    """One message to the public, as it stands in the books.

    `number` is the store's; `thread` the number of the first message that this one updates or cancels, its own for a
    first one. `texts` and `corrections` are the words that go out, and the prepared withdrawal, by language: empty
    before approval, frozen after, as are the `replacements`: what the thread's earlier message in a chat says from then
    on; empty: it stays as it is. `approved_count` is the audience the approver saw and typed. `override` is why a
    lone officer released an Alert. `starts_at` is when sending may begin, `released_at` when the audience was frozen.
    """

    number: int
    identifier: str
    kind: AdvisoryKind
    type: AdvisoryType
    thread: int
    stage: Stage
    content: Content
    author: str
    created_at: datetime
    texts: Mapping[str, str] = field(default_factory=dict)
    corrections: Mapping[str, str] = field(default_factory=dict)
    replacements: Mapping[str, str] = field(default_factory=dict)
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_count: int | None = None
    override: str | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    starts_at: datetime | None = None
    audience: int | None = None
    paused_for: str | None = None
    ended: Ended | None = None
    ended_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether the public should be shown it: released, neither superseded nor withdrawn nor expired."""
        is_out = self.kind is AdvisoryKind.LIVE and self.released_at is not None and self.released_at <= now
        begins = self.content.effective_at
        is_valid = (begins is None or begins <= now) and now < self.content.expires_at
        return is_out and self.ended is None and is_valid and self.type is not AdvisoryType.CANCEL

    def priority(self) -> int:
        """Its place in the queue, the lowest first: a withdrawal before everything else, then by level."""
        if self.type is AdvisoryType.CANCEL:
            return 0
        return 1 + list(AdvisoryLevel).index(self.content.level)


class ReleaseRefused(Exception):
    """The advisory may not go out as it is; `reasons` say why and how to mend each."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


def may_release(advisory: Advisory, by: str, audience: int, override: str | None) -> tuple[str, ...]:
    """Why this person may not release it to so many people now; nothing when they may.

    An Alert needs a second person, or a reason of the lone officer that goes into the books. What was approved for
    fewer people is not released when the audience grew by more than a twentieth.
    """
    reasons = []
    if advisory.stage not in (Stage.DRAFT, Stage.APPROVED):
        reasons.append(f"it is {advisory.stage.value} already")
    is_alert = advisory.content.level is AdvisoryLevel.ALERT and advisory.type is not AdvisoryType.CANCEL
    if is_alert and advisory.kind is AdvisoryKind.LIVE and not (override or "").strip():
        if advisory.approved_by is None:
            reasons.append("an Alert needs the approval of a second person; alone on duty, give the reason")
        elif advisory.approved_by == advisory.author and by == advisory.author:
            reasons.append("an Alert needs a second person: its author has approved it alone")
    if advisory.approved_count is not None and audience > advisory.approved_count * MOST_GROWTH:
        reasons.append(
            f"the audience grew from {advisory.approved_count} to {audience} people since it was approved: "
            "look at it again and approve it anew"
        )
    return tuple(reasons)


def is_quiet(now: datetime, zone: ZoneInfo) -> bool:
    """Whether it is night in the department's town: then nothing below an Alert goes out."""
    local = now.astimezone(zone).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def quiet_until(now: datetime, zone: ZoneInfo) -> datetime:
    """When the night that it is now ends; `now` itself by day."""
    if not is_quiet(now, zone):
        return now
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= QUIET_FROM)
    return datetime.combine(day, QUIET_UNTIL, zone).astimezone(now.tzinfo)


def levels_at(now: datetime, zone: ZoneInfo) -> tuple[AdvisoryLevel, ...]:
    """The levels that may be sent now."""
    return (AdvisoryLevel.ALERT,) if is_quiet(now, zone) else tuple(AdvisoryLevel)
