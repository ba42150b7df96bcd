"""One person's messages in order; different people never wait for each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.message import Address


@dataclass(slots=True)
class _Person:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Turns:
    """A lock for each person who has a message in hand, and none for anybody else."""

    def __init__(self) -> None:
        self._people: dict[Address, _Person] = {}

    @property
    def open(self) -> int:
        """How many people have one under way."""
        return len(self._people)

    @asynccontextmanager
    async def __call__(self, address: Address) -> AsyncIterator[None]:
        """Inside, nobody else's turn of the same person is under way."""
        person = self._people.setdefault(address, _Person())
        person.waiting += 1
        try:
            async with person.lock:
                yield
        finally:
            person.waiting -= 1
            if not person.waiting:
                self._people.pop(address, None)
