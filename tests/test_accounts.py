"""Staff accounts: passwords, second factors, and the books of every change and every failure."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from sqlalchemy import URL, select, update

from bot.core.staff import Account, Act, Role
from bot.store.accounts import AccountRefused, Accounts
from bot.store.audit import Audit
from bot.store.database import Database
from bot.store.passwords import Passwords, faults
from bot.store.sealed import Seal
from bot.store.staff_schema import account as table
from tests.builders import NOW

PASSWORD = "tandem gravel lighthouse"
OTHER = "seven owls under a bridge"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STEP = timedelta(seconds=30)
KEY = Fernet.generate_key()


class Counting(PasswordHasher):
    """The real thing, and how often it compared."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.compared += 1
        return super().verify(hash, password)


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


@pytest.fixture
def hasher() -> Counting:
    return Counting(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def accounts(database: Database, hasher: Counting) -> Accounts:
    return Accounts(database, Seal([KEY]), lambda: "Danbury Police Department", Passwords(hasher))


def code(address: str, at: datetime = NOW) -> str:
    return pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0]).at(at)


async def with_admin(accounts: Accounts, name: str = "root.admin") -> str:
    return await accounts.add(name, {Role.ADMINISTRATOR}, PASSWORD, None, NOW)


async def acts(database: Database) -> list[tuple[str, str, str]]:
    return [(each.who, each.act, each.subject) for each in reversed(await Audit(database).newest(50))]


async def test_the_first_account_needs_nobody_and_is_an_administrator(accounts: Accounts, database: Database) -> None:
    assert await accounts.is_empty()
    with pytest.raises(AccountRefused, match="the first account must be an administrator"):
        await accounts.add("anna", {Role.ANNOUNCER}, PASSWORD, None, NOW)
    assert await accounts.is_empty()
    await with_admin(accounts)
    assert not await accounts.is_empty()
    assert await acts(database) == [("root.admin", "account made", "root.admin")]


async def test_nobody_makes_a_second_account_without_an_administrator(accounts: Accounts) -> None:
    await with_admin(accounts)
    with pytest.raises(AccountRefused, match="there are accounts already"):
        await accounts.add("eve", {Role.ADMINISTRATOR}, PASSWORD, None, NOW)


async def test_of_two_first_accounts_made_at_once_one_is_made(accounts: Accounts) -> None:
    made = await asyncio.gather(
        *(with_admin(accounts, name) for name in ("one.admin", "two.admin")), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in made) == ["AccountRefused", "str"]
    assert len(await accounts.all()) == 1


async def test_the_address_for_the_phone_names_department_and_account(accounts: Accounts) -> None:
    parts = urlsplit(await with_admin(accounts))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Danbury Police Department:root.admin"
    assert len(parse_qs(parts.query)["secret"][0]) == 32


async def test_name_password_and_code_together_sign_in(accounts: Accounts, database: Database) -> None:
    address = await with_admin(accounts)
    account = await accounts.sign_in("root.admin", PASSWORD, code(address), NOW)
    assert account == Account("root.admin", frozenset({Role.ADMINISTRATOR}))
    assert (await acts(database))[-1] == ("root.admin", "signed in", "root.admin")


@pytest.mark.parametrize(
    ("name", "password", "shift", "noted"),
    [
        ("root.admin", "tandem gravel lighthous", 0, "root.admin"),
        ("root.admin", PASSWORD.upper(), 0, "root.admin"),
        ("root.admin", "", 0, "root.admin"),
        ("root.admin", PASSWORD, 2, "root.admin"),
        ("root.admin", PASSWORD, -2, "root.admin"),
        ("nemo", PASSWORD, 0, "nobody"),
        (PASSWORD, PASSWORD, 0, "nobody"),
    ],
)
async def test_any_of_them_wrong_is_refused_and_noted_without_what_was_typed(
    accounts: Accounts, database: Database, name: str, password: str, shift: int, noted: str
) -> None:
    address = await with_admin(accounts)
    assert await accounts.sign_in(name, password, code(address, NOW + shift * STEP), NOW) is None
    assert (await acts(database))[-1] == (noted, "sign-in refused", noted)


async def test_failures_lock_nobody_out(accounts: Accounts) -> None:
    address = await with_admin(accounts)
    for _ in range(30):
        assert await accounts.sign_in("root.admin", "wrong wrong wrong", "000000", NOW) is None
    assert await accounts.sign_in("root.admin", PASSWORD, code(address), NOW) is not None


