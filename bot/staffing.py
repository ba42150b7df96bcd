"""`staff`: accounts, roles, and the books of what staff did."""

import asyncio
import json
from typing import TextIO

import click

from bot.core.staff import Act, Role
from bot.desk import Desk, acting, new_password, on_desk, signed_in
from bot.store.chain import Anchor

_SHOWN = 30  # lines of the audit log on a screen
_ALL = 10_000_000  # lines of it in an export: ten years of a busy department are a thousandth

role_option = click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    required=True,
    help="May be given several times.",
)


@click.group()
def group() -> None:
    """Accounts and roles of those who work with the bot."""


@group.command()
@click.argument("name")
@role_option
@click.option("--as", "who", metavar="NAME", help="Your account, an administrator's; not for the first account of all.")
@on_desk
async def add(desk: Desk, name: str, roles: tuple[str, ...], who: str | None) -> None:
    """Make the account NAME, in small letters, and show what sets up its second factor."""
    chosen = frozenset(Role(role) for role in roles)
    if who is None:
        if not await desk.accounts.is_empty():
            raise click.ClickException("there are accounts already: sign in as an administrator (--as NAME)")
        click.echo("No account exists yet: this one needs no sign-in and must be an administrator.")
        address = await desk.accounts.add(name, chosen, await _password(name), None, desk.clock())
    else:
        async with signed_in(desk, who, name) as by:
            by.must_be_allowed(Act.KEEP_ACCOUNTS)
            address = await desk.accounts.add(name, chosen, await _password(name), by.name, desk.clock())
    click.echo(f"{name} may now sign in.")
    _show_factor(address)


@group.command(name="list")
@on_desk
async def listed(desk: Desk) -> None:
    """Every account with its roles."""
    kept = await desk.accounts.all()
    for each in kept:
        roles = ", ".join(sorted(each.account.roles))
        ended = f", disabled since {each.disabled_at:%Y-%m-%d}" if each.disabled_at else ""
        click.echo(f"{each.account.name}: {roles} (since {each.created_at:%Y-%m-%d}{ended})")
    if not kept:
        click.echo("No account yet: danbury-bot staff add NAME --role administrator")


@group.command()
@click.argument("name")
@role_option
@acting
@on_desk
async def roles(desk: Desk, name: str, roles: tuple[str, ...], who: str) -> None:
    """Give NAME these roles and no others."""
    async with signed_in(desk, who, name) as by:
        by.must_be_allowed(Act.KEEP_ACCOUNTS)
        await desk.accounts.set_roles(name, frozenset(Role(role) for role in roles), by.name, desk.clock())
    click.echo(f"{name}: {', '.join(sorted(set(roles)))}")


@group.command()
@click.argument("name")
@acting
@on_desk
async def disable(desk: Desk, name: str, who: str) -> None:
    """Let NAME sign in no more."""
    async with signed_in(desk, who, name) as by:
        by.must_be_allowed(Act.KEEP_ACCOUNTS)
        await desk.accounts.disable(name, by.name, desk.clock())
    click.echo(f"{name} can sign in no more.")


@group.command()
@click.argument("name")
@acting
@on_desk
async def enable(desk: Desk, name: str, who: str) -> None:
    """Let NAME sign in again."""
    async with signed_in(desk, who, name) as by:
        by.must_be_allowed(Act.KEEP_ACCOUNTS)
        await desk.accounts.enable(name, by.name, desk.clock())
    click.echo(f"{name} can sign in again.")


@group.command()
@click.argument("name")
@acting
@on_desk
async def password(desk: Desk, name: str, who: str) -> None:
    """Set another password: your own, or as an administrator anybody's."""
    async with signed_in(desk, who, name) as by:
        if by.name != name:
            by.must_be_allowed(Act.KEEP_ACCOUNTS)
        await desk.accounts.reset_password(name, await _password(name), by.name, desk.clock())
    click.echo(f"{name} has another password.")


@group.command(name="second-factor")
@click.argument("name")
@acting
@on_desk
async def second_factor(desk: Desk, name: str, who: str) -> None:
    """Set up other codes: your own, or as an administrator anybody's. The old ones are worthless then."""
    async with signed_in(desk, who, name) as by:
        if by.name != name:
            by.must_be_allowed(Act.KEEP_ACCOUNTS)
        address = await desk.accounts.reset_second_factor(name, by.name, desk.clock())
    _show_factor(address)


@group.command()
@click.option("--verify", is_flag=True, help="Is every line as it was written; fails when one is not.")
@click.option("--anchor", metavar="NUMBER:DIGEST", help="With --verify: the last line as you noted it down elsewhere.")
@click.option("--export", "file", type=click.File("w", encoding="utf-8"), help="All of it as JSON Lines; - is stdout.")
@on_desk
async def audit(desk: Desk, verify: bool, anchor: str | None, file: TextIO | None) -> None:
    """What staff did, the newest last; and the anchor to note down where nobody else can change it."""
    if anchor and not verify:
        raise click.UsageError("--anchor is for --verify")
    if verify:
        if damages := await desk.audit.verify(_anchor(anchor)):
            told = "\n".join(f"line {each.number}: {each.harm.value}" for each in damages)
            raise click.ClickException(f"the audit log is not as it was written:\n{told}")
        click.echo("Every line is as it was written.")
    elif file:
        for each in reversed(await desk.audit.newest(_ALL)):
            line = {"number": each.number, "at": each.at.isoformat(), "who": each.who, "act": each.act}
            whole = {**line, "subject": each.subject, "details": dict(each.details)}
            click.echo(json.dumps(whole, ensure_ascii=False), file=file)
    else:
        for each in reversed(await desk.audit.newest(_SHOWN)):
            details = ", ".join(f"{name} {value}" for name, value in each.details.items() if value is not None)
            told = f"{each.at:%Y-%m-%d %H:%M:%S} {each.who} {each.act} {each.subject}"
            click.echo(f"{each.number} {told}{f' ({details})' if details else ''}")
    newest = await desk.audit.anchor()
    if newest:
        click.echo(f"Anchor: {newest.number}:{newest.digest}", err=file is not None)


def _anchor(typed: str | None) -> Anchor | None:
    if typed is None:
        return None
    number, _, digest = typed.partition(":")
    if not number.isdigit() or not digest:
        raise click.UsageError("an anchor looks like 12:3f5a..., as this command prints it")
    return Anchor(int(number), digest)


async def _password(name: str) -> str:
    return await asyncio.to_thread(new_password, f"New password of {name}")


def _show_factor(address: str) -> None:
    click.echo("Put this into an authenticator app now; it is not shown again:")
    click.echo(address)
