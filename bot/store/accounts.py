"""Staff accounts: argon2id and a second factor, and every change noted in the transaction that makes it."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyotp
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account, Act, Role
from bot.store.account_rows import AccountRefused as AccountRefused
from bot.store.account_rows import account_of, end_sessions, is_unfinished, row_of, written
from bot.store.audit import in_turn, note
from bot.store.database import Database
from bot.store.passwords import START_LASTS, Passwords, as_start, start_password
from bot.store.proving import Proof, Proving, is_used, refused
from bot.store.sealed import Seal
from bot.store.staff_schema import account as table

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_NO_PERSONS = ("nobody", "bot", "terminal")  # what the audit log and the command line call those without an account


@dataclass(frozen=True, slots=True)
class Kept:
    """An account as the store has it, without its secrets."""

    account: Account
    created_at: datetime
    disabled_at: datetime | None
    is_unfinished: bool
    """Whether its owner has yet to choose their own password, or to set up codes."""
    lacks_codes: bool


class Accounts:
    """Who may sign in. Every method may raise `StoreDown`, and those that change something `AccountRefused`.

    `issuer` tells the name that stands over the codes in people's phones; whoever only signs in does not wait for it.
    """

    def __init__(
        self, database: Database, seal: Seal, issuer: Callable[[], str], passwords: Passwords | None = None
    ) -> None:
        self.proving = Proving(database, seal, issuer, passwords or Passwords())
        self._database = database

    async def is_empty(self) -> bool:
        """Whether there is no account at all: then the first one may be made by whoever owns the machine."""
        return not await self._database.run(_count)

    async def all(self) -> tuple[Kept, ...]:
        """Every account, by name."""
        return await self._database.run(_all)

    async def add(self, name: str, roles: Collection[Role], password: str, by: str | None, now: datetime) -> str:
        """Make the account and return what sets up its second factor, an otpauth address that is shown once.

        `by` None: the first account of all, which must keep accounts.
        """
        reasons = _reasons(name, roles, by)
        if reasons := [*reasons, *await self._faults(name, password)]:
            raise AccountRefused(*reasons)
        secret = pyotp.random_base32()
        kept = await self.proving.passwords.kept(password)
        values = _new(name, roles, kept, now) | {"second_factor": self.proving.seal.close_text(secret)}
        await self._database.run(_add, values, by, now)
        return self.proving.address(name, secret)

    async def invite(self, name: str, roles: Collection[Role], by: str, now: datetime) -> str:
        """Make the account and return the start password, shown once, with which its owner finishes it themselves."""
        if reasons := _reasons(name, roles, by):
            raise AccountRefused(*reasons)
        password, kept = await self._start(now)
        await self._database.run(_add, _new(name, roles, kept, now), by, now)
        return password

    async def start_anew(self, name: str, by: str, now: datetime, *, keeps_codes: bool) -> str:
        """End the password, and the codes as well unless they are kept; returns a start password, shown once.

        Nobody but its owner is left knowing the way in: an administrator hears only what must be changed.
        """
        if name == by:
            raise AccountRefused("your own password and codes are changed on your own page")
        password, kept = await self._start(now)
        values = {"password": kept} if keeps_codes else {"password": kept, "second_factor": None, "last_code": None}
        what = "start password" if keeps_codes else "start password, new codes"
        await self._database.run(_change, name, values, by, what, now, is_out=True)
        return password

    async def set_roles(self, name: str, roles: Collection[Role], by: str, now: datetime) -> None:
        """Give the account these roles and no others; whoever is signed in has them from the next page on."""
        if not roles:
            raise AccountRefused(f"give at least one role ({', '.join(Role)}), or disable the account")
        details = {"roles": sorted(roles)}
        await self._database.run(_change, name, {"roles": written(roles)}, by, "roles", now, details)

    async def disable(self, name: str, by: str, now: datetime) -> None:
        """Sign it out everywhere and let nobody sign in with it any more; what it did stays in the books."""
        await self._database.run(_change, name, {"disabled_at": now}, by, "disable", now, is_out=True)

    async def enable(self, name: str, by: str, now: datetime) -> None:
        """Let its owner sign in again; whatever was open before stays shut."""
        await self._database.run(_change, name, {"disabled_at": None}, by, "enable", now, is_out=True)

    async def reset_password(self, name: str, password: str, by: str, now: datetime) -> None:
        """Another password, at the command line; signs the account out everywhere."""
        if reasons := await self._faults(name, password):
            raise AccountRefused(*reasons)
        kept = await self.proving.passwords.kept(password)
        await self._database.run(_change, name, {"password": kept}, by, "password", now, is_out=True)

    async def reset_second_factor(self, name: str, by: str, now: datetime) -> str:
        """Make the old codes worthless, sign the account out everywhere, and return what sets up new codes."""
        secret = pyotp.random_base32()
        values = {"second_factor": self.proving.seal.close_text(secret), "last_code": None}
        await self._database.run(_change, name, values, by, "second factor", now, is_out=True)
        return self.proving.address(name, secret)

    async def sign_in(self, name: str, password: str, code: str, now: datetime) -> Account | None:
        """The account when name, password and code are right, None for any of them wrong; noted either way.

        Nobody is locked out by others' failures: whoever asks over the network must be slowed down there. An account
        that its owner has not finished yet is refused here: that is done in the console.
        """
        proof = await self.proving.look(name, password, code, now, "sign-in refused")
        return None if proof is None else await self._database.run(_signed_in, proof, now)

    async def turned_away(self, who: str, act: Act, subject: str, now: datetime) -> None:
        """Note that somebody tried what they may not do."""
        await self._database.run(note, who, "turned away", subject, {"act": act.value}, now)

    async def _faults(self, name: str, password: str) -> tuple[str, ...]:
        return await self.proving.passwords.faults(password, name, self.proving.issuer())

    async def _start(self, now: datetime) -> tuple[str, str]:
        """A start password, and what the store keeps of it."""
        password = start_password()
        return password, as_start(await self.proving.passwords.kept(password), now + START_LASTS)


def _reasons(name: str, roles: Collection[Role], by: str | None) -> list[str]:
    """Why there cannot be such an account."""
    reasons = [] if _NAME.fullmatch(name) else ["a name has 2 to 40 of a-z, 0-9, `.`, `-` and `_`: anna.lopez"]
    if name in _NO_PERSONS:
        reasons.append(f"`{name}` stands for no person in the audit log: take another name")
    if not roles:
        reasons.append(f"give at least one role: {', '.join(Role)}")
    if by is None and Role.ADMINISTRATOR not in roles:
        reasons.append("the first account must be an administrator: nobody else could make the next one")
    return reasons


def _new(name: str, roles: Collection[Role], password: str, now: datetime) -> dict[str, Any]:
    return {"name": name, "roles": written(roles), "password": password, "created_at": now}


async def _count(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def _all(connection: AsyncConnection) -> tuple[Kept, ...]:
    rows = await connection.execute(select(table).order_by(table.c.name))
    return tuple(_kept(row) for row in rows)


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    return Kept(account_of(row), row.created_at, row.disabled_at, is_unfinished(row), row.second_factor is None)


async def _add(connection: AsyncConnection, values: dict[str, Any], by: str | None, now: datetime) -> None:
    await in_turn(connection)
    if by is None and await _count(connection):
        raise AccountRefused("there are accounts already: an administrator must make the next one (--as NAME)")
    if await row_of(connection, values["name"]) is not None:
        raise AccountRefused(f"there is an account `{values['name']}` already")
    await connection.execute(insert(table).values(**values))
    details = {"roles": json.loads(values["roles"]), "is_first": by is None}
    await note(connection, by or values["name"], "account made", values["name"], details, now)


async def _change(
    connection: AsyncConnection,
    name: str,
    values: dict[str, Any],
    by: str,
    what: str,
    now: datetime,
    details: Mapping[str, Any] = MappingProxyType({}),
    *,
    is_out: bool = False,
) -> None:
    """`is_out`: the account is signed out everywhere by it."""
    await in_turn(connection)
    changed = await connection.execute(update(table).where(table.c.name == name).values(**values))
    if not changed.rowcount:
        raise AccountRefused(f"there is no account `{name}`")
    kept = await _all(connection)
    if not any(each.account.may(Act.KEEP_ACCOUNTS) and not each.is_unfinished for each in kept):
        raise AccountRefused("this is the last administrator who can sign in: make another one first")
    if is_out:
        await end_sessions(connection, name)
    await note(connection, by, f"account {what}", name, dict(details), now)


async def _signed_in(connection: AsyncConnection, proof: Proof, now: datetime) -> Account | None:
    name: str = proof.row.name
    if is_unfinished(proof.row) or not await is_used(connection, proof):
        await refused(connection, name, "sign-in refused", now)
        return None
    await note(connection, name, "signed in", name, {}, now)
    row = await row_of(connection, name)
    return account_of(row) if row is not None else None
