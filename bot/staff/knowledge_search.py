"""Finding answers: by words anywhere in them, by what is the matter with them, by likeness to what somebody wrote."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from bot.core import compose
from bot.core.answer import Snapshot
from bot.core.entry import Entry, EntryKind, Knowledge, Risk, fingerprint
from bot.core.text import fold


class State(Enum):
    """What may be the matter with an answer; the order is that of a curator's care."""

    OVERDUE = "overdue"
    STALE = "stale"
    SILENT = "silent"
    UNSIGNED = "unsigned"
    UNCONFIRMED = "unconfirmed"
    NO_SOURCE = "no-source"
    HIGH = "high"


class Use(Enum):
    """How often an answer was given of late."""

    MOST = "most"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Row:
    """An answer in the list."""

    entry: Entry
    title: str
    states: frozenset[State]


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the list somebody wants to see; None: whatever it is."""

    words: str = ""
    state: State | None = None
    kind: EntryKind | None = None
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class Like:
    """An answer that may be meant. `phrase` is the one of its phrases that is most like the text."""

    entry: Entry
    title: str
    score: float
    phrase: str


def rows(knowledge: Knowledge, today: date) -> tuple[Row, ...]:
    """Every answer, and what is not ours, by title."""
    first = knowledge.department.languages[0]
    every = (*knowledge.entries.values(), *knowledge.elsewhere)
    made = (Row(entry, title(entry, first), states(entry, today)) for entry in every)
    return tuple(sorted(made, key=lambda row: (row.entry.kind is EntryKind.OUT_OF_SCOPE, row.title.casefold())))


def texts(knowledge: Knowledge) -> Mapping[str, str]:
    """Everything that each answer says, as it is searched. A thousand take some tenths of a second: in a thread."""
    return {entry.id: plain(_said(entry)) for entry in (*knowledge.entries.values(), *knowledge.elsewhere)}


def found(
    listed: Iterable[Row],
    wish: Wish,
    said: Mapping[str, str],
    uses: Mapping[str, int],
    unconfirmed: Collection[str],
) -> tuple[Row, ...]:
    """Those of the rows that are wished for; every word must be somewhere in what the answer says, accents aside."""
    words = plain(wish.words).split()
    met = [
        row
        for row in listed
        if all(word in said[row.entry.id] for word in words)
        and (wish.kind is None or row.entry.kind is wish.kind)
        and (wish.state is None or wish.state in _all(row, unconfirmed))
        and (wish.use is not Use.NEVER or (row.entry.id not in uses and row.entry.kind is not EntryKind.OUT_OF_SCOPE))
    ]
    if wish.use is Use.MOST:
        met.sort(key=lambda row: -uses.get(row.entry.id, 0))
    elif words:
        met.sort(key=lambda row: not all(word in plain(row.title) for word in words))
    return tuple(met)


def states(entry: Entry, today: date) -> frozenset[State]:
    """What can be told of an entry by itself; which of its values nobody has confirmed, the whole folder tells."""
    if entry.kind is EntryKind.OUT_OF_SCOPE:
        return frozenset()
    original, *others = entry.wordings.values()
    answered = [wording for wording in others if wording.answer is not None]
    mark = fingerprint(original.answer) if original.answer else None
    told = {
        State.OVERDUE: compose.is_overdue(entry, today),
        State.STALE: any(mark and wording.translates not in (None, mark) for wording in answered),
        State.SILENT: all(wording.answer is None for wording in entry.wordings.values()),
        State.UNSIGNED: any(wording.approved_by is None for wording in answered),
        State.UNCONFIRMED: any(channel.value is None for channel in entry.channels),
        State.NO_SOURCE: entry.source is None,
        State.HIGH: entry.risk is Risk.HIGH,
    }
    return frozenset(state for state, is_so in told.items() if is_so)


def like(snapshot: Snapshot, text: str, most: int = 8) -> tuple[Like, ...]:
    """The department's answers that are most like the text, best first. A matter of milliseconds."""
    words, knowledge = fold(text), snapshot.knowledge
    first = knowledge.department.languages[0]
    ranked = [
        (candidate.entry, candidate.score)
        for candidate in snapshot.rank(words).candidates
        if candidate.entry.id in knowledge.entries
    ]
    known = {entry.id for entry, _ in ranked}
    said = set(words.tokens)
    near = [
        (entry, len(said.intersection(fold(title(entry, first)).tokens)) / max(1, len(said)))
        for entry in knowledge.entries.values()
        if entry.id not in known
    ]
    ranked += sorted(near, key=lambda each: -each[1])[: max(0, most - len(ranked))]
    return tuple(
        Like(entry, title(entry, first), score, snapshot.index.nearest(entry, words).text)
        for entry, score in ranked[:most]
    )


def title(entry: Entry, language: str) -> str:
    """Its title in the language, else in its own first one."""
    return (entry.wordings.get(language) or next(iter(entry.wordings.values()))).title


def plain(text: str) -> str:
    """The text as it is searched: small letters without accents."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


def _said(entry: Entry) -> str:
    said = [entry.id]
    for wording in entry.wordings.values():
        said += (wording.title, wording.answer or "", *wording.details.values(), *(ask.text for ask in wording.asks))
    return "\n".join(said)


def _all(row: Row, unconfirmed: Collection[str]) -> Collection[State]:
    return {*row.states, State.UNCONFIRMED} if row.entry.id in unconfirmed else row.states
