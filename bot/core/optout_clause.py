"""What one clause of a message says about advisories: an order, a doubt, a reason beside an order, or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum

from bot.core import optout_orders as orders
from bot.core.optout_words import CLASSES, COURTESIES, ORDINARY, SOMEBODY_ELSE
from bot.core.pattern import FILLER, Clause, Index, Pattern, Step, literals, parse
from bot.core.text import fold
from bot.core.vocabulary import Vocabulary

_SHORTEST_MISSPELT = 6  # letters; "shop", "step", "auto" and "said" are one letter away from an order
_TOPIC = "TOPIC"
_UNREAD = "0"  # stands for a word that is none of ours
_ENDING = {"ending", "aside"}
_LETTERS = {"you": "u", "are": "r", "que": "q", "de": "d"}  # a letter by itself is folded to the word it is short for


class Kind(Enum):
    """What a clause is by itself; the first that fits counts."""

    ORDER = "an order, in words that can mean nothing else"
    WORD = "the bare word for it"
    BARE = "a word that is an order only alone"
    START = "an order to begin again"
    DOUBT = "perhaps an order"
    ASIDE = "a reason or a greeting"
    EMPTY = "courtesies only"
    OTHER = "anything else"


@dataclass(frozen=True, slots=True)
class Said:
    """What a clause says, and of which topics."""

    kind: Kind
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Topics:
    """What residents call each topic, folded. Built once for a snapshot, then only read."""

    ids: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}))
    longest: int = 0

    @classmethod
    def of(cls, topics: Mapping[str, Mapping[str, Iterable[str]]]) -> "Topics":
        """Take topic ids with their names by language."""
        ids = {
            tokens: topic
            for topic, names in topics.items()
            for language in names.values()
            for name in language
            if (tokens := fold(name).tokens)
        }
        words = {word: (word,) for tokens in ids for word in tokens}
        return cls(ids, Vocabulary(words), max(map(len, ids), default=0))

    def at(self, words: Sequence[str], start: int) -> tuple[str, int] | None:
        """The topic named from this word on, misspelt or not, and where its name ends; the longest name wins."""
        for end in range(min(start + self.longest, len(words)), start, -1):
            if topic := self.ids.get(tuple(map(self._meant, words[start:end]))):
                return topic, end
        return None

    def _meant(self, word: str) -> str:
        names = self.vocabulary.names(word) if len(word) >= _SHORTEST_MISSPELT else ()
        return min(names, default=word)


NO_TOPICS = Topics()


def bare(clause: Sequence[str]) -> Iterator[str]:
    """Words but courtesies and emoji, letters typed apart as one word, and a word said again and again once."""
    letters = "".join(_LETTERS.get(word, word) for word in clause)
    if 1 < len(clause) == len(letters):
        clause = (letters,)
    before = ""
    for word in clause:
        if word in COURTESIES or not word[0].isalnum() or word == before:
            continue
        yield word
        before = word


def has_an_order(words: Iterable[str]) -> bool:
    """Whether any word may begin an order: a quick no for most messages."""
    return any(not _names(word).isdisjoint(_ORDERING) for word in words)


def read(words: Sequence[str], topics: Topics) -> Said:
    """What a clause is without its courtesies; a topic that it names stands for its advisories."""
    if all(map(_is_filler, words)):
        return Said(Kind.EMPTY)
    if not _opens_as_ours(words):
        return Said(Kind.OTHER)
    kind = _kind(words)
    if kind in (Kind.OTHER, Kind.ASIDE) and topics.ids:
        about_topics, named = _with_topics(words, topics)
        if named and (about_them := _kind(about_topics)) is not Kind.OTHER:
            return Said(about_them, named)
    return Said(kind)


def _opens_as_ours(words: Iterable[str]) -> bool:
    """Whether the first word that does more than fill may begin an order or what stands before one."""
    names = (names for names in map(_names, words) if FILLER not in names or not names.isdisjoint(_OPENING))
    return not next(names, frozenset[str]()).isdisjoint(_OPENING)


def _with_topics(words: Sequence[str], topics: Topics) -> tuple[list[str], frozenset[str]]:
    """The words with each topic as one that stands for its advisories: "traffic alerts", "avisos de trânsito"."""
    found: list[str] = []
    named: set[str] = set()
    at = 0
    while at < len(words):
        if met := topics.at(words, at):
            topic, at = met
            named.add(topic)
            found = [*_without_advisories(found), _TOPIC]
        else:
            if found[-1:] != [_TOPIC] or not _are_advisories(words[at]):
                found.append(words[at])
            at += 1
    return found, frozenset(named)


def _without_advisories(words: list[str]) -> list[str]:
    """The words before a topic; where they end in "los avisos de", the words before that."""
    last = next((at for at in reversed(range(len(words))) if not _is_filler(words[at])), None)
    return words if last is None or not _are_advisories(words[last]) else words[:last]


def _kind(words: Sequence[str]) -> Kind:
    kinds = {kind for kind, first, last in _places(words) if _stands(kind, words[:first], words[last + 1 :])}
    return next((kind for kind in Kind if kind in kinds), Kind.OTHER)


def _places(words: Sequence[str]) -> Iterator[tuple[Kind, int, int]]:
    for owner, places in _SAID.found_in(_clause(words)):
        for first, last in places:
            yield Kind[owner], first, last


def _stands(kind: Kind, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the words beside leave the kind what it is."""
    if not before and not after:
        return True
    if kind is Kind.ASIDE:
        return all(map(_is_filler, before))
    if kind in (Kind.BARE, Kind.DOUBT) or not SOMEBODY_ELSE.isdisjoint((*before, *after)):
        return False
    if kind is Kind.WORD:
        return (not before or "whole aside" in _beside(before)) and (not after or bool(_beside(after) & _ENDING))
    return _are_beside(before, {"wish", "aside"}) and _are_beside(after, _ENDING if kind is Kind.ORDER else set())


