"""The public pages as a browser without scripts, a crawler or another site gets them."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bot.core.entry import Wording
from bot.public.links import pieces
from tests.builders import PLACE, WEBSITE, an_entry
from tests.web_builders import Desk, site

LINKS = [
    ("Call 911 now.", [("911", "tel:911")]),
    ("Llame al 911, o al 988; (911).", [("911", "tel:911"), ("988", "tel:988"), ("911", "tel:911")]),
    ("Safe Connect: 888-774-2900.", [("888-774-2900", "tel:+18887742900")]),
    ("(203) 555-0100 or +1 203-555-0100", [("(203) 555-0100", "tel:+12035550100"),
                                          ("+1 203-555-0100", "tel:+12035550100")]),
    ("203.555.0100, 1-203-555-0100", [("203.555.0100", "tel:+12035550100"), ("1-203-555-0100", "tel:+12035550100")]),
    ("See https://police.example/a?b=(c)&d=911.", [("https://police.example/a?b=(c)&d=911",) * 2]),
    ("(https://police.example/266)", [("https://police.example/266",) * 2]),
    ("case 24-911, $911, 9111, 911a, é911, 988.5 %, #988, 911-22, 1911", []),
    ("javascript:alert(1) <a href='https://evil.example'>x</a>", [("https://evil.example",) * 2]),
]  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(site(desk))) as client:
        yield client


async def page(client: TestClient[Any, Any], path: str, **headers: str) -> tuple[ClientResponse, str]:
    async with client.get(path, headers=headers) as answer:
        return answer, await answer.text()


@pytest.mark.parametrize(("text", "links"), LINKS)
def test_what_can_be_dialled_or_opened_becomes_a_link(text: str, links: list[tuple[str, str]]) -> None:
    found = list(pieces(text))
    assert "".join(piece.text for piece in found) == text
    assert [(piece.text, piece.href) for piece in found if piece.href] == links


@pytest.mark.parametrize(("query", "accept", "language"), [
    ("", "", "en"),
    ("?lang=es", "pt", "es"),
    ("?lang=PT-br", "", "pt"),
    ("?lang=xx", "de, pt-BR;q=0.9, es;q=0.4", "pt"),
    ("", "es;q=0, en;q=0.1, pt;q=x", "en"),
    ("?lang=%22%3E%3Cscript%3E", "", "en"),
])  # fmt: skip
async def test_the_page_speaks_the_language_asked_for(
    query: str, accept: str, language: str, client: TestClient[Any, Any], desk: Desk
) -> None:
    answer, text = await page(client, f"/{query}", **({"Accept-Language": accept} if accept else {}))
    assert answer.status == 200
    assert f'<html lang="{language}">' in text
    assert answer.headers["Content-Language"] == language
    assert desk.town.phrases("web_heading", language) in text


@pytest.mark.parametrize("path", ["/", "/answers/lost", "/answers/nothing"])
async def test_every_page_has_911_to_dial_and_allows_nothing_from_elsewhere(
    path: str, client: TestClient[Any, Any]
) -> None:
    answer, text = await page(client, path)
    assert '<a class="call" href="tel:911"' in text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Permissions-Policy" in answer.headers
    assert "Set-Cookie" not in answer.headers
    # The policy forbids them: a page that had one would not look or work as it is meant to.
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", text)


async def test_confirmed_ways_to_the_department_are_shown_once_and_others_not_at_all(
    client: TestClient[Any, Any],
) -> None:
    _, text = await page(client, "/")
    contact = text.split('id="contact"')[1].split("</section>")[0]
    assert '<a class="tap" href="tel:+12035550100">203-555-0100</a>' in contact
    assert contact.count("1 Some Street, Sometown") == 1
    assert contact.count(f'href="{WEBSITE}"') == 1
    assert "Tip line" not in contact
    assert "Records" not in contact
    assert "None" not in contact


async def test_every_topic_is_a_link_that_works_without_the_chat(client: TestClient[Any, Any], desk: Desk) -> None:
    _, text = await page(client, "/?lang=es")
    topics = dict(re.findall(r'href="(/answers/[^"]+)" data-choice="=([^"]+)"', text))
    assert list(topics.values()) == ["police-report-copy", "lost"]
    for path in topics:
        answer, _ = await page(client, path)
        assert answer.status == 200


async def test_an_answer_is_a_page_with_its_source_and_what_is_related(client: TestClient[Any, Any]) -> None:
    answer, text = await page(client, "/answers/police-report-copy?lang=en")
    assert answer.status == 200
    assert text.count("Police report copy") == 2  # the title of the page and its heading
    assert "The answer about police-report-copy." in text
    assert f'<a href="{WEBSITE}/police-report-copy" rel="noopener">' in text
    assert '<a class="tap" href="/answers/lost?lang=en">Lost</a>' in text


async def test_an_answer_that_does_not_exist_says_so_in_the_same_dress(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    answer, text = await page(client, "/answers/no-such-thing?lang=pt")
    assert answer.status == 404
    assert desk.town.phrases("not_found_unkept", "pt") in text
    assert "/static/" in text


async def test_what_curators_write_is_text_and_never_markup(client: TestClient[Any, Any], desk: Desk) -> None:
    entry = an_entry("odd")
    odd = replace(entry, wordings={"en": Wording("<b>Odd</b>", (), "<script>alert(1)</script>")}, place=PLACE)
    desk.town = replace(desk.town, entries={"odd": odd}, revision="other")
    for path in ("/", "/answers/odd"):
        _, text = await page(client, path)
        assert "<b>Odd" not in text
        assert "<script>alert" not in text


async def test_styles_are_kept_by_their_content_and_served_with_it(client: TestClient[Any, Any]) -> None:
    _, text = await page(client, "/")
    named = re.findall(r"/static/[0-9a-f]{16}/[\w.]+", text)
    assert {path.rpartition("/")[2] for path in named} == {
        "icon.svg", "colours.css", "page.css", "notices.css", "home.css", "page.js",
    }  # fmt: skip
    for path in named:
        answer, _ = await page(client, path)
        assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    old, _ = await page(client, "/static/0123456789abcdef/page.css")
    assert (old.status, old.headers["Cache-Control"]) == (200, "no-cache")
    for path in ("/static/x/pages.py", "/static/x/..%2Fpages.py"):
        answer, _ = await page(client, path)
        assert answer.status == 404


async def test_the_widget_holds_every_sentence_in_every_language_and_may_be_used_by_other_sites(
    client: TestClient[Any, Any], desk: Desk
) -> None:
    answer, text = await page(client, "/chat.js")
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    given = json.loads(text.split("const CHAT = ")[1].split(";\n")[0])
    names = {name.removeprefix("web_") for name in desk.town.phrases.texts if name.startswith("web_")}
    for language in ("en", "es", "pt"):
        assert given["words"][language].keys() == names | {
            "failed", "language_name", "level_alert", "level_advisory", "level_community",
        }  # fmt: skip
    used = set(re.findall(r'(?:word|named): "(\w+)"', text)) | set(re.findall(r'say\("(\w+)"\)', text))
    assert used <= names | {"failed"}
    again, body = await page(client, "/chat.js", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, body) == (304, "")


async def test_a_new_sentence_makes_a_new_widget(client: TestClient[Any, Any], desk: Desk) -> None:
    before, _ = await page(client, "/chat.js")
    texts = dict(desk.town.phrases.texts) | {"web_send": {"en": "Off it goes"}}
    desk.town = replace(desk.town, phrases=type(desk.town.phrases)(texts), revision="other")
    after, text = await page(client, "/chat.js")
    assert "Off it goes" in text
    assert after.headers["ETag"] != before.headers["ETag"]
