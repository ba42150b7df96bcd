"""Collects what is wrong with the files, in a curator's words, so that everything is told at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from bot.core.entry import Place
from bot.knowledge.forms import EntryForm
from bot.knowledge.source import Node, Problem, shown

F = TypeVar("F")
_MOST_TOLD = 50  # faults of one file; who mends fifty looks again
_LONGEST_NAME = 40  # of a field, doubled; more is not a misspelling of it
_LANGUAGE = re.compile(r"(?!id\Z)[a-z]{2}\Z")  # `id` names the entry, not Indonesian

_SAYS = {
    "missing": "is missing: add it",
    "string_type": "must be text",
    "list_type": "must be a list: one item a line, each starting with `- `",
    "dict_type": "must hold fields: `name: value` lines, indented",
    "model_type": "must hold fields: `name: value` lines, indented",
    "model_attributes_type": "must hold fields: `name: value` lines, indented",
    "string_too_short": "is empty: write something or leave it out",
    "too_short": "is empty: at least one is needed",
}


@dataclass(slots=True)
class Faults:
    """Collects what is wrong, so that everything is told at once."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, text: str) -> None:
        self.problems.append(Problem(place, text))

    def form(self, model: type[F] | Any, node: Node, value: Any = None) -> F | None:
        """The node as the model, or None with every breach noted. `value` when it was reshaped for the model."""
        try:
            checked: F = TypeAdapter(model).validate_python(node.plain() if value is None else value)
            return checked
        except ValidationError as e:
            for error in islice(e.errors(include_url=False), _MOST_TOLD):
                path = tuple(step for step in error["loc"] if step not in ("wordings", "[key]") and not _is_tag(step))
                self.add(node.at(path).place, _explained(error, path, model))
            return None


def single(model: type[F], node: Node | None, name: str, faults: Faults) -> F | None:
    if node is None:
        if not any(problem.place.file == name for problem in faults.problems):
            faults.add(Place(name, 1), "is missing or empty")
        return None
    return faults.form(model, node)


def items(model: type[F], node: Node | None, name: str, faults: Faults) -> Iterator[tuple[Node, F]]:
    """Each item of a file that is a list, with its form; items with faults are noted and left out."""
    if node is None:
        return
    if not isinstance(node.value, list):
        faults.add(Place(name, 1), "must be a list: each item starts with `- `")
        return
    before = len(faults.problems)
    for item in node.value:
        if len(faults.problems) - before > _MOST_TOLD:
            faults.add(item.place, "not read from here on: mend the faults above first")
            return
        if model is EntryForm and isinstance(item.value, dict) and "wordings" in item.value:
            where = item.at(("wordings",)).place
            faults.add(where, "`wordings` is not known here: write each language as a key (`en:`, `es:`)")
            continue
        value = with_wordings(item) if model is EntryForm else None
        if (form := faults.form(model, item, value)) is not None:
            yield item, form


def with_wordings(item: Node) -> Any:
    """The item with its language keys gathered under one, as the model has them."""
    plain = item.plain()
    if not isinstance(plain, dict):
        return plain
    spoken = {key: value for key, value in plain.items() if _LANGUAGE.match(key)}
    return {key: value for key, value in plain.items() if key not in spoken} | {"wordings": spoken}


def _is_tag(step: int | str) -> bool:
    """Steps that pydantic adds for the branches of a union; no key of ours looks like them."""
    return isinstance(step, str) and (step.startswith(("constrained-", "dict[", "list[", "function-")) or step == "str")


def _explained(error: ErrorDetails, path: tuple[int | str, ...], model: Any) -> str:
    name = next((f"`{shown(step)}`" for step in reversed(path) if isinstance(step, str)), "this")
    match error["type"]:
        case "extra_forbidden":
            near = process.extractOne(str(path[-1])[:_LONGEST_NAME], _fields_at(model), score_cutoff=60)
            return f"{name} is not known here: " + (f"did you mean `{near[0]}`?" if near else "remove it")
        case "too_short" if error["loc"][-1:] == ("wordings",):
            return "no language: add `en:` with title, asks and answer"
        case "literal_error":
            return f"{name} must be {error['ctx']['expected']}".replace("'", "`")
        case "string_pattern_mismatch":
            return f"{name} is not written as it must be ({_form_of(error['ctx']['pattern'])})"
        case "string_too_long":
            return f"{name} is too long: at most {error['ctx']['max_length']} characters"
        case "value_error":
            return f"{name}: {error['ctx']['error']}"
        case kind:
            return f"{name} {_SAYS.get(kind, error['msg'])}"


def _form_of(pattern: str) -> str:
    if pattern.startswith("^https?"):
        return "a web address that starts with https://"
    if pattern.startswith("^[a-z]{2}"):
        return "two small letters of a language, such as en"
    return "small letters, digits and hyphens" if "-" in pattern else f"the form {pattern}"


def _fields_at(model: Any) -> list[str]:
    """Names that the form knows, itself and in its wordings: what a misspelt key may have meant."""
    own = [name for name in model.model_fields if name != "wordings"]
    if (wordings := model.model_fields.get("wordings")) is None:
        return own
    _, wording = get_args(wordings.annotation)
    return [*own, *wording.model_fields]
