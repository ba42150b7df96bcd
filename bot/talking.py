"""`chat`: the conversation a resident has, in the terminal, through the same reception."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.channels.console import PERSON, Console
from bot.clock import utc_now
from bot.core.message import IncomingMessage
from bot.knowledge.live import Live
from bot.service.reception import Reception
from bot.store.keys import Pseudonyms


async def talk(folder: Path, typed: Iterator[str], write: Callable[[str], None]) -> None:
    """Answer each typed line until there is none. Keeps nothing: no store, and a data folder that goes with it."""
    with TemporaryDirectory() as data:
        live = Live(folder, Path(data))
        await live.start()
        reception = Reception(live, Pseudonyms(secrets.token_bytes(32)), utc_now)
        console = Console(lambda text: write(f"\n{text}\n"))
        numbers = count(1)
        await reception.receive(IncomingMessage(str(next(numbers)), PERSON, "/start", utc_now()), console)
        while (line := await asyncio.to_thread(next, typed, None)) is not None:
            if line.strip():
                await reception.receive(IncomingMessage(str(next(numbers)), PERSON, line, utc_now()), console)
