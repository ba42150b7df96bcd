"""A legal hold stops every purge of its kind until it is released, and how long everything stays is written down."""

import ast
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL, func, select

from bot import nightly
from bot.core.conversation import Conversation
from bot.core.message import ChannelName
from bot.core.tally import Tally
from bot.settings import Settings
from bot.store import backup, journal
from bot.store.audit import Audit
from bot.store.conversations import Conversations
from bot.store.figures import Figures
from bot.store.floods import Floods
from bot.store.holds import HoldRefused, Holds, Record
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.marks import Marks
from bot.store.retention import SCHEDULE
from bot.store.schema import metadata
from bot.store.sessions import Sessions
from bot.store.staff_schema import tester_code
from bot.store.testers import Enrolment
from bot.store.throttle import Throttle
from tests.builders import a_message
from tests.ledger import KEYED, NOON, Books, books_in, somebody

STORE = Path(__file__).parents[1] / "bot" / "store"
YEARS = timedelta(days=2_000)


@pytest_asyncio.fixture
async def books(store: URL) -> AsyncIterator[Books]:
    async with books_in(store) as books:
        yield books


async def _chats(books: Books) -> Callable[[], Awaitable[int]]:
    chats = Conversations(books.database, KEYED)
    await chats.save(somebody(1), Conversation(language="es"), NOON)
    return lambda: chats.forget(NOON + YEARS)


async def _messages(books: Books) -> Callable[[], Awaitable[int]]:
    inbox = Inbox(books.database, KEYED)
    await inbox.claim(a_message("hello"), NOON)
    return lambda: inbox.forget(NOON + YEARS)


async def _questions(books: Books) -> Callable[[], Awaitable[int]]:
    kept = Journal(books.database)
    await kept.note_unanswered("where is the bear", "en", (), NOON)
    return lambda: kept.forget(NOON + YEARS)


async def _figures(books: Books) -> Callable[[], Awaitable[int]]:
    figures = Figures(books.database)
    hour = NOON.replace(minute=0, second=0, microsecond=0)
    await figures.add({Tally(hour, ChannelName.WEB, "en", "answered", "a"): 3})
    return lambda: figures.forget(NOON + YEARS)


async def _codes(books: Books) -> Callable[[], Awaitable[int]]:
    await Enrolment(books.database, KEYED).code("chief", NOON)
    return lambda: books.subscriptions.forget_codes(NOON + YEARS)


async def _tries(books: Books) -> Callable[[], Awaitable[int]]:
    throttle = Throttle(books.database, Marks.under(KEYED))
    await throttle.take(throttle.of_proof("chief"), NOON)
    return lambda: throttle.forget(NOON + YEARS)


async def _sessions(books: Books) -> Callable[[], Awaitable[int]]:
    await books.by_hand("INSERT INTO account (name, roles, password, created_at) VALUES ('chief', '[]', '', "
                        "'2026-11-23T17:00:00.000000+00:00')")  # fmt: skip
    sessions = Sessions(books.database)
    await sessions.begin("chief", "Firefox on Linux", NOON)
    return lambda: sessions.forget(NOON + YEARS)


async def _floods(books: Books) -> Callable[[], Awaitable[int]]:
    floods = Floods(books.database)
    await floods.tell({"a" * 26: timedelta(minutes=1)}, NOON)
    return lambda: floods.forget(NOON + YEARS)


PURGES = {
    Record.CHATS: _chats,
    Record.MESSAGES: _messages,
    Record.QUESTIONS: _questions,
    Record.FIGURES: _figures,
    Record.CODES: _codes,
    Record.TRIES: _tries,
    Record.SESSIONS: _sessions,
    Record.FLOODS: _floods,
}
"""Every purge by age; what goes by number is below."""


@pytest.mark.parametrize("record", PURGES)
async def test_what_is_held_is_not_deleted_until_the_hold_is_released(books: Books, record: Record) -> None:
    purge, holds = await PURGES[record](books), Holds(books.database)
    held = await holds.place(record, "FOI 2026-118, city clerk", "chief", NOON)
    assert await purge() == 0
    await holds.release(held.number, "answered on 2026-12-01", "chief", NOON)
    assert await purge() > 0


def test_every_kind_that_is_ever_purged_is_tried_above_or_by_number_below() -> None:
    assert {each.record for each in SCHEDULE if each.is_purged} == PURGES.keys() | {Record.BACKUPS}


