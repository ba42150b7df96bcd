"""Meta's JSON read field by field: one odd field must not hide an emergency, and nothing in here raises."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.core.compose import ENTRY_MARK

Fields = Mapping[str, Any]
NOTHING: Final[Fields] = {}
_ID = re.compile(r"[A-Za-z0-9._:-]{1,160}")  # a phone number, a page-scoped id, `US.1349...` with up to 128 after it
_OURS = ("/", ENTRY_MARK)  # how the value of every choice begins that the bot itself offers


def parsed(body: bytes) -> object:
    """What the body says; None when it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def fields(body: Fields, name: str) -> Fields:
    """The object of that name, an empty one when there is none."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else NOTHING


def items(body: Fields, name: str) -> Iterator[Fields]:
    """The objects in the list of that name; whatever else stands in it is passed over."""
    value = body.get(name)
    return (each for each in (value if isinstance(value, list) else []) if isinstance(each, Mapping))


def words(body: Fields, *names: str) -> str:
    """The first of these fields that holds text, "" when none does."""
    return next((value for name in names if isinstance(value := body.get(name), str) and value), "")


def identity(*values: object) -> str | None:
    """The first of these that can be the id of a person or a message; Meta sends some as numbers. None: none can."""
    shown = (str(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in values)
    return next((value for value in shown if isinstance(value, str) and _ID.fullmatch(value)), None)


def pressed(payload: str, title: str) -> str:
    """What pressing a button says: the value that the bot put behind it.

    A button that is not the bot's was set up in Meta's own pages: its title is what the person read and meant.
    """
    if payload.startswith(_OURS):
        return payload
    return "\n".join(dict.fromkeys(each for each in (title, payload) if each))
