"""The emergency check of whatever comes in, which cannot fail; what comes at once is read by the encoder together.

Together they cost a third of what they cost one by one: in a surge that is what there is time for.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from bot.core.emergency import Verdict, check
from bot.core.first_look import glimpsed, to_read
from bot.core.floor import FLOOR_RULES
from bot.core.lookout import Ahead, Sight, weighed
from bot.core.message import IncomingMessage
from bot.core.text import fold
from bot.core.turn import Snapshot
from bot.service.apology import UNCHECKED
from bot.service.shedding import Strain, hurried

log = structlog.get_logger()

_AT_ONCE = 32  # texts; some thirty milliseconds of a thread
_READ_WITHIN = 1.0  # seconds; then the encoder is asked again, for this one alone


class Vetting:
    """Gives the verdict on each message. Who calls for help in a cue's words waits for nothing and nobody."""

    def __init__(self) -> None:
        self._wanted: deque[tuple[Sequence[str], asyncio.Future[None]]] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def verdict(
        self, message: IncomingMessage, snapshot: Snapshot | None, strain: Strain = Strain.CALM
    ) -> Verdict:
        """The verdict of cues and net; without the net when that fails, then the floor's, then caution."""
        if snapshot is None:
            return _verdict(message, None, None)
        snapshot = hurried(snapshot) if strain is Strain.SWAMPED else snapshot
        sight = None
        with _caught("check"):
            sight = glimpsed(message.text, snapshot)
        if sight and not sight.is_final and (ahead := snapshot.lookout.ahead):
            with _caught("reading ahead"):
                # What is turned away next is not looked up.
                texts = to_read(message.text, snapshot) if strain is Strain.CALM else ()
                await self._read((sight.words.text, *texts), ahead)
        return _verdict(message, snapshot, sight)

    async def _read(self, texts: Sequence[str], ahead: Ahead) -> None:
        """Have the texts read with those of everybody else who waits for it, or go on without after a while."""
        ended = asyncio.get_running_loop().create_future()
        self._wanted.append((texts, ended))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all(ahead), name="reading")
        with suppress(TimeoutError):
            async with asyncio.timeout(_READ_WITHIN):
                await ended

    async def _read_all(self, ahead: Ahead) -> None:
        try:
            while self._wanted:
                texts: list[str] = []
                readers = []
                while self._wanted and len(texts) < _AT_ONCE:
                    some, ended = self._wanted.popleft()
                    texts += some
                    readers.append(ended)
                with _caught("reading ahead"):
                    await ahead(texts)
                for ended in readers:
                    if not ended.done():  # who waited was cut off, or waits no longer
                        ended.set_result(None)
        finally:
            self._reading = None


def _verdict(message: IncomingMessage, snapshot: Snapshot | None, sight: Sight | None) -> Verdict:
    ways: list[Callable[[], Verdict]] = [lambda: check(fold(message.text), FLOOR_RULES)]
    if snapshot is not None:
        ways = [lambda: check(fold(message.text), snapshot.knowledge.rules), *ways]
        if sight is not None:
            ways = [lambda: weighed(sight, snapshot.lookout), *ways]
    for way in ways:
        with _caught("check"):
            return way()
    return UNCHECKED


@contextmanager
def _caught(part: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # border: emergency check, its net
        log.exception("emergency check failed", part=part)
