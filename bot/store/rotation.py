"""Keys changed while the bot goes on: addresses are sealed anew a few at a time, pseudonyms brought forward at once.

Who runs beside this follows the key files: what comes after the change is named and sealed by the new keys. A store
that is waited for longer than `GONE_BY` has been given up by whoever waited, so a name of before cannot come late.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import key_prints, private
from bot.store.audit import in_turn, note
from bot.store.database import Database, insert
from bot.store.faults import StoreDown
from bot.store.key_prints import APPLIED, applied, prints_of
from bot.store.keys import FILE as PSEUDONYMS
from bot.store.keys import add_key, brought_forward, read_ring
from bot.store.records_schema import mark
from bot.store.schema import conversation, subscription
from bot.store.sealed import FILE as ADDRESSES
from bot.store.sealed import Seal, is_sealed_by, read_keys, write_keys
from bot.store.staff_schema import account, tester_code, tester_try
from bot.store.subscriptions import leave

GONE_BY = timedelta(seconds=2)  # longer than any transaction of a reply waits for its turn and its lock together
_SINCE = "pseudonyms.since"  # while a rotation is under way: from when on names are those of the new key
_AT_ONCE = 100  # addresses sealed anew in one transaction: ten milliseconds, for which others wait
_ROWS = 5_000  # renamed in one statement: no server waits for ever for one
_LONGEST = 120  # seconds that a rename may take on a slow disk, asked for once a second
# What bears a pseudonym, and when each row was last named by whoever wrote it; None: rows that live for minutes.
_NAMED: Sequence[tuple[Table, str, str | None]] = (
    (conversation, "person", "saved_at"),
    (tester_try, "person", "last_at"),
    (tester_code, "digest", None),
)


async def reseal(database: Database, data: Path, by: str, now: datetime, told: Callable[[int], None],
                 wait: timedelta) -> int:  # fmt: skip
    """Seal everything with a new key and drop the old one; one that was broken off is finished. Tells how many.

    `wait` is `GONE_BY` wherever the bot may be running.

    Raises `KeyUnusable`, and leaves every key where it is, when something cannot be opened.
    """
    path = data / "keys" / ADDRESSES
    keys = await asyncio.to_thread(read_keys, path)
    if len(keys) == 1:
        keys = [Seal.new_key(), *keys]
        write_keys(path, keys)
    await database.run(key_prints.note, ADDRESSES, prints_of(keys), now)
    seal = Seal.kept_in(data)
    newest = keys[0]
    count = await _reseal_all(database, seal, newest, told)
    await asyncio.sleep(wait.total_seconds())  # what was sealed a moment before the new key came is stored by then
    count += await _reseal_all(database, seal, newest, told)
    await database.run(key_prints.note, ADDRESSES, prints_of([newest]), now)
    write_keys(path, [newest])
    await database.run(note, by, "addresses sealed anew", "keys", {"sealed": count}, now)
    return count


async def rename(database: Database, data: Path, by: str, clock: Callable[[], datetime], wait: timedelta) -> int:
    """Bring every pseudonym forward to a new key; one that was broken off is finished instead. Tells how many.

    The store stands still meanwhile, for seconds: residents get answers, and a STOP is told to be sent again.
    """
    ring = await asyncio.to_thread(read_ring, data / "keys" / PSEUDONYMS)
    if await database.run(applied) < len(ring):
        return await finish(database, data, clock())
    count = await _lasting(database, len(ring) + 1, database.run_long(_rename, data, by, clock, wait))
    (data / "keys" / _SINCE).unlink(missing_ok=True)
    return count


async def finish(database: Database, data: Path, now: datetime) -> int:
    """Finish what a process that died had begun, to be called whenever the store is opened; tells how many names.

    Raises `KeysForeign` when the store was written under keys that are not in the data folder.
    """
    await database.run_long(key_prints.prove, data, now)
    ring = await asyncio.to_thread(read_ring, data / "keys" / PSEUDONYMS)
    if await database.run(applied) == len(ring):
        (data / "keys" / _SINCE).unlink(missing_ok=True)
        return 0
    count = await _lasting(database, len(ring), database.run_long(_finish, data, ring, now))
    (data / "keys" / _SINCE).unlink(missing_ok=True)
    return count


async def _lasting(database: Database, keys: int, renaming: Awaitable[int]) -> int:
    """What it tells; longer than staff wait, it goes on all the same, and its end is waited for."""
    try:
        return await renaming
    except StoreDown:
        for _ in range(_LONGEST):
            with suppress(StoreDown):
                people, done = await database.run(_people)
                if done >= keys:
                    return people
                break  # it is over, and nothing of it was stored
            await asyncio.sleep(1)
        raise


async def _people(connection: AsyncConnection) -> tuple[int, int]:
    """How many there are, which cannot be read while they are renamed, and under how many keys they are."""
    count = (await connection.execute(select(func.count()).select_from(subscription))).scalar_one()
    return int(count), await applied(connection)


async def set_applied(connection: AsyncConnection, ring: Sequence[bytes], now: datetime) -> None:
    """Note under which keys the names in the store are."""
    count = str(len(ring))
    row = insert(connection, mark).values(name=APPLIED, value=count, at=now)
    await connection.execute(row.on_conflict_do_update(index_elements=[mark.c.name], set_={"value": count}))
    await key_prints.note(connection, PSEUDONYMS, prints_of(ring), now)


async def _reseal_all(database: Database, seal: Seal, newest: bytes, told: Callable[[int], None]) -> int:
    done, last = 0, 0
    while True:
        last, sealed = await database.run(_reseal_some, seal, newest, last)
        done += sealed
        if not last:
            break
        told(done)
    return done + await database.run(_reseal_secrets, seal, newest)


async def _reseal_some(connection: AsyncConnection, seal: Seal, newest: bytes, after: int) -> tuple[int, int]:
    its = subscription.c
    asked = select(its.id, its.address).where(its.id > after, its.address.is_not(None)).order_by(its.id)
    rows = (await connection.execute(asked.limit(_AT_ONCE).with_for_update())).all()
    old = [row for row in rows if not is_sealed_by(newest, row.address)]
    if old:
        anew = update(subscription).where(its.id == bindparam("its")).values(address=bindparam("sealed"))
        await connection.execute(anew, [{"its": row.id, "sealed": seal.again(row.address)} for row in old])
    return (rows[-1].id if len(rows) == _AT_ONCE else 0), len(old)


async def _reseal_secrets(connection: AsyncConnection, seal: Seal, newest: bytes) -> int:
    asked = select(account.c.name, account.c.second_factor).where(account.c.second_factor.is_not(None))
    rows = (await connection.execute(asked.with_for_update())).all()
    old = [row for row in rows if not is_sealed_by(newest, row.second_factor)]
    for row in old:
        anew = update(account).where(account.c.name == row.name).values(second_factor=seal.again(row.second_factor))
        await connection.execute(anew)
    return len(old)


async def _rename(
    connection: AsyncConnection, data: Path, by: str, clock: Callable[[], datetime], wait: timedelta
) -> int:
    await _alone(connection)
    path = data / "keys" / PSEUDONYMS
    now = clock()  # by now nobody else is writing
    private.replace(data / "keys" / _SINCE, now.isoformat().encode())
    before = path.read_bytes()
    try:
        add_key(path)
        ring = read_ring(path)
        count = await _bring_forward(connection, ring[-1:], None)
        await set_applied(connection, ring, now)
        await note(connection, by, "pseudonyms brought forward", "keys", {"names": count, "keys": len(ring)}, now)
        await asyncio.sleep(wait.total_seconds())
    except BaseException:
        private.replace(path, before)  # nothing is stored, and nobody has stored anything under the new key
        raise
    return count


async def _alone(connection: AsyncConnection) -> None:
    """Let nobody name anybody until the transaction ends."""
    await in_turn(connection)  # first, as in whatever staff do
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time, and it is this one
        names = ", ".join(table.name for table in (subscription, *(each[0] for each in _NAMED)))
        await connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))


async def _finish(connection: AsyncConnection, data: Path, ring: Sequence[bytes], now: datetime) -> int:
    await _alone(connection)
    done = await applied(connection)
    keys = ring[done:]
    if not keys:  # another one that started has finished it meanwhile
        return 0
    kept = data / "keys" / _SINCE
    since = datetime.fromisoformat(kept.read_text()) if kept.exists() else None
    count = await _bring_forward(connection, keys, since)
    await set_applied(connection, ring, now)
    await note(connection, "bot", "pseudonyms brought forward", "keys", {"names": count, "is resumed": True}, now)
    return count


async def _bring_forward(connection: AsyncConnection, keys: Sequence[bytes], since: datetime | None) -> int:
    """Rename everything; rows written from `since` on have their new names already, and count before the old ones."""
    count = await _bring_people(connection, keys, since)
    for table, column, written in _NAMED:
        named, at = table.c[column], table.c[written] if written else None
        old = [] if since is None or at is None else [at < since]
        names = list((await connection.execute(select(named).where(*old))).scalars())
        there = set((await connection.execute(select(named).where(~old[0]))).scalars()) if old else set()
        count += await _rename_rows(connection, named, names, keys, there)
    return count


async def _bring_people(connection: AsyncConnection, keys: Sequence[bytes], since: datetime | None) -> int:
    its = subscription.c
    rows = (await connection.execute(select(its.id, its.kind, its.person, its.consented_at))).all()
    is_new = {row.id: since is not None and row.consented_at >= since for row in rows}
    there = {(row.kind, row.person) for row in rows if is_new[row.id]}
    renamed, left = [], []
    for row in rows:
        if is_new[row.id]:
            continue
        person = brought_forward(row.person, keys)
        if (row.kind, person) in there:
            left.append(row.id)
            person = brought_forward(person, keys)  # a name that nobody has: the newer row is that person's
        renamed.append({"its": row.id, "known_as": person})
    if left:
        await leave(connection, left, since or rows[0].consented_at)
    anew = update(subscription).where(its.id == bindparam("its")).values(person=bindparam("known_as"))
    for at in range(0, len(renamed), _ROWS):
        await connection.execute(anew, renamed[at : at + _ROWS])
    return len(renamed)


async def _rename_rows(
    connection: AsyncConnection, named: Column[Any], names: Sequence[str], keys: Sequence[bytes], there: set[str]
) -> int:
    table = named.table
    forward = {name: brought_forward(name, keys) for name in names}
    for name in [name for name, new in forward.items() if new in there]:
        await connection.execute(delete(table).where(named == name))
        del forward[name]
    anew = update(table).where(named == bindparam("its")).values({named: bindparam("known_as")})
    rows = [{"its": name, "known_as": new} for name, new in forward.items()]
    for at in range(0, len(rows), _ROWS):
        await connection.execute(anew, rows[at : at + _ROWS])
    return len(forward)
