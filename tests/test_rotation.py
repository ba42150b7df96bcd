"""Keys are changed while the bot goes on; broken off it is finished, and whoever has stopped is still known."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL, select

from bot.core.message import Address, ChannelName
from bot.store import database, key_prints, private, rotation
from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.faults import KeyUnusable
from bot.store.inbox import Claim, Inbox
from bot.store.keys import Pseudonyms, add_key, read_ring
from bot.store.outbox import Outbox
from bot.store.schema import subscription
from bot.store.sealed import Seal, is_sealed_by, read_keys, write_keys
from bot.store.subscriptions import Subscriptions
from tests.builders import a_message
from tests.ledger import NOON, Books, books_in, by_hand, somebody

AT_ONCE = timedelta()  # nobody else has the store open in these tests


@pytest_asyncio.fixture
async def books(store: URL, tmp_path: Path) -> AsyncIterator[Books]:
    """Books whose keys lie in a data folder and are followed, as a running bot follows them."""
    async with books_in(store) as books:
        pseudonyms, seal = Pseudonyms.kept_in(tmp_path), Seal.kept_in(tmp_path)
        books.subscriptions = Subscriptions(books.database, pseudonyms, seal)
        books.outbox = Outbox(books.database, pseudonyms, seal)
        yield books


async def sealed(books: Books) -> list[str]:
    asked = select(subscription.c.address).where(subscription.c.address.is_not(None))
    return list((await books.database.run(lambda connection: connection.execute(asked))).scalars())


async def reseal(books: Books, data: Path) -> int:
    return await rotation.reseal(books.database, data, "chief", NOON, lambda _: None, AT_ONCE)


async def rename(books: Books, data: Path) -> int:
    return await rotation.rename(books.database, data, "chief", lambda: books.now, AT_ONCE)


async def test_every_address_is_sealed_with_the_new_key_and_the_old_one_is_gone(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)
    await books.subscribe(*range(8))
    path = tmp_path / "keys" / "addresses"
    (old,) = read_keys(path)
    assert await reseal(books, tmp_path) == 8
    (new,) = read_keys(path)
    assert new != old
    assert all(is_sealed_by(new, each) for each in await sealed(books))
    released = await books.released()
    assert {sent.delivery.to for sent in await books.send()} == {somebody(number) for number in range(8)}
    assert released.audience == 8
    assert [line.act for line in await Audit(books.database).newest(9)][-1] == "addresses sealed anew"


async def test_who_runs_beside_it_reads_and_closes_addresses_all_the_while(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    path = tmp_path / "keys" / "addresses"
    (old,) = read_keys(path)
    write_keys(path, [Seal.new_key(), old])  # as far as somebody came who was killed then
    await books.subscribe(3)
    assert await reseal(books, tmp_path) == 2
    assert old not in read_keys(path)
    await books.subscribe(4)
    await books.released()
    assert {sent.delivery.to for sent in await books.send()} == {somebody(number) for number in (1, 2, 3, 4)}


async def test_an_address_that_no_key_opens_leaves_every_key_where_it_is(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    foreign = Seal([Seal.new_key()]).close(somebody(1))
    await by_hand(books.database, f"UPDATE subscription SET address = '{foreign}' WHERE id = 1")
    path = tmp_path / "keys" / "addresses"
    (old,) = read_keys(path)
    with pytest.raises(KeyUnusable):
        await reseal(books, tmp_path)
    assert old in read_keys(path)


async def test_everybody_is_known_by_their_new_name_those_who_stopped_too(books: Books, tmp_path: Path) -> None:
    await books.subscribe(1, 2)
    await books.subscriptions.stop(somebody(2), None, books.now)
    await books.subscriptions.stop(somebody(3), None, books.now)  # known for nothing but that
    message = a_message("hello")
    inbox = Inbox(books.database, Pseudonyms.kept_in(tmp_path))
    await inbox.done(message, books.now)
    before = {row.person for row in await by_hand(books.database, "SELECT person FROM subscription")}
    assert await rename(books, tmp_path) == 5  # one kind of the first, both of those who stopped
    after = {row.person for row in await by_hand(books.database, "SELECT person FROM subscription")}
    assert before.isdisjoint(after)
    assert len(after) == 3
    assert await books.subscriptions.of(somebody(1)) is not None
    assert await inbox.claim(message, books.now) is Claim.DONE
    states = {}
    for number in (2, 3):
        name = Pseudonyms.kept_in(tmp_path).of(somebody(number))
        rows = await by_hand(books.database, f"SELECT state FROM subscription WHERE person = '{name}'")
        states[number] = {row.state for row in rows}
    assert states == {2: {"stopped"}, 3: {"stopped"}}
    assert len(read_ring(tmp_path / "keys" / "pseudonyms")) == 2


async def test_a_chat_that_moves_to_one_that_stopped_before_the_rotation_stays_stopped(
    books: Books, tmp_path: Path
) -> None:
    await books.subscribe(1)
    await books.subscriptions.stop(somebody(2), None, books.now)
    await rename(books, tmp_path)
    await books.outbox.move(somebody(1), somebody(2), books.now)
    await books.released()
    assert await books.send() == []


class Failed(Exception):
    """Something went wrong on the way."""


async def test_a_rotation_that_fails_leaves_the_key_and_every_name_as_they_were(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.subscribe(1)

    async def fails(*_: object) -> None:
        raise Failed

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "set_applied", fails)
        with pytest.raises(Failed):
            await rename(books, tmp_path)
    assert len(read_ring(tmp_path / "keys" / "pseudonyms")) == 1
    assert await books.subscriptions.of(somebody(1)) is not None
    assert await rename(books, tmp_path) == 1
    assert await books.subscriptions.of(somebody(1)) is not None


async def test_a_rotation_that_was_killed_before_its_end_is_finished_at_the_next_start(
    books: Books, tmp_path: Path
) -> None:
    await books.subscribe(1, 2, 4)
    books.now += timedelta(seconds=1)
    # The new key is there, and nothing was stored.
    private.replace(tmp_path / "keys" / "pseudonyms.since", books.now.isoformat().encode())
    add_key(tmp_path / "keys" / "pseudonyms")
    # The bot goes on under the new key, with rows of before: what is said now must hold afterwards.
    books.now += timedelta(seconds=1)
    await books.subscriptions.stop(somebody(2), None, books.now)
    await books.subscriptions.stop(somebody(3), None, books.now)
    await books.subscribe(4, topic="weather")
    assert await rotation.finish(books.database, tmp_path, books.now) > 0
    assert await rotation.finish(books.database, tmp_path, books.now) == 0
    kept = {number: await books.subscriptions.of(somebody(number)) for number in (1, 2, 3, 4)}
    assert {number: sorted(each.topics) for number, each in kept.items() if each} == {1: ["traffic"], 4: ["weather"]}
    await books.released()
    assert [sent.delivery.to for sent in await books.send()] == [somebody(1)]
    assert not (tmp_path / "keys" / "pseudonyms.since").exists()


async def test_calling_it_again_finishes_what_was_broken_off_and_adds_no_further_key(
    books: Books, tmp_path: Path
) -> None:
    await books.subscribe(1)
    private.replace(tmp_path / "keys" / "pseudonyms.since", datetime(2030, 1, 1, tzinfo=UTC).isoformat().encode())
    add_key(tmp_path / "keys" / "pseudonyms")
    assert await rename(books, tmp_path) == 1
    assert len(read_ring(tmp_path / "keys" / "pseudonyms")) == 2
    assert await books.subscriptions.of(somebody(1)) is not None


async def test_keys_older_than_the_store_are_refused_with_what_to_do(books: Books, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonyms"
    before = path.read_bytes()
    await rename(books, tmp_path)
    private.replace(path, before)
    with pytest.raises(KeyUnusable, match="put back the file"):
        await rotation.finish(books.database, tmp_path, NOON)


@pytest.mark.sqlite
async def test_a_name_that_waited_while_the_store_stood_still_is_refused_rather_than_lost(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A STOP that was named by the old key waits for the rotation in vain: it is not confirmed, and not lost."""
    await books.subscribe(1)
    stands_still = asyncio.Event()

    def locked(path: Path) -> None:
        stands_still.set()
        add_key(path)

    monkeypatch.setattr(rotation, "add_key", locked)
    async with Database(books.database._url) as bot:
        await bot.open()
        beside = Subscriptions(bot, Pseudonyms.kept_in(tmp_path), Seal.kept_in(tmp_path))
        turning = asyncio.create_task(
            rotation.rename(books.database, tmp_path, "chief", lambda: books.now, timedelta(seconds=1))
        )
        await stands_still.wait()
        outcome = (await asyncio.gather(beside.stop(somebody(1), None, books.now), return_exceptions=True))[0]
        await turning
        assert type(outcome).__name__ == "StoreDown"
    await books.subscriptions.stop(somebody(1), None, books.now)  # said once more
    assert await books.subscriptions.of(somebody(1)) is None


def test_a_key_that_another_process_adds_is_used_from_the_next_name_on(tmp_path: Path) -> None:
    running, who = Pseudonyms.kept_in(tmp_path), Address(ChannelName.SMS, "+12035550100")
    before = running.of(who)
    add_key(tmp_path / "keys" / "pseudonyms")
    assert running.of(who) != before
    assert running.of(who) == Pseudonyms.kept_in(tmp_path).of(who)


@pytest.mark.sqlite  # a server's is broken off and put back
async def test_a_rename_that_takes_longer_than_staff_wait_is_waited_for(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await books.subscribe(1, 2)
    monkeypatch.setattr(database, "_STAFF_WAIT", timedelta(milliseconds=50))
    wait = timedelta(milliseconds=300)
    assert await rotation.rename(books.database, tmp_path, "chief", lambda: books.now, wait) == 2
    assert len(read_ring(tmp_path / "keys" / "pseudonyms")) == 2
    assert await books.database.run_long(key_prints.applied) == 2
