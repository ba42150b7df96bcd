"""Whom the bot calls: the platforms that are set, and nobody else; and it follows none of them anywhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.settings import Settings
from tests.telegram_emulator import listening
from tests.test_law_1 import DANGER, KNOWN
from tests.whole_house import HOOKS, Door, street

HOUSE = Path(__file__).parents[1] / "bot"
PLATFORMS = {Settings().telegram_api, Settings().meta_api, Settings().twilio_api}
NAMES = {"https://json-schema.org/draft/2020-12/schema", "http://www.incident.com/cap/", "http://www.w3.org/2005/Atom",
         "https://", "http://"}  # fmt: skip
"""Addresses that are names of formats, and the beginnings that addresses are compared with."""


def addresses() -> Iterator[tuple[str, str]]:
    """Every text of the code that is an address, docstrings aside, with its module."""
    for module in HOUSE.rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if text.startswith(("http://", "https://")) and " " not in text:
                    yield text, module.name


def test_the_code_names_no_address_but_those_of_the_platforms() -> None:
    assert {text for text, _ in addresses()} - NAMES == PLATFORMS


def test_only_the_platforms_lines_and_the_doctor_open_connections_by_http() -> None:
    opens = {module.name for module in HOUSE.rglob("*.py") if "ClientSession(" in module.read_text(encoding="utf-8")}
    assert opens == {"telegram_line.py", "meta_line.py", "twilio_line.py", "doctor.py"}


def test_every_call_says_that_it_follows_nobody() -> None:
    """The doctor's look at links is the one that may be led on; it has a guard of its own (test_link_checks)."""
    calls = []
    for module in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.AsyncWith(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute()) as call), *_]):
                    asked = ast.unparse(call.func)
                    if asked.split(".")[-1] in ("request", "get", "post") and ("session" in asked or "client" in asked):
                        follows = next((word.value for word in call.keywords if word.arg == "allow_redirects"), None)
                        is_led = not (isinstance(follows, ast.Constant) and follows.value is False)
                        calls.append((module.name, is_led))
    assert len(calls) >= 6
    assert {name for name, is_led in calls if is_led} <= {"link_checks.py", "doctor.py"}


@pytest.mark.parametrize("door", HOOKS, ids=str)
async def test_a_platform_that_points_elsewhere_is_not_followed(door: Door, tmp_path: Path) -> None:
    """No token and no word of a reply goes to where somebody on the way points."""
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"ok": True, "result": {}})

    async def pointing(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{url}{request.path}")

    there, here = web.Application(), web.Application()
    there.router.add_route("*", "/{path:.*}", elsewhere)
    here.router.add_route("*", "/{path:.*}", pointing)
    async with listening(there) as url, listening(here) as api:
        names = ("BOT_TELEGRAM_API", "BOT_META_API", "BOT_TWILIO_API")
        async with street(tmp_path, KNOWN, dict.fromkeys(names, api), is_stored=False) as town:
            await door._bring(town, door.wrote(DANGER, "12035550140"))
    assert asked == []
