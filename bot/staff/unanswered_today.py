"""What becomes today of a question that was kept: what the bot would say now, and which answers come nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import compose
from bot.core.answer import answer
from bot.core.conversation import Conversation
from bot.core.first_look import looked
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.core.turn import Outcome, Snapshot
from bot.staff.knowledge_search import Like, like

_NEAREST = 5  # answers that are offered; what comes after them is like it by chance
_NOBODY = Address(ChannelName.TERMINAL, "staff")


@dataclass(frozen=True, slots=True)
class Today:
    """What one question comes to now: the entry that answers it, with its score, or those it would be asked about.

    `entry` None: no answer. `score` None: not by likeness.
    """

    outcome: Outcome
    entry: str | None
    score: float | None
    offered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """All that a group's page computes of the knowledge in use. `version` None: that answer is there no longer."""

    todays: tuple[Today, ...]
    nearest: tuple[Like, ...]
    version: str | None


def look(
    typical: str, wordings: Sequence[str], language: str, disliked: str | None, snapshot: Snapshot, now: datetime
) -> Looked:
    """Put the questions to the knowledge in use. A few milliseconds each, so not on the event loop."""
    entry = snapshot.knowledge.entries.get(disliked or "")
    version = compose.version(entry, language, snapshot.knowledge) if entry else None
    todays = tuple(_today(text, language, snapshot, now) for text in wordings)
    return Looked(todays, like(snapshot, typical, _NEAREST), version)


def _today(text: str, language: str, snapshot: Snapshot, now: datetime) -> Today:
    message = IncomingMessage("staff", _NOBODY, text, now, language=language)
    turn = answer(message, looked(text, snapshot), snapshot, Conversation(spoke=language), now)
    first = turn.match.candidates[0] if turn.match.candidates else None
    score = first.score if first and first.entry.id == turn.entry else None
    offered = (choice.value.removeprefix(compose.ENTRY_MARK) for choice in turn.reply.choices)
    known = tuple(value for value in offered if value in snapshot.knowledge.entries)
    return Today(turn.outcome, turn.entry, score, known if turn.outcome is Outcome.ASKED_WHICH else ())
