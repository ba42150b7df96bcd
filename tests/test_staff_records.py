"""The console's page of records: who may hold what, that nothing is released by a slip, and what is deleted when."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.staff import Role
from bot.settings import Settings
from bot.store.audit import Audit
from bot.store.holds import Holds, Record
from bot.store.retention import SCHEDULE
from tests.staff_rooms import Clerk, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = "FOI 2026-118, the city clerk <b>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def chief(desk: Staffed) -> AsyncIterator[Clerk]:
    """An administrator; at the end nothing is held any more."""
    yield await desk.signed_in(Role.ADMINISTRATOR)
    holds = Holds(desk.office.database)
    for each in await holds.in_force():
        await holds.release(each.number, "the test is over", "chief", desk.now)


async def shown(clerk: Clerk) -> str:
    return unescape((await clerk.get("/records")).words)


async def placed(desk: Staffed, chief: Clerk, record: Record = Record.QUESTIONS) -> int:
    done = await chief.post("/records/holds", {"record": record.value, "reason": REASON})
    assert (done.status, done.headers["Location"]) == (303, "/staff/records")
    return (await Holds(desk.office.database).in_force())[0].number


async def acts(desk: Staffed) -> list[tuple[str, str, object]]:
    """What was done about holds, the newest first."""
    newest = await Audit(desk.office.database).newest(50)
    return [(each.act, each.subject, each.details["reason"]) for each in newest if each.act.startswith("hold ")]


async def test_a_hold_is_placed_shown_released_and_both_are_noted(desk: Staffed, chief: Clerk) -> None:
    assert "Nothing is held." in await shown(chief)
    number = await placed(desk, chief)
    words = await shown(chief)
    assert f"Hold {number}: nothing of “questions” is deleted until it is released." in words
    assert f"Hold {number}: questions {REASON} Placed by administrator" in words
    assert "<b>" not in (await chief.get("/records")).text
    done = await chief.post(f"/records/holds/{number}/release", {"reason": "answered on 2026-12-01"})
    assert done.status == 303
    words = await shown(chief)
    assert "Nothing is held." in words
    assert re.search(r"released by administrator, [-\d: ]+: answered on 2026-12-01", words)
    assert (await acts(desk))[:2] == [
        ("hold released", "questions", "answered on 2026-12-01"),
        ("hold placed", "questions", REASON),
    ]


async def test_who_reads_the_audit_log_sees_it_and_changes_nothing(desk: Staffed, chief: Clerk) -> None:
    number = await placed(desk, chief)
    viewer = await desk.signed_in(Role.VIEWER)
    page = (await viewer.get("/records")).text
    assert f"Hold {number}: questions" in page
    assert "/records/holds" not in page
    assert "Records" not in (await (await desk.signed_in(Role.CURATOR)).get("/")).words


async def test_a_form_sent_twice_does_it_once(desk: Staffed, chief: Clerk) -> None:
    for _ in range(2):
        await chief.post("/records/holds", {"record": "questions", "reason": REASON, "once": "one"})
    (held,) = await Holds(desk.office.database).in_force()
    for _ in range(2):
        done = await chief.post(f"/records/holds/{held.number}/release", {"reason": "answered since", "once": "two"})
        assert done.status == 303


async def test_to_release_one_asks_who_is_there_and_to_place_one_does_not(desk: Staffed) -> None:
    chief = await desk.signed_in(Role.ADMINISTRATOR)
    before, desk.now = desk.now, desk.now + timedelta(minutes=11)
    try:
        number = await placed(desk, chief)
        page = (await chief.get("/records")).text
        assert "/staff/prove?then=/staff/records" in page
        assert "/release" not in page
        refused = await chief.post(f"/records/holds/{number}/release", {"reason": "answered since"})
        assert refused.headers["Location"].startswith("/staff/prove")
        assert [each.number for each in await Holds(desk.office.database).in_force()] == [number]
        await Holds(desk.office.database).release(number, "the test is over", "chief", desk.now)
    finally:
        desk.now = before


@pytest.mark.parametrize(("record", "reason", "said"), [
    ("questions", "short", "give a reason of 8 to 500 characters"),
    ("questions", "x" * 501, "give a reason of 8 to 500 characters"),
    ("everything", REASON, "choose a kind of record"),
    ("", REASON, "choose a kind of record"),
])  # fmt: skip
async def test_what_is_refused_says_why_and_keeps_what_was_typed(
    desk: Staffed, chief: Clerk, record: str, reason: str, said: str
) -> None:
    refused = await chief.post("/records/holds", {"record": record, "reason": reason})
    assert (refused.status, said in refused.words) == (400, True)
    assert f'value="{reason[:5]}' in refused.text
    assert ('<option value="questions" selected>' in refused.text) == (record == "questions")
    assert await Holds(desk.office.database).in_force() == ()


async def test_a_release_that_is_refused_stands_over_its_own_form(desk: Staffed, chief: Clerk) -> None:
    number = await placed(desk, chief)
    refused = await chief.post(f"/records/holds/{number}/release", {"reason": "no"})
    assert (refused.status, "give a reason" in refused.words) == (400, True)
    form = refused.text.partition(f"/holds/{number}/release")
    assert "<details open>" in form[0]
    assert 'value="no"' in form[2].partition("</form>")[0]
    assert 'value="no"' not in form[2].partition("</form>")[2]
    for other, why in ((number, "was released by"), (999, "there is no hold 999")):
        if other == number:
            await Holds(desk.office.database).release(number, "by somebody else", "chief", desk.now)
        late = await chief.post(f"/records/holds/{other}/release", {"reason": "answered since"})
        assert (late.status, why in late.words) == (400, True)


async def test_how_long_each_kind_stays_is_said_by_the_settings_as_they_are(desk: Staffed, chief: Clerk) -> None:
    words = await shown(chief)
    for series in SCHEDULE:
        assert f"{series.record} {series.holds} {series.stays(Settings().stays)}" in words
    desk.office.stays = Settings(keep_questions_days=7, backup_keep=30).stays
    words = await shown(chief)
    assert "7 days BOT_KEEP_QUESTIONS_DAYS" in words
    assert "the newest 30 stay BOT_BACKUP_KEEP" in words
    await placed(desk, chief, Record.BACKUPS)
    assert "backups held: nothing is deleted" in await shown(chief)
