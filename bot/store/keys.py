"""The keys of the pseudonyms, and the pseudonyms: people and messages as the store knows them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.message import Address, ChannelName
from bot.store import private
from bot.store.faults import KeyUnusable

_KEY_BYTES = 32  # as long as the hash: a longer one adds nothing, RFC 2104 section 3
_SHOWN_BYTES = 16  # 128 bits: no two of a town's people or messages will ever share a pseudonym
_WRITABLE_BY_OTHERS = 0o022
FILE = "pseudonyms"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names for people and messages that only the holder of the keys can link to them: 26 small letters and digits.

    A rotation adds a key behind the others: a name goes through all of them, one after the other, so that the names of
    people whose address has been deleted can be brought forward too. `later` are the keys behind the first.
    """

    key: bytes = field(repr=False)
    later: Callable[[], tuple[bytes, ...]] = field(default=tuple, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) != _KEY_BYTES:
            raise ValueError(f"the key must have {_KEY_BYTES} bytes")

    @classmethod
    def kept_in(cls, data: Path) -> "Pseudonyms":
        """Those of the keys under the data folder, made when there are none; blocks for a moment.

        A key that another process adds is used from the next name on. Raises `KeyUnusable` with what to do. Another
        key would make everybody a stranger, so none is ever replaced.
        """
        path = data / "keys" / FILE
        followed = private.Followed(path, lambda: read_ring(path), KeyUnusable)
        return cls(followed()[0], lambda: followed()[1:])

    @property
    def newest(self) -> bytes:
        """The key added last."""
        return (self.key, *self.later())[-1]

    def of(self, address: Address) -> str:
        """The same for one person on one platform, always; nothing shows that two platforms' chats are one person's."""
        return self._named("person", address.channel.value, address.id)

    def of_message(self, channel: ChannelName, message: str) -> str:
        """The name of an incoming message by its platform's id: of the first key for good, as it stands for nobody."""
        return _shown(self.key, _told("message", channel.value, message))

    def of_code(self, code: str) -> str:
        """The name of a code that staff give out: without the key, whoever reads it must guess on."""
        return self._named("code", "tester", code)

    def _named(self, domain: str, place: str, what: str) -> str:
        return brought_forward(_shown(self.key, _told(domain, place, what)), self.later())


def brought_forward(name: str, keys: Iterable[bytes]) -> str:
    """A name of before these keys were added, as it is with them."""
    for key in keys:
        name = _shown(key, name.encode("ascii"))
    return name


def read_ring(path: Path) -> tuple[bytes, ...]:
    """Every key in the file, the oldest first; one is made when there is none. Raises `KeyUnusable`."""
    whole = kept_secret(path, secrets.token_bytes(_KEY_BYTES))
    if not whole or len(whole) % _KEY_BYTES:
        raise KeyUnusable(
            f"{path}: not made of keys of {_KEY_BYTES} bytes; put it back from a backup, or remove it to start with a "
            "new one (chats under way are then forgotten)"
        )
    return tuple(whole[at : at + _KEY_BYTES] for at in range(0, len(whole), _KEY_BYTES))


def add_key(path: Path) -> None:
    """Put a new key behind the others."""
    private.replace(path, b"".join(read_ring(path)) + secrets.token_bytes(_KEY_BYTES))


def fingerprint(key: bytes) -> str:
    """What a key is told by where it must not stand itself; 32 random bytes cannot be guessed from it."""
    return hashlib.sha256(b"a key of the bot's:" + key).hexdigest()[:16]


def _told(domain: str, place: str, what: str) -> bytes:
    # Neither a domain nor a place has a colon in its name, so no two triples read the same.
    return f"{domain}:{place}:{what}".encode("utf-8", "surrogatepass")


def _shown(key: bytes, told: bytes) -> str:
    digest = hmac.digest(key, told, hashlib.sha256)
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
