"""Which keys the store was written under, by their fingerprints: a bot with others is turned away before it writes.

Under other keys everybody is a stranger, whoever has stopped among them, and no address can be opened. A rotation puts
a key into its file before it is noted here, and notes that one is no longer needed before it leaves the file; so
whoever reads the note first, in staff's turn, and then the file, never finds too little by a rotation.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import keys, sealed
from bot.store.audit import in_turn
from bot.store.database import insert
from bot.store.faults import KeysForeign
from bot.store.records_schema import mark

APPLIED = "pseudonyms"
"""The mark of how many keys the names in the store have been through."""
_MARKS = {keys.FILE: "pseudonyms.prints", sealed.FILE: "addresses.prints"}


def prints(data: Path) -> dict[str, tuple[str, ...]]:
    """Fingerprints of the keys that the store cannot be read without, by file. Raises `KeyUnusable`."""
    return {
        keys.FILE: prints_of(keys.read_ring(data / "keys" / keys.FILE)),
        sealed.FILE: prints_of(sealed.read_keys(data / "keys" / sealed.FILE)),
    }


def prints_of(bunch: Iterable[bytes]) -> tuple[str, ...]:
    """A fingerprint of each."""
    return tuple(keys.fingerprint(key) for key in bunch)


def fits(name: str, there: Iterable[str], needed: tuple[str, ...]) -> bool:
    """Pseudonyms need the keys of then, in order, and may have more by now; an address any key that closed it."""
    held = tuple(there)
    return held[: len(needed)] == needed if name == keys.FILE else set(needed) <= set(held)


async def prove(connection: AsyncConnection, data: Path, now: datetime) -> None:
    """Nothing when the keys under the data folder are the store's; one that says nothing of its keys takes them.

    Raises `KeysForeign` with what to do, and has written nothing then.
    """
    await in_turn(connection)
    noted = await _noted(connection)
    there = await asyncio.to_thread(prints, data)
    done = await applied(connection)
    if foreign := [name for name, needed in noted.items() if not fits(name, there[name], needed)]:
        raise KeysForeign(_told(data, foreign))
    if done > len(there[keys.FILE]):
        raise KeysForeign(_told(data, [keys.FILE]))
    if keys.FILE not in noted:
        await note(connection, keys.FILE, there[keys.FILE][:done], now)
    closes, *_ = there[sealed.FILE]
    before = noted.get(sealed.FILE)
    if before is None or closes not in before:
        await note(connection, sealed.FILE, there[sealed.FILE] if before is None else (closes, *before), now)


async def note(connection: AsyncConnection, name: str, needed: Iterable[str], now: datetime) -> None:
    """Let these be what the store cannot be read without."""
    await in_turn(connection)
    row = insert(connection, mark).values(name=_MARKS[name], value=" ".join(needed), at=now)
    anew = {"value": row.excluded.value, "at": now}
    await connection.execute(row.on_conflict_do_update(index_elements=[mark.c.name], set_=anew))


async def applied(connection: AsyncConnection) -> int:
    """Under how many keys the names in the store are."""
    found = (await connection.execute(select(mark.c.value).where(mark.c.name == APPLIED))).scalar_one_or_none()
    return int(found or 1)


async def _noted(connection: AsyncConnection) -> Mapping[str, tuple[str, ...]]:
    asked = select(mark.c.name, mark.c.value).where(mark.c.name.in_(_MARKS.values()))
    found = {row.name: tuple(row.value.split()) for row in await connection.execute(asked)}
    return {name: found[marked] for name, marked in _MARKS.items() if marked in found}


def _told(data: Path, foreign: Iterable[str]) -> str:
    listed = " and ".join(f"keys/{name}" for name in foreign)
    return (
        f"{data}: the store was written under other keys than {listed} here. Stop this bot, put back the file that "
        f"belongs to the store, from the data folder of the bot that uses it or from a backup, and start again; or set "
        "BOT_DATABASE to a store of its own. Under these keys nobody who has stopped would be known"
    )
