"""The README knows every setting, command and event of the bot, and names nothing that is gone."""

import ast
import re
from pathlib import Path

import pytest

from bot import settings
from bot.cli import main

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text(encoding="utf-8")
LEVELS = {"debug", "info", "warning", "error", "exception"}


def events() -> set[str]:
    """The first argument of every `log.…(...)` in the house."""
    found: set[str] = set()
    for module in (HERE / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[words, *_]):
                    assert level in LEVELS
                    assert isinstance(words, ast.Constant), f"{module.name}:{node.lineno}: an event is a fixed name"
                    found.add(str(words.value))
    return found


@pytest.mark.parametrize("name", settings.names())
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_every_setting_in_the_readme_exists() -> None:
    assert set(re.findall(r"BOT_[A-Z_]+[A-Z]", README)) <= set(settings.names())


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`danbury-bot {command}" in README


def test_every_event_is_in_the_readme_and_no_other() -> None:
    table = README.split("| event |")[1].split("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`([a-z0-9 -]+)`", line.split("|")[1])}
    assert sorted(named ^ events()) == []


def test_the_readme_names_no_file_that_is_gone() -> None:
    for path in re.findall(r"`((?:bot|tests|knowledge)/[\w/.]*)`", README):
        assert (HERE / path).exists(), path
