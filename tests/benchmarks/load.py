"""Open-loop load on one real `serve` process: how long a resident waits, who gets no answer, and who gets two.

    python -m tests.benchmarks.load [--rate 150] [--seconds 60] [--broadcast 30000] [--overload 5] [--chats 10000]

Questions arrive on a schedule that waits for no answer, and the time of each counts from the moment it was due: a
bot that stalls is not asked less meanwhile. Two of three come by Telegram's webhook with its proof, and are answered
when the reply reaches the platform's end; the rest by sockets of the web chat. One webhook in twenty is brought twice,
and one that got no 200 again, as Telegram does. `--fresh` is the share of questions that nobody has asked before in
these words. `--overload` multiplies the rate for as many seconds again, then the first rate is measured once more.
`--chats` are opened beside it and say nothing. The generator runs on the same machine and is told of with its lag.
"""

import argparse
import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, TCPConnector, WSMsgType

from bot.core.advisory import AdvisoryLevel
from tests.benchmarks.command import labelled
from tests.benchmarks.load_platform import TOKEN, Platform
from tests.benchmarks.load_table import Asked, Kind, Phase, Sample, table
from tests.broadcast_books import opened, release, subscribe

_BY_WEB = 1 / 3
_TWICE = 0.05
_DANGER, _STOP = 0.02, 0.01
_STOPS = ("stop", "STOP", "unsubscribe me", "para de mandarme mensajes")
_SETTLES = 15.0  # seconds that the last answers get
_CALMS = 20.0  # seconds measured after an overload
_STARTS = 240.0  # seconds: what is learned for the first time takes minutes
_RETRY = 1.0  # seconds until a webhook without a 200 is brought again
_AT_ONCE, _TRIES = 100, 20  # chats opened in a second, and tries of each
_CHATS = 1_500  # sockets that questions come by; each person asks seldom


@dataclass(slots=True)
class Town:
    """Everybody who asks, and what they were told. Chats of the platform below the first number are subscribers."""

    port: int
    fresh: float
    chance: Random
    client: ClientSession
    platform: Platform
    asked: dict[str, Asked] = field(default_factory=dict)
    phase: Phase = field(default_factory=lambda: Phase("warming", 0, 0))
    acknowledged: list[tuple[Phase, float]] = field(default_factory=list)
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)
    not_opened: int = 0
    numbers: "count[int]" = field(default_factory=lambda: count(10_000_001))
    questions: Sequence[str] = field(default_factory=lambda: [each["text"] for each in labelled("questions_dev.jsonl")])
    dangers: Sequence[str] = field(default_factory=lambda: [
        each["text"] for each in labelled("emergency_dev.jsonl") if each["label"] == "emergency"
    ])  # fmt: skip

    def text(self) -> tuple[str, Kind]:
        """What somebody writes, and what it is."""
        drawn = self.chance.random()
        if drawn < _DANGER:
            return self.chance.choice(self.dangers), Kind.DANGER
        if drawn < _DANGER + _STOP:
            return self.chance.choice(_STOPS), Kind.STOP
        said = self.chance.choice(self.questions)
        if self.chance.random() < self.fresh:
            said += " " + " ".join(self.chance.choice(self.questions).split()[0] for _ in range(3))
        return said, Kind.QUESTION

    async def ask(self, due: float) -> None:
        """One question at its time, by one of the ways."""
        text, kind = self.text()
        number = next(self.numbers)
        is_web = bool(self.sockets) and self.chance.random() < _BY_WEB
        asked = self.asked[str(number)] = Asked(self.phase, due, kind, is_web, began=time.perf_counter())
        if is_web:
            socket = self.sockets[number % len(self.sockets)]
            try:
                await socket.send_json({"id": str(number), "text": text, "language": "en"})
            except (ClientError, OSError):
                asked.is_refused = True
            return
        update = {"update_id": number, "message": {
            "message_id": 7, "date": int(time.time()), "text": text,
            "from": {"id": number, "is_bot": False, "first_name": "R", "language_code": "en"},
            "chat": {"id": number, "type": "private", "first_name": "R"},
        }}  # fmt: skip
        async with asyncio.TaskGroup() as copies:
            copies.create_task(self._bring(update, asked))
            if self.chance.random() < _TWICE:
                copies.create_task(self._bring(update, asked, self.chance.random() * 2))

    async def _bring(self, update: dict[str, Any], asked: Asked, later: float = 0.0) -> None:
        await asyncio.sleep(later)
        address = f"http://127.0.0.1:{self.port}/webhooks/telegram"
        for _ in range(5):
            began = time.perf_counter()
            try:
                async with self.client.post(
                    address, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": self.platform.secret}
                ) as response:
                    status = response.status
            except (ClientError, TimeoutError, OSError):
                status = 0
            except RuntimeError:  # the end has come, and the client is closed
                return
            self.acknowledged.append((asked.phase, time.perf_counter() - began))
            if status == 200:
                return
            asked.brought_again += 1
            await asyncio.sleep(_RETRY)

    async def open_chat(self, address: str, *, is_asking: bool) -> None:
        """A socket of the web chat from that network address; what comes by it is noted when it is to ask."""
        place, headers = f"http://127.0.0.1:{self.port}/chat", {"X-Forwarded-For": address}
        for tries in range(_TRIES):
            try:
                socket = await self.client.ws_connect(place, headers=headers, max_msg_size=0)
                break
            except (ClientError, TimeoutError, OSError):
                self.not_opened += tries == _TRIES - 1
                await asyncio.sleep(_RETRY)
        else:
            return
        await socket.send_json({"hello": {"session": None, "since": 0, "language": "en"}})
        if is_asking:
            self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT or not is_asking:
                continue
            said = message.json()
            for to in {frame["to"] for frame in said.get("frames", ())}:
                text = "\n".join(frame["text"] for frame in said["frames"] if frame["to"] == to)
                self.told(to, text)
            for to in (said.get("failed"), said.get("done")):
                if to in self.asked:
                    self.asked[to].is_refused = True

    def told(self, number: str, text: str) -> None:
        """Somebody got a reply."""
        if (asked := self.asked.get(number)) is not None:
            asked.replies.append((time.perf_counter(), text))