async def test_an_unknown_name_costs_the_same_comparison(accounts: Accounts, hasher: Counting) -> None:
    await with_admin(accounts)
    await accounts.sign_in("nemo", PASSWORD, "000000", NOW)
    assert hasher.compared == 1
    await accounts.sign_in("root.admin", "wrong wrong wrong", "000000", NOW)
    assert hasher.compared == 2


async def test_a_code_works_once_and_so_does_no_older_one_after_it(accounts: Accounts) -> None:
    address = await with_admin(accounts)
    assert await accounts.sign_in("root.admin", PASSWORD, code(address), NOW)
    assert await accounts.sign_in("root.admin", PASSWORD, code(address), NOW) is None
    assert await accounts.sign_in("root.admin", PASSWORD, code(address, NOW - STEP), NOW) is None
    assert await accounts.sign_in("root.admin", PASSWORD, code(address, NOW + STEP), NOW)


async def test_of_two_uses_of_a_code_at_once_one_signs_in(accounts: Accounts) -> None:
    address = await with_admin(accounts)
    both = await asyncio.gather(*(accounts.sign_in("root.admin", PASSWORD, code(address), NOW) for _ in range(2)))
    assert sum(each is not None for each in both) == 1


@pytest.mark.parametrize("shift", [-1, 0, 1])
async def test_a_clock_half_a_minute_off_signs_in(accounts: Accounts, shift: int) -> None:
    address = await with_admin(accounts)
    assert await accounts.sign_in("root.admin", PASSWORD, code(address, NOW + shift * STEP), NOW)


async def test_a_code_may_be_typed_with_a_space(accounts: Accounts) -> None:
    typed = code(await with_admin(accounts))
    assert await accounts.sign_in("root.admin", PASSWORD, f"{typed[:3]} {typed[3:]}", NOW)


async def test_a_disabled_account_signs_in_no_more_until_it_is_enabled(accounts: Accounts) -> None:
    await with_admin(accounts)
    address = await accounts.add("anna", {Role.ANNOUNCER}, OTHER, "root.admin", NOW)
    await accounts.disable("anna", "root.admin", NOW)
    assert await accounts.sign_in("anna", OTHER, code(address), NOW) is None
    assert {each.account.name: each.account.is_disabled for each in await accounts.all()} == {
        "anna": True, "root.admin": False,
    }  # fmt: skip
    await accounts.enable("anna", "root.admin", NOW)
    assert await accounts.sign_in("anna", OTHER, code(address), NOW)


async def test_another_password_ends_the_old_one(accounts: Accounts) -> None:
    address = await with_admin(accounts)
    await accounts.reset_password("root.admin", OTHER, "root.admin", NOW)
    assert await accounts.sign_in("root.admin", PASSWORD, code(address), NOW) is None
    assert await accounts.sign_in("root.admin", OTHER, code(address), NOW)


async def test_another_second_factor_ends_the_old_one_and_starts_anew(accounts: Accounts) -> None:
    old = await with_admin(accounts)
    assert await accounts.sign_in("root.admin", PASSWORD, code(old), NOW)
    new = await accounts.reset_second_factor("root.admin", "root.admin", NOW)
    assert await accounts.sign_in("root.admin", PASSWORD, code(old, NOW + STEP), NOW) is None
    assert await accounts.sign_in("root.admin", PASSWORD, code(new), NOW)


async def test_an_account_without_a_second_factor_can_do_nothing(accounts: Accounts, database: Database) -> None:
    await with_admin(accounts)
    await database.run(lambda connection: connection.execute(update(table).values(second_factor=None)))
    assert await accounts.sign_in("root.admin", PASSWORD, pyotp.TOTP("A" * 32).at(NOW), NOW) is None


async def test_the_last_administrator_cannot_be_lost(accounts: Accounts, database: Database) -> None:
    await with_admin(accounts)
    before = await acts(database)
    for change in (
        accounts.disable("root.admin", "root.admin", NOW),
        accounts.set_roles("root.admin", {Role.VIEWER}, "root.admin", NOW),
    ):
        with pytest.raises(AccountRefused, match="the last administrator"):
            await change
    assert await acts(database) == before
    assert (await accounts.all())[0].account.may(Act.KEEP_ACCOUNTS)


