"""Accounts as they lie in the store: how one is found and read, and who is out when one is changed."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Account, Role
from bot.store.passwords import is_start
from bot.store.staff_schema import account, staff_session


class AccountRefused(Exception):
    """The account cannot be made or changed like that; each line says why and what to do."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


def account_of(row: Row[*tuple[Any, ...]]) -> Account:
    """The account in a row that has its columns."""
    roles = frozenset(Role(role) for role in json.loads(row.roles))
    return Account(row.name, roles, row.disabled_at is not None)


def is_unfinished(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether its owner has yet to choose a password of their own, or to set up codes."""
    return row.second_factor is None or is_start(row.password)


def written(roles: Collection[Role]) -> str:
    """Roles as the store keeps them."""
    return json.dumps(sorted(role.value for role in roles))


async def row_of(connection: AsyncConnection, name: str) -> Row[*tuple[Any, ...]] | None:
    """The account's row; None when there is none of that name."""
    return (await connection.execute(select(account).where(account.c.name == name))).one_or_none()


async def end_sessions(connection: AsyncConnection, name: str, *, but: str | None = None) -> int:
    """Sign the account out everywhere, save in the session of that digest, and tell how many those were."""
    theirs = [staff_session.c.account == name]
    if but is not None:
        theirs.append(staff_session.c.digest != but)
    return (await connection.execute(delete(staff_session).where(*theirs))).rowcount
