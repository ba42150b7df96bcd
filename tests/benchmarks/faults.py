"""A broadcast over a bad network: who got nothing, who got two, and whether those are the ones the ledger names.

    python -m tests.benchmarks.faults [--people 10000] [--seed 1] [--channel telegram]

On a simulated clock, with the real database, outbox and broadcaster: 2 % of the sends are cut before they are taken
(which the sender cannot tell from what comes now), of 2 % the answer is lost after they were taken, 0.5 % are taken and
answered too late, and 2 % are told to wait. On `whatsapp` and `sms` the real adapter sends to its provider's API on
loopback, by the real clock and at level Alert only, which goes out at any hour.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from bot.clock import utc_now
from bot.core.advisory import AdvisoryLevel, Stage
from bot.core.channel import Announcer
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.service.broadcast import Broadcaster, Housekeeper
from tests.broadcast_books import Books, finished, in_words, opened, person, release, subscribe
from tests.fake_provider import FakeProvider, Fault, by_chance
from tests.provider_sites import PATIENCE, Town, line, site
from tests.simulated_time import START, StillDatabase, now, simulated
from tests.telegram_emulator import listening

SHARES = ((Fault.CUT, 0.02), (Fault.BUSY, 0.02), (Fault.LOST, 0.02), (Fault.SLOW, 0.005))


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. `unlisted` got nothing although the ledger does not name them."""

    people: int
    took: timedelta
    faults: Counter[Fault]
    states: dict[State, int]
    copies: Counter[str]
    unlisted: int
    is_finished: bool

    @property
    def never_arrived(self) -> int:
        return self.people - len(self.copies)

    @property
    def duplicates(self) -> int:
        return sum(self.copies.values()) - len(self.copies)

    @property
    def adds_up(self) -> bool:
        return self.is_finished and sum(self.states.values()) == self.people


def run(people: int, level: AdvisoryLevel, seed: int, folder: Path, times: float = 1) -> Figures:
    """The whole broadcast, as quick as the machine is; the faults so many times as frequent."""
    return simulated(lambda: _run(people, level, seed, folder, times))


async def run_by(channel: ChannelName, people: int, seed: int, folder: Path, times: float = 1) -> Figures:
    """The same through the real adapter of the channel, by the real clock."""
    provider, town, began = FakeProvider(utc_now, _by_chance(seed, times)), Town(), utc_now()
    async with opened(folder) as books, listening(site(provider, channel, town)) as url:
        await subscribe(books, people, utc_now(), channel, town.believed)
        async with line(books, channel, url, "sender", 400, PATIENCE) as announcer:
            figures = await _sent(books, announcer, provider, channel, people, AdvisoryLevel.ALERT, utc_now)
    if town.faults:
        raise RuntimeError(f"{len(town.faults)} requests are not as Meta wants them: {town.faults[0]}")
    return replace(figures, took=utc_now() - began)


def _by_chance(seed: int, times: float) -> Callable[[], Fault | None]:
    return by_chance(seed, [(fault, share * times) for fault, share in SHARES])


async def _run(people: int, level: AdvisoryLevel, seed: int, folder: Path, times: float) -> Figures:
    provider = FakeProvider(now, _by_chance(seed, times))
    provider.retry_after = timedelta(seconds=1)
    async with opened(folder, StillDatabase) as books:
        await subscribe(books, people, now())
        figures = await _sent(books, provider, provider, ChannelName.TELEGRAM, people, level, now)
    return replace(figures, took=now() - START)


async def _sent(
    books: Books,
    announcer: Announcer,
    provider: FakeProvider,
    channel: ChannelName,
    people: int,
    level: AdvisoryLevel,
    clock: Callable[[], datetime],
) -> Figures:
    stopping, number = asyncio.Event(), (await release(books, clock(), level)).number
    sender = Broadcaster(announcer, channel, books.outbox, clock, lambda: ZoneInfo("America/New_York"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.run(stopping))
        tasks.create_task(Housekeeper(books.outbox, clock).run(stopping))
        await finished(books, number)
        stopping.set()
    states, found = await books.states(number), await books.advisories.find(number)
    listed = {row.subscription async for row in books.outbox.rows(number) if row.state is not State.SENT}
    copies = provider.copies()
    got_nothing = {each for each in range(1, people + 1) if person(each, channel).id not in copies}
    is_finished = found is not None and found.stage is Stage.FINISHED
    return Figures(people, timedelta(), provider.faults, states, copies, len(got_nothing - listed), is_finished)


def table(level: AdvisoryLevel, figures: Figures) -> str:
    """The figures in lines."""
    faults = ", ".join(f"{figures.faults[fault]} {fault.name}" for fault, _ in SHARES)
    took = figures.took / timedelta(minutes=1)
    return "\n".join(
        (
            f"level {level.value}: {figures.people} people in {took:.1f} minutes",
            f"  faults              {faults}",
            f"  never arrived       {figures.never_arrived}, of these not listed {figures.unlisted}",
            f"  second copies       {figures.duplicates}",
            f"  most copies to one  {max(figures.copies.values(), default=0)}",
            f"  listed uncertain    {figures.states.get(State.UNCERTAIN, 0)}",
            f"  ledger              {in_words(figures.states)}: {'adds up' if figures.adds_up else 'DOES NOT ADD UP'}",
        )
    )


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--channel", choices=("telegram", "whatsapp", "sms"), default="telegram")
    given = asked.parse_args()
    if (channel := ChannelName(given.channel)) is not ChannelName.TELEGRAM:
        with TemporaryDirectory() as folder:
            figures = asyncio.run(run_by(channel, given.people, given.seed, Path(folder)))
            print(table(AdvisoryLevel.ALERT, figures))  # noqa: T201
        return
    for level in (AdvisoryLevel.ALERT, AdvisoryLevel.ADVISORY):
        with TemporaryDirectory() as folder:
            print(table(level, run(given.people, level, given.seed, Path(folder))))  # noqa: T201


if __name__ == "__main__":
    main()
