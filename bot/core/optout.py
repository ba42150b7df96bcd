"""Whether a message asks for no more advisories, or for them again: law 6, in whatever words people use for it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bot.core.optout_clause import NO_TOPICS, Kind, Said, Topics, bare, has_an_order, read
from bot.core.optout_words import SOMEBODY_ELSE
from bot.core.text import Words, cut

_MOST = 30  # different words, and clauses, of a message that is read whole; of a longer one the clause it opens with
_BESIDE_AN_ORDER = {Kind.ORDER, Kind.WORD, Kind.BARE, Kind.DOUBT, Kind.ASIDE, Kind.EMPTY}
_BESIDE_A_START = {Kind.START, Kind.ASIDE, Kind.EMPTY}


@dataclass(frozen=True, slots=True)
class Stop:
    """Send no more of this topic; `topic` None: of anything."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Take back a stop; `topic` None: of everything."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Likely, but not to be done unasked: look-alike letters, or words that may mean something else."""

    meant: Stop | Start


OptOut = Stop | Start | Doubtful


def recognise_optout(words: Words, topics: Topics = NO_TOPICS) -> OptOut | None:
    """What the whole message asks about advisories; None when it is about anything else.

    To be asked before any matching and after the emergency check. A question how to stop them is no order.
    """
    clauses = words.clauses
    is_whole = len(clauses) <= _MOST and len(set(words.tokens)) <= _MOST
    spoken = [list(islice(bare(clause), _MOST)) for clause in (clauses if is_whole else clauses[:1])]
    if not any(map(has_an_order, spoken)):
        return None
    said = [read(clause, topics) for clause in spoken]
    kinds = {each.kind for each in said} | (set() if is_whole else {Kind.OTHER})
    if Kind.START in kinds:
        return _start(said, kinds)
    found = _stop(said, kinds, is_about_somebody=any(not SOMEBODY_ELSE.isdisjoint(clause) for clause in spoken))
    return Doubtful(found) if isinstance(found, Stop) and _is_disguised(words.text) else found


def _start(said: Sequence[Said], kinds: set[Kind]) -> OptOut | None:
    if kinds & {Kind.ORDER, Kind.WORD}:
        return Doubtful(Stop())
    topic, is_one = _topic(said)
    if not kinds <= _BESIDE_A_START:
        return None
    return Start(topic) if is_one else Doubtful(Start())


def _stop(said: Sequence[Said], kinds: set[Kind], *, is_about_somebody: bool) -> OptOut | None:
    """The first rule that holds."""
    topic, is_one = _topic(said)
    sure = Stop(topic) if is_one else Doubtful(Stop())
    if kinds <= _BESIDE_AN_ORDER:
        if kinds & {Kind.ORDER, Kind.WORD} or kinds <= {Kind.BARE, Kind.EMPTY}:
            return sure
        return Doubtful(Stop(topic)) if kinds & {Kind.BARE, Kind.DOUBT} else None
    if Kind.ORDER in (said[0].kind, said[-1].kind):
        return Doubtful(Stop(topic)) if is_about_somebody else sure
    return Doubtful(Stop(topic)) if said[0].kind is Kind.WORD and not is_about_somebody else None


def _topic(said: Sequence[Said]) -> tuple[str | None, bool]:
    """The topic that is named, None for none, and whether no second one is."""
    named = frozenset[str]().union(*(each.topics for each in said))
    return (next(iter(named)) if len(named) == 1 else None), len(named) < 2


def _is_disguised(text: str) -> bool:
    """Whether letters of another script are among its letters, which `fold` reads as the Latin ones they look like."""
    return any(_is_foreign(letter) for letter in unicodedata.normalize("NFKD", cut(text)) if not letter.isascii())


def _is_foreign(character: str) -> bool:
    is_letter = unicodedata.category(character) in ("Ll", "Lu", "Lo")
    return is_letter and not unicodedata.name(character, "").startswith("LATIN")
