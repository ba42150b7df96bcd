"""What somebody does about their own account, when two do it at once or somebody else comes between."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from sqlalchemy import URL

from bot.core.staff import Role
from bot.store.accounts import AccountRefused, Accounts
from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.own_account import OwnAccount
from bot.store.passwords import Passwords
from bot.store.sealed import Seal
from bot.store.sessions import IDLE, LONGEST, Session, Sessions
from tests.builders import NOW

PASSWORD, OTHER = "tandem gravel lighthouse", "seven owls under a bridge"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Interrupted(Passwords):
    """The real thing, and what somebody else does while it compares."""

    meanwhile: Callable[[], Coroutine[Any, Any, Any]] | None = None

    async def fits(self, kept: str | None, password: str) -> bool:
        found = await super().fits(kept, password)
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            await act()
        return found


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def passwords() -> Interrupted:
    return Interrupted(QUICK)


@pytest.fixture
async def accounts(database: Database, passwords: Interrupted) -> Accounts:
    accounts = Accounts(database, Seal([Fernet.generate_key()]), lambda: "Department", passwords)
    await accounts.add("chief", {Role.ADMINISTRATOR}, PASSWORD, None, NOW)
    return accounts


@pytest.fixture
def own(accounts: Accounts) -> OwnAccount:
    return OwnAccount(accounts.proving)


async def officer(accounts: Accounts) -> str:
    """The code of this moment for `ann`, who there is from now on."""
    address = await accounts.add("ann", {Role.CURATOR}, PASSWORD, "chief", NOW)
    return pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0]).at(NOW)


async def session_of(database: Database, token: str) -> Session:
    found = await Sessions(database).of(token, NOW)
    assert found is not None
    return found


async def test_of_two_who_come_with_one_code_at_once_one_gets_in(accounts: Accounts, own: OwnAccount) -> None:
    code = await officer(accounts)
    both = await asyncio.gather(*(own.enter("ann", PASSWORD, code, "a browser", NOW) for _ in range(2)))
    assert sum(each is not None for each in both) == 1


async def test_of_two_proofs_with_one_code_at_once_one_holds(
    database: Database, accounts: Accounts, own: OwnAccount
) -> None:
    code = await officer(accounts)
    token = await Sessions(database).begin("ann", "a browser", NOW)
    both = await asyncio.gather(*(own.prove(token, "ann", PASSWORD, code, NOW) for _ in range(2)))
    assert sum(each is not None for each in both) == 1


CHANGES: dict[str, Callable[[Accounts], Coroutine[Any, Any, Any]]] = {
    "disabled": lambda accounts: accounts.disable("ann", "chief", NOW),
    "another password": lambda accounts: accounts.reset_password("ann", OTHER, "chief", NOW),
    "other codes": lambda accounts: accounts.reset_second_factor("ann", "chief", NOW),
    "a start password": lambda accounts: accounts.start_anew("ann", "chief", NOW, keeps_codes=True),
}


@pytest.mark.parametrize("change", list(CHANGES))
async def test_what_changes_the_account_while_somebody_comes_in_keeps_them_out(
    database: Database, accounts: Accounts, own: OwnAccount, passwords: Interrupted, change: str
) -> None:
    code = await officer(accounts)
    passwords.meanwhile = lambda: CHANGES[change](accounts)
    assert await own.enter("ann", PASSWORD, code, "a browser", NOW) is None
    assert await Sessions(database).open_of("ann", NOW) == ()
    assert (await Audit(database).newest(1))[0].act == "sign-in refused"


@pytest.mark.parametrize("change", list(CHANGES))
async def test_what_ends_the_session_while_it_is_proved_leaves_it_ended(
    database: Database, accounts: Accounts, own: OwnAccount, passwords: Interrupted, change: str
) -> None:
    code = await officer(accounts)
    token = await Sessions(database).begin("ann", "a browser", NOW)
    passwords.meanwhile = lambda: CHANGES[change](accounts)
    assert await own.prove(token, "ann", PASSWORD, code, NOW) is None
    assert await Sessions(database).of(token, NOW) is None


async def test_a_session_that_was_signed_out_meanwhile_is_not_brought_back_by_a_proof(
    database: Database, accounts: Accounts, own: OwnAccount, passwords: Interrupted
) -> None:
    code = await officer(accounts)
    sessions = Sessions(database)
    token = await sessions.begin("ann", "a browser", NOW)
    passwords.meanwhile = lambda: sessions.end(token)
    assert await own.prove(token, "ann", PASSWORD, code, NOW) is None
    assert await sessions.open_of("ann", NOW) == ()


async def test_a_password_changed_while_it_is_changed_is_changed_once(
    database: Database, accounts: Accounts, own: OwnAccount, passwords: Interrupted
) -> None:
    await officer(accounts)
    session = await session_of(database, await Sessions(database).begin("ann", "a browser", NOW))
    passwords.meanwhile = lambda: accounts.reset_password("ann", "an administrator chose this", "chief", NOW)
    with pytest.raises(AccountRefused, match="was changed by somebody else"):
        await own.change_password(session, PASSWORD, OTHER, NOW)


async def test_whoever_resets_password_or_codes_at_the_command_line_signs_the_account_out(
    database: Database, accounts: Accounts
) -> None:
    await officer(accounts)
    for change in CHANGES.values():
        await accounts.enable("ann", "chief", NOW)
        token = await Sessions(database).begin("ann", "a browser", NOW)
        await change(accounts)
        assert await Sessions(database).of(token, NOW) is None


async def test_a_session_of_a_token_cut_or_changed_is_nobodys(database: Database, accounts: Accounts) -> None:
    await officer(accounts)
    sessions = Sessions(database)
    token = await sessions.begin("ann", "a browser", NOW)
    root, _, secret = token.partition(".")
    for spoilt in (root, f"{root}.", secret, f"{root}.{secret}x", f"x{token}", token.swapcase()):
        assert await sessions.of(spoilt, NOW) is None
    assert await sessions.of(token, NOW) is not None


async def test_sessions_that_are_over_are_deleted_and_nothing_else(database: Database, accounts: Accounts) -> None:
    await officer(accounts)
    sessions = Sessions(database)
    token = await sessions.begin("ann", "a browser", NOW)
    assert await sessions.forget(NOW + IDLE) == 0
    busy = NOW
    while busy < NOW + LONGEST:
        busy += IDLE
        assert await sessions.of(token, busy) is not None
    assert await sessions.forget(busy) == 0
    assert await sessions.forget(busy + (busy - NOW)) == 1
