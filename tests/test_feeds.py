"""What the department announces, as everybody reads it: pages, Atom and CAP; never an exercise, never a draft."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Ended, Stage, Statement
from bot.core.cap import CAP
from bot.core.compose import answered
from bot.core.notice import MOST_NOTICES, Notice, notices
from bot.public.board import Board
from bot.public.feeds import Feeds
from bot.public.pages import Pages
from tests.advisory_builders import NOW, STATEMENTS, Shelf, an_advisory, some_content
from tests.ledger import HOUR, ROAD, books_in
from tests.test_cap import cap_schema
from tests.web_builders import Desk, site

LATER = NOW + timedelta(hours=1)
FIRST = "danbury-pd-2026-000001.1"
CANCELLED = {"en": "CANCELLED - Danbury Police\nIt is over.", "es": "CANCELADO - Policía\nTerminó."}
HIDDEN = {
    "an exercise": an_advisory(kind=AdvisoryKind.EXERCISE),
    "a draft": an_advisory(stage=Stage.DRAFT, released_at=None),
    "one that waits for its time": an_advisory(stage=Stage.SCHEDULED, released_at=None, starts_at=LATER),
    "one from the future": an_advisory(released_at=LATER + timedelta(minutes=1)),
}


@pytest.fixture
def desk() -> Desk:
    return Desk(clock=lambda: LATER)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(site(desk))) as client:
        yield client


async def got(client: TestClient[Any, Any], path: str, **headers: str) -> tuple[ClientResponse, str]:
    async with client.get(path, headers=headers) as answer:
        return answer, await answer.text()


def plain(page: str) -> str:
    """The words of a page's main part."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


