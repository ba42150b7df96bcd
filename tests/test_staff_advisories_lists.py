"""The lists, the ledger as a page and as a file, alerts of others taken in, and the way into exercises."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import FormData

from bot.core.advisory import AdvisoryLevel, Stage
from bot.core.channel import MayHaveArrived, SendFailed, TryLater, Unreachable
from bot.core.delivery import not_sent
from bot.core.delivery import sent as arrived
from bot.core.message import Address, ChannelName
from bot.core.staff import Role
from bot.staff.advisories_import import LARGEST
from bot.staff.once import Once
from bot.store.outbox import Claimed
from tests.staff_advisories import EXERCISE, URGENT, Desk, at_desk, fields, sent
from tests.staff_rooms import Answered, Clerk

CAP = Path(__file__).parent / "data" / "cap"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as made:
        yield made


async def settle(desk: Desk, *ends: SendFailed | None) -> None:
    """Let the next sends end like that."""
    outbox, lane = desk.console.office.outbox, "telegram"
    for end in ends:
        desk.console.now += timedelta(seconds=1)
        now = desk.console.now
        found = await outbox.claim(ChannelName.TELEGRAM, lane, 29.0, list(AdvisoryLevel), now)
        assert isinstance(found, Claimed)
        what = arrived(found.delivery, f"={found.delivery.id}") if end is None else not_sent(found.delivery, end, now)
        await outbox.settle(found.delivery, what, lane, now)


def section(page: Answered, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', page.text, re.DOTALL)
    return found[1] if found else ""


async def test_the_list_parts_what_is_live_what_waits_drafts_and_the_past(desk: Desk) -> None:
    draft, waits, out = await desk.drafted(), await desk.drafted(URGENT), await desk.released()
    gone, withdrawn = await desk.drafted(), await desk.released()
    clerk = await desk.anna()
    await sent(clerk, f"/advisories/{gone}", f"/advisories/{gone}/discard")
    await sent(clerk, f"/advisories/{withdrawn}/cancel", f"/advisories/{withdrawn}/cancel")
    page = await clerk.get("/advisories")
    told = {name: set(re.findall(r'<a[^>]* href="/staff/advisories/(\d+)"', section(page, name)))
            for name in ("current", "waiting", "drafts", "past")}  # fmt: skip
    assert told == {
        "current": {str(out), "6"}, "waiting": {str(waits)}, "drafts": {str(draft)},
        "past": {str(gone), str(withdrawn)},
    }  # fmt: skip


async def test_one_that_holds_for_a_month_stays_on_the_list_under_newer_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.staff.advisories._MOST", 3)
    out = await desk.released()
    for _ in range(3):
        await desk.drafted()
    assert f"/advisories/{out}" in section(await (await desk.anna()).get("/advisories"), "current")


async def test_who_was_not_reached_is_told_with_the_reason_and_without_a_name(desk: Desk) -> None:
    await desk.subscribe("4915112345678", "2", "3", "4")
    number = await desk.released()
    await settle(desk, Unreachable("bot was blocked by the user"), MayHaveArrived("cut"), None, Unreachable("gone"))
    page = await (await desk.anna()).get(f"/advisories/{number}/not-reached")
    assert "3 not reached" in page.words
    assert "not certain Telegram no answer 1" in page.words
    assert "could not be delivered Telegram unreachable: bot was blocked by the user 1" in page.words
    assert "4915112345678" not in page.text


async def test_the_ledger_is_a_file_without_formulas_and_without_people(desk: Desk) -> None:
    await desk.subscribe("1", "2")
    number = await desk.released()
    await settle(desk, None, Unreachable('=HYPERLINK("http://evil")'))
    answer = await (await desk.anna()).get(f"/advisories/{number}/ledger.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="danbury-pd-2026-000001.1.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["state"], row["channel"], row["attempts"]) for row in rows] in (
        [("sent", "telegram", "1"), ("undeliverable", "telegram", "1")],
        [("undeliverable", "telegram", "1"), ("sent", "telegram", "1")],
    )
    assert [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))] == []
    assert {row["id on the platform"][:2] for row in rows} == {"'=", ""}


async def test_what_holds_a_broadcast_up_is_told(desk: Desk) -> None:
    await desk.subscribe("1")
    number = await desk.released()
    await settle(desk, TryLater("busy", timedelta(minutes=3)))
    clerk = await desk.anna()
    assert "telegram rests until 2026-11-22 10:03: TryLater." in (await clerk.get(f"/advisories/{number}")).words
    desk.console.now += timedelta(minutes=4)
    still = (await clerk.get(f"/advisories/{number}")).words
    assert "rests until" not in still
    assert "Limit: nothing has moved for a minute" in still


async def test_alerts_of_others_become_drafts_with_what_to_look_at(desk: Desk) -> None:
    clerk = await desk.anna()
    answer = await taken_in(clerk, (CAP / "nws_alert.xml").read_bytes())
    assert (answer.status, "1 draft, 0 left out" in answer.words) == (200, True)
    assert "es: it has no text in this language; write it." in answer.words
    advisory = await desk.advisory(1)
    assert (advisory.stage, advisory.author, advisory.content.topic) == (Stage.DRAFT, "anna", "weather")
    shown = await clerk.get("/advisories/1")
    assert "It cannot go out like this:" in shown.words
    assert "Odd about what came in:" in shown.words
    form = await clerk.get("/advisories/1/change")
    assert 'name="en.hazard"' in form.text


async def test_a_file_sent_twice_is_taken_in_once(desk: Desk) -> None:
    clerk = await desk.anna()
    form = fields(await clerk.get("/advisories/import"), "/advisories/import")
    data = (CAP / "nws_alert.xml").read_bytes()
    answers = await asyncio.gather(*(taken_in(clerk, data, form) for _ in range(2)))
    assert ["1 draft, 0 left out" in answer.words for answer in answers] == [True, True]
    assert len(await desk.console.office.advisories.newest(9)) == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "Choose a file first."),
        (b"", "Nothing was taken in."),
        (b"not xml", "Nothing was taken in."),
        (b"<a><!DOCTYPE x></a>", "Nothing was taken in."),
        (b" " * (LARGEST + 1), "It has more than 1,000 kB: split it."),
    ],
    ids=["none", "empty", "text", "doctype", "large"],
)
async def test_a_file_that_is_no_alert_is_told_and_nothing_is_drafted(desk: Desk, data: bytes | None, why: str) -> None:
    answer = await taken_in(await desk.anna(), data)
    assert (answer.status, why in answer.words) == (422, True)
    assert await desk.console.office.advisories.newest(9) == ()


async def test_a_file_beyond_all_bounds_is_refused_before_it_is_read(desk: Desk) -> None:
    assert (await taken_in(await desk.anna(), b" " * 3_000_000)).status == 413


async def test_an_alert_for_a_topic_that_nobody_has_is_refused(desk: Desk) -> None:
    clerk = await desk.anna()
    form = {**fields(await clerk.get("/advisories/import"), "/advisories/import"), "topic": "gossip"}
    answer = await taken_in(clerk, (CAP / "nws_alert.xml").read_bytes(), form)
    assert (answer.status, "nobody can subscribe to `gossip`" in answer.words) == (422, True)


async def test_a_code_lets_one_person_into_exercises_and_is_shown_once(desk: Desk) -> None:
    clerk = await desk.anna()
    assert "0 people take part in exercises." in (await clerk.get("/exercises/testers")).words
    form = fields(await clerk.get("/exercises/testers"), "/exercises/testers")
    first, again = [await clerk.post("/exercises/testers", form) for _ in range(2)]
    code = re.search(r"/exercise (\d{8})", first.text)
    assert code is not None
    assert code[0] in again.text
    assert code[0] not in (await clerk.get("/exercises/testers")).text
    people = desk.console.office.subscriptions
    joined = [
        await people.join_exercises(
            Address(ChannelName.TELEGRAM, who), code[1], ["traffic"], "en", "x", desk.console.now
        )
        for who in ("1", "2")
    ]
    assert [each is not None for each in joined] == [True, False]
    assert "1 person takes part in exercises." in (await clerk.get("/exercises/testers")).words


@pytest.mark.parametrize(("roles", "status"), [(("viewer",), 403), (("curator",), 403), (("approver",), 200)])
async def test_only_who_may_enrol_makes_a_code(desk: Desk, roles: tuple[str, ...], status: int) -> None:
    clerk = await desk.console.signed_in(*map(Role, roles))
    page = await clerk.get("/exercises/testers")
    assert ("A code for one person" in page.words) == (status == 200)
    assert (await clerk.post("/exercises/testers")).status == status


async def test_an_exercise_that_reaches_nobody_says_where_testers_come_from(desk: Desk) -> None:
    await desk.subscribe("resident")
    number = await desk.drafted(kind=EXERCISE)
    page = await (await desk.anna()).get(f"/exercises/{number}")
    assert "Nobody would get it. Let somebody in first." in page.words


@pytest.mark.parametrize("path", ["/advisories/99", "/advisories/99/cancel", "/exercises/99/progress"])
async def test_what_does_not_exist_is_told(desk: Desk, path: str) -> None:
    answer = await (await desk.anna()).get(path)
    assert (answer.status, "with the number 99" in answer.words) == (404, True)


async def test_what_failed_may_be_tried_again_with_the_same_form() -> None:
    once, tries = Once[int](), 0

    async def act() -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise LookupError
        return tries

    with pytest.raises(LookupError):
        await once.done("anna", "a", act)
    assert [await once.done("anna", "a", act) for _ in range(3)] == [2, 2, 2]
    assert await once.done("otis", "a", act) == 3
    assert [await once.done("anna", "", act) for _ in range(2)] == [4, 5]


async def taken_in(clerk: Clerk, data: bytes | None, form: dict[str, str] | None = None) -> Answered:
    given = form or fields(await clerk.get("/advisories/import"), "/advisories/import")
    sheet = FormData({"topic": "weather", "level": "", **given})
    if data is not None:
        sheet.add_field("file", io.BytesIO(data), filename="alert.xml")
    return await clerk.post("/advisories/import", sheet)