async def test_questions_beyond_the_most_are_kept_while_they_are_held(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST", 2)
    kept, holds = Journal(books.database), Holds(books.database)
    held = await holds.place(Record.QUESTIONS, "FOI 2026-118", "chief", NOON)
    for number in range(4):
        await kept.note_unanswered(f"where is bear number {number}", "en", (), NOON)
    assert len(await kept.unanswered(9)) == 4
    await holds.release(held.number, "answered since", "chief", NOON)
    await kept.note_unanswered("where is the last bear", "en", (), NOON)
    assert len(await kept.unanswered(9)) == 2


async def test_backups_beyond_the_most_are_kept_while_they_are_held(books: Books, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        whole = tmp_path / "backups" / f"bot-2026110{day}T030000Z"
        whole.mkdir(parents=True)
        (whole / "manifest.json").touch()
    holds = Holds(books.database)
    held = await holds.place(Record.BACKUPS, "FOI 2026-118", "chief", NOON)
    assert await nightly.prune(books.database, tmp_path / "backups", 1) == 0
    await holds.release(held.number, "answered since", "chief", NOON)
    assert await nightly.prune(books.database, tmp_path / "backups", 1) == 2
    assert len(backup.found(tmp_path / "backups")) == 1


# What deletes rows, and is no purge: somebody's act, or a row that another takes the place of.
ACTS = {
    "account_rows.py: end_sessions": "an administrator, or a new password, ends sessions",
    "sessions.py: begun": "a browser too many: the oldest session of an account ends",
    "sessions.py: _end": "signing out",
    "throttle.py: _give_back": "the right password forgives the wrong ones before it",
    "testers.py: is_let_in": "the right code forgives the wrong ones before it",
    "inbox.py: _release": "an answer that did not leave is claimed anew",
    "subscriptions.py: leave": "STOP: law 6, which no hold outweighs; the pseudonym and the day stay",
    "subscriptions.py: _stop": "STOP for one topic",
    "backup_stops.py: _stop_again": "the same STOP, after a restore",
    "backup_restore.py: _pause_all": "sessions do not outlive a restore",
    "rotation.py: _rename_rows": "a row that has been written anew under its new name",
    "question_groups.py: drop": "asked by the purges of the journal alone",
    "question_groups.py: _shrink": "a group goes with its last question",
}
PURGING = {"retention.py: _forget_some", "journal.py: _forget_some", "journal.py: _note", "figures.py: _forget_a_day",
           "testers.py: forget"}  # fmt: skip


def _functions() -> dict[str, ast.AST]:
    return {
        f"{path.name}: {node.name}": node
        for path in STORE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _calls(node: ast.AST) -> set[str]:
    return {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}


def test_whatever_deletes_rows_is_known_and_a_purge_asks_for_holds() -> None:
    deleting = {name for name, node in _functions().items() if {"delete", "question_groups.drop"} & _calls(node)}
    deleting |= {name for name, node in _functions().items() if "DELETE FROM" in ast.unparse(node)}
    known = {name for name, why in ACTS.items() if why} | PURGING
    assert deleting - known == set(), "say why it is no purge, or let it ask `is_held` and try it above"
    assert known - deleting == set()
    assert {name for name in PURGING if "is_held" not in _calls(_functions()[name])} == set()


def test_every_table_belongs_to_one_kind_and_each_kind_says_how_long_it_stays() -> None:
    listed = [name for series in SCHEDULE for name in series.tables]
    assert sorted(listed) == sorted(metadata.tables)
    assert [series.record for series in SCHEDULE] == sorted(Record, key=[each.record for each in SCHEDULE].index)


def test_the_days_in_the_table_are_those_of_the_settings() -> None:
    assert {series.setting: series.usual for series in SCHEDULE if series.setting} == Settings().stays
    assert all(("{}" in series.until) == (series.setting is not None) for series in SCHEDULE)


# The books of it.


async def test_placing_and_releasing_are_noted_with_who_and_why(books: Books) -> None:
    holds = Holds(books.database)
    held = await holds.place(Record.FIGURES, "FOI 2026-118", "chief", NOON)
    await holds.release(held.number, "answered since", "anna", NOON + timedelta(days=3))
    newest, first = await Audit(books.database).newest(2)
    assert (first.who, first.act, first.subject, first.details["reason"]) == (
        "chief", "hold placed", "figures", "FOI 2026-118",
    )  # fmt: skip
    assert (newest.who, newest.act, newest.details) == (
        "anna", "hold released", {"hold": held.number, "reason": "answered since"},
    )  # fmt: skip
    (kept,) = await holds.all()
    assert (kept.released_by, kept.released_for, await holds.in_force()) == ("anna", "answered since", ())


async def test_a_kind_that_is_held_twice_is_held_until_both_are_released(books: Books) -> None:
    purge, holds = await _chats(books), Holds(books.database)
    one, other = [await holds.place(Record.CHATS, f"request number {number}", "chief", NOON) for number in (1, 2)]
    await holds.release(one.number, "answered since", "chief", NOON)
    assert await purge() == 0
    await holds.release(other.number, "answered since", "chief", NOON)
    assert await purge() == 1


async def test_a_hold_needs_a_reason_and_is_released_once(books: Books) -> None:
    holds = Holds(books.database)
    for reason in ("", "  why   ", "x" * 501):
        with pytest.raises(HoldRefused, match="give a reason"):
            await holds.place(Record.CHATS, reason, "chief", NOON)
    held = await holds.place(Record.CHATS, "FOI 2026-118", "chief", NOON)
    with pytest.raises(HoldRefused, match="give a reason"):
        await holds.release(held.number, "", "chief", NOON)
    await holds.release(held.number, "answered since", "chief", NOON)
    with pytest.raises(HoldRefused, match="was released by chief"):
        await holds.release(held.number, "answered since", "chief", NOON)
    with pytest.raises(HoldRefused, match="no hold 99"):
        await holds.release(99, "answered since", "chief", NOON)


async def test_a_code_that_a_hold_has_kept_lets_nobody_in(books: Books) -> None:
    code = await Enrolment(books.database, KEYED).code("chief", NOON)
    await Holds(books.database).place(Record.CODES, "FOI 2026-118", "chief", NOON)
    late = NOON + timedelta(hours=2)
    joined = await books.subscriptions.join_exercises(somebody(1), code, ["traffic"], "en", "x", late)
    assert joined is None
    count = select(func.count()).select_from(tester_code)
    assert await books.database.run(lambda connection: connection.scalar(count)) == 1