async def test_what_is_in_effect_stands_first_with_its_level_in_a_word_and_a_shape(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    alert = some_content(level=AdvisoryLevel.ALERT, event={"en": "Boil your water"})
    desk.shelf.kept = [an_advisory(1, ended=Ended.EXPIRED), an_advisory(2, content=alert), an_advisory(3)]
    answer, page = await got(client, "/advisories?lang=en")
    words = plain(page)
    assert answer.status == 200
    assert (
        words.index("In effect now") < words.index("▲ ALERT Boil your water: Main Street") < words.index("◆ ADVISORY")
    )
    assert words.index("◆ ADVISORY Road closed") < words.index("Earlier") < words.index("Ended: 6:00 PM")


async def test_times_are_the_departments_own(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [an_advisory()]
    _, page = await got(client, "/advisories?lang=es")
    assert "Vigente hasta: 6:00 p. m. del martes 24 de noviembre" in page
    assert '<time datetime="2026-11-24T12:01:00-05:00">Emitido: 12:01 p. m. del martes 24 de noviembre' in page


@pytest.mark.parametrize(("language", "said"), [(code, each.hazard) for code, each in STATEMENTS.items()])
async def test_the_list_speaks_the_language_asked_for(
    language: str, said: str, client: TestClient[Any, Any], desk: Desk
) -> None:
    desk.shelf.kept = [an_advisory()]
    answer, page = await got(client, "/advisories", **{"Accept-Language": language})
    assert said in page
    assert answer.headers["Content-Language"] == language
    assert page.count(f'href="?lang={language}"') == 2  # in the head, and to press


async def test_an_advisory_in_one_language_says_which_it_is(client: TestClient[Any, Any], desk: Desk) -> None:
    only = some_content(statements={"en": STATEMENTS["en"]}, only_in="en")
    desk.shelf.kept = [an_advisory(content=only)]
    _, page = await got(client, f"/advisories/{FIRST}?lang=pt")
    assert '<div class="words" lang="en">' in page
    assert '<h1 lang="en"><span lang="pt">' in page


async def test_with_nothing_on_the_page_says_so_and_how_to_get_advisories(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    _, page = await got(client, "/advisories?lang=en")
    words = plain(page)
    assert "No advisory of the department is in effect now." in words
    assert "This is not the emergency alert system" in words
    assert "Danbury ALERT" in words
    assert 'href="https://www.danbury-ct.gov/174/Emergency-Management"' in page
    assert 'href="/advisories.atom?lang=en"' in page
    assert "Telegram" not in words
    desk.town.department.links["telegram"] = "https://t.me/made_bot"  # type: ignore[index]
    _, page = await got(client, "/advisories?lang=en")
    assert 'href="https://t.me/made_bot"' in page


async def test_the_page_of_one_has_every_language_whole_and_its_state(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [an_advisory()]
    answer, page = await got(client, f"/advisories/{FIRST}?lang=pt")
    assert answer.status == 200
    words = plain(page)
    for said in STATEMENTS.values():
        for line in (said.source, said.hazard, said.place, said.time, said.action):
            assert line in words
    assert words.index(STATEMENTS["pt"].hazard) < words.index(STATEMENTS["en"].hazard)
    assert "Em vigor até: 18h de terça-feira, 24 de novembro" in words


STATES = [
    ("live", {}, "In effect until: 6:00 PM on Tuesday, November 24"),
    ("updated", {"ended": Ended.SUPERSEDED}, "Replaced by a newer message"),
    ("withdrawn", {"ended": Ended.CANCELLED}, "Cancelled. This no longer applies."),
    ("expired", {"ended": Ended.EXPIRED}, "No longer in effect. Ended: 6:00 PM on Tuesday, November 24"),
    ("expired, and nobody has noted it yet", {"content": some_content(expires_at=LATER)},
     "No longer in effect. Ended: 1:00 PM on Tuesday, November 24"),
    ("not yet", {"content": some_content(effective_at=LATER + timedelta(hours=1))},
     "Begins: 2:00 PM on Tuesday, November 24"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), [each[1:] for each in STATES], ids=[each[0] for each in STATES])
async def test_whether_it_holds_is_said_in_words(
    changed: dict[str, Any], said: str, client: TestClient[Any, Any], desk: Desk
) -> None:
    desk.shelf.kept = [an_advisory(**changed)]
    for path in ("/advisories?lang=en", f"/advisories/{FIRST}?lang=en"):
        _, page = await got(client, path)
        assert said in plain(page)
        assert ("In effect until" in page) is ("ended" not in changed and "Ended" not in said)


async def test_messages_about_the_same_thing_lead_to_one_another(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [
        an_advisory(1, ended=Ended.SUPERSEDED),
        an_advisory(2, thread=1, ended=Ended.CANCELLED),
        an_advisory(3, thread=1, type=AdvisoryType.CANCEL, texts=CANCELLED),
        an_advisory(4, thread=1, stage=Stage.DRAFT, released_at=None),
    ]
    _, page = await got(client, "/advisories/danbury-pd-2026-000001.2?lang=en")
    assert re.findall(r'href="/advisories/danbury-pd-2026-000001\.(\d)\?', page) == ["1", "3"]
    _, page = await got(client, "/advisories/danbury-pd-2026-000001.3?lang=en")
    words = plain(page)
    assert "CANCELLED - Danbury Police. Road closed" in words
    assert "It is over. This message" not in words
    assert "This message cancels an earlier one." in words
    assert "ADVISORY CANCELLED" not in words
    assert "Use another road." not in words.partition("Messages about the same thing")[0].partition("Español")[0]


@pytest.mark.parametrize("what", HIDDEN)
async def test_what_is_not_for_the_public_is_nowhere(what: str, client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [HIDDEN[what]]
    await desk.look()
    for path in (f"/advisories/{FIRST}", f"/advisories/{FIRST}.cap"):
        answer, page = await got(client, path)
        assert answer.status == 404
        assert "Main Street" not in page
    for path in ("/", "/advisories", "/advisories.atom"):
        answer, page = await got(client, path)
        assert answer.status == 200
        assert "Main Street" not in page


@pytest.mark.parametrize("name", ["nothing", "nothing.cap", "%3Cscript%3E", "1", "%00", ".cap", "x" * 4000])
async def test_an_address_without_an_advisory_says_so_and_where_911_is(name: str, client: TestClient[Any, Any]) -> None:
    answer, page = await got(client, f"/advisories/{name}?lang=en")
    assert answer.status == 404
    assert "There is no advisory at this address." in page
    assert 'href="tel:911"' in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    "path", ["/advisories", "/advisories.atom", f"/advisories/{FIRST}", f"/advisories/{FIRST}.cap"]
)
async def test_while_the_store_is_down_nobody_is_told_that_nothing_is_on(
    path: str, client: TestClient[Any, Any], desk: Desk
) -> None:
    desk.shelf.is_down = True
    answer, page = await got(client, path, **{"Accept-Language": "en"})
    assert answer.status == 503
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("15", "no-store")
    assert "That does not mean that there are none." in page
    assert "In an emergency call <a" in page
    assert "No advisory" not in page


async def test_every_page_has_911_and_the_policy_of_all_pages(client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [an_advisory()]
    for path in ("/advisories", f"/advisories/{FIRST}", "/advisories/nothing"):
        answer, page = await got(client, path)
        assert '<a class="call" href="tel:911"' in page
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)


async def test_what_is_announced_is_text_and_never_markup(client: TestClient[Any, Any], desk: Desk) -> None:
    odd = "<script>alert(1)</script>"
    content = some_content(event={"en": odd}, statements={"en": Statement(odd, odd, odd, odd, odd)})
    desk.shelf.kept = [an_advisory(content=content)]
    await desk.look()
    for path in ("/", "/advisories", f"/advisories/{FIRST}", "/advisories.atom", f"/advisories/{FIRST}.cap"):
        _, page = await got(client, path)
        assert "&lt;script&gt;alert" in page
        assert odd not in page


@pytest.mark.parametrize(
    "path", ["/advisories", f"/advisories/{FIRST}", "/advisories.atom", f"/advisories/{FIRST}.cap"]
)
async def test_a_browser_that_has_it_already_is_told_so(path: str, client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [an_advisory()]
    first, _ = await got(client, path)
    again, body = await got(client, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, body, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    desk.shelf.kept = [an_advisory(content=some_content(expires_at=NOW + timedelta(hours=7)))]
    changed, _ = await got(client, path, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status == (304 if path == "/advisories.atom" else 200)


@pytest.mark.parametrize(
    "path", ["/advisories", f"/advisories/{FIRST}", "/advisories.atom", f"/advisories/{FIRST}.cap"]
)
async def test_head_is_answered_without_a_body(path: str, client: TestClient[Any, Any], desk: Desk) -> None:
    desk.shelf.kept = [an_advisory()]
    async with client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_the_feed_is_read_by_a_feed_reader_in_the_language_asked_for(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    desk.shelf.kept = [
        an_advisory(1, ended=Ended.CANCELLED),
        an_advisory(2, thread=1, type=AdvisoryType.CANCEL, texts=CANCELLED),
    ]
    answer, text = await got(client, "/advisories.atom?lang=es")
    assert answer.content_type == "application/atom+xml"
    assert answer.headers["Last-Modified"] == "Tue, 24 Nov 2026 17:02:00 GMT"
    feed: Any = feedparser.parse(text)
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == [
        "CANCELADO - Policía. Calle cerrada: Main Street, de West Street a Elm Street",
        "Calle cerrada: Main Street, de West Street a Elm Street",
    ]
    host = f"http://{client.host}:{client.port}"
    assert feed.entries[1].link == f"{host}/advisories/{FIRST}"
    assert feed.feed.links[0].href == f"{host}/advisories.atom?lang=es"


async def test_an_advisory_for_machines_is_valid_cap_and_names_the_earlier_one(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    desk.shelf.kept = [an_advisory(1, ended=Ended.SUPERSEDED), an_advisory(2, thread=1)]
    answer, text = await got(client, "/advisories/danbury-pd-2026-000001.2.cap")
    assert answer.content_type == "application/cap+xml"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    cap_schema().validate(text)
    alert = ElementTree.fromstring(text)
    assert alert.findtext(f"{{{CAP}}}references") == f"danbury-ct.gov,{FIRST},2026-11-24T12:01:00-05:00"


async def test_the_page_with_the_chat_shows_what_is_on_the_most_urgent_first(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    _, page = await got(client, "/?lang=en")
    assert '<div class="advisories" aria-live="polite" data-part="advisories"></div>' in page
    alert = some_content(level=AdvisoryLevel.ALERT)
    desk.shelf.kept = [an_advisory(1, content=alert), *(an_advisory(number) for number in range(2, 7))]
    await desk.look()
    _, page = await got(client, "/?lang=en")
    shown = re.findall(r'class="advisory (\w+)" href="/advisories/danbury-pd-2026-00000(\d)', page)
    assert shown == [("alert", "1"), ("advisory", "6"), ("advisory", "5")]
    assert len(shown) == MOST_NOTICES
    assert "All advisories" in page


def test_a_banner_forgets_what_has_run_out_even_while_the_store_is_down() -> None:
    advisory = an_advisory()
    assert [each.id for each in notices([advisory], LATER)] == [FIRST]
    assert notices([advisory], advisory.content.expires_at) == ()


async def test_the_board_tells_the_chats_what_is_new_and_only_that() -> None:
    shelf, told, at = Shelf(), list[Sequence[Notice]](), LATER
    board = Board(lambda: shelf, lambda: at)
    stopping = asyncio.Event()

    async def tell(now_on: Sequence[Notice]) -> None:
        told.append(now_on)
        stopping.set()

    shelf.kept = [an_advisory()]
    await board.keep(tell, stopping)
    assert [[each.id for each in once] for once in told] == [[FIRST]]
    shelf.is_down = True
    await board.look()
    assert [each.id for each in board.notices()] == [FIRST]
    at = NOW + timedelta(hours=6)
    assert board.notices() == ()


async def test_a_board_without_a_store_shows_nothing_and_waits() -> None:
    board = Board(lambda: None, lambda: LATER)
    await board.look()
    assert board.notices() == ()


def advisories(said: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["id"], each["level"], each["headlines"]["es"]) for each in said["advisories"]]


async def test_a_chat_is_told_with_its_hello_and_again_when_one_is_withdrawn(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    expected = [(FIRST, "advisory", "Calle cerrada: Main Street, de West Street a Elm Street")]
    async with client.ws_connect("/chat") as early:
        await early.send_json({"hello": {"session": None, "since": 0, "language": "es"}})
        assert "advisories" not in await early.receive_json(timeout=5)  # nobody has looked yet
        await early.receive_json(timeout=5)  # the greeting
        desk.shelf.kept = [an_advisory()]
        await desk.look()
        assert advisories(await early.receive_json(timeout=5)) == expected
        async with client.ws_connect("/chat") as late:
            await late.send_json({"hello": {"session": None, "since": 0, "language": "es"}})
            assert advisories(await late.receive_json(timeout=5)) == expected
        desk.shelf.kept = [an_advisory(ended=Ended.CANCELLED)]
        await desk.look()
        assert await early.receive_json(timeout=5) == {"advisories": []}


def test_every_level_has_a_shape_of_its_own() -> None:
    live: list[Advisory] = [an_advisory(n, content=some_content(level=level)) for n, level in enumerate(AdvisoryLevel)]
    shown = [notice.plain() for notice in notices(live, LATER)]
    assert len({each["shape"] for each in shown}) == len(AdvisoryLevel) == len({each["level"] for each in shown})


async def test_from_the_books_only_what_was_released_to_subscribers_comes_out_and_its_end_with_it(
    tmp_path: Path,
) -> None:
    app = web.Application()
    town = Desk().town
    async with books_in(tmp_path) as books:
        pages = Pages(lambda: town, answered, lambda: books.now)
        pages.setup(app)
        Feeds(lambda: books.advisories, lambda: town, lambda: books.now, pages.frame, "https://ask.example.gov").setup(
            app
        )
        async with TestClient(TestServer(app)) as client:
            drafted = await books.advisories.draft(ROAD, AdvisoryKind.LIVE, "ann", books.now, prefix="dpd")
            drill = await books.released(kind=AdvisoryKind.EXERCISE)
            later = await books.released(starts_at=books.now + HOUR)
            for hidden in (drafted, drill, later):
                for path in (f"/advisories/{hidden.identifier}", f"/advisories/{hidden.identifier}.cap"):
                    answer, _ = await got(client, path)
                    assert answer.status == 404
            _, page = await got(client, "/advisories?lang=en")
            assert "No advisory of the department is in effect now." in page

            alert = await books.released()
            _, page = await got(client, "/advisories?lang=en")
            assert "In effect until" in plain(page)
            update = await books.released(follows=alert)
            _, page = await got(client, f"/advisories/{alert.identifier}?lang=en")
            assert "Replaced by a newer message" in plain(page)
            cancel = await books.cancelled(update)
            _, page = await got(client, f"/advisories/{update.identifier}?lang=en")
            assert "Cancelled. This no longer applies." in plain(page)
            _, page = await got(client, "/advisories?lang=en")
            assert "No advisory of the department is in effect now." in page
            for advisory in (alert, update, cancel):
                answer, text = await got(client, f"/advisories/{advisory.identifier}.cap")
                assert answer.status == 200
                cap_schema().validate(text)
            feed: Any = feedparser.parse((await got(client, "/advisories.atom?lang=en"))[1])
            assert [entry.link.rpartition("/")[2] for entry in feed.entries] == [
                each.identifier for each in (cancel, update, alert)
            ]
            assert feed.entries[0].link.startswith("https://ask.example.gov/advisories/")
