"""Staff accounts: argon2id and a second factor, and every change noted in the transaction that makes it."""

import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyotp
from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account, Act, Role
from bot.store.audit import in_turn, note
from bot.store.database import Database
from bot.store.passwords import Passwords, faults
from bot.store.sealed import Seal
from bot.store.staff_schema import account as table

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_STEP = 30  # seconds that a code holds, RFC 6238 section 5.2
_AROUND = (0, -1, 1)  # steps beside the present one that are taken: clocks differ, and typing takes time
_NOBODY = "nobody"  # who failed to sign in under a name that there is not: what was typed may be a password


class AccountRefused(Exception):
    """The account cannot be made or changed like that; each line says why and what to do."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


@dataclass(frozen=True, slots=True)
class Kept:
    """An account as the store has it, without its secrets."""

    account: Account
    created_at: datetime
    disabled_at: datetime | None


class Accounts:
    """Who may sign in. Every method may raise `StoreDown`, and those that change something `AccountRefused`.

    `issuer` tells the name that stands over the codes in people's phones; whoever only signs in does not wait for it.
    """

    def __init__(
        self, database: Database, seal: Seal, issuer: Callable[[], str], passwords: Passwords | None = None
    ) -> None:
        self._database = database
        self._seal = seal
        self._issuer = issuer
        self._passwords = passwords or Passwords()

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
        reasons = [] if _NAME.fullmatch(name) else ["a name has 2 to 40 of a-z, 0-9, `.`, `-` and `_`: anna.lopez"]
        if name in (_NOBODY, "bot"):
            reasons.append(f"`{name}` stands for no person in the audit log: take another name")
        if not roles:
            reasons.append(f"give at least one role: {', '.join(Role)}")
        if by is None and Role.ADMINISTRATOR not in roles:
            reasons.append("the first account must be an administrator: nobody else could make the next one")
        if reasons := [*reasons, *faults(password, name, self._issuer())]:
            raise AccountRefused(*reasons)
        secret = pyotp.random_base32()
        values = {
            "name": name,
            "roles": _written(roles),
            "password": await self._passwords.kept(password),
            "second_factor": self._seal.close_text(secret),
            "created_at": now,
        }
        await self._database.run(_add, values, by, now)
        return self._shown(name, secret)

    async def set_roles(self, name: str, roles: Collection[Role], by: str, now: datetime) -> None:
        """Give the account these roles and no others."""
        if not roles:
            raise AccountRefused(f"give at least one role ({', '.join(Role)}), or disable the account")
        await self._database.run(_change, name, {"roles": _written(roles)}, by, "roles", now, {"roles": sorted(roles)})

    async def disable(self, name: str, by: str, now: datetime) -> None:
        """Let nobody sign in with it any more; what it did stays in the books."""
        await self._database.run(_change, name, {"disabled_at": now}, by, "disable", now)

    async def enable(self, name: str, by: str, now: datetime) -> None:
        await self._database.run(_change, name, {"disabled_at": None}, by, "enable", now)

    async def reset_password(self, name: str, password: str, by: str, now: datetime) -> None:
        if reasons := faults(password, name, self._issuer()):
            raise AccountRefused(*reasons)
        kept = await self._passwords.kept(password)
        await self._database.run(_change, name, {"password": kept}, by, "password", now)

    async def reset_second_factor(self, name: str, by: str, now: datetime) -> str:
        """Make the old codes worthless and return what sets up new ones."""
        secret = pyotp.random_base32()
        values = {"second_factor": self._seal.close_text(secret), "last_code": None}
        await self._database.run(_change, name, values, by, "second factor", now)
        return self._shown(name, secret)

    async def sign_in(self, name: str, password: str, code: str, now: datetime) -> Account | None:
        """The account when name, password and code are right, None for any of them wrong; noted either way.

        The work is the same for a name that there is not. A code works once, and so does no older one after it.
        Nobody is locked out by others' failures: whoever asks over the network must be slowed down there.
        """
        row = await self._database.run(_row, name)
        is_known = await self._passwords.fits(row.password if row else None, password)
        step = _step_of(self._secret(row), code, now)
        if row is None or not is_known or step is None or row.disabled_at is not None:
            await self._database.run(_refused, row.name if row else _NOBODY, now)
            return None
        fresh = await self._passwords.kept(password) if self._passwords.is_old(row.password) else row.password
        return await self._database.run(_signed_in, row, step, fresh, now)

    async def turned_away(self, who: str, act: Act, subject: str, now: datetime) -> None:
        """Note that somebody tried what they may not do."""
        await self._database.run(note, who, "turned away", subject, {"act": act.value}, now)

    def _secret(self, row: Row[*tuple[Any, ...]] | None) -> str | None:
        return self._seal.open_text(row.second_factor) if row is not None and row.second_factor else None

    def _shown(self, name: str, secret: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=self._issuer())


def _step_of(secret: str | None, code: str, now: datetime) -> int | None:
    """The time step whose code was typed; None for a wrong one, and after as much work when there is no secret."""
    codes = pyotp.TOTP(secret or "A" * 32)
    present = int(now.timestamp()) // _STEP
    typed = "".join(code.split()).encode("ascii", "replace")
    steps = [present + around for around in _AROUND]
    right = [step for step in steps if hmac.compare_digest(codes.generate_otp(step).encode(), typed)]
    return right[0] if right and secret else None


def _written(roles: Collection[Role]) -> str:
    return json.dumps(sorted(role.value for role in roles))


def account_of(row: Row[*tuple[Any, ...]]) -> Account:
    """The account in a row that has its columns."""
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    return Account(row.name, roles, row.disabled_at is not None)


async def _count(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def _all(connection: AsyncConnection) -> tuple[Kept, ...]:
    rows = await connection.execute(select(table).order_by(table.c.name))
    return tuple(Kept(account_of(row), row.created_at, row.disabled_at) for row in rows)


async def _row(connection: AsyncConnection, name: str) -> Row[*tuple[Any, ...]] | None:
    return (await connection.execute(select(table).where(table.c.name == name))).one_or_none()


async def _add(connection: AsyncConnection, values: dict[str, Any], by: str | None, now: datetime) -> None:
    await in_turn(connection)
    if by is None and await _count(connection):
        raise AccountRefused("there are accounts already: an administrator must make the next one (--as NAME)")
    if await _row(connection, values["name"]) is not None:
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
) -> None:
    await in_turn(connection)
    changed = await connection.execute(update(table).where(table.c.name == name).values(**values))
    if not changed.rowcount:
        raise AccountRefused(f"there is no account `{name}`")
    kept = await _all(connection)
    if not any(each.account.may(Act.KEEP_ACCOUNTS) for each in kept):
        raise AccountRefused("this is the last administrator who can sign in: make another one first")
    await note(connection, by, f"account {what}", name, dict(details), now)


async def _refused(connection: AsyncConnection, name: str, now: datetime) -> None:
    await note(connection, name, "sign-in refused", name, {}, now)


async def _signed_in(
    connection: AsyncConnection, seen: Row[*tuple[Any, ...]], step: int, password: str, now: datetime
) -> Account | None:
    """Use the code up. None when somebody used it, or changed the account, since it was read."""
    unchanged = (
        table.c.name == seen.name,
        table.c.password == seen.password,
        table.c.second_factor == seen.second_factor,
        table.c.disabled_at.is_(None),
        or_(table.c.last_code.is_(None), table.c.last_code < step),
    )
    used = await connection.execute(update(table).where(*unchanged).values(last_code=step, password=password))
    if not used.rowcount:
        await _refused(connection, seen.name, now)
        return None
    await note(connection, seen.name, "signed in", seen.name, {}, now)
    row = await _row(connection, seen.name)
    return account_of(row) if row is not None else None