def _are_beside(words: Sequence[str], owners: Set[str]) -> bool:
    return all(map(_is_filler, words)) or not _beside(words).isdisjoint(owners)


def _beside(words: Sequence[str]) -> set[str]:
    return set(_BESIDE.ends_in(_clause(words)))


def _are_advisories(word: str) -> bool:
    return not _names(word).isdisjoint({"MANY", "NOTES"})


def _is_filler(word: str) -> bool:
    return FILLER in _names(word)


def _names(word: str) -> frozenset[str]:
    """What the word stands for. Only a long one is taken for a misspelt one of ours."""
    return _VOCABULARY.names(word) if len(word) >= _SHORTEST_MISSPELT or word in _SHORT else frozenset()


def _clause(words: Sequence[str]) -> Clause:
    return Clause.of((word if _names(word) else _UNREAD for word in words), _VOCABULARY)


def _parsed(table: str, owner: str, form: str = "{}") -> list[tuple[Pattern, str]]:
    lines = (form.format(line.strip()) for line in table.splitlines() if line.strip())
    return [(pattern, owner) for line in lines for pattern in parse(line, CLASSES)]


def _meanings(patterns: Iterable[Pattern]) -> dict[str, set[str]]:
    meanings: dict[str, set[str]] = {_TOPIC: {_TOPIC, "MESSAGES", FILLER}}
    for name, words in CLASSES.items():
        for word in words.split():
            meanings.setdefault(word, set()).add(name)
    for word in literals(patterns):
        meanings.setdefault(word, set()).add(word)
    return meanings


def _openings(patterns: Iterable[Pattern]) -> frozenset[str]:
    """Names by which patterns are begun, fillers aside."""
    starts = (next((step for step in pattern.steps if not _are_fillers(step)), None) for pattern in patterns)
    return frozenset(name for step in starts if step for name in step.names)


def _are_fillers(step: Step) -> bool:
    return all(map(_is_filler, step.names))


_TABLES = {
    Kind.ORDER: orders.ORDERS,
    Kind.WORD: orders.WORDS,
    Kind.BARE: orders.BARE,
    Kind.START: orders.STARTS,
    Kind.DOUBT: orders.DOUBTS,
    Kind.ASIDE: orders.ASIDES,
}
_PATTERNS = [found for kind, table in _TABLES.items() for found in _parsed(table, kind.name)]
_AROUND = [
    *_parsed(orders.WISHES, "wish", "^ {} $"),
    *_parsed(orders.ENDINGS, "ending", "^ {} $"),
    *_parsed(orders.ENDINGS, "ending", "^ {} thank you $"),
    *_parsed(orders.ASIDES, "aside", "^ {}"),
    *_parsed(orders.ASIDES, "whole aside", "^ {} $"),
]
_VOCABULARY = Vocabulary(_meanings(pattern for pattern, _ in (*_PATTERNS, *_AROUND)), ORDINARY)
_SHORT = frozenset(word for word in _VOCABULARY.words if len(word) < _SHORTEST_MISSPELT)
_SAID, _BESIDE = Index(_PATTERNS), Index(_AROUND)
_ORDERING = _openings(pattern for pattern, owner in _PATTERNS if owner != Kind.ASIDE.name)
_OPENING = _ORDERING | _openings(pattern for pattern, owner in _AROUND if owner != "ending")
