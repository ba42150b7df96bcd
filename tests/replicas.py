"""Two replicas of the bot as processes of their own on one PostgreSQL, the platforms beside them, and who balances.

Broadcasts go out by SMS, questions come by WhatsApp: Meta brings again what got no 200, as Telegram does, for days.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import select

from bot.clock import utc_now
from bot.core.advisory import AdvisoryLevel
from bot.core.message import ChannelName
from bot.store.schema import delivery
from tests import meta_emulator as meta
from tests import small_folder
from tests import twilio_api as twilio
from tests.benchmarks.kills import Patient
from tests.broadcast_books import Books, opened, person, release, subscribe
from tests.meta_emulator import Graph
from tests.postgres_server import PostgresServer
from tests.test_sms_emulate import free_port
from tests.twilio_api import TwilioApi

READY_WITHIN = 60.0  # seconds; training on a machine that does other things too
AGAIN = timedelta(seconds=1)  # after which Meta brings what got no 200; the first time it waits about as long
QUESTION = "how do i get an a"


@dataclass
class Replica:
    """One process of `serve`, and the Twilio that it alone sends to, so that it is seen who sent what."""

    port: int
    process: asyncio.subprocess.Process
    twilio: TwilioApi
    is_up: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def kill(self) -> None:
        """As if its machine had died."""
        self.is_up = False
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()


@dataclass
class Asked:
    """A question: when it was first asked, when it was taken with a 200, and how often it was brought."""

    raw: bytes = field(repr=False)
    at: float
    answered_at: float | None = None
    brought: int = 0


@dataclass
class Site:
    """Everything there is: the replicas, the store as staff's tools see it, and the platforms with their books."""

    server: PostgresServer
    books: Books
    replicas: list[Replica]
    graph: Graph
    client: ClientSession
    asked: dict[str, Asked] = field(default_factory=dict)
    _turn: Any = field(default_factory=count)

    def told(self) -> Counter[str]:
        """How many SMS each person got."""
        return Counter(form["To"] for replica in self.replicas for form in replica.twilio.asked)

    def answers(self) -> Counter[str]:
        """How many replies each asker got."""
        return Counter(meta.addressee(body) for body in self.graph.sent)

    async def release(self) -> int:
        return (await release(self.books, utc_now(), AdvisoryLevel.ALERT)).number

    async def ready(self) -> list[dict[str, Any]]:
        """What each replica that is up tells of itself, once all of them can answer and have the store."""
        return [await self._ready(replica) for replica in self.replicas if replica.is_up]

    async def _ready(self, replica: Replica) -> dict[str, Any]:
        async with asyncio.timeout(READY_WITHIN):
            while True:
                with suppress(ClientError, TimeoutError):
                    async with self.client.get(f"{replica.url}/readyz") as response:
                        told: dict[str, Any] = await response.json()
                    if told["can_answer"] and told["is_store_ok"]:
                        return told
                await asyncio.sleep(0.05)

    async def ask(self, name: str, *, text: str = QUESTION) -> None:
        """Write once, and bring it again and again until it is taken, to whichever replica has its turn."""
        loop = asyncio.get_running_loop()
        raw = json.dumps(_now(meta.wrote(text, name), name)).encode()
        known = self.asked[name] = Asked(raw, loop.time())
        while known.answered_at is None:
            known.brought += 1
            if await self._bring(raw) == 200:
                known.answered_at = loop.time()
            else:
                await asyncio.sleep(AGAIN.total_seconds())

    async def again(self, name: str) -> int:
        """Bring what was taken once more."""
        return await self._bring(self.asked[name].raw)

    async def ask_many(self, names: Sequence[str], rate: float) -> None:
        """Ask at that rate, whether or not the ones before are answered."""
        async with asyncio.TaskGroup() as questions:
            for name in names:
                questions.create_task(self.ask(name))
                await asyncio.sleep(1 / rate)

    async def in_flight(self) -> dict[int, datetime]:
        """The deliveries that somebody holds, and until when."""
        held = select(delivery.c.id, delivery.c.lease_until).where(delivery.c.owner.is_not(None))
        rows = await self.books.database.run_long(lambda connection: connection.execute(held))
        return {row.id: row.lease_until for row in rows}

    async def settled(self, ids: Sequence[int]) -> dict[int, datetime | None]:
        rows = select(delivery.c.id, delivery.c.settled_at).where(delivery.c.id.in_(ids))
        found = await self.books.database.run_long(lambda connection: connection.execute(rows))
        return {row.id: row.settled_at for row in found}

    async def _bring(self, raw: bytes) -> int:
        """The balancer: in turn to those that answer, and to the next when one does not take the connection."""
        up = [replica for replica in self.replicas if replica.is_up]
        replica = up[next(self._turn) % len(up)]
        with suppress(ClientError, TimeoutError):
            headers = {**meta.signed(raw), "Content-Type": "application/json"}
            async with self.client.post(f"{replica.url}/webhooks/meta", data=raw, headers=headers) as response:
                return response.status
        return 503


