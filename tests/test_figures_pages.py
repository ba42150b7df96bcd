"""The pages with figures: what they show, what they say when there is nothing, and files that no spreadsheet runs."""

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import AdvisoryKind
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.core.staff import Role
from bot.core.tally import Tally
from bot.staff import figures_drawn, figures_reach
from bot.staff.period import filter_of
from bot.store.figures import Figures
from bot.store.reached import Delivered, Movement, Reached
from bot.store.schema import subscribed_topic, subscription
from tests.advisory_builders import an_advisory
from tests.builders import NOW, an_entry, knowledge
from tests.ledger import books_in, somebody
from tests.staff_rooms import Staffed, staffed

TODAY = date(2026, 11, 22)
HOUR = NOW.replace(minute=0)
COUNTS = {
    Tally(HOUR, ChannelName.WEB, "en", "answered", "a"): 6,
    Tally(HOUR, ChannelName.SMS, "es", "answered", "gone-entry"): 1,
    Tally(HOUR - timedelta(days=1), ChannelName.WEB, "en", "asked_which", ""): 2,
    Tally(HOUR - timedelta(days=2), ChannelName.WEB, "pt", "not_found", ""): 1,
    Tally(HOUR, ChannelName.WEB, "en", "emergency", "weapon_gun"): 3,
    Tally(HOUR, ChannelName.WEB, "en", "caution", "med_cardiac"): 4,
    Tally(HOUR - timedelta(days=60), ChannelName.WEB, "en", "answered", "a"): 50,
}


async def filled(desk: Staffed) -> None:
    await Figures(desk.office.database).add(COUNTS)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))


