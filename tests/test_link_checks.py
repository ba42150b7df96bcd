"""No link that stands in the knowledge leads the doctor into the department's own network (ASVS 5, 1.3.6)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.link_checks import connector, looked_up
from tests.telegram_emulator import listening

PLACES = ("http://169.254.169.254/latest/meta-data/", "http://[::1]:{port}/", "http://127.0.0.1:{port}/",
          "http://[::ffff:127.0.0.1]:{port}/", "http://0.0.0.0:{port}/", "http://10.0.0.1/", "http://192.168.1.1/",
          "http://[fe80::1]/", "http://[fd00::1]/", "http://100.64.0.1/", "http://224.0.0.1/", "http://2130706433:{port}/",
          "http://[2002:7f00:1::]/", "http://localhost:{port}/", "http://0x7f.1:{port}/")  # fmt: skip


@dataclass
class Inside:
    """A host of the private network that answers everybody, and what it was asked."""

    port: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response()


@pytest_asyncio.fixture
async def inside() -> AsyncIterator[Inside]:
    host, site = Inside(), web.Application()
    site.router.add_get("/{path:.*}", host.answer)
    async with listening(site) as url:
        host.port = url.rpartition(":")[2]
        yield host


async def test_no_link_of_the_knowledge_leads_the_doctor_inside(inside: Inside) -> None:
    wanted = [place.replace("{port}", inside.port) for place in PLACES]
    async with ClientSession(connector=connector()) as client:
        found = {each.link: each.told for each in await looked_up(client, wanted)}
    assert set(found) == set(wanted)
    assert inside.asked == []
    assert "private network" in found[wanted[0]]


class Rebinding(AbstractResolver):
    """A name that is public when it is looked at and private when it is used."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        result: ResolveResult = {
            "hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0
        }  # fmt: skip
        return [result]

    async def close(self) -> None:
        return


async def test_a_name_that_changes_its_address_and_a_page_that_redirects_lead_no_further_in(inside: Inside) -> None:
    guarded = connector()
    guarded._resolver = Rebinding()
    async with ClientSession(connector=guarded) as client:
        (found,) = await looked_up(client, [f"http://police.example:{inside.port}/"])
    assert (inside.asked, found.told) == ([], "leads into a private network")
