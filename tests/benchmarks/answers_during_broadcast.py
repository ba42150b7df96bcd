"""Answers while a broadcast goes out, and while its lane must rest for a minute: how long does a resident wait?

    python -m tests.benchmarks.answers_during_broadcast [--people 1000] [--questions 5]

The real reception and the real sender in one event loop on one database, as in a process of the bot. At the hundredth
send the platform says 429 and asks for 60 seconds. `--questions` come each second, each from somebody else. The time is
from the question to its reply, the platform's own answer left out.
"""

import argparse
import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from zoneinfo import ZoneInfo

import structlog

from bot.clock import utc_now
from bot.core.advisory import AdvisoryLevel
from bot.core.answer import Snapshot
from bot.core.channel import Earlier, Receipt, Sent, TryLater
from bot.core.delivery import State
from bot.core.message import Address, ChannelName, Part
from bot.knowledge.live import Live
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.database import Database
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from tests.broadcast_books import Books, finished, in_words, opened, release, subscribe
from tests.builders import FakeChannel, a_message, an_entry, snapshot
from tests.fake_provider import FakeProvider

REST = timedelta(seconds=60)
_BUSY_AT = 100  # the send that is refused
_QUESTIONS = (
    "how do i get a copy of my report",
    "quiero una copia de mi reporte",
    "how do i report a crime",
    "what is the meaning of life",
    "help",
)


@dataclass(slots=True)
class StillLive:
    """A snapshot that nobody reloads."""

    current: Snapshot
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.opened.set()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and its reply; `rested`: the broadcast's lane did, from the question to the reply."""

    took: timedelta
    receipt: Receipt
    rested: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. `sent_in_rest` went out while the lane was to rest."""

    answered: tuple[Answered, ...]
    texts: int
    sent_in_rest: int
    states: dict[State, int]

    def took(self, *, rested: bool) -> list[timedelta]:
        """From the shortest to the longest."""
        return sorted(each.took for each in self.answered if each.rested is rested)


class Tired(FakeProvider):
    """A platform that once asks for a minute's rest."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.rests_from: float | None = None

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        if len(self.begun_at) == _BUSY_AT:
            self.begun_at.append(self._clock())
            self.rests_from = _time()
            raise TryLater("429", REST)
        return await super().announce(to, parts, after)

    def rests(self) -> bool:
        return self.rests_from is not None and 0 < _time() - self.rests_from < REST.total_seconds()


async def run(people: int, questions: float, clock: Callable[[], datetime], kind: type[Database] = Database) -> Figures:
    """The whole broadcast, and residents who ask as long as it lasts."""
    provider, stopping, via, answered = Tired(clock), asyncio.Event(), FakeChannel(), list[Answered]()
    with TemporaryDirectory() as folder:
        async with opened(Path(folder), kind) as books:
            await subscribe(books, people, clock())
            desk = _desk(books, clock)
            number = (await release(books, clock(), AdvisoryLevel.ALERT)).number
            sender = Broadcaster(provider, ChannelName.TELEGRAM, books.outbox, clock, lambda: ZoneInfo("UTC"))

            async def ask(which: int, text: str) -> None:
                asked_at, rested = _time(), provider.rests()
                message = a_message(text, str(which), Address(ChannelName.TERMINAL, f"{which}"))
                receipt = await desk.receive(message, via)
                took = timedelta(seconds=_time() - asked_at)
                answered.append(Answered(took, receipt, rested and provider.rests()))

            async def ask_on() -> None:
                async with asyncio.TaskGroup() as asking:
                    for which, text in zip(count(1), cycle(_QUESTIONS)):
                        if stopping.is_set():
                            return
                        asking.create_task(ask(which, text))
                        await asyncio.sleep(1 / questions)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(sender.run(stopping))
                tasks.create_task(Housekeeper(books.outbox, clock).run(stopping))
                tasks.create_task(ask_on())
                await finished(books, number)
                stopping.set()
            states = await books.states(number)
    return Figures(tuple(answered), len(via.texts), _in_rest(provider), states)


def _desk(books: Books, clock: Callable[[], datetime]) -> Reception:
    known = snapshot(
        an_entry("report-copy", "how do i get a copy of my report", es=("quiero una copia de mi reporte",)),
        an_entry("report-crime", "how do i report a crime", "i want to report a theft"),
    )
    desk = Reception(cast(Live, StillLive(known)), books.pseudonyms, clock)
    desk.memory = Memory(
        Inbox(books.database, books.pseudonyms),
        Conversations(books.database, books.pseudonyms),
        Journal(books.database),
        books.subscriptions,
    )
    return desk


def _in_rest(provider: Tired) -> int:
    """Those that were under way when the platform asked are not meant."""
    busy_at = provider.begun_at[_BUSY_AT]
    under_way = timedelta(seconds=0.5)
    return sum(busy_at + under_way < at < busy_at + REST - under_way for at in provider.begun_at)


def _time() -> float:
    return asyncio.get_running_loop().time()


def _share(among: Sequence[timedelta], share: float) -> str:
    at = among[min(len(among) - 1, int(len(among) * share))]
    return f"{at / timedelta(milliseconds=1):7.1f}"


def table(figures: Figures) -> str:
    """The figures in lines."""
    lines = ["replies, in ms               number     p50     p95     p99     max"]
    for name, rested in (("while it is being sent", False), ("while the lane rests", True)):
        took = figures.took(rested=rested)
        shares = " ".join(_share(took, share) for share in (0.5, 0.95, 0.99, 1))
        lines.append(f"{name:28} {len(took):6} {shares}")
    answered = sum(each.receipt is Receipt.ANSWERED for each in figures.answered)
    lines.append(f"answered                     {answered} of {len(figures.answered)}")
    lines.append(f"sends begun in the rest      {figures.sent_in_rest}")
    lines.append(f"ledger                       {in_words(figures.states)}")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--people", type=int, default=1_000)
    asked.add_argument("--questions", type=float, default=5)
    given = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(table(asyncio.run(run(given.people, given.questions, utc_now))))  # noqa: T201


if __name__ == "__main__":
    main()
