"""What is counted of a turn: how it ended and what it was about, by the hour. Never who, never a word of it (law 9)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from bot.core.emergency import Level, Rules, Verdict
from bot.core.message import ChannelName
from bot.core.turn import Outcome, Turn

CAUTION: Final = "caution"
"""Counted beside the turn's own outcome: the answer went out under the 911 notice. It is no turn more."""

FAILED: Final = "failed"
"""No turn could be decided; the resident was told so."""

UNNAMED: Final = "other"
"""The kind of an emergency that no cue names."""

_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Tally:
    """What is counted together: everything of one hour that is the same in all of this.

    `subject` is the entry that was answered, or the kind of an emergency; "" for none.
    """

    hour: datetime
    channel: ChannelName
    language: str
    outcome: str
    subject: str


def ended(turn: Turn, rules: Rules) -> Iterator[tuple[str, str]]:
    """Outcome and subject of what the turn counts for; two of them when it went out under the 911 notice."""
    if turn.outcome is Outcome.EMERGENCY:
        yield turn.outcome.value, kind_of(turn.verdict, rules)
        return
    yield turn.outcome.value, turn.entry or turn.reply.source or ""
    if turn.verdict.level is Level.CAUTION:
        yield CAUTION, kind_of(turn.verdict, rules)


def kind_of(verdict: Verdict, rules: Rules) -> str:
    """What sort of emergency was seen, by the cue that saw it; `UNNAMED` when the net or an open emergency did."""
    cue = rules.cues.get(verdict.cue or "")
    return cue.kind if cue else UNNAMED


def hour_of(moment: datetime, zone: tzinfo) -> datetime:
    """When the hour began that the town's clocks showed, in UTC: a zone may lie half an hour beside it."""
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return _EPOCH + (moment + offset - _EPOCH) // _HOUR * _HOUR - offset
