"""Who is signed in where. What the browser holds is random; what the store holds of it is a digest."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account
from bot.store.account_rows import account_of, end_sessions, is_unfinished
from bot.store.audit import in_turn, note
from bot.store.database import Database
from bot.store.retention import forget
from bot.store.staff_schema import account as accounts
from bot.store.staff_schema import staff_session as table

IDLE = timedelta(minutes=60)  # a console left open at the desk; ASVS 5, 7.3.1
LONGEST = timedelta(hours=12)  # a shift; ASVS 5, 7.3.2
MOST = 10  # sessions of an account: a desk, a phone, and what was forgotten
_SEEN_EVERY = timedelta(minutes=1)  # not every look at a page is worth a write
_ROOT_BYTES, _SECRET_BYTES = 16, 32  # ASVS 5, 7.2.3 asks for 16
_MARK = 12  # characters of the digest by which a session is named in a form: 48 bits, of at most `MOST`


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `proved_at` is when password and code were last given.

    `is_unfinished`: its account has a start password or no codes yet, and can do nothing before that is mended.
    `notice` is what the next page says once, None: nothing.
    """

    digest: str
    account: Account
    device: str
    began_at: datetime
    seen_at: datetime
    proved_at: datetime
    is_unfinished: bool = False
    notice: str | None = None

    @property
    def mark(self) -> str:
        """What names it in a form: the digest's beginning, from which nobody gets in."""
        return self.digest[:_MARK]


class Sessions:
    """Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, device: str, now: datetime) -> str:
        """A new session of the account; returns what only its browser is told."""
        return await self._database.run(begun, name, device, now)

    async def of(self, token: str, now: datetime, *, is_used: bool = True) -> Session | None:
        """Whose token it is, with the roles of this moment; None when it is nobody's any more.

        `is_used`: a person did something. What a page asks for by itself keeps no console open.
        """
        return await self._database.run(_of, digest_of(token), now, is_used)

    async def open_of(self, name: str, now: datetime) -> tuple[Session, ...]:
        """Where the account is signed in, the latest used first."""
        return await self._database.run(_open_of, name, now)

    async def end(self, token: str) -> None:
        """Sign out."""
        await self._database.run(_end, digest_of(token))

    async def end_one(self, name: str, mark: str, by: str, now: datetime) -> bool:
        """End that session of the account; False when it had ended already."""
        return await self._database.run(_end_one, name, mark, by, now)

    async def end_all(self, name: str, by: str, now: datetime, *, but: str | None = None) -> int:
        """End every session of the account, save that of the digest, and tell how many those were."""
        return await self._database.run(_end_all, name, by, now, but)

    async def say(self, token: str, notice: str) -> None:
        """Leave words for the next page."""
        await self._database.run(_set, digest_of(token), {"notice": notice})

    async def said(self, token: str) -> str | None:
        """What was left for this page, once; None for nothing."""
        return await self._database.run(_said, digest_of(token))

    async def forget(self, now: datetime) -> int:
        """Delete the sessions that are over and tell how many they were."""
        idle = await forget(self._database, table.c.seen_at, now - IDLE)
        return idle + await forget(self._database, table.c.began_at, now - LONGEST)


def fresh_token() -> str:
    """What only a browser is told: a root, which stays when the rest is changed for a new proof, and a secret."""
    return renewed(f"{secrets.token_urlsafe(_ROOT_BYTES)}.")


def renewed(token: str) -> str:
    """Another token with the same root: forms that stand open in other windows stay good, the old token does not."""
    return f"{root_of(token)}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def root_of(token: str) -> str:
    """What stays of a token as long as the session does."""
    return token.partition(".")[0]


def digest_of(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def begun(connection: AsyncConnection, name: str, device: str, now: datetime) -> str:
    """Begin a session in the transaction that lets somebody in; the account's oldest give way to the newest."""
    is_theirs = table.c.account == name
    latest = select(table.c.digest).where(is_theirs).order_by(table.c.seen_at.desc(), table.c.digest).limit(MOST - 1)
    await connection.execute(delete(table).where(is_theirs, table.c.digest.not_in(latest)))
    token = fresh_token()
    moments = {"began_at": now, "seen_at": now, "proved_at": now}
    await connection.execute(insert(table).values(digest=digest_of(token), account=name, device=device, **moments))
    return token


async def proved(connection: AsyncConnection, token: str, now: datetime) -> str | None:
    """The token that goes on in place of this one, in the transaction that uses a proof up; None: it ended."""
    another = renewed(token)
    is_this = table.c.digest == digest_of(token)
    changed = await connection.execute(update(table).where(is_this).values(digest=digest_of(another), proved_at=now))
    return another if changed.rowcount else None


def _is_over(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    return row.disabled_at is not None or now - row.seen_at > IDLE or now - row.began_at > LONGEST


def _both() -> Any:
    return select(table, accounts).join(accounts, accounts.c.name == table.c.account)


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    moments = (row.began_at, row.seen_at, row.proved_at)
    return Session(row.digest, account_of(row), row.device, *moments, is_unfinished(row), row.notice)


async def _of(connection: AsyncConnection, digest: str, now: datetime, is_used: bool) -> Session | None:
    row = (await connection.execute(_both().where(table.c.digest == digest))).one_or_none()
    if row is None:
        return None
    if _is_over(row, now):
        await _end(connection, digest)
        return None
    if is_used and now - row.seen_at >= _SEEN_EVERY:
        await _set(connection, digest, {"seen_at": now})
    return _session(row)


async def _open_of(connection: AsyncConnection, name: str, now: datetime) -> tuple[Session, ...]:
    rows = await connection.execute(_both().where(table.c.account == name).order_by(table.c.seen_at.desc()))
    return tuple(_session(row) for row in rows if not _is_over(row, now))


async def _end(connection: AsyncConnection, digest: str) -> None:
    await connection.execute(delete(table).where(table.c.digest == digest))


async def _end_one(connection: AsyncConnection, name: str, mark: str, by: str, now: datetime) -> bool:
    await in_turn(connection)
    theirs = await connection.execute(select(table.c.digest, table.c.device).where(table.c.account == name))
    found = [row for row in theirs if row.digest[:_MARK] == mark]
    for row in found:
        await _end(connection, row.digest)
        await note(connection, by, "session ended", name, {"device": row.device}, now)
    return bool(found)


async def _end_all(connection: AsyncConnection, name: str, by: str, now: datetime, but: str | None) -> int:
    await in_turn(connection)
    ended = await end_sessions(connection, name, but=but)
    await note(connection, by, "sessions ended", name, {"sessions": ended}, now)
    return ended


async def _set(connection: AsyncConnection, digest: str, values: dict[str, datetime | str | None]) -> None:
    await connection.execute(update(table).where(table.c.digest == digest).values(**values))


async def _said(connection: AsyncConnection, digest: str) -> str | None:
    notice: str | None = (await connection.execute(select(table.c.notice).where(table.c.digest == digest))).scalar()
    if notice is not None:
        await _set(connection, digest, {"notice": None})
    return notice
