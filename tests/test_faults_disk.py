"""A disk that is full or broken under the store: answers and 911 go on, nothing is claimed that was not stored.

No flush is tried again as if the first had worked: what failed was not done, and whoever asked is told.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.core.advisory import AdvisoryLevel, Stage
from bot.core.answer import Snapshot
from bot.core.delivery import MOST_IN_FLIGHT, State
from bot.core.message import ChannelName
from bot.knowledge.live import Live
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from tests import real_folder, small_folder
from tests.advisory_builders import some_content
from tests.broadcast_books import Books, finished, opened, person, release, subscribe
from tests.failing_disk import Disk, Trouble, failing_disk
from tests.fake_provider import FakeProvider
from tests.ledger import books_in
from tests.simulated_time import StillDatabase, now, simulated
from tests.sizes import some
from tests.staff_builders import NIGHT
from tests.town import Town, town

QUESTION, DANGER = "how do i get a copy of a police report", "there is a man in my house with a gun"
ZONE = ZoneInfo("America/New_York")
each = pytest.mark.parametrize("trouble", Trouble)


@pytest.fixture
def disk() -> Iterator[Disk]:
    with failing_disk() as found:
        yield found


@pytest.fixture
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@pytest.fixture
async def here(disk: Disk, tmp_path: Path, known: Snapshot) -> AsyncIterator[Town]:
    async with town(tmp_path, known) as found:
        yield found


@each
async def test_a_question_is_answered(trouble: Trouble, disk: Disk, here: Town, known: Snapshot) -> None:
    disk.fails = trouble
    first = known.knowledge.entries["police-report-copy"].wordings["en"].answer or ""
    assert first.splitlines()[0] in await here.says(QUESTION)


@each
async def test_an_emergency_gets_911(trouble: Trouble, disk: Disk, here: Town, known: Snapshot) -> None:
    disk.fails = trouble
    assert (await here.says(DANGER)).startswith(known.knowledge.replies.redirect["en"].splitlines()[0])


@each
async def test_a_stop_that_is_not_stored_is_not_confirmed_and_works_when_the_disk_does(
    trouble: Trouble, disk: Disk, here: Town, known: Snapshot
) -> None:
    await here.says("/subscribe traffic")
    disk.fails = trouble
    assert await here.says("STOP") == known.knowledge.phrases("advisory_stop_failed", "en")
    disk.fails = None
    assert (await here.says("STOP")) != known.knowledge.phrases("advisory_stop_failed", "en")
    found = await here.books.by_hand("SELECT state FROM subscription")
    assert {row.state for row in found} == {"stopped"}


async def drafted(here: Town) -> int:
    content = some_content(level=AdvisoryLevel.COMMUNITY, topic="traffic")
    return (await here.advising.draft(NIGHT, content)).number


@each
async def test_a_release_is_refused_nobody_is_written_to_and_it_goes_out_when_the_disk_works(
    trouble: Trouble, disk: Disk, here: Town
) -> None:
    await here.says("/subscribe traffic")
    number = await drafted(here)
    disk.fails = trouble
    with pytest.raises(StoreDown, match="SQLITE_"):
        await here.release(number, NIGHT)
    disk.fails = None
    assert await here.books.by_hand("SELECT id FROM delivery") == []
    await here.release(number, NIGHT)
    assert await here.sent() == {"1"}


@each
async def test_a_withdrawal_is_refused_in_words_and_works_when_the_disk_does(
    trouble: Trouble, disk: Disk, here: Town
) -> None:
    await here.says("/subscribe traffic")
    number = await drafted(here)
    await here.release(number, NIGHT)
    assert await here.sent() == {"1"}
    disk.fails = trouble
    with pytest.raises(StoreDown, match="SQLITE_"):
        await here.advising.cancel(number, NIGHT)
    disk.fails = None
    withdrawn = await here.advising.cancel(number, NIGHT)
    assert withdrawn.stage is not Stage.DRAFT
    assert await here.sent() == {"1"}


@pytest.mark.parametrize("trouble", [Trouble.FULL, Trouble.NO_WRITE])
async def test_a_store_that_cannot_be_made_is_said_and_made_when_the_disk_works(
    trouble: Trouble, disk: Disk, tmp_path: Path
) -> None:
    disk.fails = trouble
    async with Database(in_file(tmp_path / "new.sqlite3")) as database:
        with pytest.raises(StoreDown, match=r"new\.sqlite3: "):
            await database.open()
        disk.fails = None
        await database.open()
        assert database.is_open


def test_a_folder_is_read_and_goes_live_though_nothing_can_be_kept_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    live = Live(small_folder.write(tmp_path / "knowledge"), tmp_path / "data")
    monkeypatch.setattr(Path, "write_bytes", full)
    with capture_logs() as logs:
        live.open()
        (tmp_path / "knowledge" / "contacts.yaml").write_text("[]\n")
        live.reload()
    assert live.current is not None
    assert live.fault is None
    assert [line["event"] for line in logs] == ["last good copy not kept", "knowledge live"] * 2


async def _sending(books: Books, provider: FakeProvider, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Broadcaster(provider, ChannelName.TELEGRAM, books.outbox, now, lambda: ZONE).run(stopping))
        tasks.create_task(Housekeeper(books.outbox, now).run(stopping))


@each
def test_no_send_begins_while_the_disk_takes_nothing_and_afterwards_nobody_is_missed(
    trouble: Trouble, disk: Disk, tmp_path: Path
) -> None:
    async def main() -> None:
        provider, stopping = FakeProvider(now), asyncio.Event()
        async with opened(tmp_path, StillDatabase) as books:
            await subscribe(books, 24, now())
            number = (await release(books, now(), AdvisoryLevel.ALERT)).number
            sender = asyncio.create_task(_sending(books, provider, stopping))
            while len(provider.begun_at) < 15:  # noqa: ASYNC110 - the clock is simulated: it costs nothing
                await asyncio.sleep(0.01)
            disk.fails = trouble
            await asyncio.sleep(1)
            begun = len(provider.begun_at)
            await asyncio.sleep(30)
            assert len(provider.begun_at) == begun
            disk.fails = None
            await finished(books, number)
            stopping.set()
            await sender
            assert await books.states(number) == {State.SENT: 24}
        copies = provider.copies()
        assert set(copies) == {person(each).id for each in range(1, 25)}
        assert sum(copies.values()) - 24 <= MOST_IN_FLIGHT
        assert max(copies.values()) <= 2

    with capture_logs() as logs:
        simulated(main)
    assert "broadcast without store" in {line["event"] for line in logs}


SPARES = range(40)
_SHORT_LEASE = timedelta(seconds=12)  # what is in flight when the disk fails is waited for so long, each time


@each
def test_whichever_call_to_the_disk_fails_the_ledger_adds_up_and_nobody_is_missed(
    trouble: Trouble, disk: Disk, tmp_path: Path
) -> None:
    """Each call of a small broadcast fails once, one broadcast after the other; then the disk works for a while."""

    async def main() -> None:
        async with opened(tmp_path, StillDatabase, lease=_SHORT_LEASE) as books:
            await subscribe(books, 4, now())
            for spared in some(SPARES, 14):
                provider, stopping = FakeProvider(now), asyncio.Event()
                number = (await release(books, now(), AdvisoryLevel.ALERT)).number
                disk.calls, disk.spares, disk.fails = 0, spared, trouble
                sender = asyncio.create_task(_sending(books, provider, stopping))
                await asyncio.sleep(5)
                disk.fails = None
                await finished(books, number)
                stopping.set()
                await sender
                assert await books.states(number) == {State.SENT: 4}, spared
                assert set(provider.copies()) == {person(each).id for each in range(1, 5)}, spared
                assert max(provider.copies().values()) <= 2, spared

    with capture_logs():
        simulated(main)


async def test_what_was_said_to_be_stored_is_there_after_the_disk_came_back(disk: Disk, tmp_path: Path) -> None:
    """A commit that could not be flushed is not half there: it is gone, and the one before it is whole."""
    async with books_in(tmp_path) as books:
        await books.subscribe(1)
        disk.fails = Trouble.NO_FLUSH
        with pytest.raises(StoreDown):
            await books.subscribe(2)
        disk.fails = None
        await books.subscribe(3)
    async with books_in(tmp_path) as again:
        rows = await again.by_hand("SELECT count(*) AS many FROM subscription")
        assert rows[0].many == 2
        assert (await again.by_hand("PRAGMA integrity_check"))[0][0] == "ok"


async def test_the_alarm_of_a_full_disk_names_what_is_wrong_and_no_row(disk: Disk, here: Town) -> None:
    disk.fails = Trouble.FULL
    with capture_logs() as logs:
        await here.says(QUESTION)
    told = [line for line in logs if line["event"] == "store down"]
    assert told != []
    assert all("SQLITE_FULL" in line["reason"] and QUESTION not in str(line) for line in told)
