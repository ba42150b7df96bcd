"""How a reply looks on a screen: what of its choices a platform shows on buttons, cuts, or puts behind a list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.core.channel import Limits, utf16_units
from bot.core.fit import fit
from bot.core.labels import are_distinct, cut, numbered
from bot.core.message import Choice, Part, Reply


class Style(Enum):
    """What a platform makes of choices. A test holds each against what the platform's adapter sends."""

    WORDS = "words"  # numbered lines, nothing to press
    BUTTONS = "buttons"  # under the text, each with all its words
    LIST = "list"  # three short ones under the text, else a list behind a button
    QUICK = "quick"  # a row of small ones


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: what stands on it, what stands small below, and all of its words."""

    title: str
    below: str
    choice: Choice

    @property
    def is_cut(self) -> bool:
        """Whether some of its words can be read nowhere on it."""
        whole = self.choice.label.strip()
        return whole not in (self.title, self.below) and not self.title.endswith(whole)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the screen; `is_list`: its buttons stand behind another that opens them."""

    text: str
    buttons: tuple[Button, ...] = ()
    is_list: bool = False
    urgent: bool = False


_UNDER_CHOICES = 1024  # characters of a text with buttons or a list under it
_BUTTONS, _BUTTON = 3, 20
_ROW, _BELOW = 24, 72
_QUICK = 20


def shown(parts: Sequence[Part], limits: Limits, style: Style) -> tuple[Bubble, ...]:
    """The messages that somebody sees, in their order."""
    match style:
        case Style.LIST:
            return tuple(_listed(part) for whole in parts for part in _parted(whole, limits))
        case Style.QUICK:
            return tuple(_quick(part) for whole in parts for part in _readable(whole, limits))
        case _:
            return tuple(Bubble(part.text, _plain(part.choices), urgent=part.urgent) for part in parts)


def _plain(choices: Sequence[Choice]) -> tuple[Button, ...]:
    return tuple(Button(choice.label, "", choice) for choice in choices)


def _parted(part: Part, limits: Limits) -> Iterator[Part]:
    """The part, with the beginning of a text that is too long for choices as a message of its own before it."""
    if part.choices:
        reply = Reply(part.text, part.choices, urgent=part.urgent)
        *before, last = fit(reply, replace(limits, text_units=_UNDER_CHOICES))
        if before:
            yield Part(part.text[: part.text.rindex(last.text)].rstrip(), urgent=part.urgent)
        part = last
    yield part


def _listed(part: Part) -> Bubble:
    labels = [choice.label.strip() for choice in part.choices]
    if not labels:
        return Bubble(part.text, urgent=part.urgent)
    is_short = len(labels) <= _BUTTONS and all(utf16_units(label) <= _BUTTON for label in labels)
    if is_short and are_distinct(labels):
        return Bubble(part.text, _plain(part.choices), urgent=part.urgent)
    titles = [cut(label, _ROW) for label in labels]
    if not are_distinct(titles):
        titles = numbered(labels, _ROW)
    rows = zip(titles, labels, part.choices, strict=True)
    buttons = (Button(title, "" if title.endswith(label) else cut(label, _BELOW), each) for title, label, each in rows)
    return Bubble(part.text, tuple(buttons), is_list=True, urgent=part.urgent)


def _readable(part: Part, limits: Limits) -> Iterator[Part]:
    """The part, its choices as numbered lines as well where a small button would cut them."""
    if all(utf16_units(choice.label.strip()) <= _QUICK for choice in part.choices):
        yield part
        return
    reply = Reply(part.text, part.choices, urgent=part.urgent)
    *before, last = fit(reply, replace(limits, choices=0))
    yield from before
    yield replace(last, choices=part.choices)


def _quick(part: Part) -> Bubble:
    labels = [choice.label.strip() for choice in part.choices]
    titles = [cut(label, _QUICK) for label in labels]
    if titles != labels or not are_distinct(titles):
        titles = numbered(labels, _QUICK)
    buttons = (Button(title, "", choice) for title, choice in zip(titles, part.choices, strict=True))
    return Bubble(part.text, tuple(buttons), urgent=part.urgent)
