"""The way into exercises: a code works once and for minutes, is kept nowhere, and cannot be guessed at."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, select

from bot import app
from bot.core.advisory import AdvisoryKind
from bot.core.message import Address, ChannelName
from bot.core.subscription import Reach, Subscription
from bot.house import House
from bot.service.reception import Memory
from bot.settings import Settings
from bot.store.audit import Audit
from bot.store.conversations import Conversations
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.staff_schema import tester_code, tester_try
from bot.store.testers import FORGIVEN, LASTS, MOST_WRONG, Enrolment
from tests.ledger import HOUR, KEYED, NOON, SECOND, Books, books_in, somebody
from tests.test_subscriptions import everything_in

EXERCISE = AdvisoryKind.EXERCISE
TOPICS = ("traffic", "weather")
WHOLE = Subscription(frozenset(TOPICS), Reach.EVERY, "en")


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as books:
        yield books


async def a_code(books: Books, by: str = "anna") -> str:
    return await Enrolment(books.database, KEYED).code(by, books.now)


async def join(books: Books, code: str, who: int = 1) -> Subscription | None:
    person = somebody(who)
    return await books.subscriptions.join_exercises(person, code, TOPICS, "en", "text: /exercise", books.now)


async def rows(books: Books) -> tuple[int, int]:
    """How many codes and how many guessers are kept."""
    codes = await books.database.run(lambda connection: connection.execute(select(tester_code)))
    guessers = await books.database.run(lambda connection: connection.execute(select(tester_try)))
    return len(codes.all()), len(guessers.all())


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


async def test_a_code_is_eight_digits_and_another_one_each_time(books: Books) -> None:
    codes = [await a_code(books) for _ in range(5)]
    assert all(len(code) == 8 and code.isascii() and code.isdigit() for code in codes)
    assert len(set(codes)) == 5


async def test_a_code_lets_one_person_into_exercises_on_every_topic(books: Books) -> None:
    code = await a_code(books)
    assert await join(books, code) == WHOLE
    assert (await books.subscriptions.of(somebody(1), EXERCISE), await books.subscriptions.of(somebody(1))) == (
        WHOLE,
        None,
    )


async def test_a_code_works_once(books: Books) -> None:
    code = await a_code(books)
    assert await join(books, code, who=1) == WHOLE
    assert await join(books, code, who=2) is None
    assert await join(books, code, who=1) is None


async def test_a_code_works_for_ten_minutes(books: Books) -> None:
    last, late = await a_code(books), await a_code(books)
    books.now += LASTS - SECOND
    assert await join(books, last, who=1) == WHOLE
    books.now += SECOND
    assert (LASTS, await join(books, late, who=2)) == (timedelta(minutes=10), None)


async def test_of_two_who_send_one_code_at_once_one_gets_in(books: Books, store: URL) -> None:
    async with books_in(store) as others:
        for _ in range(5):
            code = await a_code(books)
            came = await asyncio.gather(join(books, code, who=1), join(others, code, who=2))
            assert sorted(each is not None for each in came) == [False, True]


async def test_a_code_is_used_up_only_by_a_subscription_that_is_stored(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    code = await a_code(books)
    with monkeypatch.context() as broken:
        broken.setattr("bot.store.subscriptions._subscribe", fails)
        with pytest.raises(RuntimeError):
            await join(books, code)
    assert await join(books, code) == WHOLE


@pytest.mark.sqlite
async def test_the_file_holds_no_code(books: Books, tmp_path: Path) -> None:
    used, open_code = await a_code(books), await a_code(books)
    await join(books, used)
    await join(books, another(open_code), who=2)
    held = everything_in(tmp_path)
    assert KEYED.of_code(open_code).encode() in held
    assert not any(code.encode() in held for code in (used, open_code, another(open_code)))


async def test_after_five_wrong_codes_even_a_good_one_is_refused_and_not_used_up(books: Books) -> None:
    code = await a_code(books)
    for _ in range(MOST_WRONG):
        assert await join(books, another(code), who=1) is None
    assert (MOST_WRONG, await join(books, code, who=1)) == (5, None)
    assert await join(books, code, who=2) == WHOLE


async def test_guessers_are_forgiven_an_hour_after_their_last_guess(books: Books) -> None:
    for _ in range(MOST_WRONG):
        books.now += FORGIVEN / 2
        await join(books, "00000000")
    books.now += FORGIVEN - SECOND
    assert await join(books, await a_code(books)) is None
    books.now += SECOND
    assert (FORGIVEN, await join(books, await a_code(books))) == (HOUR, WHOLE)


async def test_a_good_code_forgives_the_wrong_ones_before_it(books: Books) -> None:
    for _ in range(MOST_WRONG - 1):
        await join(books, "00000000")
    assert await join(books, await a_code(books)) == WHOLE
    assert (await rows(books))[1] == 0


async def test_what_has_run_out_is_deleted_by_the_next_try_and_by_the_housekeeping(books: Books) -> None:
    await join(books, await a_code(books))
    await join(books, "00000000", who=2)
    assert await rows(books) == (1, 1)
    books.now += HOUR
    await join(books, "00000000", who=3)
    assert await rows(books) == (0, 1)
    assert await books.subscriptions.forget_codes(books.now) == 0
    assert await books.subscriptions.forget_codes(books.now + HOUR) == 1
    assert await rows(books) == (0, 0)


async def test_the_books_tell_who_made_a_code_and_that_it_was_used_but_not_by_whom(books: Books) -> None:
    await join(books, "00000000", who=7)
    code = await a_code(books, by="otis")
    await join(books, code, who=7)
    used, made = await Audit(books.database).newest(9)
    assert (made.who, made.act, made.details) == ("otis", "tester code made", {})
    assert (used.who, used.act, used.subject) == ("bot", "tester code used", made.subject)
    assert used.details == {"made by": "otis", "channel": "telegram"}
    told = json.dumps([made.subject, dict(used.details)])
    assert (code in told, KEYED.of(somebody(7)) in told) == (False, False)


async def test_who_leaves_exercises_keeps_advisories_and_gets_nothing_that_was_due(books: Books) -> None:
    await books.subscribe(1)
    await join(books, await a_code(books))
    exercise = await books.released(kind=EXERCISE)
    await books.subscriptions.leave_exercises(somebody(1), NOON)
    await books.subscriptions.leave_exercises(somebody(2), NOON)  # who was never in
    assert await books.subscriptions.of(somebody(1), EXERCISE) is None
    assert await books.subscriptions.of(somebody(1)) is not None
    assert (await books.send(), exercise.audience) == ([], 1)


async def test_testers_are_counted_by_channel_and_language(books: Books) -> None:
    await books.subscribe(9)
    assert await books.subscriptions.testers() == {}
    await books.subscribe(1, 2, kind=EXERCISE)
    await books.subscribe(3, kind=EXERCISE, language="es")
    await books.subscribe(4, kind=EXERCISE)
    await books.subscriptions.stop(somebody(4), None, NOON)
    telegram = ChannelName.TELEGRAM
    assert await books.subscriptions.testers() == {(telegram, "en"): 2, (telegram, "es"): 1}


def test_the_digest_of_a_code_is_keyed_and_no_persons_pseudonym() -> None:
    assert KEYED.of_code("48210937") != type(KEYED)(bytes(32)).of_code("48210937")
    assert KEYED.of_code("48210937") != KEYED.of(Address(ChannelName.TELEGRAM, "48210937"))


async def test_the_bots_own_cleaning_takes_them_too(books: Books, tmp_path: Path) -> None:
    stores = (Inbox(books.database, KEYED), Conversations(books.database, KEYED), Journal(books.database))
    await a_code(books)
    await join(books, "00000000")
    chosen = Settings(data=tmp_path)
    house = House.built(chosen, lambda: books.now + HOUR)
    house.join(books.database)
    await app._clean(house, Memory(*stores), chosen)
    assert await rows(books) == (1, 1)  # whoever cannot keep subscriptions has nothing of them to clean
    await app._clean(house, Memory(*stores, books.subscriptions), chosen)
    assert await rows(books) == (0, 0)
