"""One tap on "did this help?": the answer it is about, the press that comes back, and what is noted of it."""

import hashlib
import re
from dataclasses import dataclass, field

from bot.core.message import Choice

_YES, _NO = "/useful yes", "/useful no"
# Letters without vowels spell nothing that the emergency check could take for a word.
_LETTERS = "bcdfghjklmnpqrst"
_PRESS = re.compile(rf"/useful (yes|no) ([{_LETTERS}]{{8}})\s*\Z")
MOST_SHOWN = 5  # answers of one chat that may still be rated: those a telephone shows without much scrolling


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer as somebody saw it: the entry, and the fingerprint of its words in their language."""

    entry: str
    version: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer under which somebody was asked whether it helped.

    `key` is what its buttons send. `question` is what they had asked, kept in memory only; "" when it may not be kept
    or nothing was typed.
    """

    key: str
    seen: Seen
    language: str
    is_rated: bool = False
    question: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button, read."""

    key: str
    has_helped: bool


@dataclass(frozen=True, slots=True)
class NoteFeedback:
    """Count that an answer helped or did not, without whoever said so."""

    seen: Seen
    language: str
    has_helped: bool


def read(text: str) -> Press | None:
    """The press that the text is; None when it is anything else."""
    found = _PRESS.match(text)
    return Press(found[2], found[1] == "yes") if found else None


def key_of(message_id: str) -> str:
    """The key of the answer to this message: the same when it is answered twice."""
    digest = hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()[:8]
    return "".join(_LETTERS[int(figure, 16)] for figure in digest)


def buttons(key: str, yes: str, no: str) -> tuple[Choice, Choice]:
    """The two choices with these labels."""
    return Choice(yes, f"{_YES} {key}"), Choice(no, f"{_NO} {key}")
