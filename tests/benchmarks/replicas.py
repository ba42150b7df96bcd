"""Two replicas on one PostgreSQL, and one of them is killed in a broadcast and in a surge of questions: what is lost?

    python -m tests.benchmarks.replicas [--people 2000] [--rate 20] [--lease SECONDS] [--outage SECONDS]

Both are `python -m bot serve`, real but for their platforms, with nothing in common but the database and the keys. The
broadcast goes out by SMS. Questions come by WhatsApp the while, in turn to both, and are brought again until they are
taken. With SIGKILL one of them ends; what it held is taken over when its leases end, of two minutes, or of `--lease`.
Afterwards the database is taken away for a while, under questions too.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from bot import app, logs, settings
from bot.clock import utc_now
from bot.core.advisory import Stage
from bot.core.delivery import LEASE, State
from bot.service.broadcast import Broadcaster
from tests.broadcast_books import finished, in_words
from tests.postgres_server import postgres_server
from tests.replicas import Replica, Site, asker, site, somebody

_LOOK = 0.02
_TAKES = 0.06  # seconds, as far away as Twilio is; with three under way 50 a second


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it, times in seconds. `lost` got nothing and the ledger does not say so; `held` were under way when
    it was killed, `late` is how long after its lease the last of the killed one's was taken over, and `waited` how long
    after the kill, None: it held none; `gap` is the longest time without any SMS."""

    people: int
    lost: int
    second_copies: int
    most_copies: int
    held: int
    late: float | None
    waited: float | None
    gap: float
    states: dict[State, int]
    adds_up: bool
    questions: int
    unanswered: int
    second_answers: int
    median: float
    slowest: float
    seconds: float

    def __str__(self) -> str:
        sums = "adds up" if self.adds_up else "DOES NOT ADD UP"
        late = "it held none"
        if self.late is not None:
            late = f"{self.waited:.0f} s after the kill, {self.late:.1f} s after their lease"
        copies = f"{self.second_copies}, most to one {self.most_copies}; {self.held} were under way at the kill"
        asked = f"{self.questions}, unanswered {self.unanswered}, answered twice {self.second_answers}"
        rows = (
            ("people", f"{self.people}: {in_words(self.states)}: {sums}"),
            ("lost", str(self.lost)),
            ("second copies", copies),
            ("taken over", f"{late}; longest time without any send {self.gap:.1f} s"),
            ("questions", asked),
            ("answered after", f"{self.median * 1000:.0f} ms (median), {self.slowest:.1f} s (slowest)"),
            ("in all", f"{self.seconds:.0f} s"),
        )
        return "\n".join(f"{name:<22}{told}" for name, told in rows)


@dataclass(frozen=True, slots=True)
class Outage:
    """The database away for so long. `answered` of `questions` asked meanwhile; `back` is how long until both replicas
    had the store again."""

    seconds: float
    questions: int
    answered: int
    slowest: float
    back: float

    def __str__(self) -> str:
        return (
            f"database away         {self.seconds:.0f} s: {self.answered} of {self.questions} questions answered, "
            f"slowest {self.slowest:.2f} s; used again {self.back:.1f} s after it was back"
        )


