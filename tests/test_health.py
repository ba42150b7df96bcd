"""What supervisors and load balancers are told."""

from types import MappingProxyType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.public.health import Health, routes

FAULT = "faqs/reports.yaml:31: `asks` is missing: add it"
READY = Health(True, "abc", (FAULT,), False, MappingProxyType({"web": "on"}), "cues and net", "words and meaning",
               True, 12.0, 3600.5, 2, None, 60.0, False)  # fmt: skip


async def asked(health: Health, path: str) -> tuple[int, str, Any]:
    app = web.Application()
    app.add_routes(routes(lambda: health))
    async with TestClient(TestServer(app)) as client, client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        is_json = answer.content_type == "application/json"
        return answer.status, answer.content_type, await (answer.json() if is_json else answer.text())


async def test_the_bot_is_alive_before_it_can_answer() -> None:
    assert await asked(Health(False, None), "/healthz") == (200, "text/plain", "ok")


async def test_ready_tells_revision_faults_store_and_channels_and_a_broken_edit_or_store_does_not_change_it() -> None:
    assert await asked(READY, "/readyz") == (200, "application/json", {
        "can_answer": True,
        "revision": "abc",
        "faults": [FAULT],
        "is_store_ok": False,
        "channels": {"web": "on"},
        "looks_out": "cues and net",
        "matches": "words and meaning",
        "is_encoding": True,
        "knowledge_age": 12.0,
        "backup_age": 3600.5,
        "unsent": 2,
        "unsent_age": None,
        "rehearsal_age": 60.0,
        "is_rehearsal_sound": False,
    })  # fmt: skip


async def test_not_ready_until_questions_get_answers() -> None:
    status, _, said = await asked(Health(False, None), "/readyz")
    assert (status, said["can_answer"], said["revision"]) == (503, False, None)
