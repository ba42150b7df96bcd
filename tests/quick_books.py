"""The ledger's books for tests that only ask what its statements do: on SQLite in memory, five times as quick."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from sqlalchemy import URL

from bot.store.advisories import Advisories
from bot.store.outbox import Outbox
from bot.store.subscriptions import Subscriptions
from tests.ledger import KEYED, SEAL, Books, books_in
from tests.memory_database import MemoryDatabase, empty_database


@asynccontextmanager
async def quick_books(store: URL) -> AsyncIterator[Books]:
    """Books of that engine; what a file adds to SQLite is other tests' matter."""
    if store.get_backend_name() != "sqlite":
        async with books_in(store) as books:
            yield books
        return
    await asyncio.to_thread(empty_database)  # which needs a loop of its own, the first time
    database = MemoryDatabase()
    database.begin_anew(Random())
    try:
        yield Books(database, Subscriptions(database, KEYED, SEAL), Advisories(database), Outbox(database, KEYED, SEAL))
    finally:
        await database._memory.dispose()
        database.raw.close()
