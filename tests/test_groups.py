"""Questions find their group, groups are listed, closed and opened again, and what is forgotten takes all along."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import URL, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.message import ChannelName
from bot.core.rating import NoteFeedback, Seen
from bot.knowledge.live import Live
from bot.service import grouping
from bot.service.grouping import Grouping
from bot.store import journal as journal_module
from bot.store.asked_schema import feedback, question_group, unanswered
from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.faults import StoreDown
from bot.store.group_lists import Closing, GroupLists, Sought
from bot.store.journal import Journal
from bot.store.question_groups import QuestionGroups
from tests.builders import NOW, an_entry, snapshot
from tests.test_likeness import made_up
from tests.test_reception import StillLive

DAY = timedelta(days=1)
KNOWN = snapshot(an_entry("report-copy", "how do i get a copy of my report", "where do i pay for a report copy"))


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


@pytest.fixture
def lists(database: Database) -> GroupLists:
    return GroupLists(database)


def sorter(database: Database) -> Grouping:
    return Grouping(lambda: QuestionGroups(database), cast(Live, StillLive(KNOWN)), lambda: NOW)


async def ask(journal: Journal, *questions: str, days: int = 0, language: str = "en") -> None:
    for question in questions:
        await journal.note_unanswered(question, language, ("report-copy",), NOW + days * DAY)


async def sort(database: Database, by: Grouping | None = None) -> Grouping:
    """Group all that waits."""
    by = by or sorter(database)
    while await by.look():
        pass
    return by


CHICKENS = ("can i keep chickens in my yard", "may i keep chikens in the yard", "keep chickens in our yard")
DRONES = ("register my drone", "drone registration")


async def test_what_is_alike_comes_into_one_group_however_it_is_spelt(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, CHICKENS[0], DRONES[0], *CHICKENS[1:], DRONES[1])
    await sort(database)
    groups, count = await lists.sought(Sought())
    assert [group.size for group in groups] == [3, 2]
    assert count == 2
    whole = await lists.one(groups[0].id)
    assert whole is not None
    assert {wording.question for wording in whole.wordings} == set(CHICKENS)
    assert groups[0].question in CHICKENS
    assert groups[0].near == ("report-copy",)


async def test_the_same_words_in_two_languages_are_two_groups(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, "chickens drones", language="en")
    await ask(journal, "chickens drones", language="es")
    await sort(database)
    assert await lists.open_by_language() == {"en": (1, 1), "es": (1, 1)}


async def test_an_answer_that_did_not_help_is_kept_apart_with_the_words_that_were_seen(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, CHICKENS[0])
    await journal.note_unanswered(CHICKENS[0], "en", (), NOW, Seen("pets", "abcdefabcdef"))
    await sort(database)
    disliked, _ = await lists.sought(Sought(disliked=True))
    assert [(group.entry, group.size) for group in disliked] == [("pets", 1)]
    whole = await lists.one(disliked[0].id)
    assert whole is not None
    assert [wording.version for wording in whole.wordings] == ["abcdefabcdef"]
    assert [group.entry for group in (await lists.sought(Sought(disliked=False)))[0]] == [None]


async def test_a_group_keeps_its_number_over_restarts_and_later_questions_join_it(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, *CHICKENS[:2])
    await sort(database)
    ((before,), _) = await lists.sought(Sought())
    await ask(journal, CHICKENS[2], days=1)
    await sort(database)  # another process, or the same one tomorrow
    ((after,), _) = await lists.sought(Sought())
    assert (after.id, after.size, after.last_on) == (before.id, 3, (NOW + DAY).date())


async def test_two_that_group_at_once_place_each_question_once(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, *CHICKENS, *DRONES)
    one, other = sorter(database), sorter(database)
    await asyncio.gather(sort(database, one), sort(database, other))
    groups, _ = await lists.sought(Sought())
    assert sum(group.size for group in groups) == 5
    await ask(journal, CHICKENS[0], "zebra xylophone")
    await asyncio.gather(sort(database, one), sort(database, other))
    groups, _ = await lists.sought(Sought())
    assert sum(group.size for group in groups) == 7
    assert await lists.ungrouped() == 0


async def test_a_backlog_is_worked_through_a_few_at_a_time(
    database: Database, journal: Journal, lists: GroupLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "_AT_ONCE", 2)
    await ask(journal, *CHICKENS, *DRONES)
    by = sorter(database)
    waits = []
    while await by.look():
        waits.append(await lists.ungrouped())
    assert waits == [3, 1]
    assert await lists.ungrouped() == 0


async def test_it_begins_only_when_there_is_something_learned_and_ends_when_the_bot_stops(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, CHICKENS[0])
    stopping = asyncio.Event()
    running = asyncio.create_task(sorter(database).run(stopping))
    for _ in range(50):
        await asyncio.sleep(0)
    assert await lists.ungrouped() == 1  # nothing is learned in this snapshot, and three minutes have not passed
    stopping.set()
    await running


async def test_without_a_store_or_knowledge_there_is_nothing_to_do(database: Database) -> None:
    assert not await Grouping(lambda: None, cast(Live, StillLive(KNOWN)), lambda: NOW).look()
    assert not await Grouping(lambda: QuestionGroups(database), cast(Live, StillLive(None)), lambda: NOW).look()


async def test_after_a_store_that_went_down_the_same_questions_are_placed(
    database: Database, journal: Journal, lists: GroupLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(journal, *CHICKENS)
    by = sorter(database)

    async def fails(*_: object) -> dict[int, int]:
        raise StoreDown("the disk is gone")

    monkeypatch.setattr(QuestionGroups, "place", fails)
    with pytest.raises(StoreDown):
        await by.look()
    monkeypatch.undo()
    await sort(database, by)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [3]


async def test_rows_of_another_reader_are_read_anew(database: Database, journal: Journal, lists: GroupLists) -> None:
    await ask(journal, *CHICKENS[:2])
    await sort(database)

    async def spoil(connection: AsyncConnection) -> None:
        await connection.execute(update(question_group).values(row=b"\0" * 6, reading="meaning 1.00"))

    await database.run(spoil)
    await ask(journal, CHICKENS[2])
    await sort(database)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [3]


# Closing and opening.


async def one_group(database: Database, journal: Journal, lists: GroupLists) -> int:
    await ask(journal, *CHICKENS)
    await sort(database)
    ((group,), _) = await lists.sought(Sought())
    return group.id


async def test_a_closed_group_leaves_the_list_and_its_history_and_the_audit_log_say_who(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    group = await one_group(database, journal, lists)
    assert await lists.close(group, Closing.DISMISSED, "ana", "spam", NOW)
    assert not await lists.close(group, Closing.DISMISSED, "ana", "spam", NOW)
    assert (await lists.sought(Sought()))[0] == ()
    ((closed,), _) = await lists.sought(Sought(is_open=False))
    assert closed.state == "dismissed"
    whole = await lists.one(group)
    assert whole is not None
    assert [(event.who, event.act, event.note) for event in whole.events] == [("ana", "dismissed", "spam")]
    (noted,) = await Audit(database).newest(10)
    assert (noted.who, noted.act, noted.subject) == ("ana", "closed a group: dismissed", f"group {group}")


async def test_a_question_like_a_closed_group_opens_it_again_with_its_history(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    group = await one_group(database, journal, lists)
    await lists.close(group, Closing.ANSWERED, "ana", "Add a phrase", NOW)
    await ask(journal, "keep chickens in a yard", days=2)
    await sort(database)
    whole = await lists.one(group)
    assert whole is not None
    assert (whole.group.state, whole.group.size) == ("open", 4)
    assert [(event.who, event.act) for event in whole.events] == [(None, "asked_again"), ("ana", "answered")]


async def test_a_question_asked_before_the_closing_and_grouped_after_it_does_not_open_it(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    group = await one_group(database, journal, lists)
    await ask(journal, "keep chickens in a yard")
    await lists.close(group, Closing.ANSWERED, "ana", "Add a phrase", NOW)
    await sort(database)
    whole = await lists.one(group)
    assert whole is not None
    assert (whole.group.state, whole.group.size) == ("answered", 4)


async def test_staff_open_a_group_again_once(database: Database, journal: Journal, lists: GroupLists) -> None:
    group = await one_group(database, journal, lists)
    assert not await lists.open_again(group, "ana", NOW)
    await lists.close(group, Closing.OUT_OF_SCOPE, "ana", "", NOW)
    assert await lists.open_again(group, "ben", NOW)
    assert [group.state for group in (await lists.sought(Sought()))[0]] == ["open"]


# Lists.


async def test_groups_are_searched_by_any_of_their_words_without_accents_or_case(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, "¿puedo tener gallinas?", "puedo tener las Gallinas aqui", language="es")
    await ask(journal, DRONES[0])
    await sort(database)
    found, count = await lists.sought(Sought(words="GALLÍNAS  aquí"))
    assert ([group.language for group in found], count) == (["es"], 1)
    assert (await lists.sought(Sought(words="100%")))[1] == 0


async def test_groups_are_listed_by_how_often_or_how_lately_they_were_asked_and_by_language(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, *CHICKENS)
    await ask(journal, DRONES[0], days=3)
    await sort(database)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [3, 1]
    assert [group.size for group in (await lists.sought(Sought(newest_first=True)))[0]] == [1, 3]
    assert (await lists.sought(Sought(language="pt")))[1] == 0


async def test_pages_follow_each_other(database: Database, journal: Journal, lists: GroupLists) -> None:
    await ask(journal, *(made_up(at) for at in range(30)))
    await sort(database)
    first, count = await lists.sought(Sought())
    second, _ = await lists.sought(Sought(page=2))
    assert (len(first), len(second), count) == (25, 5, 30)
    assert not {group.id for group in first} & {group.id for group in second}


async def test_the_question_that_is_most_like_the_others_stands_for_the_group(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, "chickens yard", "can i keep chickens in my yard", "may i keep chickens in my yard")
    await sort(database)
    groups, _ = await lists.sought(Sought())
    assert [group.size for group in groups] == [3]
    assert groups[0].question != "chickens yard"


# Forgetting.


async def test_what_is_forgotten_leaves_its_group_smaller_and_the_last_question_takes_it_along(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, CHICKENS[0])
    await ask(journal, *CHICKENS[1:], days=10)
    await sort(database)
    ((group,), _) = await lists.sought(Sought())
    await lists.close(group.id, Closing.DISMISSED, "ana", "spam", NOW)
    assert await journal.forget(NOW + 5 * DAY) == 1
    ((left,), _) = await lists.sought(Sought(is_open=False))
    assert (left.id, left.size) == (group.id, 2)
    assert left.question in CHICKENS[1:]
    assert await journal.forget(NOW + 20 * DAY) == 2
    assert (await lists.sought(Sought(is_open=False)))[0] == ()
    assert await lists.one(group.id) is None


async def test_beyond_the_most_that_is_kept_groups_shrink_with_their_questions(
    database: Database, journal: Journal, lists: GroupLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST", 2)
    await ask(journal, *CHICKENS[:2])
    await sort(database)
    await ask(journal, DRONES[0])
    await sort(database)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [1, 1]


async def test_a_question_like_a_group_that_was_forgotten_begins_a_new_one(
    database: Database, journal: Journal, lists: GroupLists
) -> None:
    await ask(journal, *CHICKENS[:2])
    by = await sort(database)
    await journal.forget(NOW + DAY)
    await ask(journal, CHICKENS[2], "chickens in my yard", days=2)
    await sort(database, by)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [2]


# Feedback.


async def test_feedback_is_counted_by_day_channel_language_and_the_words_that_were_seen(
    database: Database, journal: Journal
) -> None:
    old, new = Seen("report-copy", "a" * 12), Seen("report-copy", "b" * 12)
    for seen, has_helped in ((old, True), (old, True), (old, False), (new, True)):
        await journal.count_feedback(NoteFeedback(seen, "en", has_helped), ChannelName.WEB, NOW)
    await journal.count_feedback(NoteFeedback(new, "es", False), ChannelName.TELEGRAM, NOW + DAY)

    async def counted(connection: AsyncConnection) -> list[tuple[object, ...]]:
        kept = feedback.c
        rows = await connection.execute(select(kept.channel, kept.version, kept.helped, kept.not_helped))
        return sorted(tuple(row) for row in rows)

    assert await database.run(counted) == [
        ("telegram", "b" * 12, 0, 1),
        ("web", "a" * 12, 2, 1),
        ("web", "b" * 12, 1, 0),
    ]


async def test_questions_of_before_the_upgrade_are_grouped_as_well(database: Database, lists: GroupLists) -> None:
    async def earlier(connection: AsyncConnection) -> None:
        rows = [
            {"asked_on": NOW.date(), "language": "en", "question": text, "near": "[]"} for text in (*CHICKENS, *DRONES)
        ]
        await connection.execute(insert(unanswered), rows)

    await database.run(earlier)
    await sort(database)
    assert [group.size for group in (await lists.sought(Sought()))[0]] == [3, 2]
