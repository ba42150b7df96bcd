"""A broadcast whose sender is killed again and again: who got nothing, who got two, and whether the ledger adds up.

    python -m tests.benchmarks.kills [--kills 200] [--people 20000] [--rate 400] [--seed 1] [--channel telegram]

The sender is a process of its own with the real database, outbox and broadcaster; it is killed with SIGKILL at random
points and started again until the advisory is finished. The platform is a server on loopback that keeps its own books.
On `whatsapp` and `sms` the real adapter stands between, and the server is its provider's API; on WhatsApp a third of
the people wrote within 24 hours, a third did not, and of a third only the bot believes that they did.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter, defaultdict
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from bot import logs
from bot.clock import utc_now
from bot.core.advisory import AdvisoryLevel, Stage
from bot.core.channel import Announcer
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.store.database import Database
from tests.broadcast_books import finished, in_words, opened, person, release, subscribe
from tests.fake_provider import FakeProvider, RemoteAnnouncer, Taken, provider_app
from tests.provider_sites import Town, line, site
from tests.telegram_emulator import listening

LEASE = timedelta(seconds=3)  # short, so that a restart does not wait for two minutes each time
_BLIND = 0.1  # share of the kills that come at any time, also while the sender starts
_AFTER = 0.015  # seconds: a send, from its claim to its record


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. `lost` got nothing and the ledger does not say so; `per_kill` are second copies by kill."""

    people: int
    kills: int
    seconds: float
    lost: int
    states: dict[State, int]
    copies: Counter[str]
    per_kill: Counter[str]
    is_finished: bool
    in_template: int = 0  # people that WhatsApp allowed nothing else for, and who were told so
    in_wrong_form: int = 0  # people told in a template without need, or the other way about

    @property
    def duplicates(self) -> int:
        return sum(self.per_kill.values())

    @property
    def never_arrived(self) -> int:
        return self.people - len(self.copies)

    @property
    def adds_up(self) -> bool:
        return self.is_finished and sum(self.states.values()) == self.people


class Patient(Database):
    """A database that may be slow: what is measured is what a kill does, not what a busy machine does."""

    run = Database.run_long


class Watched(FakeProvider):
    """The platform, which tells when it has taken so many messages."""

    def __init__(self) -> None:
        super().__init__(utc_now)
        self._enough = asyncio.Event()
        self._alarm_at = 0

    def take(self, to: str, text: str, answers: str | None = None, sender: str = "") -> str:
        number = super().take(to, text, answers, sender)
        if len(self.books) >= self._alarm_at:
            self._enough.set()
        return number

    async def taken(self, more: int) -> None:
        self._alarm_at = len(self.books) + more
        self._enough.clear()
        await self._enough.wait()


