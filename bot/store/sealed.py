"""Addresses as they lie in the database: sealed, so that a copy of the file tells nobody whom we write to."""

from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.core.message import Address, ChannelName
from bot.store import private
from bot.store.faults import KeyUnusable
from bot.store.keys import kept_secret

FILE = "addresses"


class Seal:
    """Closes and opens addresses. The first key closes, every key opens: a new one is put in front of the old.

    Each key is Fernet's: 32 bytes in URL-safe base64.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        kept = _bunch(keys)
        self._bunch: Callable[[], MultiFernet] = lambda: kept

    @classmethod
    def kept_in(cls, data: Path) -> "Seal":
        """The one under the data folder, a key a line; made when there is none; blocks for a moment.

        A key that another process puts there is used from the next address on. Raises `KeyUnusable` with what to do.
        Without the key nobody can be written to, so none is ever replaced before everything is sealed anew.
        """
        path = data / "keys" / FILE
        seal = cls.__new__(cls)
        seal._bunch = private.Followed(path, lambda: _bunch(read_keys(path)), KeyUnusable)
        return seal

    @staticmethod
    def new_key() -> bytes:
        return Fernet.generate_key()

    def close(self, address: Address) -> str:
        """The address for the store; sealed twice it looks different, so no two rows can be seen to be alike."""
        told = f"{address.channel.value}:{address.id}".encode("utf-8", "surrogatepass")
        return self._bunch().encrypt(told).decode("ascii")

    def open(self, sealed: str) -> Address:
        """The address again. Raises `KeyUnusable` when none of the keys fits, or the text was changed."""
        try:
            told = self._bunch().decrypt(sealed.encode("ascii", "replace")).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise KeyUnusable("an address cannot be opened with any of the keys in keys/addresses") from None
        channel, _, name = told.partition(":")
        return Address(ChannelName(channel), name)

    def close_text(self, text: str) -> str:
        """A short secret of ours for the store, such as that of a second factor."""
        return self._bunch().encrypt(b"\0" + text.encode()).decode("ascii")  # no address begins like this

    def again(self, sealed: str) -> str:
        """What was sealed with any of the keys, sealed anew with the first. Raises `KeyUnusable`."""
        try:
            return self._bunch().rotate(sealed.encode("ascii", "replace")).decode("ascii")
        except InvalidToken:
            raise KeyUnusable("something sealed cannot be opened with any of the keys in keys/addresses") from None

    def open_text(self, sealed: str) -> str:
        """The secret again. Raises `KeyUnusable` when none of the keys fits, or what was sealed is no secret."""
        try:
            told = self._bunch().decrypt(sealed.encode("ascii", "replace"))
        except InvalidToken:
            told = b""
        if not told.startswith(b"\0"):
            raise KeyUnusable("a secret cannot be opened with any of the keys in keys/addresses")
        return told[1:].decode()


def read_keys(path: Path) -> list[bytes]:
    """The keys in the file, the newest first; one is made when there is none. Raises `KeyUnusable`."""
    keys = kept_secret(path, Fernet.generate_key() + b"\n").split()
    try:
        _bunch(keys)
    except ValueError:
        raise KeyUnusable(
            f"{path}: not a list of keys; put it back from a backup (without it no subscriber can be written to)"
        ) from None
    return keys


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Let these be the keys, the first of which closes from now on."""
    private.replace(path, b"".join(key + b"\n" for key in keys))


def is_sealed_by(key: bytes, sealed: str) -> bool:
    """Whether that key alone opens it."""
    try:
        Fernet(key).decrypt(sealed.encode("ascii", "replace"))
    except InvalidToken:
        return False
    return True


def _bunch(keys: Sequence[bytes]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
