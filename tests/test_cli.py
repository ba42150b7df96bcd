"""The command line as somebody at a terminal uses it; the JSON of `ask` is public API."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests import small_folder

FIELDS = ["id", "verdict", "outcome", "entry", "candidates", "language", "reply", "choices", "cue"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(small_folder.write(tmp_path_factory.mktemp("knowledge")))


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def test_ask_prints_what_a_resident_would_get(folder: str) -> None:
    result = run("ask", "--knowledge", folder, "how do i get a b")
    assert result.exit_code == 0
    assert result.output.startswith("b\n\nThe first answer.\n")


def test_ask_json_is_one_object_with_exactly_these_fields(folder: str) -> None:
    shown = json.loads(run("ask", "--json", "--knowledge", folder, "how", "do", "i", "get", "a", "b").output)
    assert list(shown) == FIELDS
    assert (shown["id"], shown["verdict"], shown["outcome"], shown["entry"]) == (None, "none", "answered", "b")
    assert shown["candidates"][0]["entry"] == "b"
    assert 0 < shown["candidates"][0]["score"] <= 1


def test_ask_batch_keeps_ids_and_order_and_tells_every_bad_line(folder: str) -> None:
    lines = [
        '{"id": "7", "text": "he has a gun"}',
        "not json",
        "",
        '{"id": 8, "text": "how do i get a b"}',
        '{"id": "9"}',
        '{"text": "zebra"}',
        '["he has a gun"]',
    ]
    result = run("ask", "--json", "--batch", "-", "--knowledge", folder, typed="\n".join(lines))
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(item["id"], item["outcome"]) for item in shown] == [
        ("7", "emergency"),
        ("8", "answered"),
        (None, "not_found"),
    ]
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["line 2", "line 5", "line 7"]
    assert result.exit_code == 1


def test_ask_ranks_candidates_even_in_an_emergency_and_names_the_cue(folder: str) -> None:
    shown = json.loads(run("ask", "--json", "--knowledge", folder, "he has a gun, how do i get a b").output)
    assert (shown["verdict"], shown["outcome"], shown["entry"], shown["cue"]) == (
        "emergency",
        "emergency",
        None,
        "has-weapon",
    )
    assert shown["candidates"][0]["entry"] == "b"


def test_ask_why_tells_cue_phrase_and_scores(folder: str) -> None:
    output = run("ask", "--why", "--knowledge", folder, "he has a gun").output
    assert "cue has-weapon (he has a gun): emergency, hard cue" in output
    assert "verdict: emergency" in output
    assert "'how do i get a b' (programs/b.yaml:4)" in run("ask", "--why", "--knowledge", folder, "get a b").output


@pytest.mark.parametrize("arguments", [("ask",), ("ask", "--batch", "-", "text")])
def test_ask_wants_a_text_or_a_batch(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, typed="")
    assert result.exit_code == 2
    assert "give a text or --batch" in result.output


def test_a_batch_that_is_not_utf8_is_said(folder: str, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "caf\xe9"}\n')
    result = run("ask", "--json", "--batch", str(tmp_path / "b.jsonl"), "--knowledge", folder)
    assert result.exit_code == 1
    assert "UTF-8" in result.output


def test_check_prints_every_fault_with_file_and_line_and_fails(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "faqs/a.yaml").write_text("- id: a\n  en:\n    titel: a\n    asks: []\n    answer: x\n")
    (folder / "programs/b.yaml").write_text("- [")
    result = run("check", "--knowledge", str(folder))
    assert result.exit_code == 1
    assert "faqs/a.yaml:3: `titel` is not known here: did you mean `title`?" in result.output
    assert "programs/b.yaml:2: not YAML" in result.output or "programs/b.yaml:1: not YAML" in result.output
    assert "fault(s): this folder does not go live" in result.output


def test_check_tells_what_curators_should_look_at(folder: str) -> None:
    result = run("check", "--knowledge", folder)
    assert result.exit_code == 0
    assert "faqs/a.yaml:1: note: `a` has no owner, checked_on, review_every, source" in result.output
    assert "Sound: 3 entries, 3 asks, 1 questions, 2 emergency cues" in result.output
    assert run("check", "--strict", "--knowledge", folder).exit_code == 1


def test_chat_is_the_same_conversation(folder: str) -> None:
    output = run("chat", "--knowledge", folder, typed="how do i get a b\nhe has a gun\n\n").output
    assert "The first answer." in output
    assert "Call 911 now." in output


def test_a_broken_folder_is_told_before_the_talk_begins(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path)
    (folder / "faqs/a.yaml").write_text("- [")
    result = run("chat", "--knowledge", str(folder), typed="hello\n")
    assert result.exit_code == 1
    assert "faqs/a.yaml:" in result.output


def test_settings_that_cannot_be_used_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PROT", "1")
    monkeypatch.setenv("BOT_HOST", "127.0.0.1")
    monkeypatch.setenv("BOT_PUBLIC_URL", "nowhere")
    result = run("serve")
    assert result.exit_code == 1
    assert "BOT_PROT is not a setting: did you mean BOT_PORT?" in result.output
    assert "BOT_PUBLIC_URL must start with" in result.output
