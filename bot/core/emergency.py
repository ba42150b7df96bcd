"""The first question asked of every message: does somebody need 911? Pure, and nothing stands in front of it.

A cue describes a situation (who, does or has, what), not a frightening word. When a cue is met the answer is danger,
unless the same clause gives a strong reason to stand down; unclear time means caution, never silence. The table is
`_decide`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, IntEnum
from itertools import chain

from bot.core.apart import Apart, Language
from bot.core.pattern import Clause, Index, Pattern, literals, parse
from bot.core.text import Words, fold_word
from bot.core.vocabulary import Vocabulary


class Level(IntEnum):
    """How sure the bot is that somebody needs 911; the greater wins."""

    NONE = 0
    CAUTION = 1
    EMERGENCY = 2


class Context(Enum):
    """What the words around a cue say about it. The names are the sections of `stand_down.yaml`."""

    NOW = "now"
    PAST = "past"
    PAPERWORK = "paperwork"
    HYPOTHETICAL = "hypothetical"
    CLOSE = "close"  # the speaker or somebody near: keeps a hypothetical from standing down all the way
    NOBODY_HURT = "nobody_hurt"
    RESOLVED = "resolved"
    FICTION = "fiction"
    IDIOM = "idiom"  # covers a stretch of words, not the clause
    CALLED_OFF = "called_off"  # said after a 911 reply: it was none, or it is over


@dataclass(frozen=True, slots=True)
class Cue:
    """One situation, as curators describe it.

    `hard` cues stand down only before fiction, idiom, or a dated past with paperwork. `past` is the level when the
    cue lies in a dated past. `unless` are patterns that, in the same clause, say the cue means something else.
    `line` names the sentence of the replies that is added (988, poison, ...); None adds nothing.
    """

    id: str
    kind: str
    level: Level
    patterns: tuple[str, ...]
    hard: bool = False
    past: Level = Level.CAUTION
    unless: tuple[str, ...] = ()
    line: str | None = None


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """The emergency files as read: word classes, words never bent into others, cues, and context patterns."""

    classes: Mapping[str, tuple[str, ...]]
    ordinary: tuple[str, ...]
    cues: tuple[Cue, ...]
    contexts: Mapping[Context, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found.

    `cue` is None when nothing was met; `why` says in words what decided, for `--why`. `is_hard`: a hard cue raised it,
    and nothing may lower it.
    """

    level: Level
    cue: str | None = None
    line: str | None = None
    why: tuple[str, ...] = ()
    is_hard: bool = False


NOTHING = Verdict(Level.NONE)
_NEAR = 20  # words around a cue in which a reason to stand it down counts: people write pages without a full stop
_KEEPS = (Context.NOW, Context.CLOSE)


class Rules:
    """Emergency rules made ready to read messages. Raises `PatternError` when a pattern cannot be read.

    The common words of the `languages` are shielded from being read as misspelt cue words, as the ordinary words of
    the files are, and tell where words typed without spaces end.
    """

    def __init__(self, source: EmergencyRules, languages: Sequence[Language] = ()) -> None:
        self.source = source
        self.cues = {cue.id: cue for cue in source.cues}
        classes = source.classes
        raising = [(p, cue.id) for cue in source.cues for line in cue.patterns for p in parse(line, classes)]
        excusing = [(p, cue.id) for cue in source.cues for line in cue.unless for p in parse(line, classes)]
        contexts = [(line, kind.name) for kind, lines in source.contexts.items() for line in lines]
        around = [(p, name) for line, name in contexts for p in parse(line, classes)]
        common = chain.from_iterable(language.shares for language in languages)
        ordinary = frozenset((*map(fold_word, source.ordinary), *common))
        self.vocabulary = _vocabulary(source, [p for p, _ in (*raising, *excusing, *around)], ordinary)
        listed = (*self.vocabulary.words, *map(fold_word, source.ordinary))
        self.apart = Apart(languages, listed, self.vocabulary.names)
        self.raising, self.excusing, self.around = Index(raising), Index(excusing), Index(around)


@dataclass(frozen=True, slots=True)
class _Around:
    """Contexts met in one clause, with the last words of their places as bits; of idioms the whole stretches."""

    ends: Mapping[Context, int]
    idioms: Sequence[tuple[int, int]]

    def near(self, stretch: int) -> set[Context]:
        """What counts for a cue: reasons to stand down in this stretch, what keeps it up in the whole clause."""
        return {context for context, ends in self.ends.items() if context in _KEEPS or ends & stretch}

    def has_idiom_at(self, place: tuple[int, int]) -> bool:
        start, end = place
        return any(first <= end and start <= last for first, last in self.idioms)