async def killed(town: Site, people: int, rate: float) -> Figures:
    """One of the two dies in the middle of everything."""
    began, loop = time.perf_counter(), asyncio.get_running_loop()
    for replica in town.replicas:
        replica.twilio.takes = _TAKES
    sends: list[float] = []
    watching = asyncio.create_task(_watch(town, sends))
    number = await town.release()
    surge = asyncio.create_task(_surge(town, rate, number))
    while sum(town.told().values()) < people // 3:  # noqa: ASYNC110 - the platform's books tell nobody
        await asyncio.sleep(_LOOK)
    await (await _sending(town)).kill()
    killed_at, held = utc_now(), await town.in_flight()
    await finished(town.books, number)
    await surge
    watching.cancel()
    told, answers, states = town.told(), town.answers(), await town.books.states(number)
    listed = {row.subscription async for row in town.books.outbox.rows(number) if row.state is not State.SENT}
    ends = await town.settled(list(held))
    taken_over = {row: at for row, at in ends.items() if at is not None and at >= held[row]}
    late = [(at - held[row]).total_seconds() for row, at in taken_over.items()]
    advisory = await town.books.advisories.find(number)
    took = sorted((each.answered_at or loop.time()) - each.at for each in town.asked.values())
    return Figures(
        people=people,
        lost=sum(somebody(each) not in told and each not in listed for each in range(1, people + 1)),
        second_copies=sum(told.values()) - len(told),
        most_copies=max(told.values()),
        held=len(held),
        late=max(late, default=None),
        waited=max(((at - killed_at).total_seconds() for at in taken_over.values()), default=None),
        gap=max((later - earlier for earlier, later in pairwise(sends)), default=0.0),
        states=states,
        adds_up=advisory is not None and advisory.stage is Stage.FINISHED and sum(states.values()) == people,
        questions=len(town.asked),
        unanswered=sum(name not in answers for name in town.asked),
        second_answers=sum(answers.values()) - len(answers),
        median=took[len(took) // 2],
        slowest=took[-1],
        seconds=time.perf_counter() - began,
    )


async def _sending(town: Site) -> Replica:
    """Whichever begins the next send: it has not heard yet that this one was taken. The other may have nothing left."""
    before = [len(replica.twilio.asked) for replica in town.replicas]
    while True:
        for replica, begun in zip(town.replicas, before, strict=True):
            if len(replica.twilio.asked) > begun:
                return replica
        await asyncio.sleep(_TAKES / 10)


async def outage(town: Site, seconds: float, rate: float) -> Outage:
    """The database goes and comes back, while people ask the replica that is left."""
    loop = asyncio.get_running_loop()
    before = set(town.asked)
    await asyncio.to_thread(town.server.stop)
    await town.ask_many([asker(1_000_000 + each) for each in range(round(seconds * rate))], rate)
    meant = {name: each for name, each in town.asked.items() if name not in before}
    answers = town.answers()
    await asyncio.to_thread(town.server.start)
    back_at = loop.time()
    while not await _is_used(town, loop.time()):  # noqa: ASYNC110 - nobody tells when it is used again
        await asyncio.sleep(_LOOK)
    took = [(each.answered_at or loop.time()) - each.at for each in meant.values()]
    answered = sum(name in answers for name in meant)
    return Outage(seconds, len(meant), answered, max(took), loop.time() - back_at)


async def _is_used(town: Site, at: float) -> bool:
    """Whether a question brought twice is answered once again: only the store can tell."""
    name = asker(2_000_000 + round(at * 1000) % 1_000_000)
    await town.ask(name)
    await town.again(name)
    return town.answers()[name] == 1


async def _surge(town: Site, rate: float, number: int) -> None:
    """Questions until the advisory is finished, and no longer than that."""
    done, asked = asyncio.create_task(finished(town.books, number)), 0
    async with asyncio.TaskGroup() as questions:
        while not done.done():
            questions.create_task(town.ask(asker(asked)))
            asked += 1
            await asyncio.wait({done}, timeout=1 / rate)


async def _watch(town: Site, sends: list[float]) -> None:
    """When SMS went out."""
    seen = 0
    while True:
        if (now := sum(town.told().values())) > seen:
            seen = now
            sends.append(time.perf_counter())
        await asyncio.sleep(_LOOK)


def command(lease: float | None) -> Sequence[str]:
    """How a replica is started; `lease` None: with its own."""
    if lease is None:
        return sys.executable, "-m", "bot", "serve"
    return sys.executable, "-m", "tests.benchmarks.replicas", "--replica", str(lease)


async def run(people: int, rate: float, lease: float | None, away: float) -> tuple[Figures, Outage | None]:
    """Both stories, on a server of their own."""
    with TemporaryDirectory() as folder, postgres_server() as server:
        async with site(Path(folder), server, people, command(lease)) as town:
            figures = await killed(town, people, rate)
            return figures, await outage(town, away, rate) if away else None


async def serve(lease: timedelta) -> None:
    """`serve` with shorter leases and a shorter first pause: nobody can wait two minutes in a test."""
    chosen = settings.read()
    logs.configure(chosen.log_level)
    with ExitStack() as patches:
        for name in ("bot.store.claiming.LEASE", "bot.store.inbox.LEASE"):
            patches.enter_context(patch(name, lease))
        patches.enter_context(patch("bot.store.claiming.FIRST_PAUSE", lease / 4))
        patches.enter_context(patch.object(app, "Broadcaster", partial(Broadcaster, lease=lease)))
        await app.serve(chosen, lambda _: None)


def main() -> None:
    """Print the tables, or be a replica."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=2_000)
    asked.add_argument("--rate", type=float, default=20, help="questions a second")
    asked.add_argument("--lease", type=float, help="seconds; else as it is")
    asked.add_argument("--outage", type=float, default=60, help="seconds without the database; 0: none")
    asked.add_argument("--replica", type=float, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.replica:
        asyncio.run(serve(timedelta(seconds=given.replica)))
        return
    figures, away = asyncio.run(run(given.people, given.rate, given.lease, given.outage))
    print(figures)  # noqa: T201
    print(away or "", f"leases of {given.lease or LEASE.total_seconds():.0f} s", sep="\n")  # noqa: T201


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
