"""What in a reply can be dialled or opened. `static/links.js` finds the same; a test holds the two together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CANDIDATE = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?P<phone>(?:\+?1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4})"
    r"|(?P<short>911|988)"
)
_URL_TAIL = re.compile(r"[.,;:!?'”’»)\]]+\Z")
# Part of a longer number, a price or a word: not something to dial.
_BEFORE = re.compile(r"[\w$#.+-]\Z")
_AFTER = re.compile(r"\w|[-.,:][0-9]|%")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `href` is where it leads, None for plain words."""

    text: str
    href: str | None = None


def pieces(text: str) -> Iterator[Piece]:
    """The text in order, with web addresses, 911, 988 and telephone numbers of this country as links."""
    done = 0
    for found in _CANDIDATE.finditer(text):
        shown = found[0]
        if found["url"]:
            tail = _URL_TAIL.search(shown)
            shown = shown[: tail.start()] if tail else shown
            href = shown
        elif _BEFORE.search(text[: found.start()][-1:]) or _AFTER.match(text[found.end() : found.end() + 2]):
            continue
        else:
            href = telephone(shown)
        if found.start() > done:
            yield Piece(text[done : found.start()])
        yield Piece(shown, href)
        done = found.start() + len(shown)
    if done < len(text):
        yield Piece(text[done:])


def telephone(number: str) -> str:
    """The address that dials a number as people write it; a ten-digit one with the country's 1."""
    digits = re.sub(r"[^0-9]", "", number)
    return f"tel:+{digits.rjust(11, '1')}" if len(digits) >= 10 else f"tel:{digits}"
