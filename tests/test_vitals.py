"""Ages and counts for `/readyz` and `/metrics`: looked up by ourselves, never by whoever asks."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from bot.core.advisory import AdvisoryLevel
from bot.core.delivery import State
from bot.service.vitals import Vitals
from bot.store.backup import Rehearsed
from bot.store.faults import StoreDown
from bot.store.schema import delivery
from bot.store.unsent import Unsent, unsent
from tests.broadcast_books import opened, release, subscribe
from tests.builders import NOW


@dataclass(slots=True)
class Town:
    """What is behind the bot, and how often it was asked."""

    now: datetime = NOW
    unsent: Unsent | None = field(default_factory=Unsent)
    backup_at: datetime | None = None
    rehearsed: Rehearsed | None = None
    is_disk_gone: bool = False
    revision: str | None = "one"
    asked: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self) -> Unsent:
        self.asked += 1
        self.looked.set()
        if self.unsent is None:
            raise StoreDown("the disk is gone")
        return self.unsent

    def backup(self) -> datetime | None:
        if self.is_disk_gone:
            raise PermissionError("not ours")
        return self.backup_at

    def vitals(self) -> Vitals:
        return Vitals(lambda: self.now, self.ask, self.backup, lambda: self.revision, lambda: self.rehearsed)


async def test_before_the_first_look_nothing_is_known() -> None:
    vitals = Town().vitals()
    assert (vitals.is_store_ok, vitals.backup_age, vitals.unsent_age, vitals.knowledge_age) == (False, None, None, None)


async def test_ages_are_in_seconds_and_go_on_between_two_looks() -> None:
    town = Town(unsent=Unsent(4, NOW - timedelta(minutes=2)), backup_at=NOW - timedelta(hours=1))
    town.rehearsed = Rehearsed(NOW - timedelta(minutes=59), "bot-1", 2.0)
    vitals = town.vitals()
    await vitals.look()
    town.now += timedelta(seconds=3)
    assert (vitals.backup_age, vitals.unsent_age, vitals.knowledge_age) == (3603.0, 123.0, 3.0)
    assert vitals.rehearsal_age == 3543.0
    assert town.asked == 1


async def test_there_is_no_age_of_what_there_is_not() -> None:
    vitals = Town().vitals()
    await vitals.look()
    assert (vitals.is_store_ok, vitals.backup_age, vitals.unsent_age) == (True, None, None)
    assert vitals.rehearsal_age is None


async def test_a_store_that_is_down_is_told_and_the_rest_is_still_known() -> None:
    town = Town(unsent=None, backup_at=NOW)
    vitals = town.vitals()
    await vitals.look()
    assert (vitals.is_store_ok, vitals.unsent_age, vitals.backup_age) == (False, None, 0.0)


async def test_a_folder_of_backups_that_cannot_be_read_is_as_none_and_said_in_the_log() -> None:
    town = Town(is_disk_gone=True)
    vitals = town.vitals()
    with capture_logs() as logs:
        await vitals.look()
    assert vitals.backup_age is None
    assert logs == [{"event": "backups not read", "error": "PermissionError", "log_level": "warning"}]


async def test_the_knowledges_age_begins_anew_with_a_revision() -> None:
    town = Town()
    vitals = town.vitals()
    await vitals.look()
    town.now += timedelta(hours=1)
    town.revision = "two"
    await vitals.look()
    assert vitals.knowledge_age == 0.0


async def test_looks_go_on_until_stopping() -> None:
    town, stopping = Town(), asyncio.Event()
    task = asyncio.create_task(town.vitals().run(stopping))
    await town.looked.wait()
    stopping.set()
    await task
    assert town.asked == 1


async def test_unsent_counts_what_waits_and_names_the_oldest(tmp_path: Path) -> None:
    async with opened(tmp_path) as books:
        await subscribe(books, 3, NOW)
        assert await books.database.run(unsent) == Unsent()
        first = await release(books, NOW, AdvisoryLevel.ALERT)
        await release(books, NOW + timedelta(minutes=5), AdvisoryLevel.ALERT)
        assert await books.database.run(unsent) == Unsent(6, NOW)
        await books.database.run(_all_sent, first.number)
        assert await books.database.run(unsent) == Unsent(3, NOW + timedelta(minutes=5))


async def _all_sent(connection: AsyncConnection, number: int) -> None:
    settled = {"state": State.SENT.value, "settled_at": NOW}
    await connection.execute(update(delivery).where(delivery.c.advisory == number).values(settled))
