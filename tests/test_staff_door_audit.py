"""The audit log as it is read, taken away and checked. Numbers are OWASP's, ASVS 5."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete, update

from bot.core.staff import Role
from bot.store.chain import FIRST, Link, digest_of
from bot.store.staff_schema import audit as table
from tests.staff_rooms import Clerk, Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATE = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # half past eleven in the evening of the 23rd, in Danbury


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        await desk.account("first")
        await desk.account("reader", Role.VIEWER)
        noted = desk.office.audit.note
        for number in range(120):
            await noted("ann", "knowledge saved", f"entry-{number}", {"lines": [number]}, desk.now)
        await noted("otis", "advisory approved", "dpd-1", {"count": 3}, LATE)
        await noted("eve", "=cmd|' /C calc'!A0", "<b>bold</b>", {"why": "=1+1", "said": "ñ"}, LATE + timedelta(hours=1))
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def reader(desk: Staffed) -> Clerk:
    return await desk.signed_in(name="reader")


def numbers(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'<li value="(\d+)"', page)]


async def test_the_newest_lines_come_first_a_page_at_a_time(desk: Staffed, reader: Clerk) -> None:
    first = await reader.get("/audit")
    shown = numbers(first.text)
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 50
    older = re.findall(r'href="/staff(/audit\?before=\d+)"', first.text)[0]
    second = numbers((await reader.get(older)).text)
    assert second == list(range(shown[-1] - 1, shown[-1] - 51, -1))
    assert "Newest" in (await reader.get(older)).words


async def test_what_was_noted_is_text_on_the_page(reader: Clerk) -> None:
    """1.2.1."""
    page = await reader.get("/audit?who=eve")
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.text
    assert "why: =1+1" in page.words


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("who=otis", {"otis"}),
        ("act=advisory+approved", {"otis"}),
        ("day=2026-11-23", {"otis"}),  # by the department's clock, not Greenwich's
        ("day=2026-11-24", {"eve"}),
        ("day=2026-11-23&who=eve", set()),
        ("day=yesterday&who=otis", {"otis"}),
        ("before=x&who=otis", {"otis"}),
        ("before=99999999999999999999&who=otis", {"otis"}),
        ("who=%27%20OR%201=1", set()),
    ],
)
async def test_it_is_sifted_by_person_act_and_the_departments_day(reader: Clerk, query: str, people: set[str]) -> None:
    page = await reader.get(f"/audit?{query}")
    shown = page.text.partition('<ol class="lines')[2].partition("</ol>")[0]
    assert page.status == 200
    assert set(re.findall(r"<strong>([^<]+)</strong>", shown)) == people
    assert ("Nothing of that kind is noted." in page.words) == (not people)


async def test_as_json_lines_the_chain_can_be_checked_by_anybody(reader: Clerk) -> None:
    """16.4.2, 16.4.3: with nothing but SHA-256."""
    taken = await reader.get("/audit.jsonl")
    assert taken.headers["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    previous = FIRST
    for number, line in enumerate(taken.text.splitlines(), 1):
        told = json.loads(line)
        written = json.dumps(told["details"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        fields = {name: told[name] for name in ("number", "at", "who", "act", "subject")}
        link = Link(**fields, details=written, previous=previous)
        assert (told["number"], told["previous"]) == (number, previous)
        assert told["digest"] == digest_of(link)
        previous = told["digest"]
    assert number > 120


async def test_as_a_table_no_cell_is_a_formula(reader: Clerk) -> None:
    """1.2.10."""
    taken = await reader.get("/audit.csv?who=eve")
    rows = list(csv.reader(io.StringIO(taken.text.lstrip("\ufeff"))))
    assert rows[0] == ["number", "at", "who", "act", "subject", "details", "previous", "digest"]
    assert rows[1][3] == "'=cmd|' /C calc'!A0"
    assert rows[1][4] == "<b>bold</b>"
    assert len(rows) == 2
    whole = list(csv.reader(io.StringIO((await reader.get("/audit.csv")).text.lstrip("\ufeff"))))
    assert [row[0] for row in whole[1:]] == [str(number) for number in range(1, len(whole))]


async def test_a_long_log_leaves_in_pieces(desk: Staffed, reader: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (await reader.get("/audit.csv")).text
    lines = (await reader.get("/audit.jsonl")).text
    monkeypatch.setattr("bot.store.audit_pages.AT_ONCE", 7)
    assert (await reader.get("/audit.csv")).text == whole
    assert (await reader.get("/audit.jsonl")).text == lines


async def checked(desk: Staffed, reader: Clerk, anchor: str = "") -> str:
    started = await reader.post("/audit/check", {"anchor": anchor})
    assert started.status == 303
    await desk.console._audit._verifying.ended()
    return (await reader.get("/audit/check")).words


async def test_a_sound_log_is_found_sound_also_against_an_anchor(desk: Staffed, reader: Clerk) -> None:
    page = (await reader.get("/audit")).text
    anchor = re.findall(r"\d+:[0-9a-f]{64}", page)[0]
    assert "Every line is as it was written." in await checked(desk, reader)
    words = await checked(desk, reader, f" {anchor.upper()} ")
    assert f"the anchor of line {anchor.partition(':')[0]} holds" in words


@pytest.mark.parametrize("anchor", ["x", "12", "12:", ":abc", "12:" + "g" * 65, "-1:" + "a" * 64, "9" * 30 + ":a"])
async def test_what_is_no_anchor_is_refused(reader: Clerk, anchor: str) -> None:
    refused = await reader.post("/audit/check", {"anchor": anchor})
    assert (refused.status, "An anchor looks like" in refused.words) == (400, True)


async def test_a_look_that_goes_on_tells_how_far_it_is(
    desk: Staffed, reader: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.audit.AT_ONCE", 50)
    shown: list[str] = []
    whole = desk.office.audit.verify

    async def slowly(anchor: object, told: object) -> object:
        def seen(number: int) -> None:
            told(number)  # type: ignore[operator]
            shown.append(f"{desk.console._audit._verifying.last}")

        shown.append((await reader.part("/audit/check/progress")).words)
        return await whole(None, seen)

    monkeypatch.setattr(desk.office.audit, "verify", slowly)
    words = await checked(desk, reader)
    assert re.match(r"0 of \d+ lines are read\.", shown[0])
    assert ["read=50" in each or "read=100" in each for each in shown[1:3]] == [True, True]
    assert "Every line is as it was written." in words


async def test_a_store_that_fails_in_the_middle_ends_the_look_and_says_so(
    desk: Staffed, reader: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reader.get("/audit/check")
    with monkeypatch.context() as patch:
        patch.setattr(desk.office.audit, "verify", desk.office.audit.verify)
        verifying = desk.console._audit._verifying
        patch.setattr(desk.office.database, "_patient", None)
        verifying.start(desk.office.audit, 1, None)
        await verifying.ended()
    assert "The check could not be ended" in (await reader.get("/audit/check")).words


async def test_damage_is_told_line_by_line(desk: Staffed, reader: Clerk) -> None:
    """16.4.2. The last test of this file: it spoils the log."""
    anchor = re.findall(r"\d+:[0-9a-f]{64}", (await reader.get("/audit")).text)[0]
    last = int(anchor.partition(":")[0])

    async def spoil(connection: object) -> None:
        await connection.execute(update(table).where(table.c.number == 9).values(who="somebody"))  # type: ignore[attr-defined]
        await connection.execute(delete(table).where(table.c.number == last))  # type: ignore[attr-defined]

    await desk.office.database.run(spoil)
    words = await checked(desk, reader, anchor)
    assert "The log is not as it was written." in words
    assert "Line 9 was changed." in words
    assert f"Line {last} and what followed it is gone." in words
