"""Law 8 in the console: no page of exercises touches a live advisory, and none of live advisories an exercise."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel
from bot.core.message import ChannelName
from bot.core.staff import Role
from bot.staff import advisories
from bot.staff.doors import Door
from bot.store.outbox import Claimed
from tests.staff_advisories import EXERCISE, GAS, LIVE, ROAD, ROOMS, Desk, at_desk, fields, place, sent
from tests.staff_rooms import Clerk

CAP = Path(__file__).parent / "data" / "cap"
OTHER = {LIVE: EXERCISE, EXERCISE: LIVE}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as made:
        await made.subscribe("resident", topic="traffic")
        await made.subscribe("resident", topic="safety")
        await made.subscribe("tester", topic="traffic", kind=EXERCISE)
        await made.subscribe("tester", topic="safety", kind=EXERCISE)
        yield made


async def everybody(desk: Desk) -> Clerk:
    return await desk.clerk("everybody", *Role)


async def all_of(desk: Desk) -> tuple[Advisory, ...]:
    return await desk.console.office.advisories.newest(99)


def doors(kind: AdvisoryKind) -> list[Door]:
    return [door for door in advisories.doors() if door.path.startswith(f"{ROOMS[kind]}/{{number")]


@pytest.mark.parametrize("kind", AdvisoryKind)
async def test_law_8_no_door_of_one_kind_opens_on_the_other(desk: Desk, kind: AdvisoryKind) -> None:
    drafted = await desk.drafted(kind=OTHER[kind])
    released = await desk.released(kind=OTHER[kind])
    clerk = await everybody(desk)
    books, before = await desk.books(), await all_of(desk)
    tried = 0
    for number in (drafted, released):
        own = await clerk.get(f"{ROOMS[OTHER[kind]]}/{number}")
        seen = re.findall(r'name="(count|words)" value="([^"]*)"', own.text)
        typed = {**ROAD, **dict(seen), "typed": "1", "do": "now", "why": "a try", "kind": OTHER[kind].value}
        for door in doors(kind):
            path = re.sub(r"\{number[^}]*\}\}", str(number), door.path)
            answer = await clerk.get(path) if door.method == "GET" else await clerk.post(path, typed)
            assert answer.status == 404, (door.method, path)
            tried += 1
    assert tried == 2 * 15
    assert (await desk.books(), await all_of(desk)) == (books, before)


@pytest.mark.parametrize("kind", AdvisoryKind)
async def test_law_8_what_a_page_makes_is_of_its_kind_whatever_the_form_says(desk: Desk, kind: AdvisoryKind) -> None:
    other = await desk.released(kind=OTHER[kind])
    clerk, root = await everybody(desk), ROOMS[kind]
    tampered = {"kind": OTHER[kind].value, "at": str(other), "follows": str(other), "number": str(other)}
    for path, form in ((f"{root}/new/shelter", GAS), (f"{root}/new/road-closed", ROAD), (f"{root}/write", _by_hand())):
        answer = await sent(clerk, path, path, **{**form, **tampered})
        assert (answer.status, place(answer).startswith(f"{root}/")) == (303, True)
    made = [each for each in await all_of(desk) if each.number != other]
    assert [(each.kind, each.thread) for each in made] == [(kind, each.number) for each in made]
    assert len(made) == 3


@pytest.mark.parametrize("kind", AdvisoryKind)
async def test_law_8_a_preview_shows_nothing_of_the_other_kind(desk: Desk, kind: AdvisoryKind) -> None:
    other = await desk.released(kind=OTHER[kind])
    clerk = await everybody(desk)
    for name in ("at", "follows"):
        assert (await clerk.post(f"{ROOMS[kind]}/preview", {**ROAD, name: str(other)})).status == 404
    shown = await clerk.post(f"{ROOMS[kind]}/preview", ROAD)
    assert f"Goes to 1 {'tester' if kind is EXERCISE else 'subscriber'} now" in shown.words
    assert ("EXERCISE\nADVISORY - Danbury Police Department" in shown.text) == (kind is EXERCISE)


@pytest.mark.parametrize("kind", AdvisoryKind)
async def test_law_8_what_is_sent_from_a_page_reaches_its_kind_of_people_only(desk: Desk, kind: AdvisoryKind) -> None:
    clerk, root = await everybody(desk), ROOMS[kind]
    page = place(await sent(clerk, f"{root}/new/road-closed", f"{root}/new/road-closed", **ROAD))
    assert (await sent(clerk, page, f"{page}/publish", typed="1", do="now")).status == 303
    number = int(page.rpartition("/")[2])
    reached = [row.subscription async for row in desk.console.office.outbox.rows(number)]
    assert len(reached) == 1
    outbox = desk.console.office.outbox
    found = await outbox.claim(ChannelName.TELEGRAM, "lane", 29.0, list(AdvisoryLevel), desk.console.now)
    assert isinstance(found, Claimed)
    assert found.delivery.to.id == ("tester" if kind is EXERCISE else "resident")


@pytest.mark.parametrize(
    ("kind", "file"), [(LIVE, "exercise.xml"), (LIVE, "ipaws_test.xml"), (EXERCISE, "nws_alert.xml")]
)
async def test_law_8_an_alert_of_the_other_kind_is_not_taken_in(desk: Desk, kind: AdvisoryKind, file: str) -> None:
    clerk, path = await everybody(desk), f"{ROOMS[kind]}/import"
    form = FormData({**fields(await clerk.get(path), path), "topic": "weather", "level": ""})
    form.add_field("file", (CAP / file).read_bytes(), filename=file)
    answer = await clerk.post(path, form)
    assert (answer.status, "0 drafts, 1 left out" in answer.words) == (200, True)
    assert await all_of(desk) == ()


async def test_law_8_the_pages_look_and_read_differently_and_lead_to_their_own_acts_only(desk: Desk) -> None:
    clerk, texts = await everybody(desk), {}
    for kind in AdvisoryKind:
        number = await desk.drafted(kind=kind)
        out = await desk.released(kind=kind)
        root = ROOMS[kind]
        paths = ("", "/new", "/new/shelter", "/write", "/import", f"/{number}", f"/{out}", f"/{out}/cancel")
        texts[kind] = "".join([(await clerk.get(root + path)).text for path in paths])
    assert texts[LIVE].count('class="live-room"') == texts[EXERCISE].count('class="exercise-room"') == 8
    assert "exercise-room" not in texts[LIVE]
    assert "live-room" not in texts[EXERCISE]
    for kind, other in OTHER.items():
        ways = re.findall(r'(?:action|formaction|hx-post|hx-get)="/staff(/(?:advisories|exercises)[^"]*)"', texts[kind])
        assert ways
        assert [way for way in ways if way.startswith(ROOMS[other])] == []
    assert "Publish now" in texts[LIVE]
    assert "Publish now" not in texts[EXERCISE]
    assert "Send the exercise now" in texts[EXERCISE]


def _by_hand() -> dict[str, str]:
    return {"template": "", "topic": "traffic", "level": "advisory", "expires": "2026-11-22T18:00", "en.hazard": "x"}
