"""The encoder in a process of its own: while it computes, the loop computes too, and whoever calls for help is heard.

In a thread it takes the interpreter's lock from the loop twenty times a message: at 50 questions a second and an
advisory on its way, one answer in twenty took nine tenths of a second. Apart, it is a tenth.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import structlog

from bot.core.features import Floats
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.encoder_child import SIZE

log = structlog.get_logger()

_COMMAND = (sys.executable, "-P", "-m", "bot.knowledge.encoder_child")
_ROOT = Path(__file__).parents[2]
# What it needs to run at all. It reads what residents write, and has no use for a token or a key.
_TOLD = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_TOLD_PREFIXES = ("PYTHON", "OPENBLAS_", "OMP_")

_FEW = 64  # texts: what a surge asks for together. Whoever has more is learning
_PIECE = 16  # texts, some twenty milliseconds: a message waits so long for one who learns from thousands
_STARTS = 60.0  # seconds; it takes one, on a slow disk more
_ANSWERS = 2.0  # seconds for so many texts; then it is stuck
_IN_LINE = 0.25  # seconds for one's turn; the loop may be the one who waits, and words alone answer too
_RESTS = 5.0  # seconds between two tries to begin it again
_TRIES = 4  # of whoever is learning
_ENDS = 2.0  # seconds to end by itself
_MOST = 1 << 18  # bytes read at once: the answer to a surge


class EncoderAway(Exception):
    """There is no vector now: it has ended, hangs, is being begun again, or others were first."""


class _Child:
    """One process, and the two pipes to it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Begin it. Raises `OSError`."""
        # What it has to say of a failure could quote the message.
        self._process = subprocess.Popen(  # noqa: S603 - a module of our own
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        self._pipes = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe is not None]
        self._to, self._of = (pipe.fileno() for pipe in self._pipes)
        for file in (self._to, self._of):
            os.set_blocking(file, False)
        self._heard = bytearray()

    def say(self, what: bytes, until: float) -> None:
        """Raises `OSError`, or `EncoderAway` when it has not taken it by then, on the monotonic clock."""
        left = SIZE.pack(len(what)) + what
        while left:
            try:
                left = left[os.write(self._to, left) :]
            except BlockingIOError:
                _await(self._to, select.POLLOUT, until)

    def hear(self, until: float) -> bytes:
        """What it says next. Raises `OSError`, or `EncoderAway` when it has not said it by then."""
        # As few calls as may be: after each the interpreter's lock is waited for anew.
        while len(self._heard) < SIZE.size or len(self._heard) < SIZE.size + SIZE.unpack_from(self._heard)[0]:
            _await(self._of, select.POLLIN, until)
            some = os.read(self._of, _MOST)
            if not some:
                raise EncoderAway("it has ended")
            self._heard += some
        end = SIZE.size + SIZE.unpack_from(self._heard)[0]
        told, self._heard = bytes(self._heard[SIZE.size : end]), self._heard[end:]
        return told

    def end(self) -> None:
        """Close its input, by which it ends; stuck, it is killed."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(_ENDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class EncoderProcess:
    """Asks the other process, one request at a time, and begins it again when it has ended or hangs.

    Each request may raise `EncoderAway`. Many texts are asked for in pieces, between which whoever has few goes first.
    """

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = command
        self._line = threading.Condition()
        self._is_taken, self._hurrying, self._is_closed = False, 0, False
        self._child: _Child | None = None
        self._rests_until = 0.0
        self.revision: str | None = None

    def start(self) -> bool:
        """Begin it and wait until it is ready. False, and lines in the log that say why, when it has no encoder."""
        child = _Child(self._command)
        try:
            said = json.loads(child.hear(time.monotonic() + _STARTS))
        except (OSError, ValueError, EncoderAway) as e:
            said = {"revision": None, "said": [["error", "no encoder", {"reason": type(e).__name__}]]}
        for level, event, told in said["said"]:
            getattr(log, level)(event, **told)
        is_same = self.revision in (None, said["revision"])
        if said["revision"] is None or not is_same or self._is_closed:
            if not is_same:  # what was learned belongs to the other
                log.error("no encoder", reason="another revision")
            child.end()
            return False
        self.revision, self._child = said["revision"], child
        return True

    def encode(self, texts: Sequence[str]) -> Floats:
        """One row a text."""
        if 0 < len(texts) <= _FEW:
            return self._asked(texts, is_patient=False)
        pieces = (texts[at : at + _PIECE] for at in range(0, len(texts), _PIECE))
        return np.concatenate([np.zeros((0, WIDTH), np.float32), *map(self._patiently, pieces)])

    def close(self) -> None:
        """End it; nothing is asked of it after that."""
        self._is_closed = True
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _patiently(self, texts: Sequence[str]) -> Floats:
        """What is half learned is not given up because it ended once."""
        for _ in range(_TRIES - 1):
            with suppress(EncoderAway):
                return self._asked(texts, is_patient=True)
            time.sleep(_RESTS)
        return self._asked(texts, is_patient=True)

    def _asked(self, texts: Sequence[str], *, is_patient: bool) -> Floats:
        with self._turn(is_patient):
            child = self._child
            if child is None:
                self._begin_again()
                raise EncoderAway("it has ended")
            until = time.monotonic() + _ANSWERS
            try:
                child.say(json.dumps(list(texts), ensure_ascii=False).encode(), until)
                return np.frombuffer(child.hear(until), np.float32).reshape(len(texts), WIDTH)
            except (OSError, ValueError, EncoderAway) as e:
                self._child = None
                child.end()
                self._begin_again()
                raise EncoderAway(type(e).__name__) from None

    @contextmanager
    def _turn(self, is_patient: bool) -> Iterator[None]:
        """Nobody else asks inside; who is patient lets everybody go first."""
        with self._line:
            if is_patient:
                self._line.wait_for(lambda: not self._is_taken and not self._hurrying)
            else:
                self._hurrying += 1
                is_mine = self._line.wait_for(lambda: not self._is_taken, _IN_LINE)
                self._hurrying -= 1
                if not is_mine:
                    raise EncoderAway("others were first")
            self._is_taken = True
        try:
            yield
        finally:
            with self._line:
                self._is_taken = False
                self._line.notify_all()

    def _begin_again(self) -> None:
        """Where nobody waits: it takes a second."""
        now = time.monotonic()
        if not self._is_closed and now >= self._rests_until:
            self._rests_until = now + _RESTS
            threading.Thread(target=self._start_again, name="encoder again", daemon=True).start()

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError as e:
            log.error("no encoder", reason=type(e).__name__)


def load() -> Encoder | None:
    """As `encoder.load`, in a process of its own, which ends with this one. Takes a second: call it where nobody waits.

    Close what it returns.
    """
    process = EncoderProcess()
    try:
        if not process.start() or process.revision is None:
            return None
    except OSError as e:
        log.error("no encoder", reason=type(e).__name__)
        return None
    return Encoder(process, process.revision, process.close)


def _environment() -> dict[str, str]:
    told = {name: value for name, value in os.environ.items() if name in _TOLD or name.startswith(_TOLD_PREFIXES)}
    paths = filter(None, (str(_ROOT), told.get("PYTHONPATH")))
    return told | {"PYTHONPATH": os.pathsep.join(paths)}


def _await(file: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(file, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise EncoderAway("no answer in time")
