"""The inbox, the chats and the journal keep what they promised, and give nobody away."""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.conversation import Conversation
from bot.core.message import Address, ChannelName, Choice, IncomingMessage
from bot.store import journal as journal_module
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.inbox import LEASE, Claim, Inbox
from bot.store.journal import Journal, Unanswered
from bot.store.keys import Pseudonyms
from bot.store.schema import inbox
from tests.builders import NOW, SOMEBODY, SOMEBODY_ELSE

KEYED = Pseudonyms(bytes(range(32)))
MESSAGE = IncomingMessage("update 7", SOMEBODY, "my secret question", NOW)
CHAT = Conversation("es", "pt", (Choice("¿Una copia?", "report-copy"), Choice("2 – 3", "2")), NOW, "fees")
DAY = timedelta(days=1)


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def messages(database: Database) -> Inbox:
    return Inbox(database, KEYED)


@pytest.fixture
def chats(database: Database) -> Conversations:
    return Conversations(database, KEYED)


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# The inbox.


async def test_a_message_is_new_then_in_flight_and_once_answered_done(messages: Inbox) -> None:
    claims = [await messages.claim(MESSAGE, NOW), await messages.claim(MESSAGE, NOW)]
    await messages.done(MESSAGE, NOW)
    claims.append(await messages.claim(MESSAGE, NOW + DAY))
    assert claims == [Claim.NEW, Claim.IN_FLIGHT, Claim.DONE]


async def test_the_same_id_on_another_channel_is_another_message(messages: Inbox) -> None:
    on_the_web = replace(MESSAGE, sender=Address(ChannelName.WEB, SOMEBODY.id))
    assert [await messages.claim(m, NOW) for m in (MESSAGE, on_the_web)] == [Claim.NEW, Claim.NEW]


async def test_a_message_whose_reply_did_not_leave_is_new_at_once(messages: Inbox) -> None:
    await messages.claim(MESSAGE, NOW)
    await messages.release(MESSAGE)
    assert await messages.claim(MESSAGE, NOW) is Claim.NEW


async def test_releasing_does_not_forget_that_a_message_was_answered(messages: Inbox) -> None:
    await messages.done(MESSAGE, NOW)
    await messages.release(MESSAGE)
    assert await messages.claim(MESSAGE, NOW) is Claim.DONE


async def test_an_answer_given_without_a_claim_is_remembered(messages: Inbox) -> None:
    await messages.done(MESSAGE, NOW)
    assert await messages.claim(MESSAGE, NOW) is Claim.DONE


@pytest.mark.parametrize(
    ("later", "claim"), [(LEASE - timedelta(microseconds=1), Claim.IN_FLIGHT), (LEASE, Claim.NEW), (DAY, Claim.NEW)]
)
async def test_a_claim_is_taken_over_when_its_lease_has_run_out(
    messages: Inbox, later: timedelta, claim: Claim
) -> None:
    await messages.claim(MESSAGE, NOW)
    assert await messages.claim(MESSAGE, NOW + later) is claim


async def test_a_taken_over_claim_has_a_lease_of_its_own(messages: Inbox) -> None:
    await messages.claim(MESSAGE, NOW)
    taken_over = [await messages.claim(MESSAGE, NOW + LEASE) for _ in range(2)]
    assert taken_over == [Claim.NEW, Claim.IN_FLIGHT]


async def test_messages_are_forgotten_by_their_age(messages: Inbox) -> None:
    for at in range(3):
        await messages.claim(replace(MESSAGE, id=str(at)), NOW - at * DAY)
    assert await messages.forget(NOW - DAY) == 1
    claims = [await messages.claim(replace(MESSAGE, id=str(at)), NOW - at * DAY) for at in range(3)]
    assert claims == [Claim.IN_FLIGHT, Claim.IN_FLIGHT, Claim.NEW]


