import pytest

from bot.core.command import Command, Commands
from bot.core.entry import CommandWords

COMMANDS = Commands(
    [
        CommandWords("help", {"en": ("help", "menu"), "es": ("ayuda",)}),
        CommandWords("language", {"en": ("change language",)}),
        CommandWords("spanish", {"es": ("en español, por favor",)}),
        CommandWords("stop", {"en": ("stop",)}),
    ]
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/help", Command("help")),
        ("/HELP@danbury_bot", Command("help")),
        ("/language es", Command("language", "es")),
        ("/none", Command("none")),
        ("/exercise 48210937", Command("exercise", "48210937")),
        ("exercise", None),
        ("help", Command("help")),
        ("  Menu!! ", Command("help")),
        ("AYUDA", Command("help")),
        ("en espanol por favor", Command("language", "es")),
        ("STOP", Command("stop")),
        ("/nonsense", None),
        ("help me get my report", None),
        ("how do i stop a neighbor from parking here", None),
        ("", None),
        ("help " * 40, None),
    ],
)
def test_a_command_is_the_whole_message_or_none(text: str, command: Command | None) -> None:
    assert COMMANDS.recognise(text) == command
