"""An advisory in the slots of an approved template: what may go to people who have not written for 24 hours.

The department registers the text around the slots with Meta, in every language; `.docs/whatsapp.md` has the words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.channels.meta_line import Body
from bot.core.channel import Limits, utf16_units
from bot.core.fit import fit
from bot.core.message import Part, Reply

# A filled template takes 1,024 characters; 150 are for the words around the slots.
_HEAD = Limits(text_units=174, choices=0, label_units=0, measure=utf16_units)
_REST = Limits(text_units=700, choices=0, label_units=0, measure=utf16_units)
_ENDS = (".", "!", "?", ":", ";")
# Meta's codes for what the department writes: the United States for English, Brazil for Portuguese, and Spanish of
# no country, as Danbury's comes from many. Another language goes by its own code.
_CODES = MappingProxyType({"en": "en_US", "es": "es", "pt": "pt_BR"})


@dataclass(frozen=True, slots=True)
class Template:
    """The template as it is registered: its name, and Meta's code of each of our languages."""

    name: str = "department_advisory"
    codes: Mapping[str, str] = field(default_factory=lambda: _CODES)


def filled(template: Template, language: str, parts: Sequence[Part]) -> Iterator[Body]:
    """The template objects that carry all of the words: {{1}} is the first line, {{2}} what follows.

    WhatsApp refuses a slot that is empty or holds a newline, a tab or four spaces, so lines become sentences of one
    paragraph. Nothing is left out: what is too long for one message goes into the next, under the same first line.
    """
    lines = [" ".join(line.split()) for part in parts for line in part.text.splitlines() if line.strip()]
    if not lines:
        return
    head, *over = (part.text for part in fit(Reply(lines[0]), _HEAD))
    rest = _joined([*over, *lines[1:]]) or head
    for part in fit(Reply(rest), _REST):
        slots = [{"type": "text", "text": text} for text in (head, part.text)]
        yield {
            "name": template.name,
            "language": {"policy": "deterministic", "code": template.codes.get(language, language)},
            "components": [{"type": "body", "parameters": slots}],
        }


def _joined(lines: Sequence[str]) -> str:
    """The lines as one paragraph; a dash parts those that do not end as a sentence does."""
    text = ""
    for line in lines:
        text += line if not text else f" {line}" if text.endswith(_ENDS) else f" - {line}"
    return text