def check(words: Words, rules: Rules) -> Verdict:
    """The verdict on a message: the most serious of what its cues amount to in their context."""
    clauses = [Clause.of(clause, rules.vocabulary) for clause in rules.apart.message(words).clauses]
    matches = [(at, *found) for at, clause in enumerate(clauses) for found in rules.raising.found_in(clause)]
    if not matches:
        return NOTHING
    around = [_around(clause, rules) for clause in clauses]
    excused = {at: rules.excusing.ends_in(clauses[at]) for at in {at for at, _, _ in matches}}
    in_clauses = Counter(context for each in around for context in each.ends)
    last_now = max((at for at, each in enumerate(around) if Context.NOW in each.ends), default=-1)
    raised: list[tuple[Level, Cue]] = []
    why: list[str] = []
    fully: set[str] = set()  # cues raised to their own level: met again they change nothing
    for at, cue_id, places in matches:
        if cue_id in fully:
            continue
        cue, its = rules.cues[cue_id], around[at]
        first = next(places)
        literal = next((place for place in chain((first,), places) if not its.has_idiom_at(place)), None)
        start, end = literal or first
        stretch = -1 << max(start - _NEAR, 0) & (1 << end + _NEAR + 1) - 1
        if excused[at].get(cue_id, 0) & stretch:
            level, reason = Level.NONE, "its `unless` is in the same clause"
        elif literal is None:
            level, reason = Level.NONE, "idiom"
        else:
            here = its.near(stretch)
            elsewhere = {context for context, count in in_clauses.items() if count > (context in its.ends)}
            level, reason = _decide(cue, here, here | elsewhere, at <= last_now, len(clauses) == 2)
        why.append(f"{cue.id} ({' '.join(clauses[at].words[start : end + 1])}): {level.name.lower()}, {reason}")
        if level:
            raised.append((level, cue))
        if level == cue.level:
            fully.add(cue_id)
    if not raised:
        return Verdict(Level.NONE, why=tuple(why))
    level, cue = max(raised, key=lambda each: each[0])
    lines = (each.line for _, each in ((level, cue), *raised) if each.line)
    return Verdict(level, cue.id, next(lines, None), tuple(why), any(each.hard for _, each in raised))


def is_called_off(words: Words, rules: Rules) -> bool:
    """Whether somebody who was sent to 911 says that there is no emergency, or no longer."""
    clauses = (Clause.of(clause, rules.vocabulary) for clause in rules.apart.message(words).clauses)
    return any(Context.CALLED_OFF.name in rules.around.ends_in(clause) for clause in clauses)


def _decide(
    cue: Cue, here: Set[Context], anywhere: Set[Context], is_now: bool, is_one_of_two: bool
) -> tuple[Level, str]:
    """What a cue amounts to; the first rule that holds. Stand-down words count near it in its own clause only."""
    if Context.FICTION in here:
        return Level.NONE, "fiction"
    if Context.PAST in here and Context.PAPERWORK in anywhere and Context.NOW not in anywhere:
        return Level.NONE, "dated past with paperwork"
    if cue.hard:
        return cue.level, "hard cue"
    if is_now:
        return cue.level, "now"
    lower = Level(max(cue.level - 1, 0))
    if Context.RESOLVED in here or (Context.RESOLVED in anywhere and is_one_of_two):
        return Level.NONE, "resolved"
    if Context.HYPOTHETICAL in here:
        return (lower, "hypothetical, but somebody near") if Context.CLOSE in here else (Level.NONE, "hypothetical")
    if Context.NOBODY_HURT in anywhere:
        is_paper = Context.PAPERWORK in anywhere
        return (Level.NONE, "nobody hurt, paperwork") if is_paper else (Level.CAUTION, "nobody hurt")
    if Context.PAST in here:
        return min(cue.past, cue.level), "dated past"
    if Context.PAPERWORK in here:
        return lower, "paperwork"
    return cue.level, "nothing stands it down"


def _around(clause: Clause, rules: Rules) -> _Around:
    ends = {Context[name]: its for name, its in rules.around.ends_in(clause).items()}
    idioms: list[tuple[int, int]] = []
    if Context.IDIOM in ends:
        for name, places in rules.around.found_in(clause):
            if name == Context.IDIOM.name:
                idioms += places
    return _Around(ends, idioms)


def _vocabulary(source: EmergencyRules, patterns: Iterable[Pattern], ordinary: frozenset[str]) -> Vocabulary:
    meanings: dict[str, set[str]] = {}
    for name, words in source.classes.items():
        for word in words:
            meanings.setdefault(fold_word(word), set()).add(name)
    for word in literals(patterns):
        meanings.setdefault(word, set()).add(word)
    return Vocabulary(meanings, ordinary)
