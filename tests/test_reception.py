"""A message in, one reply out, whatever is down. Law 1 has its own walk in `test_law_1.py`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import URL

from bot.core.answer import Snapshot
from bot.core.channel import Receipt, Refused, TryLater, Unreachable
from bot.core.conversation import Conversation
from bot.core.match import Index
from bot.core.message import Address, IncomingMessage, Part
from bot.knowledge.live import Live
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from bot.store.grouped import Grouped
from bot.store.inbox import LEASE, Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from tests.builders import NOW, SOMEBODY, SOMEBODY_ELSE, FakeChannel, a_message, an_entry, snapshot

KNOWN = snapshot(
    an_entry("report-copy", "how do i get a copy of my report", es=("quiero una copia de mi reporte",)),
    an_entry("report-crime", "how do i report a crime", "i want to report a theft"),
)
PSEUDONYMS = Pseudonyms(b"k" * 32)


@dataclass(slots=True)
class StillLive:
    """A snapshot that nobody reloads."""

    current: Snapshot | None = KNOWN
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.opened.set()


def reception(current: Snapshot | None = KNOWN) -> Reception:
    return Reception(cast(Live, StillLive(current)), PSEUDONYMS, lambda: NOW)


@asynccontextmanager
async def memory(where: Path | URL) -> AsyncIterator[Memory]:
    """A store in that folder, or there."""
    async with Database(in_file(where / "bot.sqlite3") if isinstance(where, Path) else where) as database:
        await database.open()
        yield Memory(Inbox(database, PSEUDONYMS), Conversations(database, PSEUDONYMS), Journal(database))


@dataclass(slots=True)
class Broken:
    """A part of the store that is down; counts how often it is asked."""

    asked: int = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def fail(*_: object) -> None:
            self.asked += 1
            raise StoreDown("the disk is gone")

        return fail


def broken() -> Memory:
    return Memory(cast(Inbox, Broken()), cast(Conversations, Broken()), cast(Journal, Broken()))


async def test_a_question_is_answered_once_and_a_duplicate_not_again(store: URL) -> None:
    async with memory(store) as kept:
        desk, via = reception(), FakeChannel()
        desk.memory = kept
        message = a_message("how do i get a copy of my report")
        assert await desk.receive(message, via) is Receipt.ANSWERED
        assert await desk.receive(message, via) is Receipt.DUPLICATE
        assert len(via.sent) == 1


async def test_a_reply_that_did_not_leave_is_given_when_the_message_comes_again(store: URL) -> None:
    async with memory(store) as kept:
        desk, via = reception(), FakeChannel(failures=[TryLater("busy")])
        desk.memory = kept
        message = a_message("how do i get a copy of my report")
        assert await desk.receive(message, via) is Receipt.NOT_SENT
        assert await desk.receive(message, via) is Receipt.ANSWERED


@pytest.mark.parametrize("failure", [Refused("no"), Unreachable("blocked")])
async def test_a_reply_that_can_never_leave_is_not_brought_again(store: URL, failure: Exception) -> None:
    async with memory(store) as kept:
        desk, via = reception(), FakeChannel(failures=[cast(Refused, failure)])
        desk.memory = kept
        message = a_message("how do i get a copy of my report")
        assert await desk.receive(message, via) is Receipt.UNDELIVERABLE
        assert await desk.receive(message, via) is Receipt.DUPLICATE


async def test_numbered_choices_survive_a_restart(store: URL) -> None:
    async with memory(store) as kept:
        before, via = reception(), FakeChannel()
        before.memory = kept
        await before.receive(a_message("report a copy of a crime", "1"), via)
        first = via.sent[0][1][-1].choices[0].label
        after = reception()
        after.memory = kept
        await after.receive(a_message("1", "2"), via)
        assert via.texts[1].startswith(first)


async def test_what_is_brought_again_after_a_kill_means_what_it_meant(store: URL) -> None:
    """Killed after the reply has left and before that is stored: the "1" still stands for the first choice."""
    async with memory(store) as kept:
        before, via = reception(), FakeChannel()
        before.memory = kept
        await before.receive(a_message("report a copy of a crime", "1"), via)
        killed, has_left = a_message("1", "2"), asyncio.Event()

        class Last(FakeChannel):
            async def send(self, to: Address, parts: Sequence[Part]) -> str:
                await super().send(to, parts)
                has_left.set()
                return await asyncio.Future()

        last = Last()
        turn = asyncio.create_task(before.receive(killed, last))
        await has_left.wait()
        turn.cancel()
        after = Reception(cast(Live, StillLive()), PSEUDONYMS, lambda: NOW + 2 * LEASE)
        after.memory = kept
        await after.receive(killed, via)
        assert via.texts[1] == last.texts[0]


async def test_a_turn_asks_the_store_before_its_reply_once_and_after_it_once(tmp_path: Path) -> None:
    """In a surge each way to the store takes as long as everything else of a turn."""
    trips = []

    class Counted(Database):
        async def run_whole(self, *work: Any) -> Any:  # type: ignore[override]
            trips.append(len(via.sent))
            return await super().run_whole(*work)

    async with Counted(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        together = Grouped(database)
        desk, via = reception(), FakeChannel()
        desk.memory = Memory(
            Inbox(database, PSEUDONYMS, together), Conversations(database, PSEUDONYMS, together), Journal(database)
        )
        await desk.receive(a_message("how do i get a copy of my report"), via)
    assert trips == [0, 1]


async def test_a_store_that_is_down_costs_no_reply() -> None:
    desk, via = reception(), FakeChannel()
    desk.memory = broken()
    assert await desk.receive(a_message("how do i get a copy of my report"), via) is Receipt.ANSWERED
    assert await desk.receive(a_message("how do i report a crime", "2"), via) is Receipt.ANSWERED
    assert cast(Broken, desk.memory.inbox).asked == 4


async def test_an_unanswered_question_is_kept_redacted_and_without_its_asker(store: URL) -> None:
    async with memory(store) as kept:
        desk = reception()
        desk.memory = kept
        await desk.receive(a_message("zebra xylophone call me at 203-555-0142"), FakeChannel())
        (noted,) = await kept.journal.unanswered(10)
        assert "zebra xylophone" in noted.question
        assert "555" not in noted.question


async def test_talk_in_a_group_that_is_not_for_the_bot_gets_nothing_but_911() -> None:
    desk, via = reception(), FakeChannel()
    assert await desk.receive(a_message("how do i report a crime", is_addressed=False), via) is Receipt.IGNORED
    assert await desk.receive(a_message("he has a gun", "2", is_addressed=False), via) is Receipt.ANSWERED
    assert via.texts == ["911 NOW en\nNobody has been alerted."]


@dataclass(slots=True)
class SlowChannel(FakeChannel):
    """Lets a send go only when told."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list)

    async def send(self, to: Address, parts: object) -> str:
        self.begun.append(to.id)
        await self.gate.wait()
        return await FakeChannel.send(self, to, parts)  # type: ignore[arg-type]


