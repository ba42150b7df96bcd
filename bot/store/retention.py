"""Rows past their time are deleted, a few at a time, so that no reply waits for a great clean-up."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database

_AT_ONCE = 500  # rows: about ten milliseconds on a small server


async def forget(database: Database, when: Column[Any], before: date | datetime) -> int:
    """Delete the rows of the column's table that are older, and tell how many they were."""
    total = 0
    while True:
        gone = await database.run(_forget_some, when, before)
        total += gone
        if gone < _AT_ONCE:
            return total


async def _forget_some(connection: AsyncConnection, when: Column[Any], before: date | datetime) -> int:
    (key,) = when.table.primary_key
    old = select(key).where(when < before).limit(_AT_ONCE)
    return (await connection.execute(delete(when.table).where(key.in_(old)))).rowcount
