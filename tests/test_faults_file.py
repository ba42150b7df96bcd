"""A store's file that was cut, garbled or parted from its log: a start refuses with what to do, answers go on."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from bot import app
from bot.settings import Settings
from bot.store import soundness
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from tests.broadcast_books import opened, release, subscribe
from tests.builders import NOW
from tests.ledger import books_in
from tests.sizes import some
from tests.test_law_1 import DANGER, KNOWN, REDIRECT
from tests.whole_house import WEB, street

NAME = "bot.sqlite3"


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A store with a few hundred people and an advisory on its way to them."""
    async with opened(tmp_path) as books:
        await subscribe(books, 300, NOW)
        await release(books, NOW)
    return tmp_path / NAME


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for beside in path.parent.glob(f"{NAME}-*"):
        beside.unlink()


def held(path: Path) -> bytes:
    return path.read_bytes()


async def opens(path: Path) -> bool:
    async with Database(in_file(path)) as database:
        with suppress(StoreDown):
            await database.open()
            return True
        with pytest.raises(StoreDown, match="restore the last backup"):
            await database.open()
    return False


async def test_a_file_that_was_cut_anywhere_is_refused_with_what_to_do(file: Path) -> None:
    whole = held(file)
    lengths = {1, 15, 16, 100, 511, 512, 4096, 5000, len(whole) // 2, len(whole) - 4096, len(whole) - 1}
    for length in lengths:
        put(file, whole[:length])
        assert not await opens(file), length
    put(file, whole)
    assert await opens(file)


async def test_a_file_whose_last_page_lost_its_end_is_refused_unless_its_log_has_it(tmp_path: Path) -> None:
    """The page ends in a text, so that SQLite sees no fault in it: what is missing it takes for zeros."""
    file, kept = tmp_path / NAME, tmp_path / "kept"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE told (said TEXT)")
        connection.execute("INSERT INTO told VALUES ('Rose Street is closed')")
        connection.commit()
        log = held(tmp_path / f"{NAME}-wal")
    whole = held(file)
    soundness.check(file)
    put(file, whole[:-1])
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with pytest.raises(StoreDown, match="its last page is cut"):
        soundness.check(file)
    put(kept, whole[:-1])
    (tmp_path / "kept-wal").write_bytes(log)
    soundness.check(kept)
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT said FROM told").fetchone() == ("Rose Street is closed",)


def test_a_log_that_another_process_takes_away_meanwhile_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as connection:
        connection.execute("CREATE TABLE told (said TEXT)")
    monkeypatch.setattr(Path, "exists", lambda _: True)  # it was there a moment ago
    soundness.check(tmp_path / NAME)


async def test_a_flipped_byte_is_refused_or_leaves_every_row_in_its_place(file: Path) -> None:
    """What a byte changed inside a text cannot be seen without the text's own proof; pages, indexes and names can."""
    whole, chance, refused = held(file), Random(911), 0
    with closing(sqlite3.connect(file)) as connection:
        counts = "SELECT (SELECT count(*) FROM subscription), (SELECT count(*) FROM delivery)"
        before = connection.execute(counts).fetchone()
    for at in some([chance.randrange(len(whole)) for _ in range(200)], 4):
        put(file, whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        if await opens(file):
            with closing(sqlite3.connect(file)) as connection:
                assert connection.execute(counts).fetchone() == before, at
        else:
            refused += 1
    assert refused > 0


async def test_a_garbled_name_of_a_table_is_refused_and_does_not_end_the_bot(file: Path) -> None:
    whole = held(file)
    at = whole.index(b"CREATE TABLE subscription") + len("CREATE TABLE ")
    put(file, whole[:at] + b"\xdf" + whole[at + 1 :])
    assert not await opens(file)


async def test_a_page_of_another_file_in_the_middle_is_refused(file: Path) -> None:
    whole = held(file)
    put(file, whole[: 4096 * 20] + b"\x00" * 4096 + whole[4096 * 21 :])
    assert not await opens(file)


async def test_without_its_log_the_file_is_what_it_was_at_the_last_checkpoint_and_adds_up(tmp_path: Path) -> None:
    """SQLite cannot tell that the log is missing: so a copy is made by `backup`, never by copying the file."""
    for name in "ab":
        os.mkdir(tmp_path / name)  # noqa: PTH102 - not a wait worth a thread
    async with books_in(tmp_path / "a") as books:
        await books.subscribe(1)
        advisory = await books.released()
        shutil.copyfile(tmp_path / "a" / NAME, tmp_path / "b" / NAME)
    async with books_in(tmp_path / "b") as copied:
        found = await copied.advisories.find(advisory.number)
        people = await copied.by_hand("SELECT count(*) AS many FROM delivery")
        assert people[0].many == (0 if found is None else 1)


async def test_a_file_that_is_whole_new_or_not_there_is_no_fault(file: Path, tmp_path: Path) -> None:
    soundness.check(file)
    soundness.check(tmp_path / "nothing")
    put(tmp_path / "empty", b"")
    soundness.check(tmp_path / "empty")
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        soundness.check(file)


async def test_over_a_damaged_store_the_bot_answers_and_says_what_to_do(file: Path, tmp_path: Path) -> None:
    put(file, held(file)[:5000])
    async with street(tmp_path, KNOWN, is_stored=False) as town:
        stopping = asyncio.Event()
        with capture_logs() as logs:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(app._keep_store(town.house, town.database, Settings(data=tmp_path), stopping))
                shown = await WEB.bring(town, WEB.wrote(DANGER, "1"))
                while not any(line["event"] == "store down" for line in logs):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0.01)
                stopping.set()
    assert shown[0].text.startswith(REDIRECT)
    (told,) = [line for line in logs if line["event"] == "store down"]
    assert "restore the last backup" in told["reason"]