async def told(desk: Reception, via: SlowChannel, *messages: IncomingMessage) -> list[asyncio.Task[Receipt]]:
    tasks = [asyncio.create_task(desk.receive(message, via)) for message in messages]
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


async def test_one_persons_messages_are_answered_in_order_and_nobody_waits_for_another() -> None:
    desk, via = reception(), SlowChannel()
    tasks = await told(
        desk, via, a_message("how do i report a crime", "1"), a_message("how do i get a copy of my report", "2"),
        a_message("how do i report a crime", "3", sender=SOMEBODY_ELSE),
    )  # fmt: skip
    assert via.begun == [SOMEBODY.id, SOMEBODY_ELSE.id]
    via.gate.set()
    await asyncio.gather(*tasks)
    mine = [text for (to, _), text in zip(via.sent, via.texts, strict=True) if to == SOMEBODY]
    assert [text.split("\n")[0] for text in mine] == ["Report crime", "Report copy"]


async def test_an_emergency_overtakes_the_persons_own_slow_answer() -> None:
    desk, slow, fast = reception(), SlowChannel(), FakeChannel()
    tasks = await told(desk, slow, a_message("how do i report a crime", "1"))
    assert await desk.receive(a_message("he has a gun", "2"), fast) is Receipt.ANSWERED
    slow.gate.set()
    await asyncio.gather(*tasks)