async def test_every_figure_is_a_picture_with_a_table_and_a_file_behind_it(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await filled(desk)
        page = await (await desk.signed_in(Role.VIEWER)).get("/figures")
    assert page.status == 200
    pictures = set(re.findall(r'aria-labelledby="([\w-]+)-title', page.text))
    files = set(re.findall(r"/staff/figures/csv/([\w-]+)\?", page.text))
    assert pictures == files == {
        "by-day", "shares", "by-hour", "top-answers", "emergencies", "by-channel", "by-language"
    }  # fmt: skip
    assert page.text.count("<summary>The numbers</summary>") == len(pictures)
    assert "13 messages from 2026-10-24 to 2026-11-22" in page.words


async def test_a_caution_is_no_message_more(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await filled(desk)
        clerk = await desk.signed_in(Role.VIEWER)
        page = await clerk.get("/figures")
        table = rows((await clerk.get("/figures/csv/emergencies")).text)
    assert "3 messages sent to 911, 4 answered under the 911 line." in page.words
    assert sum(map(int, re.findall(r'class="count">([\d,]+)<', page.text)[:1])) == 13
    assert table[1:] == [["Medical: cardiac", "0", "4"], ["Weapon: gun", "3", "0"]]


async def test_a_filter_keeps_its_channel_and_language_in_page_and_file(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await filled(desk)
        clerk = await desk.signed_in(Role.VIEWER)
        page = await clerk.get("/figures?days=90&channel=sms&language=es")
        table = rows((await clerk.get("/figures/csv/top-answers?days=90&channel=sms&language=es")).text)
    assert "1 message from" in page.words
    assert '<option value="sms" selected>' in page.text
    assert "days=90&amp;channel=sms&amp;language=es" in page.text
    assert table == [["Answer", "Id", "Times", "%"], ["gone-entry (no longer there)", "gone-entry", "1", "100.0"]]


async def test_any_days_may_be_chosen_and_a_mistake_in_them_is_told(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await filled(desk)
        clerk = await desk.signed_in(Role.VIEWER)
        day = await clerk.get("/figures?days=custom&from=2026-11-21&to=2026-11-21")
        wrong = await clerk.get("/figures?days=custom&from=2026-11-22&to=2026-11-01")
    assert "2 messages from 2026-11-21 to 2026-11-21" in day.words
    assert "The first day is after the last one" in wrong.words
    assert "13 messages" in wrong.words


async def test_where_nothing_was_counted_the_page_says_what_will_stand_there(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        clerk = await desk.signed_in(Role.VIEWER)
        for path in ("/figures", "/figures/advisories"):
            page = await clerk.get(path)
            assert (page.status, page.text.count("<svg")) == (200, 0)
            assert "Nothing to show for this period." in page.words


async def test_no_cell_of_a_file_is_a_formula(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await Figures(desk.office.database).add({Tally(HOUR, ChannelName.WEB, "en", "answered", "=HYPERLINK(1)"): 1})
        clerk = await desk.signed_in(Role.VIEWER)
        file = await clerk.get("/figures/csv/top-answers")
        missing = await clerk.get("/figures/csv/nothing-like-it")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.headers["Content-Disposition"] == ('attachment; filename="top-answers-2026-10-24-2026-11-22.csv"')
    assert rows(file.text)[1][:2] == ["'=HYPERLINK(1) (no longer there)", "'=HYPERLINK(1)"]
    assert missing.status == 404


async def test_whoever_may_not_see_is_not_shown_figures(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        administrator = await desk.signed_in(Role.ADMINISTRATOR)
        for path in ("/figures", "/figures/advisories", "/figures/csv/by-day"):
            assert (await administrator.get(path)).status == 403


async def test_a_store_that_is_down_is_said_and_not_shown_as_noughts(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        clerk = await desk.signed_in(Role.VIEWER)
        await desk.office.database.__aexit__(None, None, None)
        assert (await clerk.get("/figures")).status == 503


@pytest.mark.parametrize(
    ("query", "first", "last", "fault"),
    [
        ({}, "2026-10-24", "2026-11-22", ""),
        ({"days": "7"}, "2026-11-16", "2026-11-22", ""),
        ({"days": "8"}, "2026-10-24", "2026-11-22", ""),
        ({"days": "7", "from": "2020-01-01"}, "2026-11-16", "2026-11-22", ""),
        ({"from": "2026-01-01", "to": "2026-01-31"}, "2026-01-01", "2026-01-31", ""),
        ({"days": "custom", "from": "2026-11-20"}, "2026-11-20", "2026-11-22", ""),
        ({"days": "custom", "from": "20/11/2026"}, "2026-10-24", "2026-11-22", "Write each day like"),
        ({"days": "custom", "from": "2020-01-01"}, "2026-10-24", "2026-11-22", "longer than three years"),
        ({"days": "custom", "to": "0001-01-01"}, "2026-10-24", "2026-11-22", "Write each day like"),
    ],
)
def test_a_period_is_read_from_the_address(query: dict[str, str], first: str, last: str, fault: str) -> None:
    found = filter_of(query, TODAY)
    assert (str(found.first), str(found.last)) == (first, last)
    assert fault in found.fault
    assert bool(fault) == bool(found.fault)


def test_shares_of_a_day_without_questions_are_a_gap() -> None:
    days = {"answered": {TODAY: 3}, "not_found": {TODAY: 1}}
    figure = figures_drawn.shares(days, TODAY - timedelta(days=1), TODAY)
    assert [row[2:4] for row in figure.rows] == [(0, None), (4, 75.0)]


def test_an_entry_is_named_by_its_title_and_one_that_is_gone_says_so() -> None:
    known = knowledge(an_entry("fees", "how much"))
    assert figures_drawn.title_of("fees", known) == "Fees"
    assert figures_drawn.title_of("gone", known) == "gone (no longer there)"


def test_feedback_says_how_many_answers_helped() -> None:
    known = knowledge(an_entry("fees", "how much"))
    figure = figures_drawn.feedback({"fees": (3, 1), "gone": (0, 1)}, known)
    assert figure.says == "Of 5 answers that people rated, 60% helped."
    assert figure.rows[0] == ("Fees", "fees", 3, 1, 75.0)
    assert figure.links == {"Fees": "/knowledge/fees"}


async def subscribers(connection: AsyncConnection) -> None:
    told = {"address": "sealed", "level": "every", "consented_by": "x", "kind": "live", "channel": "sms"}
    moments = (NOW - timedelta(days=3), NOW - timedelta(days=3), NOW, NOW, NOW)
    people: list[dict[str, object]] = [
        {**told, "id": at, "person": str(at) * 26, "language": "en" if at < 3 else "es", "state": "active",
         "consented_at": moment, "changed_at": moment}
        for at, moment in enumerate(moments, 1)
    ]  # fmt: skip
    people[3] |= {"state": "stopped", "address": None, "changed_at": NOW}
    people[4] |= {"kind": "exercise"}
    await connection.execute(insert(subscription), people)
    topics = [{"subscription": at, "topic": topic} for at, topic in ((1, "traffic"), (1, "safety"), (2, "traffic"),
                                                                     (3, "traffic"), (5, "traffic"))]  # fmt: skip
    await connection.execute(insert(subscribed_topic), topics)


async def test_subscribers_are_counted_by_topic_and_language_and_those_in_exercises_never(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await desk.office.database.run(subscribers)
        found = await Reached(desk.office.database).subscribers()
        moved = await Reached(desk.office.database).movement(TODAY - timedelta(days=5), TODAY, desk.office.zone)
        page = await (await desk.signed_in(Role.VIEWER)).get("/figures/advisories?days=7")
    assert (found.people, found.channels) == (3, {"sms": 3})
    assert found.topics == {"traffic": {"en": 2, "es": 1}, "safety": {"en": 1}}
    assert moved == Movement({TODAY - timedelta(days=3): 2, TODAY: 2}, {TODAY: 1})
    assert "4 signed up and 1 stopped" in page.words
    assert "3 people get advisories" in page.words


async def test_the_last_advisories_that_went_out_are_counted_by_state_and_no_exercise_is(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await books.subscribe(1, 2, 3)
        first = await books.released()
        await books.send(2)
        for number in (1, 2, 3):
            await books.subscriptions.stop(somebody(number), None, books.now)
        await books.released(kind=AdvisoryKind.EXERCISE)
        found = await Reached(books.database).latest(5)
    assert [(each.advisory.number, each.states) for each in found] == [
        (first.number, {State.SENT: 2, State.OPTED_OUT: 1})
    ]


def test_a_figure_of_deliveries_leads_to_each_advisory_and_its_audience() -> None:
    sent = Delivered(an_advisory(7, audience=5), {State.SENT: 4, State.UNCERTAIN: 1})
    figure = figures_reach.deliveries([sent], knowledge())
    assert figure.says == "The last advisory that went out."
    assert list(figure.links.values()) == ["/advisories/7"]
    assert figure.rows[0][-1] == 5
    assert sum(int(str(count)) for count in figure.rows[0][2:-1]) == 5
