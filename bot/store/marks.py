"""Keyed marks of the console: what a browser is known again by, and under which names its guesses are counted."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Self

from bot.store.keys import Pseudonyms

_BYTES = 16  # 128 bits: as long as a pseudonym, and as hard to guess


@dataclass(frozen=True, slots=True)
class Marks:
    """26 small letters and digits that nobody can make, or link to what they stand for, without the key."""

    key: bytes = field(repr=False)

    @classmethod
    def under(cls, pseudonyms: Pseudonyms) -> Self:
        """Those under a key drawn from that of the data folder: no mark is ever a resident's pseudonym."""
        return cls(hmac.digest(pseudonyms.newest, b"the console's marks", hashlib.sha256))

    def of(self, *told: str) -> str:
        """The same for the same words in the same order, always."""
        digest = hmac.digest(self.key, json.dumps(told).encode("ascii"), hashlib.sha256)
        return base64.b32encode(digest[:_BYTES]).decode("ascii").rstrip("=").lower()
