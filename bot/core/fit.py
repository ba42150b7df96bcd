"""A reply cut to what a platform takes at once. Nothing is shortened: what does not fit one part goes into the next."""

import re
from collections.abc import Iterator

from bot.core.channel import Limits
from bot.core.message import Part, Reply

# Where a text may be parted, best first: between paragraphs, lines, sentences, words.
_SEAMS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?:;])\s+"), re.compile(r"\s+"))


def fit(reply: Reply, limits: Limits) -> tuple[Part, ...]:
    """The reply in parts within the limits; the choices stand under the last, numbered where there are no buttons."""
    text = reply.text
    buttons = reply.choices if len(reply.choices) <= limits.choices else ()
    if reply.choices and not buttons:
        numbered = (f"{number}. {choice.label}" for number, choice in enumerate(reply.choices, 1))
        text = "\n".join((text, "", *numbered))
    *before, last = _split(text, limits)
    return (*(Part(part, urgent=reply.urgent) for part in before), Part(last, buttons, reply.urgent))


def _split(text: str, limits: Limits) -> Iterator[str]:
    while limits.measure(text) > limits.text_units:
        end = _most(text, limits)
        head, rest = next(_parted(text, end), (text[:end], text[end:]))
        yield head
        text = rest
    yield text


def _parted(text: str, end: int) -> Iterator[tuple[str, str]]:
    for seam in _SEAMS:
        places = [place for place in seam.finditer(text, 0, end + 1) if 0 < place.start() <= end]
        # A seam in the first third would leave a stump; a worse seam further on reads better.
        if places and places[-1].start() * 3 >= end:
            yield text[: places[-1].start()], text[places[-1].end() :]


def _most(text: str, limits: Limits) -> int:
    """How many characters from the start fit, found by halving."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if limits.measure(text[:middle]) <= limits.text_units:
            low = middle
        else:
            high = middle - 1
    return low
