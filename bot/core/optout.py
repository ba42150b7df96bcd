"""Whether a message asks for no more advisories, or for them again: law 6, in whatever words people use for it."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.core import optout_words as said
from bot.core.pattern import FILLER, Clause, Index, Pattern, is_class, literals, parse
from bot.core.text import Words, fold
from bot.core.vocabulary import Vocabulary

_MOST_WORDS = 40  # of a message that is looked at whole; of a longer one the clause it opens with
_OPENING = 16  # words within which the order of a longer clause stands
_SHORTEST_MISSPELT = 6  # letters; "shop", "step", "auto" and "said" are a letter away from an order
_TOPIC = "TOPIC"


@dataclass(frozen=True, slots=True)
class Stop:
    """Send no more of this topic; `topic` None: of anything."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Take back a stop; `topic` None: for everything that was subscribed."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Likely, but not to be done unasked: look-alike letters, or words that may mean something else."""

    meant: Stop | Start


OptOut = Stop | Start | Doubtful


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
        return next(iter(names)) if len(names) == 1 else word


NO_TOPICS = Topics()


class _Kind(Enum):
    """What a clause is, by itself."""

    ORDER = "an order, in a sentence that can mean nothing else"
    WORD = "the bare word for it"
    BARE = "a word that is an order only alone"
    START = "an order to begin again"
    DOUBT = "perhaps an order"
    ASIDE = "a reason or a greeting"
    EMPTY = "courtesies only"
    OTHER = "anything else"


_STOPPING = {_Kind.ORDER, _Kind.WORD}
_BESIDE_ORDERS = {_Kind.ASIDE, _Kind.EMPTY, _Kind.DOUBT, _Kind.BARE}


@dataclass(frozen=True, slots=True)
class _Said:
    kind: _Kind
    topics: frozenset[str] = frozenset()


def recognise_optout(words: Words, topics: Topics = NO_TOPICS) -> OptOut | None:
    """What the whole message asks about advisories; None when it is about anything else.

    To be asked before any matching and after the emergency check. A question how to stop them is no order.
    """
    clauses = words.clauses
    if len(clauses) > _MOST_WORDS or len(words.tokens) > _MOST_WORDS:
        clauses = clauses[:1]
    read = [_read(clause, topics) for clause in clauses]
    found = _together(read, words, is_all=clauses is words.clauses)
    return Doubtful(found) if isinstance(found, Stop | Start) and _is_disguised(words.text) else found


def _together(read: Sequence[_Said], words: Words, *, is_all: bool) -> OptOut | None:
    """What the clauses come to; the first rule that holds."""
    kinds = {each.kind for each in read}
    if not kinds & {_Kind.ORDER, _Kind.WORD, _Kind.BARE, _Kind.DOUBT, _Kind.START}:
        return None
    named = frozenset().union(*(each.topics for each in read))
    topic = next(iter(named)) if len(named) == 1 else None
    is_about_us = is_all and _Kind.OTHER not in kinds
    if _Kind.START in kinds:
        if kinds & _STOPPING:
            return Doubtful(Stop())
        return _sure_if(len(named) < 2, Start(topic)) if kinds <= {_Kind.START, *_BESIDE_ORDERS} and is_about_us else None
    stop = Stop(topic)
    if kinds & _STOPPING and is_about_us:
        return _sure_if(len(named) < 2, stop)
    if kinds <= {_Kind.BARE, _Kind.EMPTY}:
        return stop
    if is_about_us:
        return Doubtful(stop)
    about_somebody = not said.SOMEBODY_ELSE.isdisjoint(words.tokens[:_MOST_WORDS])
    ends = (read[0], read[-1])
    if any(each.kind is _Kind.ORDER for each in ends):
        return _sure_if(len(named) < 2 and not about_somebody, stop)
    return Doubtful(stop) if read[0].kind is _Kind.WORD and not about_somebody else None


def _sure_if(is_sure: bool, meant: Stop | Start) -> OptOut:
    return meant if is_sure else Doubtful(meant)


def _read(clause: Sequence[str], topics: Topics) -> _Said:
    """The clause without its courtesies; a topic that it names stands for its advisories."""
    words = list(_bare(clause[:_MOST_WORDS]))
    if not words:
        return _Said(_Kind.EMPTY)
    kind = _kind(words)
    if kind is _Kind.OTHER and topics.ids:
        words, named = _with_topics(words, topics)
        if named:
            return _Said(_kind(words), named)
    return _Said(kind)


def _bare(clause: Sequence[str]) -> Iterator[str]:
    """Words but courtesies and emoji, letters typed apart as one word, and a word said again and again once."""
    if len(clause) > 2 and all(len(word) == 1 for word in clause):
        clause = ("".join(clause),)
    before = ""
    for word in clause:
        if word in said.COURTESIES or not word[0].isalnum() or word == before:
            continue
        yield word
        before = word


def _with_topics(words: Sequence[str], topics: Topics) -> tuple[list[str], frozenset[str]]:
    """The words with each topic named by one that stands for its advisories: "traffic alerts", "avisos de trânsito"."""
    found: list[str] = []
    named: set[str] = set()
    at = 0
    while at < len(words):
        if met := topics.at(words, at):
            topic, at = met
            named.add(topic)
            found.append(_TOPIC)
        else:
            found.append(words[at])
            at += 1
    return found, frozenset(named)


def _kind(words: Sequence[str]) -> _Kind:
    clause = _clause(words)
    kinds = {kind for kind, first, last in _places(clause) if _stands(kind, words[:first], words[last + 1 :])}
    return next((kind for kind in _Kind if kind in kinds), _Kind.OTHER)


def _places(clause: Clause) -> Iterator[tuple[_Kind, int, int]]:
    for owner, places in _SAID.found_in(clause):
        for first, last in places:
            yield _Kind[owner], first, last


def _stands(kind: _Kind, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the words beside leave the kind what it is."""
    if not before and not after:
        return True
    if kind in (_Kind.BARE, _Kind.DOUBT):
        return False
    if kind is _Kind.ASIDE:
        return all(map(_is_filler, before))
    if not said.SOMEBODY_ELSE.isdisjoint((*before, *after)):
        return False
    if kind is _Kind.WORD:
        return (not before or "whole aside" in _beside(before)) and (not after or "aside" in _beside(after))
    return _leaves_before(before) and (all(map(_is_filler, after)) or "aside" in _beside(after))


