"""Nobody gets an advisory they did not ask for, and whoever leaves has left (law 6)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL, select

from bot.core.advisory import AdvisoryKind, AdvisoryLevel
from bot.core.channel import Unreachable
from bot.core.conversation import Conversation
from bot.core.delivery import State, sent
from bot.core.message import Address, ChannelName
from bot.core.subscription import Contact, Reach, Subscription
from bot.store.conversations import Conversations
from bot.store.schema import subscription
from tests.ledger import COMMUNITY, HOUR, KEYED, NOON, ROAD, Books, books_in, somebody

TELEGRAM = ChannelName.TELEGRAM


@pytest.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as books:
        yield books


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def rows(books: Books) -> list[tuple[object, ...]]:
    kept = subscription.c
    asked = select(kept.kind, kept.state, kept.address.is_not(None), kept.note, kept.consented_by, kept.consented_at)
    return [tuple(row) for row in await books.database.run(lambda connection: connection.execute(asked))]


async def test_nobody_is_subscribed_who_never_asked(books: Books) -> None:
    assert (await books.subscriptions.of(somebody(1)), await books.subscriptions.counts()) == (None, {})


async def test_a_subscription_is_what_was_asked_for_and_how_it_was_asked_is_kept(books: Books) -> None:
    asked = await books.subscriptions.subscribe(somebody(1), ["traffic"], None, "es", "/subscribe traffic", NOON)
    assert asked == Subscription(frozenset({"traffic"}), Reach.EVERY, "es")
    assert await books.subscriptions.of(somebody(1)) == asked
    assert await rows(books) == [("live", "active", True, None, "/subscribe traffic", NOON)]


async def test_topics_are_added_and_the_reach_stays_when_none_is_named(books: Books) -> None:
    await books.subscribe(1, topic="traffic", reach=Reach.URGENT)
    await books.subscribe(1, topic="weather", language="pt")
    assert await books.subscriptions.of(somebody(1)) == Subscription(
        frozenset({"traffic", "weather"}), Reach.URGENT, "pt"
    )


async def test_a_subscription_to_nothing_is_the_callers_mistake(books: Books) -> None:
    with pytest.raises(ValueError, match="topic"):
        await books.subscriptions.subscribe(somebody(1), [], None, "en", "/subscribe", NOON)


async def test_stop_for_one_topic_leaves_the_others(books: Books) -> None:
    await books.subscribe(1, topic="traffic")
    await books.subscribe(1, topic="weather")
    left = await books.subscriptions.stop(somebody(1), "traffic", NOON)
    assert left == Subscription(frozenset({"weather"}), Reach.EVERY, "en") == await books.subscriptions.of(somebody(1))


async def test_stop_for_the_last_topic_stops_everything(books: Books) -> None:
    await books.subscribe(1)
    assert await books.subscriptions.stop(somebody(1), "traffic", NOON) is None
    assert [row[1:3] for row in await rows(books)] == [("stopped", False)]


async def test_stop_forgets_the_address_for_good_and_keeps_the_pseudonym(books: Books) -> None:
    await books.subscribe(1)
    await books.subscribe(1, kind=AdvisoryKind.EXERCISE)
    assert await books.subscriptions.stop(somebody(1), None, NOON) is None
    assert [row[:3] for row in await rows(books)] == [("live", "stopped", False), ("exercise", "stopped", False)]
    kept = await books.by_hand("SELECT DISTINCT person FROM subscription")
    assert await books.by_hand("SELECT count(*) FROM subscribed_topic") == [(0,)]
    assert kept == [(KEYED.of(somebody(1)),)]


async def test_stop_of_somebody_who_never_subscribed_changes_nothing_for_others(books: Books) -> None:
    await books.subscribe(1)
    assert await books.subscriptions.stop(somebody(2), None, NOON) is None
    assert [row[1] for row in await rows(books)] == ["active", "stopped", "stopped"]


async def test_a_stop_from_a_chat_that_has_moved_holds_before_anybody_tells_of_the_move(books: Books) -> None:
    await books.subscribe(1)
    await books.released()
    claimed = await books.take()
    assert await books.subscriptions.stop(somebody(2), None, NOON) is None  # it is the same chat under its new name
    await books.outbox.settle(claimed.delivery, sent(claimed.delivery, "=1", somebody(2)), "lane", books.now)
    await books.released()
    assert await books.send() == []


async def test_only_a_new_subscription_ends_a_stop_and_it_begins_with_nothing_of_before(books: Books) -> None:
    await books.subscribe(1, topic="weather", reach=Reach.URGENT)
    await books.subscriptions.stop(somebody(1), None, NOON)
    await books.subscriptions.set_language(somebody(1), "pt", NOON)
    assert await books.subscriptions.set_reach(somebody(1), Reach.EVERY, NOON) is None
    await Conversations(books.database, KEYED).save(somebody(1), Conversation(), NOON)
    assert await books.subscriptions.of(somebody(1)) is None
    books.now += HOUR
    await books.subscribe(1, topic="traffic")
    assert await books.subscriptions.of(somebody(1)) == Subscription(frozenset({"traffic"}), Reach.EVERY, "en")
    live = [row[1:] for row in await rows(books) if row[0] == "live"]
    assert live == [("active", True, None, "/subscribe traffic", NOON + HOUR)]


async def test_whoever_blocked_us_rests_until_their_next_message(books: Books) -> None:
    await books.subscribe(1)
    await books.released()
    await books.settle(await books.take(), Unreachable("bot was blocked by the user"))
    assert [row[1:4] for row in await rows(books)] == [("suspended", True, "unreachable: bot was blocked by the user")]
    assert await books.subscriptions.audience("traffic", AdvisoryLevel.ALERT, AdvisoryKind.LIVE) == {}
    await Conversations(books.database, KEYED).save(somebody(1), Conversation(), NOON)
    assert [row[1:4] for row in await rows(books)] == [("active", True, None)]


async def test_when_a_subscriber_wrote_last_is_kept_and_goes_with_a_stop(books: Books) -> None:
    chats = Conversations(books.database, KEYED)
    await chats.save(somebody(1), Conversation(), NOON)
    assert await books.subscriptions.contact(somebody(1)) is None  # of whoever gets nothing, nothing is noted
    await books.subscribe(1, language="es")
    assert await books.subscriptions.contact(somebody(1)) == Contact("es", None)
    await chats.save(somebody(1), Conversation(), NOON + HOUR)
    assert await books.subscriptions.contact(somebody(1)) == Contact("es", NOON + HOUR)
    await chats.save(somebody(1), Conversation(), NOON + 2 * HOUR, wrote_at=NOON)  # brought late by the platform
    assert await books.subscriptions.contact(somebody(1)) == Contact("es", NOON + HOUR)
    await books.subscriptions.stop(somebody(1), None, NOON + 2 * HOUR)
    await chats.save(somebody(1), Conversation(), NOON + 3 * HOUR)
    assert await books.subscriptions.contact(somebody(1)) is None
    await books.subscribe(1)
    assert await books.subscriptions.contact(somebody(1)) == Contact("en", None)


async def test_a_message_changes_nothing_about_a_subscription_but_when_it_came(books: Books) -> None:
    await books.subscribe(1)
    before = await books.database.run(lambda connection: connection.execute(select(subscription)))
    await Conversations(books.database, KEYED).save(somebody(1), Conversation(), NOON + HOUR)
    after = await books.database.run(lambda connection: connection.execute(select(subscription)))
    assert after.one()._asdict() == before.one()._asdict() | {"last_inbound_at": NOON + HOUR}


async def test_the_language_can_be_changed_by_whoever_is_subscribed(books: Books) -> None:
    await books.subscribe(1)
    await books.subscriptions.set_language(somebody(1), "pt", NOON)
    await books.subscriptions.set_language(somebody(2), "pt", NOON)
    assert await books.subscriptions.audience("traffic", AdvisoryLevel.ALERT, AdvisoryKind.LIVE) == {
        (TELEGRAM, "pt"): 1
    }


async def test_the_audience_is_who_wants_the_topic_at_that_level(books: Books) -> None:
    await books.subscribe(1, 2)
    await books.subscribe(3, language="es")
    await books.subscribe(4, reach=Reach.URGENT)
    await books.subscribe(5, topic="weather")
    await books.subscribe(6, kind=AdvisoryKind.EXERCISE)
    live, exercise = AdvisoryKind.LIVE, AdvisoryKind.EXERCISE
    audience = books.subscriptions.audience
    assert await audience("traffic", AdvisoryLevel.ADVISORY, live) == {(TELEGRAM, "en"): 2, (TELEGRAM, "es"): 1}
    assert await audience("traffic", AdvisoryLevel.ALERT, live) == {(TELEGRAM, "en"): 3, (TELEGRAM, "es"): 1}
    assert await audience("traffic", AdvisoryLevel.ALERT, exercise) == {(TELEGRAM, "en"): 1}
    assert await books.subscriptions.counts() == {"traffic": 4, "weather": 1}


async def test_leaving_one_topic_takes_back_only_what_is_due_of_it(books: Books) -> None:
    await books.subscribe(1, topic="traffic")
    await books.subscribe(1, topic="weather")
    road = await books.released()
    storm = await books.released(replace(ROAD, topic="weather"))
    await books.subscriptions.stop(somebody(1), "traffic", NOON)
    assert (await books.states(road), await books.states(storm)) == ({1: State.OPTED_OUT}, {1: State.DUE})


async def test_whoever_wants_only_what_is_urgent_takes_back_the_rest(books: Books) -> None:
    await books.subscribe(1)
    alert, fair = await books.released(), await books.released(COMMUNITY)
    await books.subscriptions.set_reach(somebody(1), Reach.URGENT, NOON)
    assert (await books.states(alert), await books.states(fair)) == ({1: State.DUE}, {1: State.OPTED_OUT})


@pytest.mark.sqlite
async def test_the_file_holds_no_address_in_clear(books: Books, tmp_path: Path) -> None:
    person = Address(TELEGRAM, "chat-83377712")
    await books.subscriptions.subscribe(person, ["traffic"], None, "en", "/subscribe", NOON)
    held = everything_in(tmp_path)
    assert (b"83377712" in held, KEYED.of(person).encode() in held) == (False, True)
