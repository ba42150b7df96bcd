"""Passwords of the staff: which are refused, and how they are kept and compared."""

import asyncio
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 128  # characters; ASVS 5, 6.2.1 and 6.2.9
_GUESSES = 10**10  # fewer, and lists of common passwords, words and names find it; ASVS 5, 6.2.4 and 6.2.11
_PARTED = re.compile(r"[\W_]+")
_LOOKED_AT = 72  # characters; the estimate takes long for more, and these decide
_AT_ONCE = 2  # of 64 MiB and a fifth of a second of a core each
# The hash of nothing anybody knows: an unknown name costs as much as a known one.
_DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$vC+knHg50k2ThWiGATJ+sg$hB2qfs/ts3tEd3uf2gLik8MnS7mhIwDnpbNkU8QqI7E"

START_LASTS = timedelta(days=3)  # over a weekend; ASVS 5, 6.4.1
_START = "start"  # before the hash of one: `start 2026-11-26T12:00:00+00:00 $argon2id$...`
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none is taken for another when it is read out
_GROUPS, _GROUP = 4, 4  # 79 bits


def faults(password: str, *known: str) -> tuple[str, ...]:
    """Why the password is not taken, nothing when it is. `known` are words anybody would try: names.

    No rule asks for digits or capitals: those make passwords that people write down (NIST SP 800-63B, 3.1.1.2).
    """
    password = _plain(password)
    if len(password) < SHORTEST:
        return (f"a password has at least {SHORTEST} characters: four words that do not belong together are fine",)
    if len(password) > LONGEST:
        return (f"a password has at most {LONGEST} characters",)
    words = [*known, *(word for each in known for word in _PARTED.split(each) if len(word) > 2)]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=words, max_length=_LOOKED_AT)["guesses"] < _GUESSES:
        return ("the password is too easy to guess: four words that do not belong together are better",)
    return ()


def start_password() -> str:
    """A password to begin with, which its owner must change: nobody else knows what they change it to."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def as_start(kept: str, until: datetime) -> str:
    """The hash of a start password, good until then."""
    return f"{_START} {until.isoformat()} {kept}"


def is_start(kept: str) -> bool:
    """Whether what is kept is that of a start password."""
    return kept.startswith(f"{_START} ")


def is_over(kept: str, now: datetime) -> bool:
    """Whether it is that of a start password whose time is up."""
    return is_start(kept) and now >= datetime.fromisoformat(kept.split(" ")[1])


class Passwords:
    """Passwords judged, hashed and compared in threads, two at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def faults(self, password: str, *known: str) -> tuple[str, ...]:
        """As `faults`, which thinks for up to a tenth of a second: meanwhile somebody may need 911."""
        async with self._turn:
            return await asyncio.to_thread(faults, password, *known)

    async def kept(self, password: str) -> str:
        """What the store keeps in place of the password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password is the kept one; as much work, and False, when None is kept."""
        async with self._turn:
            return await asyncio.to_thread(self._fits, kept or _DUMMY, password) and kept is not None

    def is_old(self, kept: str) -> bool:
        """Whether it was hashed with less work than is usual by now; a start password is changed anyway."""
        return not is_start(kept) and self._hasher.check_needs_rehash(kept)

    def _fits(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept.rpartition(" ")[2], _plain(password)[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False


def _plain(password: str) -> str:
    return unicodedata.normalize("NFC", password)
