"""How people talk around a question: courtesies, words that join two questions, words that go on from an answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from bot.core.text import Words, fold

_MOST_WORDS = 8  # of a message that goes on from an answer; a longer one says itself what it is about
_MOST_PARTS = 3  # of a message are looked up by themselves: each costs as much as a message
_LEAST_WORDS = 2  # of a part that may be a question of its own: "need fingerprints"
# Between courtesies. Bounded and never given back, so that a page of marks costs no more than one of letters.
_MARKS = r"[\W_]{%d,9}+"

_PAGE = 1_000  # characters, from which on a courtesy moves no score
_END = 200  # characters in which the courtesies after a question stand


class Opening(Enum):
    """How a message goes on from the answer before it."""

    BARE = "bare"  # it names nothing itself: "and how much?", "where is that"
    LINKED = "linked"  # it opens like one that goes on, and names something: "what about a copy for my lawyer"


class Talk:
    """The lists of the phrase file, ready to be looked for. Built once for a snapshot, then only read."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Take the phrases; a list that is not there is empty."""
        either = "|".join(_spelt(_listed(texts, "courtesies"))) or r"\Z."
        self._before = re.compile(rf"\A(?:{_MARKS % 0}(?:{either})(?![\w']))+{_MARKS % 0}", re.IGNORECASE)
        self._after = re.compile(rf"(?:{_MARKS % 1}(?:{either}))+{_MARKS % 0}\Z", re.IGNORECASE)
        joining = "|".join(_spelt(_listed(texts, "joining"))) or r"\Z."
        self._joint = re.compile(rf"[!?;\n\r]+|\.(?=\s|\Z)|(?<=\s)(?:{joining})(?=\s)", re.IGNORECASE)
        self._openings = tuple(fold(opening).tokens for opening in _listed(texts, "follow_up_openings"))
        self._yes, self._no = (
            frozenset(fold(each).line for each in _listed(texts, name)) for name in ("yes_words", "no_words")
        )
        self._words = tuple(
            frozenset(word for each in _split(text) for word in fold(each).tokens)
            for text in texts.get("follow_up_words", {}).values()
        )

    def bare(self, text: str) -> str:
        """The text without greetings, thanks and "can you tell me" around it; as it is when there is nothing else, and
        when it is so long that they say nothing."""
        if len(text) > _PAGE:
            return text
        # Courtesies stand at the very end; looked for from every place of a long text, they would cost 300 ms.
        kept, end = text[:-_END], text[-_END:]
        shorter = self._before.sub("", kept + self._after.sub("", end, count=1), count=1)
        return shorter if any(character.isalnum() for character in shorter) else text

    def parts(self, text: str) -> tuple[str, ...]:
        """What may be questions of their own, the first few; none when there are not at least two.

        "...and do they take cards" goes on from the part before it and is none.
        """
        found = tuple(part for part, _ in zip(self._pieces(text), range(_MOST_PARTS), strict=False))
        own = tuple(part for part in found if self.opening(fold(part)) is None)
        return own if len(own) > 1 else ()

    def opening(self, words: Words) -> Opening | None:
        """How the words go on from an answer; None when they do not look like it."""
        tokens = words.tokens
        if not tokens or len(tokens) > _MOST_WORDS or self.agrees(words) is False:
            return None
        if any(said.issuperset(tokens) for said in self._words):
            return Opening.BARE
        is_linked = any(opening and tokens[: len(opening)] == opening for opening in self._openings)
        return Opening.LINKED if is_linked else None

    def agrees(self, words: Words) -> bool | None:
        """Whether the words say yes, or no, and nothing else; None when neither."""
        if words.line in self._yes:
            return True
        return False if words.line in self._no else None

    def _pieces(self, text: str) -> Iterator[str]:
        start = 0
        for joint in self._joint.finditer(text):
            yield from _worded(text[start : joint.start()])
            start = joint.end()
        yield from _worded(text[start:])


def _worded(piece: str) -> Iterator[str]:
    if len(piece.split()) >= _LEAST_WORDS and any(character.isalnum() for character in piece):
        yield piece.strip()


def _listed(texts: Mapping[str, Mapping[str, str]], name: str) -> Iterable[str]:
    """The items of a list in every language."""
    return (item for text in texts.get(name, {}).values() for item in _split(text))


def _split(text: str) -> Iterator[str]:
    yield from (item for part in text.split(",") if (item := " ".join(part.split())))


def _spelt(items: Iterable[str]) -> list[str]:
    """Patterns for the items with their accents and without, the longest first: "good morning" before "good"."""
    forms = {form for item in items for form in (item, fold(item).line) if form}
    return [re.escape(form).replace(r"\ ", r"\s+") for form in sorted(forms, key=lambda form: (-len(form), form))]


SILENCE = Talk({})
