"""What somebody does about their own account: come in, prove themselves again, change password and codes."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.account_rows import AccountRefused, end_sessions, row_of
from bot.store.audit import in_turn, note
from bot.store.faults import KeyUnusable
from bot.store.proving import Proof, Proving, is_used, refused, step_of, unchanged_since
from bot.store.sessions import Session, begun, proved
from bot.store.staff_schema import account as table
from bot.store.staff_schema import audit

_REFUSED = "sign-in refused"
_WRONG_CODE = "the code does not fit: scan the picture again, see that the phone's clock is right, type the next code"


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in. `wrong_before` tells how often others, or they, failed since they were last."""

    token: str = field(repr=False)
    wrong_before: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Codes that are offered and not yet in use: `sealed` goes to the browser and back, and fits its account only."""

    sealed: str = field(repr=False)
    secret: str = field(repr=False)
    address: str = field(repr=False)


class OwnAccount:
    """Every method that waits may raise `StoreDown`; those that change something `AccountRefused`, with what to do."""

    def __init__(self, proving: Proving) -> None:
        self._proving = proving

    async def enter(self, name: str, password: str, code: str, device: str, now: datetime) -> Entered | None:
        """A new session when name, password and code are right; None for any of them wrong. Noted either way.

        The first time, a start password is enough.
        """
        proof = await self._proving.look(name, password, code, now, _REFUSED)
        return None if proof is None else await self._proving.database.run(_entered, proof, device, now)

    async def prove(self, token: str, name: str, password: str, code: str, now: datetime) -> str | None:
        """The token that goes on in place of this one once password and code were right; None: they were not."""
        proof = await self._proving.look(name, password, code, now, "proof refused")
        return None if proof is None else await self._proving.database.run(_proved, proof, token, now)

    async def faults(self, session: Session, new: str) -> tuple[str, ...]:
        """Why the account may not have this password; nothing when it may."""
        return await self._proving.passwords.faults(new, session.account.name, self._proving.issuer())

    async def change_password(self, session: Session, old: str, new: str, now: datetime) -> bool:
        """Another password, and every other session of the account ends. False when the old one is wrong."""
        row = await self._fitting(session.account.name, old, now)
        if row is None:
            return False
        if reasons := await self.faults(session, new):
            raise AccountRefused(*reasons)
        if await self._proving.passwords.fits(row.password, new):
            raise AccountRefused("that is the old password: choose another one")
        values = {"password": await self._proving.passwords.kept(new)}
        await self._proving.database.run(_change, row, values, session.digest, "password", now)
        return True

    def offer(self, session: Session, sealed: str = "") -> Offer:
        """Codes for the account's phone: those that were offered before, else new ones."""
        name = session.account.name
        with suppress(AccountRefused):
            secret = self._opened(name, sealed)
            return Offer(sealed, secret, self._proving.address(name, secret))
        secret = pyotp.random_base32()
        closed = self._proving.seal.close_text(json.dumps([name, secret]))
        return Offer(closed, secret, self._proving.address(name, secret))

    async def change_codes(self, session: Session, password: str, sealed: str, code: str, now: datetime) -> bool:
        """Put the offered codes in place of the old ones; every other session ends. False: the password is wrong."""
        name = session.account.name
        row = await self._fitting(name, password, now)
        if row is None:
            return False
        values = self._codes(name, sealed, code, now)
        await self._proving.database.run(_change, row, values, session.digest, "second factor", now)
        return True

    async def lacks_codes(self, session: Session) -> bool:
        """Whether the account has no second factor yet."""
        row = await self._proving.database.run(row_of, session.account.name)
        return row is None or row.second_factor is None

    async def finish(self, session: Session, new: str, sealed: str, code: str, now: datetime) -> None:
        """Give the account a password of its owner's own, and codes where it has none: then it can be used."""
        name = session.account.name
        row = await self._proving.database.run(row_of, name)
        if row is None or not session.is_unfinished:
            raise AccountRefused("this account is finished already")
        reasons = list(await self.faults(session, new))
        values: dict[str, Any] = {}
        if row.second_factor is None:
            try:
                values = self._codes(name, sealed, code, now)
            except AccountRefused as e:
                reasons += e.reasons
        if not reasons and await self._proving.passwords.fits(row.password, new):
            reasons.append("that is the start password: choose another one")
        if reasons:
            raise AccountRefused(*reasons)
        values["password"] = await self._proving.passwords.kept(new)
        await self._proving.database.run(_change, row, values, session.digest, "finished", now)

    async def _fitting(self, name: str, password: str, now: datetime) -> Row[*tuple[Any, ...]] | None:
        row = await self._proving.database.run(row_of, name)
        if await self._proving.passwords.fits(row.password if row else None, password):
            return row
        await self._proving.database.run(refused, name, "proof refused", now)
        return None

    def _codes(self, name: str, sealed: str, code: str, now: datetime) -> dict[str, Any]:
        secret = self._opened(name, sealed)
        step = step_of(secret, code, now)
        if step is None:
            raise AccountRefused(_WRONG_CODE)
        return {"second_factor": self._proving.seal.close_text(secret), "last_code": step}

    def _opened(self, name: str, sealed: str) -> str:
        try:
            owner, secret = json.loads(self._proving.seal.open_text(sealed))
        except (KeyUnusable, ValueError):
            owner, secret = None, ""
        if owner != name:
            raise AccountRefused("the picture is no longer good: open the page again and scan the new one")
        return str(secret)


async def _entered(connection: AsyncConnection, proof: Proof, device: str, now: datetime) -> Entered | None:
    await in_turn(connection)
    name: str = proof.row.name
    if not await is_used(connection, proof):
        await refused(connection, name, _REFUSED, now)
        return None
    wrong = await _wrong_since(connection, name)
    await note(connection, name, "signed in", name, {"device": device}, now)
    return Entered(await begun(connection, name, device, now), wrong)


async def _wrong_since(connection: AsyncConnection, name: str) -> int:
    """How often the account was refused since its owner last came in."""
    theirs = audit.c.who == name
    last = select(func.max(audit.c.number)).where(theirs, audit.c.act == "signed in").scalar_subquery()
    failed = and_(theirs, audit.c.act == _REFUSED, or_(last.is_(None), audit.c.number > last))
    return (await connection.execute(select(func.count()).select_from(audit).where(failed))).scalar_one()


async def _proved(connection: AsyncConnection, proof: Proof, token: str, now: datetime) -> str | None:
    await in_turn(connection)
    name: str = proof.row.name
    if not await is_used(connection, proof):
        await refused(connection, name, "proof refused", now)
        return None
    await note(connection, name, "proved again", name, {}, now)
    return await proved(connection, token, now)


async def _change(
    connection: AsyncConnection,
    seen: Row[*tuple[Any, ...]],
    values: dict[str, Any],
    here: str,
    what: str,
    now: datetime,
) -> None:
    await in_turn(connection)
    if not (await connection.execute(update(table).where(*unchanged_since(seen)).values(**values))).rowcount:
        raise AccountRefused("the account was changed by somebody else a moment ago: sign in again")
    await end_sessions(connection, seen.name, but=here)
    await note(connection, seen.name, f"account {what}", seen.name, {}, now)
