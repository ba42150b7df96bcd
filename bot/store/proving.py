"""Password and code: whether somebody is who they say they are. A code works once, and no older one after it."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import ColumnElement, Row, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.account_rows import row_of
from bot.store.audit import note
from bot.store.database import Database
from bot.store.passwords import Passwords, is_over, is_start
from bot.store.sealed import Seal
from bot.store.staff_schema import account as table

_STEP = 30  # seconds that a code holds, RFC 6238 section 5.2
_AROUND = (0, -1, 1)  # steps beside the present one that are taken: clocks differ, and typing takes time
_NOBODY = "nobody"  # who failed under a name that there is not: what was typed may be a password


@dataclass(frozen=True, slots=True)
class Proof:
    """Password and code were right for the account as it was then; `fresh` is the password as it is to be kept now.

    `step` is the time step of the code, None for an account that has no second factor yet.
    """

    row: Row[*tuple[Any, ...]] = field(repr=False)
    step: int | None
    fresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proving:
    """What it takes to look at passwords and codes.

    `issuer` tells the name that stands over the codes in people's phones; whoever only signs in does not wait for it.
    """

    database: Database
    seal: Seal = field(repr=False)
    issuer: Callable[[], str]
    passwords: Passwords

    async def look(self, name: str, password: str, code: str, now: datetime, failed: str) -> Proof | None:
        """The proof when all is right, None for anything wrong, noted under the name `failed`. May raise `StoreDown`.

        The work is the same for a name that there is not. Without a second factor only a start password is good: that
        is how an account is first entered.
        """
        row = await self.database.run(row_of, name)
        fits = await self.passwords.fits(row.password if row else None, password)
        step = step_of(self._secret(row), code, now)
        is_good = row is not None and fits and row.disabled_at is None and not is_over(row.password, now)
        if row is None or not is_good or (step is None and (row.second_factor or not is_start(row.password))):
            await self.database.run(refused, row.name if row else _NOBODY, failed, now)
            return None
        is_old = self.passwords.is_old(row.password)
        return Proof(row, step, await self.passwords.kept(password) if is_old else row.password)

    def address(self, name: str, secret: str) -> str:
        """The otpauth address that sets up codes in an authenticator app."""
        return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=self.issuer())

    def _secret(self, row: Row[*tuple[Any, ...]] | None) -> str | None:
        return self.seal.open_text(row.second_factor) if row is not None and row.second_factor else None


async def is_used(connection: AsyncConnection, proof: Proof) -> bool:
    """Use the code up. False when somebody used it, or changed the account, since it was looked at."""
    unchanged = list(unchanged_since(proof.row))
    values: dict[str, Any] = {"password": proof.fresh}
    if proof.step is not None:
        unchanged.append(or_(table.c.last_code.is_(None), table.c.last_code < proof.step))
        values["last_code"] = proof.step
    return bool((await connection.execute(update(table).where(*unchanged).values(**values))).rowcount)


def unchanged_since(seen: Row[*tuple[Any, ...]]) -> tuple[ColumnElement[bool], ...]:
    """That the account still has the password and the codes it was seen with, and is not disabled."""
    codes = table.c.second_factor
    return (
        table.c.name == seen.name,
        table.c.password == seen.password,
        codes.is_(None) if seen.second_factor is None else codes == seen.second_factor,
        table.c.disabled_at.is_(None),
    )


async def refused(connection: AsyncConnection, name: str, act: str, now: datetime) -> None:
    """Note that a proof failed: who it was for, and nothing of what was typed."""
    await note(connection, name, act, name, {}, now)


def step_of(secret: str | None, code: str, now: datetime) -> int | None:
    """The time step whose code was typed; None for a wrong one, and after as much work when there is no secret."""
    codes = pyotp.TOTP(secret or "A" * 32)
    present = int(now.timestamp()) // _STEP
    typed = "".join(code.split()).encode("ascii", "replace")
    steps = [present + around for around in _AROUND]
    right = [step for step in steps if hmac.compare_digest(codes.generate_otp(step).encode(), typed)]
    return right[0] if right and secret else None
