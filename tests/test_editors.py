"""The JSON Schema of the forms: sound for editors, and no stricter or laxer than what `check` takes and refuses."""

import fnmatch
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.cli import main
from bot.knowledge import editors
from tests.builders import REAL_FOLDER

jsonschema = pytest.importorskip("jsonschema", reason="the extra `test` brings it")


def form_of(name: str) -> str:
    """The form that a file of the knowledge is written in."""
    found = [
        form for form, (_, files) in editors.FORMS.items() for each in files.split(", ") if fnmatch.fnmatch(name, each)
    ]
    (one,) = found
    return one


def faults(form: str, value: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(editors.schema(form)))
    return [f"{list(error.absolute_path)}: {error.message}"[:200] for error in validator.iter_errors(value)]


class _Reader(yaml.CSafeLoader):
    """As an editor reads: numbers and true are what they look like, a day is text."""


_Reader.yaml_implicit_resolvers = {
    sign: [(tag, form) for tag, form in rules if tag.rpartition(":")[2] in ("null", "int", "bool")]
    for sign, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
OURS = sorted(path.relative_to(REAL_FOLDER).as_posix() for path in REAL_FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("form", sorted(editors.FORMS))
def test_each_schema_is_one(form: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(editors.schema(form)))


@pytest.mark.parametrize("name", OURS)
def test_our_own_files_are_sound_by_it(name: str) -> None:
    value = yaml.load((REAL_FOLDER / name).read_text(encoding="utf-8"), Loader=_Reader)
    assert faults(form_of(name), value) == []


@pytest.mark.parametrize(
    ("form", "value", "says"),
    [
        ("entries", {"id": "a"}, "is not of type 'array'"),
        ("entries", [{"en": {"title": "a", "asks": [], "answer": None}}], "'id' is a required property"),
        ("entries", [{"id": "a"}], "enough properties"),
        ("entries", [{"id": "a", "english": {}}], "english"),
        ("entries", [{"id": "a", "en": {"titel": "a", "asks": [], "answer": None}}], "titel"),
        ("entries", [{"id": "a", "wordings": {}}], "wordings"),
        ("entries", [{"id": "a", "en": {"title": "a", "asks": [], "answer": None}, "risk": "medium"}], "'medium'"),
        (
            "entries",
            [{"id": "a", "en": {"title": "a", "asks": [], "answer": None}, "checked_on": "1.2.2026"}],
            "1.2.2026",
        ),
        ("entries", [{"id": "a", "en": {"title": "a", "asks": [], "answer": None}, "review_every": "often"}], "often"),
        ("questions", [{"ask": "a", "language": "english", "expect": None}], "english"),
        ("facts", [{"value": "911", "what": "a", "source": "nowhere"}], "nowhere"),
        ("department", {"name": {"english": "x"}, "time_zone": "UTC", "languages": ["en"]}, "english"),
        ("words", {"classes": {"small": ["x"]}}, "small"),
        ("stand_down", {"now": []}, "'past' is a required property"),
        ("examples", {"kind": {"urgent": ["x"]}}, "urgent"),
    ],
)
def test_what_check_refuses_an_editor_marks(form: str, value: Any, says: str) -> None:
    assert any(says in fault for fault in faults(form, value)), faults(form, value)


def test_text_that_looks_like_a_number_is_text() -> None:
    assert faults("entries", [{"id": "a", "en": {"title": 911, "asks": [911, "no", True], "answer": None}}]) == []


def test_an_editor_is_told_what_each_field_is_for() -> None:
    made = json.loads(editors.schema("entries"))["$defs"]
    fields = {**made["EntryForm"]["properties"], **made["WordingForm"]["properties"]}
    assert [name for name, field in fields.items() if "description" not in field and "$ref" not in str(field)] == []


def test_the_command_prints_one_form_or_writes_them_all(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert json.loads(run(main, ["schema", "entries"]).output)["title"] == "entries"
    assert run(main, ["schema", "--out", str(tmp_path / "schema")]).exit_code == 0
    assert {path.stem for path in (tmp_path / "schema").iterdir()} == set(editors.FORMS)
    assert run(main, ["schema"]).exit_code == 2
    assert run(main, ["schema", "recipes"]).exit_code == 2
    (tmp_path / "file").write_text("")
    assert run(main, ["schema", "--out", str(tmp_path / "file" / "x")]).exit_code == 1
