"""What goes to Messenger: the requests that leave, and every way Messenger says no."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.channels.meta_fields import identity
from bot.channels.meta_line import Body, GraphRefused
from bot.core.channel import (
    LaneClosed,
    Limits,
    MayHaveArrived,
    Refused,
    SendFailed,
    TryLater,
    Unreachable,
    utf16_units,
)
from bot.core.fit import fit
from bot.core.labels import are_distinct, cut, numbered
from bot.core.message import Address, ChannelName, Part, Reply

# By Meta's documentation: 2,000 characters, 13 quick replies with titles of 20 and payloads of 1,000.
LIMITS = Limits(text_units=2000, choices=13, label_units=20, measure=utf16_units, takes_feedback=True)
_TITLE, _PAYLOAD = 20, 1000

_ACCOUNT_RESTS = timedelta(minutes=5)  # so many calls an hour by one app or page
_RATES = frozenset((4, 17, 32, 613, 80006))
_NOT_NOW = frozenset((1, 2, 1200))
_MEND = frozenset((3, 102, 190, 230, 368))  # token, permission, page restricted
_PERMISSIONS = range(200, 300)
_PERMISSION = 10
_OUTSIDE_WINDOW = frozenset((2018278, 2018065))
# Not available, blocked us, nobody by that id, nobody who may be written to.
_GONE_CODES, _GONE_SUBCODES = frozenset((551,)), frozenset((1545041, 2018001, 2018108, 1893015))


def requests(to: Address, parts: Sequence[Part], *, is_answer: bool = True) -> list[Body]:
    """The requests for these parts, in order. Raises `Unreachable` when the address is none of Messenger."""
    if to.channel is not ChannelName.MESSENGER or identity(to.id) is None:
        raise Unreachable("not an address of Messenger")
    told = {"recipient": {"id": to.id}, "messaging_type": "RESPONSE" if is_answer else "UPDATE"}
    return [{**told, "message": _content(part)} for whole in parts for part in _showable(whole)]


def _showable(part: Part) -> Iterator[Part]:
    """The part, its choices numbered under the text where their titles would be cut: nothing else shows them whole."""
    if not part.choices or all(
        choice.label.strip() and 0 < len(choice.value) <= _PAYLOAD and utf16_units(choice.label.strip()) <= _TITLE
        for choice in part.choices
    ):
        yield part
        return
    *before, last = fit(Reply(part.text, part.choices, urgent=part.urgent), replace(LIMITS, choices=0))
    yield from before
    is_pressable = all(0 < len(choice.value) <= _PAYLOAD for choice in part.choices)
    yield replace(last, choices=part.choices if is_pressable else ())


def _content(part: Part) -> Body:
    if not part.choices:
        return {"text": part.text}
    titles = [cut(choice.label.strip(), _TITLE) for choice in part.choices]
    labels = [choice.label.strip() for choice in part.choices]
    if titles != labels or not are_distinct(titles):
        titles = numbered(labels, _TITLE)  # those of the lines in the text above
    quick = [
        {"content_type": "text", "title": title, "payload": choice.value}
        for title, choice in zip(titles, part.choices, strict=True)
    ]
    return {"text": part.text, "quick_replies": quick}


def failure_of(error: GraphRefused) -> SendFailed:
    """What the refusal means. An unknown one below HTTP 500 is a no to this message."""
    said, code, subcode = str(error), error.code, error.subcode
    if code in _GONE_CODES or subcode in _GONE_SUBCODES:
        return Unreachable(said)
    if subcode in _OUTSIDE_WINDOW:
        return Refused(said)
    if error.status == 401 or code in _MEND or code in _PERMISSIONS or code == _PERMISSION:
        return LaneClosed(said)
    if code in _RATES or error.status == 429:
        return TryLater(said, error.after or _ACCOUNT_RESTS)
    if code in _NOT_NOW or error.is_transient:
        return TryLater(said, error.after)
    return MayHaveArrived(said) if error.status >= 500 else Refused(said)
