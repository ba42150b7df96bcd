"""The whole way of an advisory through the console: written by one, approved by another, sent, watched, withdrawn."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.advisory import Ended, Stage
from bot.core.delivery import State
from bot.core.message import ChannelName
from bot.service.broadcast import Broadcaster, Housekeeper
from tests.fake_provider import FakeProvider, Fault, in_turn
from tests.staff_advisories import GAS, Desk, at_desk, fields, place, sent
from tests.staff_rooms import Answered, Clerk

_STEP = timedelta(milliseconds=40)  # more than a send takes of its lane's second


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as made:
        yield made


@asynccontextmanager
async def sending(desk: Desk, provider: FakeProvider) -> AsyncIterator[None]:
    """The sender and the ledger's clock, as the bot runs them; whoever looks at the clock moves it."""

    def clock() -> datetime:
        desk.console.now += _STEP
        return desk.console.now

    office, stopping = desk.console.office, asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        sender = Broadcaster(provider, ChannelName.TELEGRAM, office.outbox, clock, lambda: office.zone)
        tasks.create_task(sender.run(stopping))
        tasks.create_task(Housekeeper(office.outbox, clock).run(stopping))
        yield
        stopping.set()


async def watched(clerk: Clerk, path: str, until: str) -> Answered:
    """The page's progress, asked for again and again until it says that."""
    async with asyncio.timeout(30):
        while until not in (part := await clerk.part(f"{path}/progress")).words:
            pass
    return part


async def test_from_the_first_word_to_the_withdrawal(desk: Desk) -> None:
    await desk.subscribe("1", "2", topic="safety")
    await desk.subscribe("3", topic="safety", language="es")
    anna, otis = await desk.anna(), await desk.otis()
    kept = await sent(anna, "/advisories/new/shelter", "/advisories/new/shelter", **GAS)
    page = place(kept)
    assert (kept.status, page) == (303, "/advisories/1")
    assert f"{page}/approve" not in (await anna.get(page)).text

    shown = await otis.get(page)
    assert "Goes to 3 subscribers" in shown.words
    assert "STAY INSIDE. Lock doors and windows." in shown.words
    assert "QUÉDESE ADENTRO. Cierre puertas y ventanas con seguro." in shown.words
    approved = await otis.post(f"{page}/approve", {**fields(shown, f"{page}/approve"), "typed": "3", "do": "approve"})
    assert (approved.status, place(approved)) == (303, page)
    assert (await desk.advisory(1)).approved_by == "otis"

    desk.console.now += timedelta(seconds=30)
    provider = FakeProvider(lambda: desk.console.now, in_turn(Fault.BLOCKED), latency=timedelta())
    async with sending(desk, provider):
        published = await sent(otis, page, f"{page}/publish", typed="3", do="now")
        assert (published.status, place(published)) == (303, page)
        assert "It is going out to 3 subscribers." in (await otis.get(page)).words
        done = await watched(anna, page, "Finished: everybody is accounted for.")
        assert "3 of 3 subscribers done" in done.words
        assert "every 2s" not in done.text
        assert re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', done.text) == [
            ("sent", "0.0", "666.67"), ("undeliverable", "666.67", "333.33"),
        ]  # fmt: skip
        assert (await anna.part(f"{page}/progress?stage=sending")).headers["HX-Refresh"] == "true"
        assert "HX-Refresh" not in (await anna.part(f"{page}/progress?stage=finished")).headers
        reasons = (await anna.get(f"{page}/not-reached")).words
        assert "could not be delivered Telegram unreachable: blocked 1" in reasons

        prepared = await anna.get(f"{page}/cancel")
        assert "Our message danbury-pd-2026-000001.1 no longer applies." in prepared.words
        assert "to the 2 subscribers with it on their phones" in prepared.words
        before = len(provider.books)
        withdrawn = await anna.post(f"{page}/cancel", fields(prepared, f"{page}/cancel"))
        assert (withdrawn.status, place(withdrawn)) == (303, "/advisories/2")
        await watched(anna, "/advisories/2", "Finished: everybody is accounted for.")
    corrections = (await desk.advisory(1)).corrections
    texts = [taken.text for taken in provider.books[before:]]
    assert sorted(texts) == sorted(corrections["es" if taken.to == "3" else "en"] for taken in provider.books[before:])
    assert len(texts) == 2
    first = await desk.advisory(1)
    assert (first.ended, first.stage) == (Ended.CANCELLED, Stage.FINISHED)
    assert await desk.books() == [
        ("anna", "draft"), ("otis", "approve"), ("otis", "release"), ("bot", "finish"),
        ("anna", "draft"), ("anna", "release"), ("bot", "finish"),
    ]  # fmt: skip
    told = (await anna.get(page)).words
    assert "otis approved it for 3 people" in told
    assert "otis published it for 3 people" in told
    states = (await desk.console.office.outbox.progress(2)).states
    assert states == {State.SENT: 2}


async def test_a_broadcast_is_paused_let_go_on_and_corrected_on_its_page(desk: Desk) -> None:
    await desk.subscribe("1", "2")
    number = await desk.released()
    page, anna = f"/advisories/{number}", await desk.anna()
    assert "0 of 2 subscribers done" in (await anna.get(page)).words
    assert "Goes" not in (await anna.get(page)).words
    paused = await sent(anna, page, f"{page}/pause", why="Wrong street")
    assert place(paused) == page
    told = (await anna.get(page)).words
    assert "Paused. anna: Wrong street" in told
    assert "Limit: paused: anna: Wrong street" in told
    await sent(anna, page, f"{page}/resume")
    assert (await desk.advisory(number)).stage is Stage.SENDING
    form = await anna.get(f"{page}/update")
    assert "Main Street, from West Street to Elm Street" in form.text
    typed = {"topic": "traffic", "level": "advisory", "expires": "2026-11-22T20:00", "only_in": "en",
             "en.event": "Road closed", "en.source": "Danbury Police", "en.hazard": "Elm Street is closed.",
             "en.place": "Elm Street", "en.time": "Until 8:00 PM on Sunday, November 22",
             "en.action": "Use another road."}  # fmt: skip
    corrected = await anna.post(f"{page}/update", {**fields(form, f"{page}/update"), **typed})
    assert place(corrected) == "/advisories/2"
    shown = await anna.get("/advisories/2")
    assert "This replaces our message danbury-pd-2026-000001.1." in shown.words
    await anna.post("/advisories/2/publish", {**fields(shown, "/advisories/2/publish"), "typed": "2", "do": "now"})
    assert (await desk.advisory(number)).ended is Ended.SUPERSEDED
    assert (await desk.advisory(2)).stage is Stage.SENDING