async def run(given: argparse.Namespace) -> str:
    """The whole of it; returns the table."""
    async with AsyncExitStack() as rooms:
        folder = Path(rooms.enter_context(TemporaryDirectory()))
        platform = await rooms.enter_async_context(Platform())
        if given.cache.is_dir():
            shutil.copytree(given.cache, folder / "cache")
        if given.broadcast:
            async with opened(folder) as books:
                now = datetime.now(UTC)
                await subscribe(books, given.broadcast, now)
                await release(books, now, AdvisoryLevel.ALERT)
        server = await rooms.enter_async_context(_served(folder, platform, given))
        client = await rooms.enter_async_context(
            ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=30))
        )
        town = Town(given.port, given.fresh, Random(given.seed), client, platform)
        platform.told = town.told
        await _ready(town)
        tasks = await rooms.enter_async_context(asyncio.TaskGroup())
        rooms.callback(_end, tasks)
        sample = Sample(server.pid)
        watching = tasks.create_task(sample.run())
        chats = []
        for at in range(given.asking + given.chats):
            chats.append(tasks.create_task(town.open_chat(_address(at), is_asking=at < given.asking)))
            if at % _AT_ONCE == 0:
                await asyncio.sleep(1)
        await asyncio.sleep(3)
        for phase in _phases(given):
            town.phase = phase
            sample.phase = phase
            await _arrivals(town, phase)
        await asyncio.sleep(_SETTLES)
        told = f"chats that could not be opened {town.not_opened}\n"
        told += table(town.asked.values(), town.acknowledged, sample, platform)
        for task in (watching, *chats):
            task.cancel()
    return told


def _phases(given: argparse.Namespace) -> list[Phase]:
    phases = [Phase("normal", given.rate, given.seconds)]
    if given.overload:
        phases += [
            Phase("overload", given.rate * given.overload, given.seconds),
            Phase("first 10 s after", given.rate, 10),
            Phase("then", given.rate, _CALMS),
        ]
    return phases


async def _arrivals(town: Town, phase: Phase) -> None:
    """Questions at random moments, as many as the rate says, whatever has become of those before."""
    phase.began = due = time.perf_counter()
    asking: set[asyncio.Task[None]] = set()
    while (due := due + town.chance.expovariate(phase.rate)) < phase.began + phase.seconds:
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        task = asyncio.create_task(town.ask(due))
        asking.add(task)
        task.add_done_callback(asking.discard)


@asynccontextmanager
async def _served(
    folder: Path, platform: Platform, given: argparse.Namespace
) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = {
        "BOT_DATA": str(folder),
        "BOT_PORT": str(given.port),
        "BOT_TELEGRAM_TOKEN": TOKEN,
        "BOT_TELEGRAM_API": platform.url,
        "BOT_PUBLIC_URL": f"http://127.0.0.1:{given.port}",
        "BOT_PROXIES": "1",
        "BOT_LOG_FORMAT": "json",
    }
    with (folder / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            *given.under, sys.executable, "-m", "bot", "serve", stdout=log, stderr=log, env=os.environ | settings
        )
        try:
            yield server
        finally:
            server.terminate()
            await server.wait()
            if given.keep_log:
                shutil.copy(folder / "log", given.keep_log)


async def _ready(town: Town) -> None:
    """Wait until everything has been learned and the webhook is registered."""
    async with asyncio.timeout(_STARTS):
        while True:
            try:
                async with town.client.get(f"http://127.0.0.1:{town.port}/readyz") as response:
                    said = await response.json()
                if said["matches"] == "words and meaning" and said["is_store_ok"] and town.platform.secret:
                    return
            except (ClientError, OSError, ValueError):
                pass
            await asyncio.sleep(0.5)


def _address(at: int) -> str:
    return f"10.{at // 62_500 % 250}.{at // 250 % 250}.{at % 250 + 1}"


def _end(_: object) -> None:
    """The tasks were cancelled one by one."""


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rate", type=float, default=50)
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--broadcast", type=int, default=0, help="subscribers of an advisory that goes out meanwhile")
    asked.add_argument("--overload", type=float, default=0, help="times the rate")
    asked.add_argument("--chats", type=int, default=0, help="open web chats that say nothing")
    asked.add_argument("--asking", type=int, default=_CHATS, help="open web chats that questions come by")
    asked.add_argument("--fresh", type=float, default=0.5, help="share of questions in words of their own")
    asked.add_argument("--seed", type=int, default=9)
    asked.add_argument("--port", type=int, default=8099)
    asked.add_argument("--cache", type=Path, default=Path("data/cache"), help="what was learned before")
    asked.add_argument("--keep-log", type=Path, help="where the server's log is copied to")
    asked.add_argument(
        "--under", type=lambda words: words.split(), default=[], help="a program to run the server under"
    )
    print(asyncio.run(run(asked.parse_args())))  # noqa: T201


if __name__ == "__main__":
    main()
