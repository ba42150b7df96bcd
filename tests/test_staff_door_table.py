"""Every route of the console as every role and signed out: one table says who may, and no route is missing from it.

ASVS 5: 8.2.1 rights for each function, 8.3.1 held at the server, 3.5.3 nothing changes on GET, 16.3.2 refusals noted.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import AdvisoryKind
from bot.core.staff import Act, Role, allowed
from bot.store.audit import Audit
from bot.store.schema import metadata
from tests.ledger import COMMUNITY
from tests.staff_rooms import Staffed, staffed

pytestmark = pytest.mark.asyncio(loop_scope="module")

_MAY: dict[Act | None, str] = {
    None: """
        POST /sign-out
        GET /prove
        POST /prove
        GET /
        GET /me
        POST /me/sessions/end
        POST /me/sessions/end-others
        GET /me/password
        POST /me/password
        GET /me/codes
        POST /me/codes
        GET /finish
        POST /finish
    """,
    Act.SEE: """
        GET /try
        POST /try
        GET /unanswered
        GET /unanswered.csv
        GET /unanswered/{group}
        GET /knowledge
        GET /knowledge/answers/{entry}
        GET /knowledge/history
        GET /knowledge/history/{number}
        GET /advisories
        GET /advisories/{number}
        GET /advisories/{number}/progress
        GET /advisories/{number}/not-reached
        GET /advisories/{number}/ledger.csv
        GET /exercises
        GET /exercises/{number}
        GET /exercises/{number}/progress
        GET /exercises/{number}/not-reached
        GET /exercises/{number}/ledger.csv
        GET /exercises/testers
        GET /figures
        GET /figures/advisories
        GET /figures/csv/{name}
    """,
    Act.EDIT_KNOWLEDGE: """
        POST /unanswered/{group}/phrase
        POST /unanswered/{group}/elsewhere
        POST /unanswered/{group}/dismiss
        POST /unanswered/{group}/open
        POST /knowledge/answers/{entry}/checked
        POST /knowledge/answers/{entry}/approve
        POST /knowledge/answers/{entry}/withdraw
        GET /knowledge/answers/{entry}/edit
        POST /knowledge/answers/{entry}/edit
        GET /knowledge/answers/{entry}/yaml
        POST /knowledge/answers/{entry}/yaml
        GET /knowledge/new
        POST /knowledge/new
        GET /knowledge/drafts
        GET /knowledge/drafts/{draft}
        GET /knowledge/drafts/{draft}/examination
        POST /knowledge/drafts/{draft}/save
        POST /knowledge/drafts/{draft}/renew
        POST /knowledge/drafts/{draft}/discard
        POST /knowledge/drafts/{draft}/stop
        POST /knowledge/drafts/{draft}/count
        POST /knowledge/history/{number}/undo
    """,
    Act.DRAFT: """
        GET /advisories/new
        GET /advisories/new/{template}
        POST /advisories/new/{template}
        GET /advisories/write
        POST /advisories/write
        POST /advisories/preview
        GET /advisories/{number}/change
        POST /advisories/{number}/change
        GET /advisories/{number}/update
        POST /advisories/{number}/update
        GET /advisories/import
        POST /advisories/import
        GET /exercises/new
        GET /exercises/new/{template}
        POST /exercises/new/{template}
        GET /exercises/write
        POST /exercises/write
        POST /exercises/preview
        GET /exercises/{number}/change
        POST /exercises/{number}/change
        GET /exercises/{number}/update
        POST /exercises/{number}/update
        GET /exercises/import
        POST /exercises/import
    """,
    Act.DISCARD: """
        POST /advisories/{number}/discard
        POST /exercises/{number}/discard
    """,
    Act.APPROVE: """
        POST /advisories/{number}/approve
        POST /exercises/{number}/approve
    """,
    Act.PUBLISH: """
        POST /advisories/{number}/publish
        POST /advisories/{number}/resume
        POST /exercises/{number}/publish
        POST /exercises/{number}/resume
    """,
    Act.PAUSE: """
        POST /advisories/{number}/pause
        POST /exercises/{number}/pause
    """,
    Act.CANCEL: """
        GET /advisories/{number}/cancel
        POST /advisories/{number}/cancel
        GET /exercises/{number}/cancel
        POST /exercises/{number}/cancel
    """,
    Act.ENROL_TESTERS: """
        POST /exercises/testers
    """,
    Act.KEEP_ACCOUNTS: """
        GET /accounts
        GET /new-account
        POST /new-account
        GET /accounts/{name}
        POST /accounts/{name}/roles
        POST /accounts/{name}/disable
        POST /accounts/{name}/enable
        POST /accounts/{name}/start
        POST /accounts/{name}/sessions/end
    """,
    Act.READ_AUDIT: """
        GET /audit
        GET /audit.jsonl
        GET /audit.csv
        GET /audit/check
        POST /audit/check
        GET /audit/check/progress
        GET /records
    """,
    Act.KEEP_RECORDS: """
        POST /records/holds
        POST /records/holds/{number}/release
    """,
}
"""Every door, by the right it takes; None: it opens for anybody who is signed in."""
TABLE = {route.strip(): act for act, routes in _MAY.items() for route in routes.split("\n") if route.strip()}
OPEN = {"GET /sign-in", "POST /sign-in", "GET /static/{version}/{name}"}
"""What is there for somebody who is not signed in: the form, and what it looks like."""
IN_A_PATH = {"name": "somebody", "number": "1", "entry": "a"}
"""What stands for a field of a path: an account, a draft and an answer that there are; for the rest, 1."""

_FIELD = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staffed]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with staffed(folder) as desk:
        await desk.account("first")
        await desk.account("somebody", Role.VIEWER)
        for role in Role:
            await desk.account(f"a.{role.value}", role)
        content = replace(COMMUNITY, expires_at=desk.now + timedelta(hours=6))
        await desk.office.advisories.draft(content, AdvisoryKind.LIVE, "first", desk.now, prefix="dpd")
        yield desk


def named(path: str) -> str:
    """The path of a door without what its fields may look like."""
    return _FIELD.sub(r"{\1}", path)


def filled(path: str) -> str:
    return _FIELD.sub(lambda field: IN_A_PATH.get(field[1], "1"), path)


async def test_no_route_is_missing_from_the_table_and_none_has_another_right(desk: Staffed) -> None:
    doors = {f"{door.method} {named(door.path)}": door.act for door in desk.console.doors}
    assert doors == TABLE


async def test_nothing_but_the_doors_and_the_sign_in_can_be_reached(desk: Staffed) -> None:
    routes = {
        f"{route.method} {route.resource.canonical.removeprefix('/staff')}"
        for route in desk.client.app.router.routes()
        if route.resource is not None and route.method != "HEAD" and route.resource.canonical != "/staff"
    }
    assert routes - OPEN == TABLE.keys()


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_gets_through_its_own_doors_and_no_others(desk: Staffed, role: Role) -> None:
    went: dict[str, bool] = {}
    for route, act in TABLE.items():
        method, path = route.split(" ")
        clerk = await desk.signed_in(role, name=f"a.{role.value}")
        answer = await (clerk.get if method == "GET" else clerk.post)(filled(path))
        assert answer.status < 500, (route, answer.words)
        assert "/sign-in" not in answer.headers.get("Location", "") or route == "POST /sign-out"
        went[route] = "You may not do this" not in answer.words
        assert went[route] or answer.status == 403
        assert went[route] == (act is None or allowed((role,), act)), route
    newest = await Audit(desk.office.database).newest(1_000)
    refused = {each.subject for each in newest if each.act == "turned away" and each.who == f"a.{role.value}"}
    assert {named(path) for path in refused} == {route.split(" ")[1] for route, may in went.items() if not may}


async def test_nobody_signed_out_gets_through_any_door(desk: Staffed) -> None:
    stranger = desk.stranger()
    for route in TABLE:
        method, path = route.split(" ")
        answer = await (stranger.get if method == "GET" else stranger.post)(filled(path))
        assert answer.status == 303, route
        assert answer.headers["Location"].startswith("/staff/sign-in"), route
        if method == "GET":
            part = await stranger.part(filled(path))
            assert (part.status, part.headers["HX-Redirect"].partition("?")[0]) == (204, "/staff/sign-in"), route


async def test_no_get_changes_anything_in_the_store(desk: Staffed) -> None:
    every = await desk.signed_in(*Role, name="a.jack.of.all")
    before = await desk.office.database.run(_contents)
    for route in TABLE:
        method, path = route.split(" ")
        if method == "GET":
            await every.get(filled(path))
    assert await desk.office.database.run(_contents) == before


async def _contents(connection: AsyncConnection) -> dict[str, list[Row[Any]]]:
    """Everything but which words a page has shown once, and when a session was last used."""
    tables = [table for table in metadata.sorted_tables if table.name != "staff_session"]
    return {table.name: list(await connection.execute(select(table))) for table in tables}
