"""What a message orders rather than asks: a slash command, or a whole message that means one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.entry import CommandWords
from bot.core.rating import Seen
from bot.core.text import fold

_SLASH = re.compile(r"/([a-z_]{1,32})(?:@\w+)?(?:\s+(\S{1,64}))?\s*\Z", re.IGNORECASE)

ENTRIES = {
    "about": "about-bot",
    "privacy": "chat-privacy",
    "human": "talk-to-human",
    "stop": "stop-advisories",
    "subscribe": "subscribe-advisories",
    "subscriptions": "subscribe-advisories",
    "urgent": "subscribe-advisories",
    "every": "subscribe-advisories",
    "language": "language-help",
}
"""Commands that an entry of the catalogue stands for."""

_LANGUAGES = {"english": "en", "spanish": "es", "portuguese": "pt"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command by name. `argument` is the word after it, None when there is none."""

    name: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class NoteUnanswered:
    """Keep this question for the curators, without its asker; `near` are the entries that came closest.

    `seen` is the answer that did not help; None: there was none.
    """

    question: str = field(repr=False)
    language: str
    near: tuple[str, ...]
    seen: Seen | None = None


class Commands:
    """Every way to say a command. Built once for a snapshot, then only read."""

    def __init__(self, commands: Iterable[CommandWords]) -> None:
        self._names: set[str] = {"none", "exercise"}  # commands that nobody says in words
        self._said: dict[str, str] = {}
        for command in commands:
            self._names.add(command.name)
            for phrases in command.says.values():
                self._said.update((fold(phrase).line, command.name) for phrase in phrases)

    def recognise(self, text: str) -> Command | None:
        """The command that the whole text is; None when it is not one."""
        text = text.strip()
        if found := _SLASH.match(text):
            name = found[1].lower()
            return Command(name, found[2]) if name in self._names else None
        if len(text) > 80:  # characters; no command is as long, and folding a page for one would cost
            return None
        name = self._said.get(fold(text).line, "")
        if name in _LANGUAGES:
            return Command("language", _LANGUAGES[name])
        return Command(name) if name else None
