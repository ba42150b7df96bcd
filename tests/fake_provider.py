"""A platform that keeps its own books: what it took, when, and from whom; and that fails as it is told.

`FakeProvider` is the port itself; `provider_app` puts one behind HTTP on loopback, and `RemoteAnnouncer` is the port at
the other end, for senders that are killed.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from random import Random
from types import TracebackType
from typing import Self

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, web

from bot.core.channel import (
    Earlier,
    LaneClosed,
    Limits,
    MayHaveArrived,
    Refused,
    Sent,
    TryLater,
    Unreachable,
)
from bot.core.message import Address, Part

RETRY_AFTER = timedelta(seconds=3)
LANE = "telegram:1"
LIMITS = Limits(text_units=4096, choices=8, label_units=60, announces=True)


class Fault(Enum):
    """What may happen to a send."""

    AWAY = "nobody answers the door"
    CUT = "the connection breaks after it has left and before it is taken: the sender cannot tell this from LOST"
    BUSY = "429"
    LOST = "it is taken, and the answer is lost"
    SLOW = "it is taken, and the answer comes when nobody waits any more"
    BLOCKED = "403"
    REFUSED = "400"
    MOVED = "it is taken, at another address"
    CLOSED = "401"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in somebody's chat. `sender` names the process that sent it, "" when there is only one."""

    at: datetime
    to: str
    text: str
    answers: str | None = None
    sender: str = ""


class FakeProvider:
    """The port and the platform behind it. `fails` is asked at each send what happens to it, None: nothing."""

    limits = LIMITS
    lane = LANE

    def __init__(
        self,
        clock: Callable[[], datetime],
        fails: Callable[[], Fault | None] = lambda: None,
        *,
        latency: timedelta = timedelta(milliseconds=60),
        rate: float = 29.0,
    ) -> None:
        self._clock = clock
        self.fails = fails
        self.latency = latency
        self.rate = rate
        self.retry_after = RETRY_AFTER
        self.books: list[Taken] = []
        self.begun_at: list[datetime] = []
        self.faults: Counter[Fault] = Counter()
        self.most_in_flight = 0
        self._in_flight = 0

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        self.begun_at.append(self._clock())
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            return await self._answer(to, parts, after)
        finally:
            self._in_flight -= 1

    async def _answer(self, to: Address, parts: Sequence[Part], after: Earlier | None) -> Sent:
        await asyncio.sleep(self.latency.total_seconds() / 2)
        fault = self.fails()
        if fault:
            self.faults[fault] += 1
        match fault:
            case Fault.AWAY:
                raise TryLater("away")
            case Fault.CUT:
                raise MayHaveArrived("cut")
            case Fault.BUSY:
                raise TryLater("busy", self.retry_after)
            case Fault.BLOCKED:
                raise Unreachable("blocked")
            case Fault.REFUSED:
                raise Refused("what is this")
            case Fault.CLOSED:
                raise LaneClosed("who are you")
        moved = Address(to.channel, f"{to.id}0") if fault is Fault.MOVED else None
        number = self.take((moved or to).id, "".join(part.text for part in parts), after.id if after else None)
        match fault:
            case Fault.LOST:
                raise MayHaveArrived("lost")
            case Fault.SLOW:
                await asyncio.sleep(3600)
        await asyncio.sleep(self.latency.total_seconds() / 2)
        return Sent(number, moved)

    def take(self, to: str, text: str, answers: str | None = None, sender: str = "") -> str:
        """Put it into the chat; returns its number."""
        self.books.append(Taken(self._clock(), to, text, answers, sender))
        return str(len(self.books))

    def copies(self) -> Counter[str]:
        """How many messages each chat got."""
        return Counter(taken.to for taken in self.books)

    def worst_second(self) -> int:
        """The most sends that began within any one second."""
        return most_within(self.begun_at, timedelta(seconds=1))


def most_within(moments: Sequence[datetime], span: timedelta) -> int:
    most, window = 0, deque[datetime]()
    for moment in moments:
        window.append(moment)
        while window[0] <= moment - span:
            window.popleft()
        most = max(most, len(window))
    return most


def gaps(moments: Sequence[datetime]) -> list[timedelta]:
    return [later - earlier for earlier, later in pairwise(moments)]


def in_turn(*faults: Fault | None) -> Callable[[], Fault | None]:
    """These faults, one a send; then none."""
    left = iter(faults)
    return lambda: next(left, None)


def by_chance(seed: int, shares: Iterable[tuple[Fault, float]]) -> Callable[[], Fault | None]:
    """Each fault with its share of the sends."""
    chance, table = Random(seed), tuple(shares)

    def fails() -> Fault | None:
        at = chance.random()
        for fault, share in table:
            if at < share:
                return fault
            at -= share
        return None

    return fails


def provider_app(provider: FakeProvider) -> web.Application:
    """The platform behind HTTP: takes what comes, at once."""

    async def send(request: web.Request) -> web.Response:
        wanted = await request.json()
        return web.json_response({"id": provider.take(wanted["to"], wanted["text"], None, wanted["sender"])})

    app = web.Application()
    app.add_routes([web.post("/send", send)])
    return app


class RemoteAnnouncer:
    """The port in another process."""

    limits = LIMITS
    lane = LANE

    def __init__(self, url: str, sender: str, rate: float) -> None:
        self.rate = rate
        self._url = url
        self._sender = sender
        self._client: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._client = ClientSession(timeout=ClientTimeout(total=5))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client:
            await self._client.close()

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        assert self._client
        wanted = {"to": to.id, "text": "".join(part.text for part in parts), "sender": self._sender}
        try:
            async with self._client.post(f"{self._url}/send", json=wanted) as response:
                return Sent((await response.json())["id"])
        except ClientConnectorError:
            raise TryLater("not there") from None
        except (ClientError, TimeoutError):
            raise MayHaveArrived("no answer") from None