async def run(kills: int, people: int, rate: float, seed: int, channel: ChannelName = ChannelName.TELEGRAM) -> Figures:
    """The whole broadcast."""
    began, chance, provider, done = time.perf_counter(), Random(seed), Watched(), 0
    town = Town()
    app = provider_app(provider) if channel is ChannelName.TELEGRAM else site(provider, channel, town)
    with TemporaryDirectory() as folder:
        async with opened(Path(folder), Patient) as books:
            await subscribe(books, people, utc_now(), channel, town.believed)
            number = (await release(books, utc_now(), AdvisoryLevel.ALERT)).number
        async with listening(app) as url:
            asked = [str(folder), url, str(rate), str(number), channel.value]
            sender = await _made_ready(*asked)
            for life in range(kills + 1):
                left = people - len(provider.copies())
                _begin(sender, str(life))
                following = await _made_ready(*asked)  # while this one is at work: it takes a second
                killed = life < kills and await _kill(sender, provider, left // (kills - life + 1), chance)
                done += killed
                if not killed:
                    break
                sender = following
            _end(following)
            if await sender.wait():
                raise RuntimeError("the sender has failed; its words stand above")
            await following.wait()
        async with opened(Path(folder), Patient) as books:
            states = await books.states(number)
            advisory = await books.advisories.find(number)
            listed = {row.subscription async for row in books.outbox.rows(number) if row.state is not State.SENT}
    copies = provider.copies()
    lost = sum(person(each, channel).id not in copies and each not in listed for each in range(1, people + 1))
    is_finished = advisory is not None and advisory.stage is Stage.FINISHED
    spent = time.perf_counter() - began
    figures = Figures(people, done, spent, lost, states, copies, _by_kill(provider.books), is_finished)
    if town.faults:
        raise RuntimeError(f"{len(town.faults)} requests are not as Meta wants them: {town.faults[0]}")
    if channel is not ChannelName.WHATSAPP:
        return figures
    needed = {person(each, channel).id for each in range(1, people + 1) if not town.is_open(each)} & set(copies)
    return replace(figures, in_template=len(town.templates), in_wrong_form=len(needed ^ town.templates))


async def _made_ready(*asked: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.benchmarks.kills", "--sender", *asked]
    return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)


def _begin(sender: asyncio.subprocess.Process, life: str) -> None:
    assert sender.stdin
    sender.stdin.write(f"{life}\n".encode())


def _end(sender: asyncio.subprocess.Process) -> None:
    assert sender.stdin
    sender.stdin.close()


async def _kill(sender: asyncio.subprocess.Process, provider: Watched, mean: int, chance: Random) -> bool:
    """Kill it after about so many messages, at any instant; False when it had finished before."""
    ending = asyncio.create_task(sender.wait())
    if chance.random() < _BLIND:
        await asyncio.wait({ending}, timeout=chance.uniform(0, 2))
    else:
        enough = asyncio.create_task(provider.taken(chance.randint(1, max(1, 2 * mean))))
        await asyncio.wait({ending, enough}, return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        await asyncio.wait({ending}, timeout=chance.uniform(0, _AFTER))
    if ending.done():
        return False
    sender.kill()
    await ending
    return True


def _by_kill(books: list[Taken]) -> Counter[str]:
    """Second copies by the life of the sender that had sent the one before: its kill made them necessary."""
    lives: defaultdict[str, list[str]] = defaultdict(list)
    for taken in books:
        lives[taken.to].append(taken.sender)
    return Counter(life for copies in lives.values() for life in copies[:-1])


async def send(folder: Path, url: str, life: str, rate: float, number: int, channel: ChannelName) -> None:
    """The sender: a life of it, until the advisory is finished or the process is killed."""
    logs.configure("ERROR")
    stopping = asyncio.Event()
    async with AsyncExitStack() as rooms:
        books = await rooms.enter_async_context(opened(folder, Patient, LEASE))
        announcer: Announcer
        if channel is ChannelName.TELEGRAM:
            announcer = await rooms.enter_async_context(RemoteAnnouncer(url, life, rate))
        else:
            announcer = await rooms.enter_async_context(line(books, channel, url, life, rate))
        sender = Broadcaster(
            announcer, channel, books.outbox, utc_now, lambda: ZoneInfo("America/New_York"), lease=LEASE
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sender.run(stopping))
            tasks.create_task(Housekeeper(books.outbox, utc_now).run(stopping))
            await finished(books, number)
            stopping.set()


def table(figures: Figures) -> str:
    """The figures in lines."""
    worst = max(figures.per_kill.values(), default=0)
    forms = f"{figures.in_template}; in the wrong form {figures.in_wrong_form}"
    return "\n".join(
        (
            f"people                {figures.people}",
            f"told in a template    {forms}",
            f"kills (SIGKILL)       {figures.kills} in {figures.seconds:.0f} s",
            f"lost                  {figures.lost}; got nothing and listed as uncertain {figures.never_arrived}",
            f"second copies         {figures.duplicates}, {figures.duplicates / max(figures.kills, 1):.2f} a kill",
            f"worst after one kill  {worst}",
            f"most copies to one    {max(figures.copies.values(), default=0)}",
            f"ledger                {in_words(figures.states)}: {'adds up' if figures.adds_up else 'DOES NOT ADD UP'}",
        )
    )


def main() -> None:
    """Print the table, or be the sender."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--people", type=int, default=20_000)
    asked.add_argument("--rate", type=float, default=400)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--channel", choices=("telegram", "whatsapp", "sms"), default="telegram")
    asked.add_argument("--sender", nargs=5, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.sender:
        folder, url, rate, number, channel = given.sender
        if life := sys.stdin.readline().strip():
            asyncio.run(send(Path(folder), url, life, float(rate), int(number), ChannelName(channel)))
    else:
        figures = asyncio.run(run(given.kills, given.people, given.rate, given.seed, ChannelName(given.channel)))
        print(table(figures))  # noqa: T201


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
