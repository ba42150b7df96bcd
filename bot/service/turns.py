"""Who goes first: of one person's messages the earlier one, of all decisions whichever waits longest, and danger."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from bot.core.message import Address


class Place:
    """One message's place in its person's line, until it is left."""

    def __init__(self, turns: "Turns", address: Address) -> None:
        """Taken by `Turns` only."""
        self._turns, self._address = turns, address
        self.first = asyncio.Event()  # set once all that came before are done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def leave(self) -> None:
        """Let those behind go on; leaving twice is leaving once."""
        self._turns.left(self, self._address)


class Turns:
    """A line for each person who has a message in hand, and none for anybody else."""

    def __init__(self) -> None:
        self._lines: dict[Address, deque[Place]] = {}

    @property
    def open(self) -> int:
        """How many people have one under way."""
        return len(self._lines)

    def place(self, address: Address) -> Place:
        """The next place in that person's line, taken at once: what is then waited for changes no order."""
        line = self._lines.setdefault(address, deque())
        place = Place(self, address)
        line.append(place)
        line[0].first.set()
        return place

    def left(self, place: Place, address: Address) -> None:
        """The place is empty."""
        line = self._lines.get(address)
        if line is None or place not in line:
            return
        line.remove(place)
        if line:
            line[0].first.set()
        else:
            del self._lines[address]


class OneByOne:
    """Lets one through in each round of the event loop, in the order they asked.

    A decision takes milliseconds in which nobody else's message is looked at. Were all that are ready made in one
    round, a call for help that comes then would wait for a whole surge; so it waits for one of them.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_taken = False  # this round's

    async def __call__(self) -> None:
        """Return when it is the caller's round: at once when nobody else asks."""
        loop = asyncio.get_running_loop()
        if not self._is_taken:
            self._is_taken = True
            loop.call_soon(self._next)
            return
        round_ = loop.create_future()
        self._waiting.append(round_)
        await round_

    def _next(self) -> None:
        while self._waiting:
            if not (first := self._waiting.popleft()).done():  # who was cut off has no use for it
                first.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._is_taken = False
