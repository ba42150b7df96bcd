"""The keys of a data folder as a backup holds them: sealed with a passphrase, or only told by their fingerprints.

A backup has the sealed addresses in it. With their key beside them whoever finds the backup reads them all, so a key
never lies in one in the clear.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from bot.store import private
from bot.store.backup_manifest import BackupBad

NAME = "keys.sealed"
SHORTEST_PASSPHRASE = 16  # characters: whoever has the file may guess for as long as they like
_N, _R, _P = 1 << 15, 8, 1  # scrypt: 32 MB and a tenth of a second a guess, RFC 7914 section 2
_MOST_MEMORY = 64 << 20


class KeysLacking(Exception):
    """The keys that belong to a backup are not at hand; the text says where to put them, or what to give."""


def closed(data: Path, passphrase: str) -> bytes:
    """Every file of the data folder's keys, sealed with the passphrase."""
    files = {
        path.name: base64.b64encode(path.read_bytes()).decode("ascii")
        for path in sorted((data / "keys").iterdir())
        if path.is_file() and not path.name.startswith(".")
    }
    salt = secrets.token_bytes(16)
    told = {"salt": salt.hex(), "n": _N, "r": _R, "p": _P}
    shut = _fernet(passphrase, salt, _N, _R, _P).encrypt(json.dumps(files).encode())
    return json.dumps({**told, "sealed": shut.decode("ascii")}).encode() + b"\n"


def opened(whole: bytes, passphrase: str) -> Mapping[str, bytes]:
    """The files again, by name. Raises `KeysLacking` for another passphrase, `BackupBad` for a damaged file."""
    try:
        told: dict[str, Any] = json.loads(whole)
        lock = _fernet(passphrase, bytes.fromhex(told["salt"]), int(told["n"]), int(told["r"]), int(told["p"]))
        files = json.loads(lock.decrypt(str(told["sealed"]).encode("ascii")))
        return {Path(name).name: base64.b64decode(content) for name, content in files.items()}
    except InvalidToken:
        raise KeysLacking("BOT_BACKUP_PASSPHRASE is not the one these keys were sealed with") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupBad(f"{NAME} is damaged") from None


def put(files: Mapping[str, bytes], data: Path) -> None:
    """Make them the keys of the data folder, where it has none of that name."""
    for name, content in files.items():
        private.create(data / "keys" / name, content)


def _fernet(passphrase: str, salt: bytes, n: int, r: int, p: int) -> Fernet:
    if n * r * 128 > _MOST_MEMORY:
        raise ValueError("more memory than was ever asked for")
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY * 2, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))