async def test_stopping_waits_for_replies_in_flight_and_not_for_ever() -> None:
    desk, via = reception(), SlowChannel()
    (task,) = await told(desk, via, a_message("how do i report a crime"))
    await desk.quiet(0.0)
    assert not task.done()
    via.gate.set()
    await desk.quiet(10)
    assert await task is Receipt.ANSWERED


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.service.chats._REMEMBERED", 3)
    desk, via = reception(), FakeChannel()
    for number in range(10):
        person = Address(SOMEBODY.channel, str(number))
        await desk.receive(a_message("how do i report a crime", str(number), sender=person), via)
    assert len(desk._chats._kept) == 3
    assert desk._turns.open == 0


async def test_a_decision_that_fails_is_told_with_the_911_notice() -> None:
    class Fails:
        def rank(self, _: object) -> None:
            raise RuntimeError("a fault in core")

    known = Snapshot(KNOWN.knowledge, cast(Index, Fails()), KNOWN.commands, KNOWN.languages)
    via = FakeChannel()
    assert await reception(known).receive(a_message("how do i report a crime"), via) is Receipt.ANSWERED
    assert via.texts == ["911 notice en\n\n<sorry en>"]


async def test_with_no_knowledge_at_all_the_floor_answers() -> None:
    via = FakeChannel()
    await reception(None).receive(a_message("how do i report a crime"), via)
    assert "call 911" in via.texts[0]


async def test_a_reload_in_the_middle_changes_the_next_message_and_not_this_one(tmp_path: Path) -> None:
    live = StillLive()
    desk = Reception(cast(Live, live), PSEUDONYMS, lambda: NOW)
    via = FakeChannel()

    class Reloading(Broken):
        def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
            live.current = None  # a reload while the turn waits for the store
            return Broken.__getattr__(self, name)

    desk.memory = Memory(cast(Inbox, Reloading()), cast(Conversations, Broken()), cast(Journal, Broken()))
    await desk.receive(a_message("how do i report a crime"), via)
    assert via.texts[0].startswith("Report crime")


async def test_what_is_remembered_of_a_chat_is_its_language(tmp_path: Path) -> None:
    async with memory(tmp_path) as store:
        desk, via = reception(), FakeChannel()
        desk.memory = store
        await desk.receive(a_message("en español por favor", "1"), via)
        assert (await store.conversations.load(SOMEBODY) or Conversation()).language == "es"
        await desk.receive(a_message("how do i get a copy of my report", "2"), via)
        assert "La respuesta: report-copy." in via.texts[1]


async def test_while_the_knowledge_loads_danger_gets_911_at_once_and_a_question_waits() -> None:
    live = StillLive(None)
    live.opened.clear()
    desk, urgent, asked = Reception(cast(Live, live), PSEUDONYMS, lambda: NOW), FakeChannel(), FakeChannel()
    question = asyncio.create_task(desk.receive(a_message("how do i report a crime"), asked))
    danger = asyncio.create_task(desk.receive(a_message("he has a gun", "2", sender=SOMEBODY_ELSE), urgent))
    for _ in range(20):
        await asyncio.sleep(0)
    assert "call 911 now" in urgent.texts[0]
    assert asked.texts == []
    live.current = KNOWN
    live.opened.set()
    await asyncio.gather(question, danger)
    assert asked.texts[0].startswith("Report crime")
