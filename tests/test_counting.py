"""Turns are counted by the hour and never by person; the store may be down, and no reply waits for a count."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from bot.core.channel import Receipt, SendFailed, TryLater, Unreachable
from bot.core.message import Address, ChannelName, IncomingMessage, Kind
from bot.core.tally import Tally, hour_of
from bot.knowledge.live import Live
from bot.service import counting as counting_module
from bot.service.counting import Counting
from bot.service.reception import Memory, Reception
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.figures import LATEST, Figures
from bot.store.inbox import Claim, Inbox
from tests.builders import NOW, SOMEBODY_ELSE, FakeChannel, a_message
from tests.test_reception import KNOWN, PSEUDONYMS, StillLive, broken
from tests.test_store import everything_in

HOUR = datetime(2026, 11, 22, 15, tzinfo=UTC)
REPORT = "how do i get a copy of my report"


@dataclass(slots=True)
class Shelf:
    """Takes counts, or says that the store is down."""

    is_down: bool = False
    kept: dict[Tally, int] = field(default_factory=dict)
    added: int = 0

    async def add(self, counts: Mapping[Tally, int]) -> None:
        self.added += 1
        if self.is_down:
            raise StoreDown("the disk is gone")
        for tally, count in counts.items():
            self.kept[tally] = self.kept.get(tally, 0) + count


@dataclass
class Desk:
    """A reception that counts, and a clock that can be set."""

    shelf: Shelf = field(default_factory=Shelf)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.counting = Counting(lambda: self.now)
        self.counting.figures = cast(Figures, self.shelf)
        self.reception = Reception(cast(Live, StillLive(KNOWN)), PSEUDONYMS, lambda: self.now)
        self.reception.counting = self.counting

    async def hears(self, text: str, number: str = "1", *failures: SendFailed, **rest: Any) -> Receipt:
        return await self.reception.receive(a_message(text, number, **rest), FakeChannel(failures=list(failures)))

    async def counts(self) -> dict[tuple[str, str], int]:
        """What was stored, by outcome and subject."""
        await self.counting.flush()
        return {(tally.outcome, tally.subject): count for tally, count in self.shelf.kept.items()}


async def test_a_turn_is_counted_by_hour_channel_language_outcome_and_what_was_answered() -> None:
    desk = Desk()
    await desk.hears(REPORT, "1", sender=Address(ChannelName.SMS, "+12035550100"))
    await desk.hears("quiero una copia de mi reporte", "2")
    await desk.counting.flush()
    assert desk.shelf.kept == {
        Tally(HOUR, ChannelName.SMS, "en", "answered", "report-copy"): 1,
        Tally(HOUR, ChannelName.TERMINAL, "es", "answered", "report-copy"): 1,
    }


async def test_equal_turns_are_one_row_and_every_way_to_end_has_its_own() -> None:
    desk = Desk()
    for number, text in enumerate((REPORT, REPORT, "help", "he has a gun", "xylophone lessons zzz")):
        await desk.hears(text, str(number), sender=Address(ChannelName.WEB, str(number)))
    assert await desk.counts() == {
        ("answered", "report-copy"): 2,
        ("command", ""): 1,
        ("emergency", "weapon"): 1,
        ("not_found", ""): 1,
    }


async def test_an_answer_under_the_911_line_counts_once_as_a_turn_and_once_as_a_caution() -> None:
    desk = Desk()
    await desk.hears("", kind=Kind.MEDIA)
    assert await desk.counts() == {("out_of_scope", ""): 1, ("caution", "other"): 1}


@dataclass(slots=True)
class Inboxed:
    """Knows what was answered."""

    done_with: set[str] = field(default_factory=set)

    async def claim(self, message: IncomingMessage, now: datetime) -> Claim:
        return Claim.DONE if message.id in self.done_with else Claim.NEW

    async def done(self, message: IncomingMessage, now: datetime) -> None:
        self.done_with.add(message.id)


async def test_what_comes_twice_is_counted_once_and_talk_of_others_never() -> None:
    desk, rest = Desk(), broken()
    desk.reception.memory = Memory(cast(Inbox, Inboxed()), rest.conversations, rest.journal)
    assert await desk.hears(REPORT) is Receipt.ANSWERED
    assert await desk.hears(REPORT) is Receipt.DUPLICATE
    assert await desk.hears("anything", "2", is_addressed=False) is Receipt.IGNORED
    assert await desk.counts() == {("answered", "report-copy"): 1}


async def test_a_reply_that_did_not_leave_is_counted_when_it_does() -> None:
    desk = Desk()
    assert await desk.hears(REPORT, "1", TryLater("busy")) is Receipt.NOT_SENT
    assert await desk.counts() == {}
    await desk.hears(REPORT, "1")
    await desk.hears("he has a gun", "2", TryLater("busy"), sender=SOMEBODY_ELSE)
    assert await desk.hears(REPORT, "3", Unreachable("blocked us")) is Receipt.UNDELIVERABLE
    assert await desk.counts() == {("answered", "report-copy"): 2}


async def test_a_message_that_could_not_be_decided_is_counted_as_failed() -> None:
    desk = Desk()
    desk.reception._live = cast(Live, StillLive(None))
    await desk.hears("hello there")
    assert await desk.counts() == {("failed", ""): 1}


async def test_counting_that_fails_costs_no_reply() -> None:
    desk = Desk()

    def broken() -> datetime:
        raise RuntimeError("no clock")

    desk.counting._clock = broken
    via = FakeChannel()
    assert await desk.reception.receive(a_message(REPORT), via) is Receipt.ANSWERED
    assert await desk.reception.receive(a_message("he has a gun", "2"), via) is Receipt.ANSWERED
    assert len(via.sent) == 2


async def test_no_reply_waits_for_the_store_and_counts_wait_for_it_to_come_back() -> None:
    desk = Desk(Shelf(is_down=True))
    assert await desk.hears(REPORT, "1") is Receipt.ANSWERED
    assert desk.shelf.added == 0
    await desk.counting.flush()
    await desk.hears(REPORT, "2")
    desk.shelf.is_down = False
    assert await desk.counts() == {("answered", "report-copy"): 2}
    await desk.counting.flush()
    assert desk.shelf.added == 2  # nothing new: the store is left alone


async def test_what_is_older_than_a_day_is_dropped_not_added_to_days_that_are_closed() -> None:
    desk = Desk(Shelf(is_down=True))
    await desk.hears(REPORT, "1")
    await desk.counting.flush()
    desk.now, desk.shelf.is_down = desk.now + LATEST, False
    await desk.hears(REPORT, "2")
    assert await desk.counts() == {("answered", "report-copy"): 1}


async def test_what_waits_is_bounded_and_a_count_that_is_there_still_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting_module, "_MOST", 2)
    desk = Desk()
    for number in range(5):
        desk.now = NOW + timedelta(hours=number)
        await desk.hears(REPORT, str(number))
    desk.now = NOW
    await desk.hears(REPORT, "again")
    await desk.counting.flush()
    assert list(desk.shelf.kept.values()) == [2, 1]


@pytest.fixture
async def figures(store: URL) -> AsyncIterator[Figures]:
    async with Database(store) as database:
        await database.open()
        yield Figures(database)


@pytest.mark.sqlite
async def test_stored_counts_add_up_and_hold_nothing_but_the_hour_and_what_was_counted(
    figures: Figures, tmp_path: Path
) -> None:
    desk = Desk()
    desk.counting.figures = figures
    for number in ("1", "2"):
        secret = Address(ChannelName.SMS, "+12035550199")
        await desk.hears(f"{REPORT} for Maria Silva", number, sender=secret)
        await desk.counting.flush()
    rows = sqlite3.connect(tmp_path / "bot.sqlite3").execute("SELECT * FROM tally").fetchall()
    assert rows == [("2026-11-22T15:00:00.000000+00:00", "sms", "en", "answered", "report-copy", 2)]
    stored = everything_in(tmp_path)
    assert b"Silva" not in stored
    assert b"2035550199" not in stored


@pytest.mark.parametrize("zone", ["America/New_York", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
@given(st.integers(1_580_000_000, 2_000_000_000))
def test_an_hour_begins_where_the_towns_clocks_begin_it(zone: str, second: int) -> None:
    town, moment = ZoneInfo(zone), datetime.fromtimestamp(second, UTC)
    hour = hour_of(moment, town)
    assert timedelta() <= moment - hour < timedelta(hours=1)
    is_over_a_change = hour.astimezone(town).utcoffset() != moment.astimezone(town).utcoffset()
    assert hour.astimezone(town).minute == 0 or is_over_a_change


def test_two_moments_of_an_hour_are_counted_together() -> None:
    early, late = NOW.replace(minute=0), NOW.replace(minute=59, second=59)
    assert hour_of(early, UTC) == hour_of(late, UTC) == HOUR
