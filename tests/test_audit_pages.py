"""The audit log as it is read: what was asked for and nothing else, a page at a time, and all of it in pieces."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import URL

from bot.store import audit_pages
from bot.store.audit import Audit, Noted
from bot.store.audit_pages import AuditPages, Wanted
from bot.store.database import Database
from bot.store.ledger import Ledger
from tests.ledger import NOON

DAY = timedelta(days=1)
LINES = [
    Noted(number, NOON + days * DAY, who, act, subject, {"why": why})
    for number, (days, who, act, subject, why) in enumerate([
        (0, "ann", "import", "dpd-1", "a crash"),
        (0, "bob", "approve", "dpd-1", "seen"),
        (1, "ann", "draft", "dpd-2", "a fire"),
        (2, "ann", "release", "dpd-2", "now"),
        (3, "bob", "draft", "dpd-3", "a flood"),
    ], 1)
]  # fmt: skip


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        books = Audit(database)
        for line in LINES:
            await books.note(line.who, line.act, line.subject, line.details, line.at)
        yield database


@pytest.mark.parametrize(("wanted", "numbers"), [
    (Wanted(), [5, 4, 3, 2, 1]),
    (Wanted(who="ann"), [4, 3, 1]),
    (Wanted(act="draft"), [5, 3]),
    (Wanted(since=NOON + DAY), [5, 4, 3]),
    (Wanted(until=NOON + DAY), [2, 1]),
    (Wanted("ann", "draft", NOON + DAY, NOON + 2 * DAY), [3]),
])  # fmt: skip
async def test_every_line_that_is_wanted_is_read_and_no_other(
    database: Database, wanted: Wanted, numbers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_pages, "AT_ONCE", 2)
    pages = AuditPages(database)
    found = await pages.page(wanted, None, 100)
    assert found == tuple(LINES[number - 1] for number in numbers)
    assert await pages.page(wanted, None, 2) == found[:2]
    assert await pages.page(wanted, numbers[0], 100) == found[1:]
    pieces = [links async for links in pages.lines(wanted)]
    assert [link.number for links in pieces for link in links] == numbers[::-1]
    assert {len(links) for links in pieces} <= {1, 2}


async def test_what_was_done_is_told_by_name_from_the_first_line_or_behind_one(database: Database) -> None:
    pages = AuditPages(database)
    assert sorted(await pages.acts()) == ["approve", "draft", "import", "release"]
    assert [sorted(await pages.acts(after)) for after in (1, 3, 4, 5)] == [
        ["approve", "draft", "release"], ["draft", "release"], ["draft"], []
    ]  # fmt: skip
    assert await pages.count() == 5


async def test_what_was_done_with_some_advisories_is_told_the_newest_first(database: Database) -> None:
    ledger = Ledger(database)
    assert await ledger.acts(["dpd-1", "dpd-3"], 100) == (LINES[4], LINES[1], LINES[0])
    assert await ledger.acts(["dpd-1", "dpd-3"], 2) == (LINES[4], LINES[1])
    assert await ledger.acts([], 100) == ()
