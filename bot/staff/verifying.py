"""Looking through the whole audit log for what somebody has changed in it, while a page tells how far that is."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.store.audit import Audit
from bot.store.chain import Anchor, Damage
from bot.store.faults import StoreDown

log = structlog.get_logger()

_DIGEST = 64  # characters


@dataclass(slots=True)
class Look:
    """One look through it. `ended_at` is None as long as it goes on; `damages` is None when it could not be ended."""

    of: int
    anchor: Anchor | None
    read: int = 0
    ended_at: datetime | None = None
    damages: tuple[Damage, ...] | None = None


class Verifying:
    """One look at a time, and what the last one came to. Whoever made it closes it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.last: Look | None = None
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    @property
    def is_going_on(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self, audit: Audit, lines: int, anchor: Anchor | None) -> None:
        """Begin a look, unless one goes on."""
        if not self.is_going_on:
            self.last = Look(lines, anchor)
            self._task = asyncio.create_task(self._look(audit, self.last), name="audit log")

    async def ended(self) -> None:
        """When the look that goes on has ended, or at once."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Break off what goes on: it changes nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self, audit: Audit, look: Look) -> None:
        def told(number: int) -> None:
            look.read = number

        try:
            look.damages = await audit.verify(look.anchor, told)
        except StoreDown as e:
            log.warning("store down", reason=str(e))
        if look.damages:
            log.error("audit log damaged", lines=len(look.damages))
        look.ended_at = self._clock()


def anchor_of(typed: str) -> Anchor | None:
    """The anchor somebody has typed or pasted; None when it is none."""
    number, _, digest = typed.strip().partition(":")
    is_one = number.isascii() and number.isdigit() and len(number) < 19 and len(digest) == _DIGEST
    return Anchor(int(number), digest.lower()) if is_one else None