async def test_forgetting_ends_only_when_everything_old_is_gone(database: Database, messages: Inbox) -> None:
    async def many(connection: AsyncConnection) -> None:
        rows = [{"message": f"{at:026}", "channel": "web", "claimed_at": NOW - DAY} for at in range(1_201)]
        await connection.execute(insert(inbox), rows)

    await database.run(many)
    assert [await messages.forget(NOW), await messages.forget(NOW)] == [1_201, 0]


numbers = itertools.count()


@settings(max_examples=15, deadline=None)
@given(callers=st.lists(st.integers(0, 1), min_size=2, max_size=12), repeats=st.integers(1, 3))
def test_of_many_that_claim_one_message_at_once_exactly_one_has_it(
    tmp_path_factory: pytest.TempPathFactory, callers: list[int], repeats: int
) -> None:
    """Two databases open on one file, as two processes have it, and each message claimed by all callers together."""

    async def claimed() -> list[list[Claim]]:
        file = in_file(tmp_path_factory.getbasetemp() / "claims.sqlite3")
        # Not how long a busy machine takes is tested: whoever waits too long for the other's lock is told so.
        with patch.multiple("bot.store.database", _LOCK_WAIT=timedelta(seconds=8), _ANSWER_WAIT=timedelta(seconds=9)):
            return await claimed_in(file)

    async def claimed_in(file: URL) -> list[list[Claim]]:
        async with Database(file) as one, Database(file) as other:
            await asyncio.gather(one.open(), other.open())
            doors = (Inbox(one, KEYED), Inbox(other, KEYED))
            fresh = [replace(MESSAGE, id=f"{next(numbers)}") for _ in range(repeats)]
            return [await asyncio.gather(*(doors[at].claim(message, NOW) for at in callers)) for message in fresh]

    expected = {Claim.NEW: 1, Claim.IN_FLIGHT: len(callers) - 1}
    for claims in asyncio.run(claimed()):
        assert {claim: claims.count(claim) for claim in expected} == expected


async def test_the_inbox_holds_neither_the_message_nor_its_id_nor_its_sender(tmp_path: Path) -> None:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        await Inbox(database, KEYED).claim(replace(MESSAGE, sender=Address(ChannelName.TELEGRAM, "5550100")), NOW)
        kept = everything_in(tmp_path)
    assert KEYED.of_message(ChannelName.TELEGRAM, MESSAGE.id).encode() in kept
    assert [secret in kept for secret in (b"secret question", b"update 7", b"5550100")] == [False] * 3


# Conversations.


async def test_a_chat_comes_back_as_it_was(chats: Conversations) -> None:
    assert await chats.load(SOMEBODY) is None
    await chats.save(SOMEBODY, CHAT, NOW)
    assert [await chats.load(SOMEBODY), await chats.load(SOMEBODY_ELSE)] == [CHAT, None]


async def test_the_last_chat_saved_is_the_one_that_counts(chats: Conversations) -> None:
    await chats.save(SOMEBODY, CHAT, NOW)
    await chats.save(SOMEBODY, Conversation("en"), NOW)
    assert await chats.load(SOMEBODY) == Conversation("en")


NAMES = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(  # noqa: DTZ001
    [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
))  # fmt: skip
CHOICES = st.lists(st.builds(Choice, st.text(max_size=30), st.text(max_size=30)), max_size=4).map(tuple)


@settings(max_examples=40, deadline=None)
@given(chats=st.lists(st.builds(Conversation, NAMES, NAMES, CHOICES, st.none() | MOMENTS, NAMES), max_size=4))
def test_any_chat_makes_the_round_trip(tmp_path_factory: pytest.TempPathFactory, chats: list[Conversation]) -> None:
    async def kept() -> list[Conversation | None]:
        async with Database(in_file(tmp_path_factory.getbasetemp() / "trips.sqlite3")) as database:
            await database.open()
            store = Conversations(database, KEYED)
            for at, chat in enumerate(chats):
                await store.save(Address(ChannelName.WEB, str(at)), chat, NOW)
            return [await store.load(Address(ChannelName.WEB, str(at))) for at in range(len(chats))]

    assert asyncio.run(kept()) == chats


