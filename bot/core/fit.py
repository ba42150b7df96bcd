"""A reply cut to what a platform takes at once. What does not fit one part goes into the next; where every message is
paid for, an answer is cut short and says where all of it stands."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.core.channel import Limits
from bot.core.compose import ENTRY_MARK
from bot.core.message import Choice, Part, Reply

# Where a text may be parted, best first: between paragraphs, lines, sentences, words.
_SEAMS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?:;])\s+"), re.compile(r"\s+"))
_ENDS = re.compile(r"\n|(?<=[^\d\s][.!?])\s")  # of a line or a sentence; "1." begins one
_CUT = " ...\n"  # before the link to the rest; GSM 7-bit, as the sign for it is not


def fit(reply: Reply, limits: Limits) -> tuple[Part, ...]:
    """The reply in parts within the limits; the choices stand under the last, numbered where there are no buttons."""
    buttons = reply.choices if len(reply.choices) <= limits.choices else ()
    text = reply.text
    if reply.choices and not buttons:
        numbered = (f"{number}. {choice.label}" for number, choice in enumerate(reply.choices, 1))
        text = "\n".join((text, "", *numbered))
    if shortened := _shortened(reply, text, limits):
        text, buttons = shortened, ()
    else:
        buttons += _rating(reply, buttons, limits)
    *before, last = _split(text, limits)
    parts = (*((part, ()) for part in before), (last, buttons))
    return tuple(Part(part, choices, reply.urgent, reply.language) for part, choices in parts)


def _rating(reply: Reply, buttons: tuple[Choice, ...], limits: Limits) -> tuple[Choice, ...]:
    """The buttons that ask whether it helped, where there is room beside the others and all can be read whole."""
    every = (*buttons, *reply.rating)
    is_room = limits.takes_feedback and not reply.urgent and len(every) <= limits.choices
    return reply.rating if is_room and all(limits.measure(each.label) <= limits.label_units for each in every) else ()


def _shortened(reply: Reply, text: str, limits: Limits) -> str | None:
    """The answer cut short over a link to its page; None when it is short enough, has no page, or is a 911 reply.

    The entries beside it stand on the page as well, and are the first to go; orders are never left to be picked unseen.
    A 911 line in it stays whole.
    """
    if reply.urgent or not (reply.has_page and reply.source and limits.page) or limits.answer_units is None:
        return None
    if limits.measure(text) <= limits.answer_units or (page := limits.page(reply.source)) is None:
        return None
    orders = "" if all(choice.value.startswith(ENTRY_MARK) for choice in reply.choices) else text[len(reply.text) :]
    if not orders and limits.measure(reply.text) <= limits.answer_units:
        return reply.text
    tail = f"{_CUT}{page}{orders}"
    room = replace(limits, text_units=limits.answer_units, measure=lambda text: limits.measure(text + tail))
    kept = _kept(reply)
    if room.measure(kept) > room.text_units:
        return kept + tail
    end = _most(reply.text, room)
    whole = [place.start() for place in _ENDS.finditer(reply.text, 0, end + 1)]
    if whole and whole[-1] * 2 >= end:
        end = whole[-1]
    elif (word := reply.text.rfind(" ", 0, end + 1)) > 0:
        end = word
    return max(reply.text[:end].rstrip(), kept, key=len) + tail


def _kept(reply: Reply) -> str:
    """What a shortened answer says in any case: its first paragraph, the title, and the 911 line that stands above."""
    if not reply.notice:
        return reply.text[: max(reply.text.find("\n\n"), 0)]
    end = reply.text.find("\n\n", reply.text.find(reply.notice) + len(f"{reply.notice}\n\n"))
    return reply.text if end < 0 else reply.text[:end]


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
