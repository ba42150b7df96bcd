"""The key of the pseudonyms, and the pseudonyms: people and messages as the store knows them."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.message import Address, ChannelName
from bot.store import private
from bot.store.faults import KeyUnusable

_KEY_BYTES = 32  # as long as the hash: a longer one adds nothing, RFC 2104 section 3
_SHOWN_BYTES = 16  # 128 bits: no two of a town's people or messages will ever share a pseudonym
_WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names for people and messages that only the holder of the key can link to them: 26 small letters and digits."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != _KEY_BYTES:
            raise ValueError(f"the key must have {_KEY_BYTES} bytes")

    @classmethod
    def kept_in(cls, data: Path) -> "Pseudonyms":
        """Those of the key under the data folder, which is made when there is none; blocks for a moment.

        Raises `KeyUnusable` with what to do. Another key would make everybody a stranger, so none is ever replaced.
        """
        return cls(_load(data / "keys" / "pseudonyms"))

    def of(self, address: Address) -> str:
        """The same for one person on one platform, always; nothing shows that two platforms' chats are one person's."""
        return self._named("person", address.channel.value, address.id)

    def of_message(self, channel: ChannelName, message: str) -> str:
        """The name of an incoming message by its platform's id."""
        return self._named("message", channel.value, message)

    def of_code(self, code: str) -> str:
        """The name of a code that staff give out: without the key, whoever reads it must guess on."""
        return self._named("code", "tester", code)

    def _named(self, domain: str, place: str, what: str) -> str:
        # Neither a domain nor a place has a colon in its name, so no two triples read the same.
        told = f"{domain}:{place}:{what}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self.key, told, hashlib.sha256)
        return base64.b32encode(digest[:_SHOWN_BYTES]).decode("ascii").rstrip("=").lower()


def kept_secret(path: Path, fresh: bytes) -> bytes:
    """What the file holds; where there is none, one is made of `fresh`. Nobody but its owner may read it.

    Raises `KeyUnusable` with what to do when others may, or when it can be neither made nor read.
    """
    try:
        private.create(path, fresh)
        if path.parent.stat().st_mode & _WRITABLE_BY_OTHERS:
            raise KeyUnusable(f"{path.parent}: others may put their own key there; chmod 700 {path.parent}")
        if path.stat().st_mode & private.OTHERS:
            raise KeyUnusable(f"{path}: others may read the key; chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"{path}: the key cannot be made or read: {error.strerror}") from error


def _load(path: Path) -> bytes:
    key = kept_secret(path, secrets.token_bytes(_KEY_BYTES))
    if len(key) != _KEY_BYTES:
        raise KeyUnusable(
            f"{path}: not a key of {_KEY_BYTES} bytes; put it back from a backup, or remove it to start with a new one "
            "(chats under way are then forgotten)"
        )
    return key