async def test_every_change_is_in_the_books_with_who_did_it(accounts: Accounts, database: Database) -> None:
    await with_admin(accounts)
    await accounts.add("anna", {Role.ANNOUNCER}, OTHER, "root.admin", NOW)
    await accounts.set_roles("anna", {Role.ANNOUNCER, Role.VIEWER}, "root.admin", NOW)
    await accounts.reset_password("anna", PASSWORD, "root.admin", NOW)
    await accounts.reset_second_factor("anna", "root.admin", NOW)
    await accounts.disable("anna", "root.admin", NOW)
    await accounts.turned_away("anna", Act.PUBLISH_ALERT, "12", NOW)
    assert await acts(database) == [
        ("root.admin", "account made", "root.admin"),
        ("root.admin", "account made", "anna"),
        ("root.admin", "account roles", "anna"),
        ("root.admin", "account password", "anna"),
        ("root.admin", "account second factor", "anna"),
        ("root.admin", "account disable", "anna"),
        ("anna", "turned away", "12"),
    ]
    assert await Audit(database).verify() == ()


@pytest.mark.parametrize("name", ["Anna", "anna lopez", "a", "", "x" * 41, ".anna", "änna", "nobody", "bot", "a\nb"])
async def test_a_name_is_small_letters_digits_and_three_marks(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountRefused):
        await accounts.add(name, {Role.ADMINISTRATOR}, PASSWORD, None, NOW)
    assert await accounts.is_empty()


async def test_a_name_is_given_once(accounts: Accounts) -> None:
    await with_admin(accounts)
    with pytest.raises(AccountRefused, match=r"there is an account `root\.admin` already"):
        await accounts.add("root.admin", {Role.VIEWER}, OTHER, "root.admin", NOW)


async def test_what_does_not_exist_cannot_be_changed(accounts: Accounts) -> None:
    await with_admin(accounts)
    with pytest.raises(AccountRefused, match="there is no account `nemo`"):
        await accounts.disable("nemo", "root.admin", NOW)


async def test_all_faults_of_a_new_account_are_told_at_once(accounts: Accounts) -> None:
    with pytest.raises(AccountRefused) as refused:
        await accounts.add("Anna", (), "short", None, NOW)
    assert len(refused.value.reasons) == 4


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_neither_password_nor_secret_lies_open_in_the_file(
    accounts: Accounts, database: Database, tmp_path: Path
) -> None:
    address = await with_admin(accounts)
    secret = parse_qs(urlsplit(address).query)["secret"][0].encode()
    whole = everything_in(tmp_path)
    assert PASSWORD.encode() not in whole
    assert secret not in whole
    kept = (await database.run(lambda connection: connection.execute(select(table.c.password)))).scalar_one()
    assert kept.startswith("$argon2id$")


async def test_a_password_hashed_with_less_work_is_hashed_anew_at_the_next_sign_in(database: Database) -> None:
    def keeping(hasher: PasswordHasher) -> Accounts:
        return Accounts(database, Seal([KEY]), lambda: "Department", Passwords(hasher))

    address = await with_admin(keeping(QUICK))
    better = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    assert await keeping(better).sign_in("root.admin", PASSWORD, code(address), NOW)
    kept = (await database.run(lambda connection: connection.execute(select(table.c.password)))).scalar_one()
    assert "m=16,t=2,p=1" in kept
    assert await keeping(better).sign_in("root.admin", PASSWORD, code(address, NOW + STEP), NOW)


async def test_the_defaults_are_those_of_argon2id_as_its_authors_recommend(database: Database) -> None:
    accounts = Accounts(database, Seal([KEY]), lambda: "Department")
    await with_admin(accounts)
    kept = (await database.run(lambda connection: connection.execute(select(table.c.password)))).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars", "x" * 129, "password1234", "123456789012", "qwertyuiop12", "aaaaaaaaaaaaa", "policepolice",
        "letmeinletmein", "trustno1trustno1", "Winter2026Winter", "anna.lopez anna", "Danbury2026!!", "danburypolice",
    ],
)  # fmt: skip
def test_a_password_that_lists_would_find_is_refused(password: str) -> None:
    assert faults(password, "anna.lopez", "Danbury Police Department") != ()


@pytest.mark.parametrize(
    "password",
    ["tandem gravel lighthouse", "seven owls under a bridge", "x7$kQ2!mNp9w", "año de nieves, año de bienes"],
)
def test_any_characters_make_a_password_and_none_is_required(password: str) -> None:
    assert faults(password, "anna.lopez", "Danbury Police Department") == ()


async def test_a_password_fits_however_its_accents_were_typed() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.kept("a\u00f1o de nieves y bienes")
    assert await passwords.fits(kept, "an\u0303o de nieves y bienes")
    assert not await passwords.fits(kept, "ano de nieves y bienes")


async def test_a_hash_that_cannot_be_read_fits_nothing() -> None:
    assert not await Passwords(QUICK).fits("not a hash", PASSWORD)
    assert not await Passwords(QUICK).fits(None, PASSWORD)
