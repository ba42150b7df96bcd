"""Addresses as they lie in the database: sealed, so that a copy of the file tells nobody whom we write to."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.core.message import Address, ChannelName
from bot.store.faults import KeyUnusable
from bot.store.keys import kept_secret


class Seal:
    """Closes and opens addresses. The first key closes, every key opens: a new one is put in front of the old.

    Each key is Fernet's: 32 bytes in URL-safe base64.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def kept_in(cls, data: Path) -> "Seal":
        """The one under the data folder, a key a line; made when there is none; blocks for a moment.

        Raises `KeyUnusable` with what to do. Without the key nobody can be written to, so none is ever replaced.
        """
        path = data / "keys" / "addresses"
        keys = kept_secret(path, Fernet.generate_key() + b"\n").split()
        try:
            return cls(keys)
        except ValueError:
            raise KeyUnusable(
                f"{path}: not a list of keys; put it back from a backup (without it no subscriber can be written to)"
            ) from None

    def close(self, address: Address) -> str:
        """The address for the store; sealed twice it looks different, so no two rows can be seen to be alike."""
        told = f"{address.channel.value}:{address.id}".encode("utf-8", "surrogatepass")
        return self._keys.encrypt(told).decode("ascii")

    def open(self, sealed: str) -> Address:
        """The address again. Raises `KeyUnusable` when none of the keys fits, or the text was changed."""
        try:
            told = self._keys.decrypt(sealed.encode("ascii", "replace")).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise KeyUnusable("an address cannot be opened with any of the keys in keys/addresses") from None
        channel, _, name = told.partition(":")
        return Address(ChannelName(channel), name)

    def close_text(self, text: str) -> str:
        """A short secret of ours for the store, such as that of a second factor."""
        return self._keys.encrypt(b"\0" + text.encode()).decode("ascii")  # no address begins like this

    def open_text(self, sealed: str) -> str:
        """The secret again. Raises `KeyUnusable` when none of the keys fits, or what was sealed is no secret."""
        try:
            told = self._keys.decrypt(sealed.encode("ascii", "replace"))
        except InvalidToken:
            told = b""
        if not told.startswith(b"\0"):
            raise KeyUnusable("a secret cannot be opened with any of the keys in keys/addresses")
        return told[1:].decode()
