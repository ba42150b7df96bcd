"""The first question asked of every message: does somebody need 911? Pure, and nothing stands in front of it.

A cue describes a situation (who, does or has, what), not a frightening word. When a cue is met the answer is danger,
unless the same clause gives a strong reason to stand down; unclear time means caution, never silence. The table is
`_decide`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from bot.core.pattern import Clause, Index, Pattern, is_class, literals, parse
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


class Rules:
    """Emergency rules made ready to read messages. Raises `PatternError` when a pattern cannot be read.

    `real_words` are shielded from being read as misspelt cue words, besides the ordinary words of the files.
    """

    def __init__(self, source: EmergencyRules, real_words: Iterable[str] = ()) -> None:
        self.source = source
        self.cues = {cue.id: cue for cue in source.cues}
        classes = source.classes
        raising = [(p, cue.id) for cue in source.cues for line in cue.patterns for p in parse(line, classes)]
        excusing = [(p, cue.id) for cue in source.cues for line in cue.unless for p in parse(line, classes)]
        contexts = [(line, kind.name) for kind, lines in source.contexts.items() for line in lines]
        around = [(p, name) for line, name in contexts for p in parse(line, classes)]
        ordinary = frozenset((*map(fold_word, source.ordinary), *real_words))
        self.vocabulary = _vocabulary(source, [p for p, _ in (*raising, *excusing, *around)], ordinary)
        sizes = {name: len(words) for name, words in classes.items()}
        self.raising, self.excusing, self.around = Index(raising, sizes), Index(excusing, sizes), Index(around, sizes)


@dataclass(slots=True)
class _Around:
    """Contexts met in one clause."""

    met: set[Context] = field(default_factory=set)
    idioms: list[tuple[int, int]] = field(default_factory=list)


def check(words: Words, rules: Rules) -> Verdict:
    """The verdict on a message: the most serious of what its cues amount to in their context."""
    clauses = [Clause.of(clause, rules.vocabulary) for clause in words.clauses]
    matches = [(at, *found) for at, clause in enumerate(clauses) for found in rules.raising.found_in(clause)]
    if not matches:
        return NOTHING
    around = [_context(clause, rules) for clause in clauses]
    excused = [{owner for owner, _, _ in rules.excusing.found_in(clause)} for clause in clauses]
    raised: list[tuple[Level, Cue]] = []
    why: list[str] = []
    for at, cue_id, start, end in matches:
        cue = rules.cues[cue_id]
        if cue_id in excused[at]:
            level, reason = Level.NONE, "its `unless` is in the same clause"
        elif any(first <= end and start <= last for first, last in around[at].idioms):
            level, reason = Level.NONE, "idiom"
        else:
            level, reason = _decide(cue, at, [each.met for each in around])
        why.append(f"{cue.id} ({' '.join(clauses[at].words[start : end + 1])}): {level.name.lower()}, {reason}")
        if level:
            raised.append((level, cue))
    if not raised:
        return Verdict(Level.NONE, why=tuple(why))
    level, cue = max(raised, key=lambda each: each[0])
    lines = (each.line for _, each in ((level, cue), *raised) if each.line)
    return Verdict(level, cue.id, next(lines, None), tuple(why), any(each.hard for _, each in raised))


def is_called_off(words: Words, rules: Rules) -> bool:
    """Whether somebody who was sent to 911 says that there is no emergency, or no longer."""
    clauses = (Clause.of(clause, rules.vocabulary) for clause in words.clauses)
    name = Context.CALLED_OFF.name
    return any(met == name for clause in clauses for met, _, _ in rules.around.found_in(clause))


def _decide(cue: Cue, at: int, around: list[set[Context]]) -> tuple[Level, str]:
    """What a cue amounts to; the first rule that holds. Stand-down words count in the cue's own clause only."""
    here = around[at]
    anywhere: set[Context] = set().union(*around)
    is_now = any(Context.NOW in met for met in around[at:])
    if Context.FICTION in here:
        return Level.NONE, "fiction"
    if Context.PAST in here and Context.PAPERWORK in anywhere and Context.NOW not in anywhere:
        return Level.NONE, "dated past with paperwork"
    if cue.hard:
        return cue.level, "hard cue"
    if is_now:
        return cue.level, "now"
    lower = Level(max(cue.level - 1, 0))
    if Context.RESOLVED in here or (Context.RESOLVED in anywhere and len(around) == 2):
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


def _context(clause: Clause, rules: Rules) -> _Around:
    around = _Around()
    for name, start, end in rules.around.found_in(clause):
        if (context := Context[name]) is Context.IDIOM:
            around.idioms.append((start, end))
        else:
            around.met.add(context)
    return around


def _vocabulary(source: EmergencyRules, patterns: Iterable[Pattern], ordinary: frozenset[str]) -> Vocabulary:
    meanings: dict[str, set[str]] = {}
    for name, words in source.classes.items():
        for word in words:
            meanings.setdefault(fold_word(word), set()).add(name)
    for word in literals(patterns):
        if not is_class(word):
            meanings.setdefault(word, set()).add(word)
    return Vocabulary(meanings, ordinary)
