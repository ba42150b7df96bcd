"""JSON Schema of the YAML forms, so that an editor completes keys and marks mistakes while a curator types."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from bot.knowledge.examples import ExamplesForm
from bot.knowledge.forms import (
    ContextsForm,
    CueForm,
    DepartmentForm,
    EntryForm,
    FactForm,
    PhrasesForm,
    QuestionForm,
    RepliesForm,
    WordsForm,
)
from bot.knowledge.topic_forms import AlertingForm

FORMS: Mapping[str, tuple[Any, str]] = MappingProxyType(
    {
        "entries": (list[EntryForm], "faqs/*.yaml, programs/*.yaml, contacts.yaml, out_of_scope.yaml"),
        "questions": (list[QuestionForm], "questions/*.yaml"),
        "facts": (list[FactForm], "facts.yaml"),
        "phrases": (PhrasesForm, "phrases.yaml"),
        "topics": (AlertingForm, "topics.yaml"),
        "department": (DepartmentForm, "department.yaml"),
        "words": (WordsForm, "emergency/words.yaml"),
        "cues": (list[CueForm], "emergency/cues/*.yaml"),
        "stand_down": (ContextsForm, "emergency/stand_down.yaml"),
        "replies": (RepliesForm, "emergency/replies.yaml"),
        "examples": (ExamplesForm, "emergency/examples/*.yaml"),
    }
)
"""The forms by name, each with the files that are written in it."""

_TEXT = ["string", "number", "boolean"]  # `- 911` and `- no` are text here, whatever an editor takes them for


def schema(name: str) -> str:
    """The JSON Schema of a form of `FORMS`, as text."""
    form, files = FORMS[name]
    made = TypeAdapter(form).json_schema()
    for definition in (made, *made.get("$defs", {}).values()):
        if "wordings" in definition.get("properties", {}):
            _with_languages(definition)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, "description": f"For {files}"}
    return json.dumps(
        head | {"$comment": "danbury-bot schema"} | _as_curators_write(made) | head, indent=2, ensure_ascii=False
    )


def _with_languages(entry: dict[str, Any]) -> None:
    """Each language is a key beside the others, as curators write it; the model has them gathered under one."""
    wordings = entry["properties"].pop("wordings")
    (spoken,) = wordings["patternProperties"].values()
    entry["patternProperties"] = {"^(?!id$)[a-z]{2}$": spoken}
    entry["required"] = [key for key in entry["required"] if key != "wordings"]
    entry["minProperties"] = 2  # the id and a language


def _as_curators_write(part: Any) -> Any:
    """The schema with text that may look like a number, and no keys but those of a pattern."""
    match part:
        case {"type": "string", **rest} if "enum" not in rest and "const" not in rest:
            return {"type": _TEXT, **rest}
        case dict():
            closed = {"additionalProperties": False} if "patternProperties" in part else {}
            return closed | {key: _as_curators_write(value) for key, value in part.items()}
        case list():
            return [_as_curators_write(item) for item in part]
    return part