@asynccontextmanager
async def site(
    folder: Path, server: PostgresServer, people: int, command: Sequence[str], most: int = 2
) -> AsyncIterator[Site]:
    """So many people who want the topic, and replicas that are ready."""
    where = server.fresh()
    async with AsyncExitStack() as rooms:
        graph = await rooms.enter_async_context(meta.graph())
        client = await rooms.enter_async_context(ClientSession(timeout=ClientTimeout(total=15)))
        books = await rooms.enter_async_context(opened(folder / "data", Patient, where=where))
        await subscribe(books, people, utc_now(), ChannelName.SMS)
        knowledge = small_folder.write(folder / "knowledge")
        found = Site(server, books, [], graph, client)
        for _ in range(most):
            api = await rooms.enter_async_context(twilio.twilio_api())
            told = environment(free_port(), folder / "data", knowledge, str(where), graph, api)
            process = await asyncio.create_subprocess_exec(
                *command, env={**os.environ, **told}, stdout=asyncio.subprocess.DEVNULL
            )
            found.replicas.append(Replica(int(told["BOT_PORT"]), process, api))
            rooms.push_async_callback(found.replicas[-1].stop)
        await found.ready()
        yield found


def environment(port: int, data: Path, knowledge: Path, database: str, graph: Graph, api: TwilioApi) -> dict[str, str]:
    """The settings of one replica; only the port differs."""
    return {
        "BOT_DATA": str(data),
        "BOT_DATABASE": database,
        "BOT_KNOWLEDGE": str(knowledge),
        "BOT_PORT": str(port),
        "BOT_PUBLIC_URL": "https://ask.example",
        "BOT_LOG_LEVEL": "ERROR",
        "BOT_WHATSAPP_TOKEN": meta.TOKEN,
        "BOT_WHATSAPP_NUMBER_ID": meta.NUMBER,
        "BOT_META_APP_SECRET": meta.SECRETS[0],
        "BOT_META_VERIFY_TOKEN": meta.VERIFY,
        "BOT_META_API": graph.url,
        "BOT_TWILIO_ACCOUNT_SID": twilio.SID,
        "BOT_TWILIO_AUTH_TOKEN": twilio.TOKEN,
        "BOT_TWILIO_NUMBER": twilio.OURS,
        "BOT_TWILIO_API": api.url,
        "BOT_SMS_RATE": "200",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def asker(number: int) -> str:
    """A telephone on WhatsApp."""
    return f"1475{number:07d}"


def somebody(number: int) -> str:
    """A telephone that gets SMS."""
    return person(number, ChannelName.SMS).id


def _now(body: Any, name: str) -> Any:
    """The webhook as of now, and of a message of its own."""
    told = json.dumps(body).replace("1795348800", str(int(utc_now().timestamp())))
    message: dict[str, Any] = json.loads(told)
    for each in message["entry"][0]["changes"][0]["value"]["messages"]:
        each["id"] = f"wamid.{name}.{each['id']}"
    return message
