"""The whole bot as it runs, on the department's own knowledge: a resident's message in, the department's answer out."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from bot import app, settings
from bot.clock import utc_now
from bot.core.answer import Snapshot
from bot.core.compose import answered
from bot.core.entry import Knowledge
from bot.service import vitals
from tests import real_folder
from tests import telegram_emulator as telegram
from tests.builders import REAL_FOLDER
from tests.sizes import some


@dataclass(slots=True)
class Running:
    """A bot at work; `said` is what it printed at its start."""

    port: int
    said: list[str]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def running(data: Path, port: str = "0", **environment: str) -> AsyncIterator[Running]:
    """The bot as `danbury-bot serve` runs it, with these settings more."""
    chosen = settings.read({"BOT_DATA": str(data), "BOT_PORT": port, "BOT_KNOWLEDGE": str(REAL_FOLDER)} | environment)
    said: list[str] = []
    ready, stopping = asyncio.Event(), asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("Chat: "):
            ready.set()

    task = asyncio.create_task(app.serve(chosen, say, stopping))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        await task
    address = next(line for line in said if line.startswith("Chat: "))
    try:
        yield Running(int(address.split(":")[3].split("/")[0]), said, stopping)
    finally:
        stopping.set()
        await asyncio.wait_for(task, 20)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return real_folder.loaded().snapshot


def first_line(knowledge: Knowledge, language: str) -> str:
    return knowledge.replies.redirect[language].splitlines()[0]


CONVERSATIONS = {
    "en": ("how do i get a copy of a police report", "there is a man in my house with a gun", "what is"),
    "es": ("como saco una copia de un reporte de policia", "hay un hombre en mi casa con una pistola", "que es"),
    "pt": ("como tiro uma copia do boletim de ocorrencia", "tem um homem armado dentro da minha casa", "o que é"),
}


@pytest.mark.parametrize(
    ("language", "way"), some([(each, way) for way in ("polling", "webhook") for each in CONVERSATIONS], 3)
)
async def test_a_resident_talks_on_telegram(tmp_path: Path, snapshot: Snapshot, language: str, way: str) -> None:
    """Question, button, edit, emergency, command - against a Bot API that this project did not write."""
    question, danger, _ = CONVERSATIONS[language]
    person, known = telegram.SPEAKERS[language], snapshot.knowledge
    report = known.entries["police-report-copy"].wordings[language]
    async with telegram.emulator() as api:
        environment = {"BOT_TELEGRAM_TOKEN": telegram.TOKEN, "BOT_TELEGRAM_API": api.url}
        port = "0"
        if way == "webhook":
            port = str(free_port())
            environment["BOT_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        async with running(tmp_path, port, **environment) as bot:
            await stored(bot)
            await api.until(lambda: bool(api.asked("setMyCommands")))
            typed = telegram.said(question, person)
            await api.bring(typed)
            answer = (await api.replies(1))[0]
            assert answer.text.startswith(f"{report.title}\n\n{report.answer}")
            label, value = answer.buttons[0]
            await api.bring(telegram.pressed(value, person))
            assert (await api.replies(2))[1].text.startswith(label)
            await api.bring(telegram.edited(typed, danger))
            assert (await api.replies(3))[2].text.startswith(first_line(known, language))
            await api.bring(telegram.said(danger, person))
            assert (await api.replies(4))[3].text.startswith(first_line(known, language))
            await api.bring(telegram.said("/contacts", person))
            assert known.phrases("contacts_intro", language) in (await api.replies(5))[4].text
            await api.bring(typed)  # the same message once more: answered before
            await api.bring(telegram.photo(None, person))
            assert (await api.replies(6))[5].text.startswith(first_line(known, language))  # the emergency is open
            menus = {body.get("language_code", "default") for body in api.asked("setMyCommands")}
            assert menus >= {"default", "en", "es", "pt"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_choice_by_number_survives_a_restart(tmp_path: Path, snapshot: Snapshot) -> None:
    async with telegram.emulator() as api:
        environment = {"BOT_TELEGRAM_TOKEN": telegram.TOKEN, "BOT_TELEGRAM_API": api.url}
        async with running(tmp_path, **environment) as bot:
            await stored(bot)
            await api.bring(telegram.said("/programs"))
            label = (await api.replies(1))[0].buttons[1][0]
        async with running(tmp_path, **environment) as bot:
            await stored(bot)
            await api.bring(telegram.said("2"))
            assert (await api.replies(2))[1].text.startswith(label)


async def stored(bot: Running) -> None:
    """Wait until the store is open and all is learned, as whoever runs the bot sees it: learning on a machine that
    does other things too makes the store late, and a store that is late costs a duplicate by design."""
    async with asyncio.timeout(60), ClientSession() as client:
        while True:
            async with client.get(f"{bot.url}/readyz") as response:
                health = await response.json()
                if health["is_store_ok"] and health["matches"] != "words counted":
                    return


async def test_the_web_chat_answers_in_each_language(tmp_path: Path, snapshot: Snapshot) -> None:
    async with running(tmp_path) as bot, ClientSession() as client:
        for language, (question, danger, _) in CONVERSATIONS.items():
            async with client.ws_connect(f"{bot.url}/chat") as wire:
                await wire.send_str(json.dumps({"hello": {"session": None, "since": 0, "language": language}}))
                greeting = await reply_to(wire, "start")
                assert greeting["text"].startswith(snapshot.knowledge.phrases("greeting", language)[:40])
                await wire.send_str(json.dumps({"id": "1", "text": question}))
                report = snapshot.knowledge.entries["police-report-copy"]
                expected = answered(report, language, snapshot.knowledge, utc_now().date()).text
                assert (await reply_to(wire, "1"))["text"] == expected
                await wire.send_str(json.dumps({"id": "2", "text": danger}))
                shown = await reply_to(wire, "2")
                assert shown["urgent"]
                assert shown["text"].startswith(first_line(snapshot.knowledge, language))


async def reply_to(wire: ClientWebSocketResponse, key: str) -> dict[str, str]:
    while True:
        shown = await wire.receive_json(timeout=5)
        for frame in shown.get("frames", []):
            if frame["to"] == key:
                return dict(frame)


async def test_serve_shows_one_answer_per_language_and_one_911_reply_then_the_address(
    tmp_path: Path, snapshot: Snapshot
) -> None:
    async with running(tmp_path) as bot:
        *shown, redirect, address = bot.said
        assert len(shown) == 3
        assert redirect.startswith(f"> 911\n{first_line(snapshot.knowledge, 'en')}")
        assert address.startswith(f"Chat: http://127.0.0.1:{bot.port}/")


async def test_a_busy_port_is_said_with_the_next_free_one(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as bot:
        with pytest.raises(
            app.PortBusy, match=rf"port {bot.port} is taken; \d+ is free: BOT_PORT=\d+ danbury-bot serve"
        ):
            async with running(tmp_path / "two", str(bot.port)):
                pass


async def test_ready_tells_the_revision_and_what_is_broken(tmp_path: Path) -> None:
    async with running(tmp_path) as bot, ClientSession() as client:
        async with client.get(f"{bot.url}/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok")
        async with client.get(f"{bot.url}/readyz") as response:
            state = await response.json()
        assert (state["can_answer"], state["faults"], state["channels"]["web"]) == (True, [], "ready")


async def test_a_store_that_is_open_is_told_of_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "_EVERY", timedelta(days=1))
    async with running(tmp_path) as bot:
        await stored(bot)


async def test_without_a_usable_data_folder_the_bot_still_answers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    async with (
        running(tmp_path / "file") as bot,
        ClientSession() as client,
        client.ws_connect(f"{bot.url}/chat") as wire,
    ):
        await wire.send_str(json.dumps({"id": "1", "text": CONVERSATIONS["en"][1]}))
        assert "911" in (await reply_to(wire, "1"))["text"]