@pytest.mark.sqlite  # elsewhere a time is no text
@pytest.mark.parametrize("column", [
    {"offered": "not json"}, {"offered": "{}"}, {"offered": "null"}, {"offered": '["ab"]'}, {"offered": "[[1, 2]]"},
    {"offered": '[["a"]]'}, {"offered": "[" * 100_000}, {"offered_at": "yesterday"}, {"offered_at": ""},
])  # fmt: skip
async def test_a_garbled_row_is_no_chat(tmp_path: Path, chats: Conversations, column: dict[str, str]) -> None:
    await chats.save(SOMEBODY, CHAT, NOW)
    ((name, garbled),) = column.items()
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection, connection:
        connection.execute(f"UPDATE conversation SET {name} = ?", (garbled,))
    assert await chats.load(SOMEBODY) is None
    await chats.save(SOMEBODY, CHAT, NOW)
    assert await chats.load(SOMEBODY) == CHAT


async def test_chats_that_rest_are_forgotten(chats: Conversations) -> None:
    await chats.save(SOMEBODY, CHAT, NOW - 2 * DAY)
    await chats.save(SOMEBODY_ELSE, CHAT, NOW)
    assert await chats.forget(NOW - DAY) == 1
    assert [await chats.load(SOMEBODY), await chats.load(SOMEBODY_ELSE)] == [None, CHAT]


@pytest.mark.sqlite
async def test_a_chat_is_kept_under_a_pseudonym(tmp_path: Path, chats: Conversations) -> None:
    await chats.save(Address(ChannelName.TELEGRAM, "5550100"), CHAT, NOW)
    assert b"5550100" not in everything_in(tmp_path)


# The journal.


@pytest.mark.sqlite
async def test_an_unanswered_question_is_kept_without_whoever_asked(tmp_path: Path, journal: Journal) -> None:
    await journal.note_unanswered("my name is Ann, call 203-555-0100: may I keep bees?", "en", ("pets", "noise"), NOW)
    kept = "my name is [name], call [phone]: may I keep bees?"
    assert await journal.unanswered(10) == (Unanswered(kept, "en", ("pets", "noise"), NOW.date()),)
    assert [secret in everything_in(tmp_path) for secret in (b"Ann", b"555-0100", b"15:00")] == [False] * 3


async def test_a_long_question_is_cut_after_its_details_are_gone(journal: Journal) -> None:
    await journal.note_unanswered("a " * 248 + "203-555-0100 and more", "en", (), NOW)
    ((kept),) = await journal.unanswered(1)
    assert (len(kept.question), any(character.isdigit() for character in kept.question)) == (500, False)


async def test_the_day_is_the_one_where_it_was_asked(journal: Journal) -> None:
    evening = datetime(2026, 11, 22, 21, 0, tzinfo=timezone(timedelta(hours=-5)))
    await journal.note_unanswered("bees?", "en", (), evening)
    assert [kept.asked_on for kept in await journal.unanswered(1)] == [date(2026, 11, 22)]


async def test_the_newest_questions_come_first_and_the_oldest_go(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST", 3)
    for at in range(5):
        await journal.note_unanswered(f"question {at}", "en", (), NOW)
    assert [kept.question for kept in await journal.unanswered(10)] == ["question 4", "question 3", "question 2"]
    assert [kept.question for kept in await journal.unanswered(1)] == ["question 4"]


async def test_questions_of_earlier_days_are_forgotten(journal: Journal) -> None:
    for days in range(3):
        await journal.note_unanswered(f"{days} days ago", "en", (), NOW - days * DAY)
    assert await journal.forget(NOW - DAY) == 1
    assert [kept.question for kept in await journal.unanswered(10)] == ["1 days ago", "0 days ago"]


@pytest.mark.parametrize("said", ["\ud800 lone", "null \0 byte", "🆘" * 600])
async def test_any_question_can_be_kept(journal: Journal, said: str) -> None:
    await journal.note_unanswered(said, "en", (), NOW)
    assert len(await journal.unanswered(10)) == 1
