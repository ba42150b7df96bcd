"""How fast an advisory goes out, when it will be done, and what holds it up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.advisory import Advisory, AdvisoryLevel, Stage, is_quiet, quiet_until
from bot.core.delivery import State
from bot.store.outbox import Progress

_MINUTE = timedelta(minutes=1)
STILL = timedelta(minutes=1)  # without any end of a send something is wrong that the ledger does not know of


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` is sends a second of late; `done_in` None: nobody can tell. `limits` is what holds it up, in words."""

    rate: float
    left: int
    done_in: timedelta | None
    limits: str

    @property
    def is_over(self) -> bool:
        return self.done_in == timedelta(0)


def pace(progress: Progress, advisory: Advisory, now: datetime, zone: ZoneInfo) -> Pace:
    """Read from the ledger as it stands."""
    left = progress.states.get(State.DUE, 0) + progress.states.get(State.SENDING, 0)
    rate = _rate(progress, now)
    over = progress.stage in (Stage.FINISHED, Stage.DISCARDED)
    done_in = timedelta(0) if over else timedelta(seconds=left / rate) if rate and left else None
    return Pace(rate, left, done_in, _limits(progress, advisory, left, now, zone))


def _rate(progress: Progress, now: datetime) -> float:
    """Sends a second over the last minute, or since the start when that is nearer; 0 once nothing moves any more."""
    started, newest = progress.started_at, progress.last_settled_at
    if started is None or newest is None or now - newest > _MINUTE:
        return 0.0
    return progress.sent_last_minute / max(min(newest - started, _MINUTE).total_seconds(), 1.0)


def _limits(progress: Progress, advisory: Advisory, left: int, now: datetime, zone: ZoneInfo) -> str:
    match progress.stage:
        case Stage.DRAFT | Stage.APPROVED:
            return "not published"
        case Stage.DISCARDED:
            return "discarded"
        case Stage.FINISHED:
            return "finished"
        case Stage.PAUSED:
            return f"paused: {progress.paused_for or 'no reason given'}"
        case Stage.SCHEDULED:
            begins = advisory.starts_at or now
            return f"scheduled for {begins.astimezone(zone):%Y-%m-%d %H:%M}"
    resting = [rest for rest in progress.lanes if rest.until > now]
    if resting:
        last = max(resting, key=lambda rest: rest.until)
        return (
            f"{last.lane} rests until {last.until.astimezone(zone):%H:%M:%S}: {last.why or 'the platform asked for it'}"
        )
    if left and advisory.content.level is not AdvisoryLevel.ALERT and is_quiet(now, zone):
        return f"quiet hours until {quiet_until(now, zone).astimezone(zone):%Y-%m-%d %H:%M}"
    moved_at = progress.last_settled_at or progress.started_at
    if left and moved_at is not None and now - moved_at > STILL:
        return "nothing has moved for a minute: is the bot running (danbury-bot serve, /readyz)?"
    return "the platform's rate" if left else "nothing: the last ones are being counted"
