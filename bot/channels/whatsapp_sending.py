"""What goes to WhatsApp: the requests that leave, for replies and for announcements."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.channels.meta_line import Body
from bot.channels.whatsapp_template import Template, filled
from bot.core.channel import Limits, Unreachable, utf16_units
from bot.core.fit import fit
from bot.core.labels import are_distinct, cut, numbered
from bot.core.message import Address, ChannelName, Choice, Part, Reply

# By Meta's documentation. A list takes ten choices; more become numbered lines.
LIMITS = Limits(text_units=4096, choices=10, label_units=24, measure=utf16_units, announces=True, takes_feedback=True)
_UNDER_CHOICES = replace(LIMITS, text_units=1024)
_NO_CHOICES = replace(LIMITS, choices=0)
_BUTTONS, _BUTTON_TITLE = 3, 20
_ROW_TITLE, _ROW_DESCRIPTION, _VALUE = 24, 72, 200
_OPENER = 20  # characters on the button that opens a list
# A business-scoped id, such as US.1349...: WhatsApp takes it in a field of its own, and drops a message without a word
# when it stands in `to`.
_SCOPED = re.compile(r"[A-Za-z]{2}\.[A-Za-z0-9.]{1,140}")
_NUMBER = re.compile(r"\d{5,20}")


def replies(to: Address, parts: Sequence[Part], opener: str, answers: str | None = None) -> list[Body]:
    """The requests for these parts, in order. `opener` is what stands on the button that opens a list of choices.

    `answers` is WhatsApp's id of the message that the first one points at. Raises `Unreachable` when the address is
    none of WhatsApp.
    """
    told = _addressed(to)
    bodies = [{**told, **_content(part, opener)} for whole in parts for part in _showable(whole)]
    return _pointing(bodies, answers)


def templates(
    to: Address, parts: Sequence[Part], template: Template, language: str, answers: str | None = None
) -> list[Body]:
    """The same words in an approved template, for people who have not written for 24 hours."""
    told = _addressed(to)
    return _pointing([{**told, "type": "template", "template": each} for each in filled(template, language, parts)],
                     answers)  # fmt: skip


def _addressed(to: Address) -> dict[str, Any]:
    told = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if to.channel is ChannelName.WHATSAPP and _SCOPED.fullmatch(to.id):
        return {**told, "recipient": to.id}
    if to.channel is ChannelName.WHATSAPP and _NUMBER.fullmatch(to.id):
        return {**told, "to": to.id}
    raise Unreachable("not an address of WhatsApp")


def _pointing(bodies: list[dict[str, Any]], answers: str | None) -> list[Body]:
    if bodies and answers:
        bodies[0]["context"] = {"message_id": answers}
    return list(bodies)


def _showable(part: Part) -> Iterator[Part]:
    """The part, with the beginning of a text that is too long for choices as a message of its own before it."""
    if not part.choices:
        yield part
        return
    if not all(_is_pressable(choice) for choice in part.choices):
        yield from fit(Reply(part.text, part.choices, urgent=part.urgent), _NO_CHOICES)
        return
    *before, last = fit(Reply(part.text, part.choices, urgent=part.urgent), _UNDER_CHOICES)
    if before:
        yield Part(part.text[: part.text.rindex(last.text)].rstrip(), urgent=part.urgent)
    yield last


def _is_pressable(choice: Choice) -> bool:
    return bool(choice.label.strip()) and choice.value.strip() == choice.value and 0 < len(choice.value) <= _VALUE


def _content(part: Part, opener: str) -> dict[str, Any]:
    if not part.choices:
        return {"type": "text", "text": {"body": part.text, "preview_url": False}}
    labels = [choice.label.strip() for choice in part.choices]
    is_short = len(labels) <= _BUTTONS and all(utf16_units(label) <= _BUTTON_TITLE for label in labels)
    kind, action = ("button", _buttons(part)) if is_short and are_distinct(labels) else ("list", _list(part, opener))
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": part.text}, "action": action}}


def _buttons(part: Part) -> Body:
    shown = [{"id": choice.value, "title": choice.label.strip()} for choice in part.choices]
    return {"buttons": [{"type": "reply", "reply": each} for each in shown]}


def _list(part: Part, opener: str) -> Body:
    """A list shows 24 characters of a choice in bold and 72 below: a longer label is cut above and whole below."""
    labels = [choice.label.strip() for choice in part.choices]
    titles = [cut(label, _ROW_TITLE) for label in labels]
    if not are_distinct(titles):
        titles = numbered(labels, _ROW_TITLE)
    rows = []
    for choice, label, title in zip(part.choices, labels, titles, strict=True):
        row = {"id": choice.value, "title": title}
        rows.append(row if title.endswith(label) else row | {"description": cut(label, _ROW_DESCRIPTION)})
    return {"button": cut(opener, _OPENER) or f"1-{len(rows)}", "sections": [{"rows": rows}]}
