"""Who is signed in where. What the browser holds is random; what the store holds of it is a digest."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account
from bot.store.accounts import account_of
from bot.store.database import Database
from bot.store.staff_schema import account as accounts
from bot.store.staff_schema import staff_session as table

IDLE = timedelta(minutes=60)  # a console left open at the desk; ASVS 5, 7.3.1
LONGEST = timedelta(hours=12)  # a shift; ASVS 5, 7.3.2
_SEEN_EVERY = timedelta(minutes=1)  # not every look at a page is worth a write
_TOKEN_BYTES = 32  # ASVS 5, 7.2.3 asks for 16


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `proved_at` is when password and code were last given."""

    digest: str
    account: Account
    device: str
    began_at: datetime
    seen_at: datetime
    proved_at: datetime


class Sessions:
    """Every method may raise `StoreDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, device: str, now: datetime) -> str:
        """A new session of the account; returns what only its browser is told."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self._database.run(_begin, digest_of(token), name, device, now)
        return token

    async def of(self, token: str, now: datetime) -> Session | None:
        """Whose token it is, with the roles of this moment; None when it is nobody's any more."""
        return await self._database.run(_of, digest_of(token), now)

    async def end(self, token: str) -> None:
        await self._database.run(_end, digest_of(token))

    async def prove(self, token: str, now: datetime) -> None:
        """Password and code were given again."""
        await self._database.run(_set, digest_of(token), {"proved_at": now})

    async def say(self, token: str, notice: str) -> None:
        """Leave words for the next page."""
        await self._database.run(_set, digest_of(token), {"notice": notice})

    async def said(self, token: str) -> str | None:
        """What was left for this page, once; None for nothing."""
        return await self._database.run(_said, digest_of(token))


def digest_of(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def _begin(connection: AsyncConnection, digest: str, name: str, device: str, now: datetime) -> None:
    moments = {"began_at": now, "seen_at": now, "proved_at": now}
    await connection.execute(insert(table).values(digest=digest, account=name, device=device, **moments))


async def _of(connection: AsyncConnection, digest: str, now: datetime) -> Session | None:
    both = select(table, accounts).join(accounts, accounts.c.name == table.c.account)
    row = (await connection.execute(both.where(table.c.digest == digest))).one_or_none()
    if row is None:
        return None
    is_over = row.disabled_at is not None or now - row.seen_at > IDLE or now - row.began_at > LONGEST
    if is_over:
        await _end(connection, digest)
        return None
    if now - row.seen_at >= _SEEN_EVERY:
        await _set(connection, digest, {"seen_at": now})
    return Session(digest, account_of(row), row.device, row.began_at, row.seen_at, row.proved_at)


async def _end(connection: AsyncConnection, digest: str) -> None:
    await connection.execute(delete(table).where(table.c.digest == digest))


async def _set(connection: AsyncConnection, digest: str, values: dict[str, datetime | str | None]) -> None:
    await connection.execute(update(table).where(table.c.digest == digest).values(**values))


async def _said(connection: AsyncConnection, digest: str) -> str | None:
    notice: str | None = (await connection.execute(select(table.c.notice).where(table.c.digest == digest))).scalar()
    if notice is not None:
        await _set(connection, digest, {"notice": None})
    return notice
