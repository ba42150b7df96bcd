"""Browsers that staff have signed in on: how one is known again, and what it is called."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bot.store.marks import Marks

COOKIE = "__Host-staff-device"
LASTS = timedelta(days=400)  # longer, no browser keeps a cookie
_MOST = 8  # accounts a browser is known by: those of a desk that a shift shares
_FORM = re.compile(r"[0-9a-f]{32}(\.[a-z2-7]{26}){1,8}")
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
             ("SamsungBrowser/", "Samsung Internet"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
            ("CrOS", "ChromeOS"), ("Mac OS X", "Mac"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Device:
    """A browser by a number of its own, and our word for each account that has signed in on it, the latest first.

    Who else learns them has another count of tries there, and nothing more.
    """

    number: str
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, cookie: str) -> Self:
        """The browser that shows this cookie; for one that is not ours, a new one."""
        if not _FORM.fullmatch(cookie):
            return cls(secrets.token_hex(16))
        number, *words = cookie.split(".")
        return cls(number, tuple(words))

    def knows(self, name: str, marks: Marks) -> bool:
        """Whether that account has signed in on it."""
        return self._word(name, marks) in self.words

    def with_account(self, name: str, marks: Marks) -> "Device":
        """The same, now that the account has signed in on it."""
        word = self._word(name, marks)
        return Device(self.number, (word, *(other for other in self.words if other != word))[:_MOST])

    @property
    def cookie(self) -> str:
        """What the browser is to show next time."""
        return ".".join((self.number, *self.words))

    def _word(self, name: str, marks: Marks) -> str:
        return marks.of("device cookie", name, self.number)


def called(user_agent: str) -> str:
    """A browser in words that its owner knows again, such as "Chrome on Android"; nothing of it is the sender's."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "A browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    return f"{browser} on {system}" if system else browser
