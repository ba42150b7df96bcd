"""What a message means after the answer before it: "and how much?", "y los sábados?", "e onde fica?"."""

from collections.abc import Iterator
from datetime import datetime

from bot.core.compose import ENTRY_MARK, NONE_OF_THESE
from bot.core.conversation import Conversation
from bot.core.entry import Entry, EntryKind, Knowledge
from bot.core.match import Certainty, Match
from bot.core.talk import Opening
from bot.core.text import Words, fold
from bot.core.turn import Snapshot

_MOST_OFFERED = 3
_TITLE_AND_WAY_OUT = 2  # choices, where only one title may be meant
# "Phone number?" is a phrasing word for word; "how long does it take" is one of the passport office by half its words.
_STANDS_ALONE = 0.95
# More than an answer needs by itself. That an entry was just answered narrows the choice to those beside it, and
# stands in for the second shared word that an answer needs otherwise.
_POINTS = 0.6


def picked(text: str, conversation: Conversation, snapshot: Snapshot, now: datetime) -> str | None:
    """The value of the choice that the text picks: by its number, its words, or a yes or a no to what was asked.

    While an emergency is open a "yes" is about that.
    """
    if chosen := conversation.chosen(text, now):
        return chosen
    choices = conversation.choices(now)
    if conversation.has_open_emergency(now) or not choices or choices[-1].value != NONE_OF_THESE:
        return None
    match snapshot.talk.agrees(fold(text)):
        case True if len(choices) == _TITLE_AND_WAY_OUT:
            return choices[0].value
        case False:
            return NONE_OF_THESE
        case _:
            return None


def offered_again(
    words: Words, alone: Match, conversation: Conversation, snapshot: Snapshot, now: datetime
) -> list[Entry]:
    """The titles that "and how much?" leaves open as they were; empty when it stands for itself."""
    choices = conversation.choices(now)
    opening = None if conversation.has_open_emergency(now) else snapshot.talk.opening(words)
    if opening is None or not choices or choices[-1].value != NONE_OF_THESE or _stands_alone(alone, opening):
        return []
    if opening is Opening.LINKED and alone.certainty is not Certainty.NOTHING:
        return []
    known = snapshot.knowledge.entries
    return [known[name] for choice in choices if (name := choice.value.removeprefix(ENTRY_MARK)) in known]


def meant(
    words: Words, alone: Match, opening: Opening, last: Entry, language: str, snapshot: Snapshot
) -> tuple[Entry, ...]:
    """The one entry that is surely meant after `last`, or those to ask about; empty: the message stands for itself.

    `alone` is what the message finds by itself. It is looked up once more, together with the title of `last`.
    """
    first = alone.candidates[0] if alone.candidates else None
    family = tuple(_family(last, snapshot.knowledge))
    if first is not None and first.entry in family and first.score >= _POINTS:
        return (first.entry,)
    if _stands_alone(alone, opening):
        return ()
    wording = last.wordings.get(language) or next(iter(last.wordings.values()))
    together = snapshot.rank(fold(f"{words.text} {wording.title}"))
    best = together.candidates[0].entry if together.candidates else None
    if opening is Opening.BARE and best == last:
        return (last,)
    is_known = opening is Opening.BARE or any(candidate.entry == best for candidate in alone.candidates)
    if is_known and best in family and together.certainty is Certainty.SURE:
        return (best,)
    if opening is Opening.BARE or alone.certainty is Certainty.NOTHING:
        return family[:_MOST_OFFERED] if len(family) > 1 else ()
    return ()


def _stands_alone(alone: Match, opening: Opening) -> bool:
    if alone.certainty is not Certainty.SURE or not alone.candidates:
        return False
    first = alone.candidates[0]
    is_ours = first.entry.kind is not EntryKind.OUT_OF_SCOPE
    return opening is Opening.LINKED or (is_ours and first.score >= _STANDS_ALONE)


def _family(entry: Entry, knowledge: Knowledge) -> Iterator[Entry]:
    yield entry
    yield from (knowledge.entries[other] for other in entry.related if other in knowledge.entries)
