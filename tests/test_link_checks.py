"""No link that stands in the knowledge leads the doctor into the department's own network (ASVS 5, 1.3.6)."""

from typing import Any

from aiohttp import ClientSession, web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.link_checks import connector, looked_up
from tests.telegram_emulator import listening

PLACES = ("http://169.254.169.254/latest/meta-data/", "http://[::1]:{port}/", "http://127.0.0.1:{port}/",
          "http://[::ffff:127.0.0.1]:{port}/", "http://0.0.0.0:{port}/", "http://10.0.0.1/", "http://192.168.1.1/",
          "http://[fe80::1]/", "http://[fd00::1]/", "http://100.64.0.1/", "http://224.0.0.1/", "http://2130706433:{port}/",
          "http://[2002:7f00:1::]/", "http://localhost:{port}/", "http://0x7f.1:{port}/")  # fmt: skip


async def test_no_link_of_the_knowledge_leads_the_doctor_inside() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    inside = web.Application()
    inside.router.add_get("/{path:.*}", answer)
    async with listening(inside) as url, ClientSession(connector=connector()) as client:
        port = url.rpartition(":")[2]
        wanted = [place.replace("{port}", port) for place in PLACES]
        found = {each.link: each.told for each in await looked_up(client, wanted)}
    assert set(found) == set(wanted)
    assert asked == []
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


async def test_a_name_that_changes_its_address_and_a_page_that_redirects_lead_no_further_in() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    inside = web.Application()
    inside.router.add_get("/{path:.*}", answer)
    guarded = connector()
    guarded._resolver = Rebinding()
    async with listening(inside) as url, ClientSession(connector=guarded) as client:
        port = url.rpartition(":")[2]
        (found,) = await looked_up(client, [f"http://police.example:{port}/"])
    assert (asked, found.told) == ([], "leads into a private network")
