"""STOPs racing a broadcast: does any send begin after the STOP was stored?

    python -m tests.benchmarks.stop_race [--stops 1000] [--people 2500] [--rate 60] [--seed 1]

The real sender and residents who stop, most of them just when their turn comes, on one database as in one process of
the bot. Triggers in the file write down in which order the claims and the STOPs were committed, and that is the judge.
The platform keeps books of its own: when a message came to somebody who had been told that they are out.
"""

import argparse
import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog

from bot.clock import utc_now
from bot.core.advisory import AdvisoryLevel
from bot.core.channel import Earlier, Sent
from bot.core.delivery import State
from bot.core.message import Address, ChannelName, Part
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.store.faults import StoreDown
from tests.broadcast_books import Books, finished, in_words, opened, person, release, subscribe
from tests.fake_provider import FakeProvider

_AT_ONCE = 2  # residents who stop at the same time
_NEXT = 3  # whoever is among so many to be written to next is stopped rather than anybody
_ANYBODY = 0.2  # share of those who are stopped wherever they stand
_HESITATES = 0.015  # seconds between somebody's send and the STOP of one who comes after: about a send
_PATIENCE = 0.5  # seconds without a send, after which residents stop all the same
_HURRY = 8  # the ledger's seconds in one: its pause after the first ten people is no part of this
_JOURNAL = """
    CREATE TABLE race (place INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, subscription INTEGER NOT NULL);
    CREATE TRIGGER claimed AFTER UPDATE OF state ON delivery WHEN NEW.state = 'sending'
        BEGIN INSERT INTO race (what, subscription) VALUES ('claim', NEW.subscription); END;
    CREATE TRIGGER stopped AFTER UPDATE OF state ON subscription WHEN NEW.state = 'stopped'
        BEGIN INSERT INTO race (what, subscription) VALUES ('stop', NEW.id); END;
"""
_LATE = """
    SELECT count(*) FROM race AS claim JOIN race AS stop ON claim.subscription = stop.subscription
    WHERE claim.what = 'claim' AND stop.what = 'stop' AND claim.place > stop.place
"""
_CLOSE = """
    SELECT count(*) FROM race AS claim JOIN race AS stop ON claim.subscription = stop.subscription
    WHERE claim.what = 'claim' AND stop.what = 'stop' AND claim.place < stop.place AND stop.place - claim.place <= 3
"""
_COMING = "SELECT subscription FROM delivery WHERE state = 'due' ORDER BY due_at DESC, turn DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. `late` were claimed after their STOP was stored; `close` at most three commits before it.

    `told` reached the platform after the resident had been told that they are out, as they were claimed before;
    `longest` is how long after, at most.
    """

    stops: int
    people: int
    seconds: float
    late: int
    close: int
    told: int
    longest: timedelta
    spared: int
    states: dict[State, int]

    @property
    def adds_up(self) -> bool:
        return sum(self.states.values()) == self.people and all(state.is_final for state in self.states)


class Watched(FakeProvider):
    """The platform, which notes when somebody's send began."""

    def __init__(self, rate: float) -> None:
        super().__init__(utc_now, latency=timedelta(milliseconds=4), rate=rate)
        self.began: dict[str, float] = {}
        self._next = asyncio.Event()

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        self.began[to.id] = time.perf_counter()
        self._next.set()
        self._next = asyncio.Event()
        return await super().announce(to, parts, after)

    async def next_begins(self) -> None:
        """Somebody is about to be written to."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._next.wait()


class Residents:
    """Those who stop, each when it is nearly their turn."""

    def __init__(
        self, books: Books, file: Path, people: int, provider: Watched, clock: "HurriedClock", chance: Random
    ) -> None:
        self._books = books
        self._file = file
        self._provider = provider
        self._clock = clock
        self._chance = chance
        self._left = list(range(1, people + 1))
        chance.shuffle(self._left)
        self.out_at: dict[int, float] = {}
        self._asked: set[int] = set()

    async def stop(self, stops: int) -> None:
        """So many of them, several at once."""
        with closing(sqlite3.connect(self._file)) as looks:
            turns = iter(range(stops))
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_AT_ONCE):
                    tasks.create_task(self._some(turns, looks))

    async def _some(self, turns: Iterator[int], looks: sqlite3.Connection) -> None:
        for _ in turns:
            await self._provider.next_begins()
            number = self._next(looks)
            self._asked.add(number)
            while number not in self.out_at:
                await asyncio.sleep(self._chance.uniform(0, _HESITATES))
                with suppress(StoreDown):  # they would be told that it could not be done, and ask again
                    await self._books.subscriptions.stop(person(number), None, self._clock.now())
                    self.out_at[number] = time.perf_counter()

    def _next(self, looks: sqlite3.Connection) -> int:
        if self._chance.random() >= _ANYBODY:
            coming: list[int] = [
                row[0] for row in looks.execute(_COMING, (_NEXT + _AT_ONCE,)) if row[0] not in self._asked
            ]
            if coming:
                return self._chance.choice(coming[:_NEXT])
        while (number := self._left.pop()) in self._asked:
            pass
        return number


class HurriedClock:
    """A time of day that runs too fast."""

    def __init__(self) -> None:
        self._began_at, self._began = utc_now(), time.monotonic()

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=(time.monotonic() - self._began) * _HURRY)


async def run(stops: int, people: int, rate: float, seed: int) -> Figures:
    """The whole race."""
    began, clock, provider, stopping = time.perf_counter(), HurriedClock(), Watched(rate), asyncio.Event()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bot.sqlite3"
        async with opened(Path(folder)) as books:
            await subscribe(books, people, clock.now())
            with closing(sqlite3.connect(file)) as made:
                made.executescript(_JOURNAL)
            number = (await release(books, clock.now(), AdvisoryLevel.ALERT)).number
            sender = Broadcaster(
                provider, ChannelName.TELEGRAM, books.outbox, clock.now, lambda: ZoneInfo("UTC"), lease=_LEASE
            )
            residents = Residents(books, file, people, provider, clock, Random(seed))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(sender.run(stopping))
                tasks.create_task(Housekeeper(books.outbox, clock.now).run(stopping))
                await residents.stop(stops)
                await finished(books, number)
                stopping.set()
            states = await books.states(number)
        with closing(sqlite3.connect(file)) as looks:
            late, close = (looks.execute(asked).fetchone()[0] for asked in (_LATE, _CLOSE))
    out_at = {person(number).id: at for number, at in residents.out_at.items()}
    after = [provider.began[to] - at for to, at in out_at.items() if provider.began.get(to, at) > at]
    return Figures(
        stops=len(out_at),
        people=people,
        seconds=time.perf_counter() - began,
        late=late,
        close=close,
        told=len(after),
        longest=timedelta(seconds=max(after, default=0)),
        spared=sum(to not in provider.began for to in out_at),
        states=states,
    )


_LEASE = timedelta(minutes=2) / _HURRY  # in the sender's own seconds


def table(figures: Figures) -> str:
    """The figures in lines."""
    longest = figures.longest / timedelta(milliseconds=1)
    adds_up = "adds up" if figures.adds_up else "DOES NOT ADD UP"
    return "\n".join(
        (
            f"people                             {figures.people}",
            f"STOPs                              {figures.stops} in {figures.seconds:.0f} s",
            f"sends begun after STOP was stored  {figures.late}",
            f"claimed just before their STOP     {figures.close}",
            f"of these, on their way meanwhile   {figures.told}, by {longest:.0f} ms at most",
            f"who stopped and were never written {figures.spared}",
            f"ledger                             {in_words(figures.states)}: {adds_up}",
        )
    )


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--stops", type=int, default=1_000)
    asked.add_argument("--people", type=int, default=2_500)
    asked.add_argument("--rate", type=float, default=60)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(table(asyncio.run(run(given.stops, given.people, given.rate, given.seed))))  # noqa: T201


if __name__ == "__main__":
    main()