def _leaves_before(before: Sequence[str]) -> bool:
    return all(map(_is_filler, before)) or not _beside(before).isdisjoint({"wish", "aside"})


def _beside(words: Sequence[str]) -> set[str]:
    return set(_BESIDE.ends_in(_clause(words)))


def _is_filler(word: str) -> bool:
    return FILLER in _VOCABULARY.names(word)


def _clause(words: Sequence[str]) -> Clause:
    """The words with what they stand for. Only a long word is taken for a misspelt one."""
    return Clause.of((word if len(word) >= _SHORTEST_MISSPELT or word in _SHORT else "-" for word in words), _VOCABULARY)


def _is_disguised(text: str) -> bool:
    """Whether letters of another script are among its letters, which `fold` reads as the Latin ones they look like."""
    plain = unicodedata.normalize("NFKD", text)
    return any(_is_foreign(character) for character in plain if not character.isascii())


def _is_foreign(character: str) -> bool:
    is_letter = unicodedata.category(character) in ("Ll", "Lu", "Lo")
    return is_letter and not unicodedata.name(character, "").startswith("LATIN")


def _parsed(table: str, owner: str, form: str = "{}") -> list[tuple[Pattern, str]]:
    lines = (form.format(line.strip()) for line in table.splitlines() if line.strip())
    return [(pattern, owner) for line in lines for pattern in parse(line, said.CLASSES)]


def _meanings(patterns: Iterable[Pattern]) -> dict[str, set[str]]:
    meanings: dict[str, set[str]] = {_TOPIC: {_TOPIC, "MESSAGES"}}
    for name, words in said.CLASSES.items():
        for word in words.split():
            meanings.setdefault(word, set()).add(name)
    for word in literals(patterns):
        if not is_class(word):
            meanings.setdefault(word, set()).add(word)
    return meanings


_TABLES = {
    _Kind.ORDER: said.ORDERS,
    _Kind.WORD: said.WORDS,
    _Kind.BARE: said.BARE,
    _Kind.START: said.STARTS,
    _Kind.DOUBT: said.DOUBTS,
    _Kind.ASIDE: said.ASIDES,
}
_PATTERNS = [found for kind, table in _TABLES.items() for found in _parsed(table, kind.name)]
_AROUND = [
    *_parsed(said.WISHES, "wish", "^ {} $"),
    *_parsed(said.ASIDES, "aside", "^ {}"),
    *_parsed(said.ASIDES, "whole aside", "^ {} $"),
]
_VOCABULARY = Vocabulary(_meanings(pattern for pattern, _ in (*_PATTERNS, *_AROUND)), said.ORDINARY)
_SHORT = frozenset(word for word in _VOCABULARY.words if len(word) < _SHORTEST_MISSPELT)
_SAID, _BESIDE = Index(_PATTERNS), Index(_AROUND)
