"""What the bot remembers of one person's chat: the language they chose, what was last offered and answered."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.message import Choice
from bot.core.rating import MOST_SHOWN, Shown
from bot.core.text import fold

# A number typed tomorrow is more likely about something else; a family reading the list in turn takes minutes.
_OFFER_LASTS = timedelta(hours=12)
# How long an address, "yes" or "hurry" still belongs to the emergency before it: as long as a caller may wait for help.
_EMERGENCY_LASTS = timedelta(minutes=10)
# How long after an answer "and how much?" is still about it: time to read it and to look for a paper.
_TOPIC_LASTS = timedelta(minutes=10)
_LONGEST_PICK = 200  # characters; no label is longer
_NUMBER = re.compile(r"(?:(?:no|num\w*|opcion|opcao|option|choice|la|el|o|a) )?(\d{1,2})\Z")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's chat so far.

    `language` is the one they asked for, None when they never did; `spoke` the one they last wrote in, None before
    the first message. `offered` are the choices under the last reply, in their order; `entry` is what was answered
    last, None when nothing was. `asked` is the question that brought "which of these?", kept in memory only; None
    when there is none. `emergency_at` is when the 911 redirect was last given, None when no emergency is open.
    `replied_at` is when the last reply was decided, None before it. `shown` are the answers that may still be rated,
    the oldest first.
    """

    language: str | None = None
    spoke: str | None = None
    offered: tuple[Choice, ...] = ()
    offered_at: datetime | None = None
    entry: str | None = None
    asked: str | None = field(default=None, repr=False)
    emergency_at: datetime | None = None
    replied_at: datetime | None = field(default=None, compare=False)  # not what the chat is about
    shown: tuple[Shown, ...] = ()

    def just_answered(self, now: datetime) -> str | None:
        """The entry that what is written now may go on from; None when there is none, or too long ago."""
        is_recent = self.replied_at is not None and now - self.replied_at <= _TOPIC_LASTS
        return self.entry if is_recent else None

    def choices(self, now: datetime) -> tuple[Choice, ...]:
        """What may still be picked of what was offered last."""
        is_open = self.offered_at is not None and now - self.offered_at <= _OFFER_LASTS
        return self.offered if is_open else ()

    def chosen(self, text: str, now: datetime) -> str | None:
        """The value of the choice that the text picks, by its number or its very words; None when it picks none."""
        choices = self.choices(now)
        if not choices or len(text) > _LONGEST_PICK:
            return None
        line = fold(text).line
        if found := _NUMBER.match(line):
            at = int(found[1])
            return choices[at - 1].value if 1 <= at <= len(choices) else None
        return next((choice.value for choice in choices if line and fold(choice.label).line == line), None)

    def has_open_emergency(self, now: datetime) -> bool:
        """Whether what is written now may still belong to an emergency."""
        return self.emergency_at is not None and now - self.emergency_at <= _EMERGENCY_LASTS

    def showing(self, shown: Shown) -> "Conversation":
        """The same chat with one more answer that may be rated."""
        return replace(self, shown=(*self.shown, shown)[-MOST_SHOWN:])

    def offering(self, choices: tuple[Choice, ...], now: datetime) -> "Conversation":
        """The same chat with these choices open, and none from before."""
        return replace(self, offered=choices, offered_at=now if choices else None)
