"""A bot with other keys than the store's is turned away and told how to mend it; it never stops answering by that."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner
from sqlalchemy import URL
from structlog.testing import capture_logs

from bot import app
from bot.cli import main
from bot.doctor import examined
from bot.house import House
from bot.settings import Settings
from bot.store import key_prints, rotation
from bot.store.backup_keys import put
from bot.store.database import Database
from bot.store.faults import KeysForeign
from bot.store.keys import Pseudonyms, add_key
from bot.store.sealed import Seal, read_keys, write_keys
from bot.store.subscriptions import Subscriptions
from tests import small_folder
from tests.ledger import NOON, Books, books_in, by_hand, somebody
from tests.postgres_server import PostgresServer

MARKS = "SELECT name, value FROM mark ORDER BY name"


@pytest_asyncio.fixture
async def books(store: URL, tmp_path: Path) -> AsyncIterator[Books]:
    """Books whose keys lie in a data folder, which they know by now."""
    async with books_in(store) as books:
        books.subscriptions = Subscriptions(books.database, Pseudonyms.kept_in(tmp_path), Seal.kept_in(tmp_path))
        await open_with(books, tmp_path)
        yield books


async def open_with(books: Books, data: Path) -> None:
    """As a bot does that starts with the keys of this data folder."""
    await rotation.finish(books.database, data, NOON)


def keys_of(data: Path, copy: Path) -> Path:
    """Another data folder with the keys that are in this one by now."""
    shutil.copytree(data / "keys", copy / "keys")
    return copy


async def test_the_keys_that_a_store_was_first_opened_with_are_its_own(books: Books, tmp_path: Path) -> None:
    await open_with(books, tmp_path)
    await open_with(books, keys_of(tmp_path, tmp_path / "other"))
    assert [row.name for row in await by_hand(books.database, MARKS)] == ["addresses.prints", "pseudonyms.prints"]


@pytest.mark.parametrize("kept", ["pseudonyms", "addresses"])
async def test_one_other_key_is_enough_to_be_turned_away_with_what_and_where_and_nothing_is_written(
    books: Books, tmp_path: Path, kept: str
) -> None:
    await books.subscribe(1)
    before = await by_hand(books.database, MARKS)
    other = tmp_path / "other"
    put({kept: (tmp_path / "keys" / kept).read_bytes()}, other)
    foreign = next(name for name in ("pseudonyms", "addresses") if name != kept)
    with pytest.raises(KeysForeign) as refused:
        await open_with(books, other)
    told = str(refused.value)
    assert told.startswith(f"{other}: the store was written under other keys than keys/{foreign} here.")
    assert "put back the file" in told
    assert kept not in told
    assert await by_hand(books.database, MARKS) == before
    await open_with(books, tmp_path)
    assert await books.subscriptions.of(somebody(1)) is not None


async def test_a_longer_list_of_foreign_keys_is_no_rotation_that_was_broken_off(books: Books, tmp_path: Path) -> None:
    """Taken for one, it would give every name in the store another that nobody ever finds again."""
    await books.subscribe(1)
    other = tmp_path / "other"
    put({"addresses": (tmp_path / "keys" / "addresses").read_bytes()}, other)
    add_key(other / "keys" / "pseudonyms")
    with pytest.raises(KeysForeign):
        await open_with(books, other)
    assert await books.subscriptions.of(somebody(1)) is not None


async def test_a_store_of_before_takes_the_keys_that_are_there(books: Books, tmp_path: Path) -> None:
    for _ in range(2):  # one rotation behind it
        await rotation.rename(books.database, tmp_path, "chief", lambda: NOON, timedelta())
    await by_hand(books.database, "DELETE FROM mark WHERE name LIKE '%.prints'")
    await open_with(books, tmp_path)
    with pytest.raises(KeysForeign):
        await open_with(books, tmp_path / "new")


async def test_after_a_rotation_the_new_keys_are_the_stores_and_the_old_ones_are_not(
    books: Books, tmp_path: Path
) -> None:
    old = keys_of(tmp_path, tmp_path / "old")
    await rotation.reseal(books.database, tmp_path, "chief", NOON, lambda _: None, timedelta())
    await open_with(books, tmp_path)
    with pytest.raises(KeysForeign, match="than keys/addresses here"):
        await open_with(books, old)
    await rotation.rename(books.database, tmp_path, "chief", lambda: NOON, timedelta())
    await open_with(books, tmp_path)
    with pytest.raises(KeysForeign, match="than keys/pseudonyms and keys/addresses here"):
        await open_with(books, old)


async def test_whoever_starts_while_addresses_are_sealed_anew_is_let_in(books: Books, tmp_path: Path) -> None:
    """At every step that a rotation may have come to, and none of it undoes what the rotation has noted."""
    path = tmp_path / "keys" / "addresses"
    (old,) = read_keys(path)
    new = Seal.new_key()
    write_keys(path, [new, old])  # and nothing is noted yet
    alone = keys_of(tmp_path, tmp_path / "alone")
    write_keys(alone / "keys" / "addresses", [old])
    await open_with(books, alone)
    await open_with(books, tmp_path)
    with pytest.raises(KeysForeign):  # something may be sealed with the new key by now
        await open_with(books, alone)
    await books.database.run(key_prints.note, "addresses", key_prints.prints_of([new]), NOON)
    await open_with(books, tmp_path)
    write_keys(path, [new])
    await open_with(books, tmp_path)


class PowerGone(Exception):
    """The process was killed."""


@pytest.mark.parametrize("step", range(4))
async def test_wherever_a_rotation_is_killed_the_bot_starts_again_and_the_rotation_can_be_finished(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    await books.subscribe(1, 2)
    steps = count()

    def killed(what: Callable[..., Any]) -> Callable[..., Any]:
        def done(*told: Any) -> Any:
            if next(steps) == step:
                raise PowerGone
            return what(*told)

        return done

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "write_keys", killed(write_keys))
        patch.setattr(key_prints, "note", killed(key_prints.note))
        with pytest.raises(PowerGone):
            await rotation.reseal(books.database, tmp_path, "chief", NOON, lambda _: None, timedelta())
    await open_with(books, tmp_path)
    await rotation.reseal(books.database, tmp_path, "chief", NOON, lambda _: None, timedelta())
    await open_with(books, tmp_path)
    assert len(read_keys(tmp_path / "keys" / "addresses")) == 1
    (noted,) = await by_hand(books.database, "SELECT value FROM mark WHERE name = 'addresses.prints'")
    assert noted.value == key_prints.prints(tmp_path)["addresses"][0]
    assert await books.subscriptions.of(somebody(2)) is not None


@pytest.mark.sqlite  # what a command does with the answer is the same on either
async def test_no_command_touches_a_store_of_other_keys(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    monkeypatch.setenv("BOT_DATA", str(other))
    monkeypatch.setenv("BOT_DATABASE", f"sqlite:///{tmp_path}/bot.sqlite3")
    asked = (["hold", "list"], ["backup", "--to", str(tmp_path / "backups")])
    for command in asked:
        ended = await asyncio.to_thread(CliRunner().invoke, main, command)
        assert (ended.exit_code, "put back the file" in ended.output) == (1, True), command
    assert not (tmp_path / "backups").exists()
    known = small_folder.write(tmp_path / "knowledge")
    chosen = Settings(data=other, database=f"sqlite:///{tmp_path}/bot.sqlite3", knowledge=known)
    found = [str(each) async for each in examined(chosen, lambda: NOON, with_links=False)]
    assert len([line for line in found if line.startswith("FAULT  store: ") and "put back the file" in line]) == 1


async def keeping(data: Path, where: URL) -> tuple[KeysForeign | None, House, bool]:
    """What the bot's keeper of the store ends with; by itself, or because it was told to."""
    stopping, chosen = asyncio.Event(), Settings(data=data, knowledge=data.parent / "knowledge")
    house = House.built(chosen, lambda: NOON)
    async with Database(where) as database:
        told = await app._keep_store(house, database, chosen, stopping)
    return told, house, stopping.is_set()


