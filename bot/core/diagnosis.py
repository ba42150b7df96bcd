"""Why a turn came out as it did, in values that the terminal and the console put into words of their own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from bot.core import compose
from bot.core.answer import Snapshot, Turn
from bot.core.conversation import Conversation
from bot.core.emergency import Verdict
from bot.core.entry import Ask, Entry, Knowledge, fingerprint
from bot.core.match import Index, Match, bars
from bot.core.message import IncomingMessage, Kind
from bot.core.text import Words, fold

_BY_CUE = re.compile(r"(?P<cue>\S+) \((?P<words>.*)\): (?P<level>none|caution|emergency), (?P<reason>.+)\Z", re.DOTALL)
_BY_NET = re.compile(r"net: emergency (?P<emergency>[\d.]+), caution (?P<caution>[\d.]+)\Z")


@dataclass(frozen=True, slots=True)
class ByCue:
    """A cue that was met: the words that met it, the level it amounts to where it stands, and why."""

    cue: str
    words: str
    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class ByNet:
    """How likely the net finds an emergency, and a reason for caution, from 0 to 1."""

    emergency: float
    caution: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate with the scores that it needs: to be answered with, and to be offered. `phrase` is its nearest."""

    entry: Entry
    score: float
    sure: float
    near: float
    phrase: Ask


class Heard(Enum):
    """What told the language of a reply."""

    ASKED_FOR = "asked for"
    MESSAGE = "message"
    BEFORE = "before"
    DEVICE = "device"
    NOTHING = "nothing"  # so it is the department's first


class State(Enum):
    """What somebody should know of an entry before they rely on it."""

    OVERDUE = "overdue"
    WITHHELD = "withheld"  # overdue, and so risky that it is not shown any more
    UNCONFIRMED = "unconfirmed"
    NOT_TRANSLATED = "not translated"
    OLD_TRANSLATION = "old translation"
    UNAPPROVED = "unapproved translation"


def reasons(verdict: Verdict) -> Iterator[ByCue | ByNet | str]:
    """What the verdict rests on; words where it was neither a cue nor the net."""
    for said in verdict.why:
        if found := _BY_CUE.match(said):
            yield ByCue(**found.groupdict())
        elif found := _BY_NET.match(said):
            yield ByNet(float(found["emergency"]), float(found["caution"]))
        else:
            yield said


def ranked(text: str, turn: Turn, snapshot: Snapshot, most: int) -> Match:
    """The candidates of a turn and those behind them; of one that looked nothing up, what its words would have found.

    A turn may have left courtesies out of what it looked up: whichever of the two it was is ranked here.
    """
    embed = snapshot.lookout.embed
    whole, bare = fold(text), fold(snapshot.talk.bare(text))
    if turn.match.candidates and bare.line != whole.line:
        first = turn.match.candidates[0]
        found = snapshot.index.rank(bare, embed, most)
        if first in found.candidates:
            return found
    return snapshot.index.rank(whole, embed, most)


def weighed(match: Match, words: Words, index: Index) -> tuple[Weighed, ...]:
    """The candidates, each beside its bars and the phrasing of its that is most like the words."""
    return tuple(
        Weighed(each.entry, each.score, *bars(each.entry), index.nearest(each.entry, words))
        for each in match.candidates
    )


def heard(message: IncomingMessage, snapshot: Snapshot, conversation: Conversation) -> Heard:
    """What told the language that `spoken_in` finds."""
    ours = snapshot.knowledge.department.languages
    is_written = message.kind in (Kind.TEXT, Kind.EDITED) and not message.text.startswith("/")
    of_text = (snapshot.languages.of(message.text) if is_written else None, Heard.MESSAGE)
    before = (conversation.spoke, Heard.BEFORE)
    is_one_word = len(message.text.split(maxsplit=1)) < 2
    told = (before, of_text) if is_one_word else (of_text, before)
    wanted = ((conversation.language, Heard.ASKED_FOR), *told, (message.language, Heard.DEVICE))
    return next((by for language, by in wanted if language in ours), Heard.NOTHING)


def states(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Iterator[State]:
    """What is not as it should be with the entry, as somebody of this language gets it."""
    if compose.is_overdue(entry, today):
        yield State.WITHHELD if compose.gives_way(entry, today) else State.OVERDUE
    there = (code for code in (language, *knowledge.department.languages) if code in entry.wordings)
    spoken = next(there, next(iter(entry.wordings)))
    wording, original = entry.wordings[spoken], next(iter(entry.wordings.values()))
    if wording.answer is None or any(channel.value is None for channel in entry.channels):
        yield State.UNCONFIRMED
    if spoken != language:
        yield State.NOT_TRANSLATED
    elif wording is not original and wording.answer is not None:
        if wording.translates and original.answer and wording.translates != fingerprint(original.answer):
            yield State.OLD_TRANSLATION
        if wording.approved_by is None:
            yield State.UNAPPROVED