@pytest.mark.sqlite
async def test_a_bot_that_is_alone_goes_on_without_the_store(books: Books, store: URL, tmp_path: Path) -> None:
    with capture_logs() as logged:
        told, house, is_stopping = await keeping(tmp_path / "other", store)
    assert (told, house.reception.memory, is_stopping) == (None, None, False)
    assert [line["log_level"] for line in logged if line["event"] == "key unusable"] == ["error"]


def test_a_replica_with_other_keys_ends_at_its_start_and_says_why(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = postgres.emptied()

    async def first() -> None:
        async with Database(where) as database:
            await database.open()
            await rotation.finish(database, tmp_path / "first", NOON)

    asyncio.run(first())
    for name, value in (("DATA", tmp_path / "second"), ("DATABASE", where), ("PORT", 0), ("LOG_LEVEL", "ERROR"),
                        ("KNOWLEDGE", small_folder.write(tmp_path / "knowledge"))):  # fmt: skip
        monkeypatch.setenv(f"BOT_{name}", str(value))
    ended = CliRunner().invoke(main, ["serve"])
    assert ended.exit_code == 1, ended.output
    assert "Chat: http://" in ended.output  # its port was open: what came in that moment was answered
    assert f"Error: {tmp_path / 'second'}: the store was written under other keys" in ended.output


async def test_a_replica_that_has_been_answering_meanwhile_is_not_stopped(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = postgres.emptied()
    async with Database(where) as database:
        await database.open()
        await rotation.finish(database, tmp_path / "first", NOON)
    monkeypatch.setattr(app, "_STORE_AGAIN", timedelta())
    postgres.stop()
    try:
        task = asyncio.create_task(keeping(tmp_path / "second", where))
        with capture_logs() as logged:
            while not logged:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
    finally:
        postgres.start()
    told, house, is_stopping = await task
    assert (told, house.reception.memory, is_stopping) == (None, None, False)
