"""`hold`: kinds of record of which nothing is deleted for now, and how long each kind stays otherwise."""

import click

from bot.core.staff import Act
from bot.desk import Desk, acting, on_desk, signed_in
from bot.store.holds import HoldRefused, Holds, Record
from bot.store.retention import SCHEDULE

_record = click.argument("record", type=click.Choice([record.value for record in Record]))
_reason = click.option("--reason", required=True, help="Who asks, and by what paper: it stands in the audit log.")


@click.group()
def group() -> None:
    """Legal holds: nothing of a kind of record is deleted until its hold is released."""


@group.command(name="list")
@click.option("--all", "is_all", is_flag=True, help="Also those that were released.")
@on_desk
async def listed(desk: Desk, is_all: bool) -> None:
    """The holds in force, and how long each kind of record stays."""
    for each in await (Holds(desk.database).all() if is_all else Holds(desk.database).in_force()):
        told = f"{each.number} {each.record}: {each.reason} ({each.placed_by}, {each.placed_at:%Y-%m-%d %H:%M} UTC)"
        ended = f"; released by {each.released_by}: {each.released_for}" if each.released_at else ""
        click.echo(told + ended)
    click.echo("How long each kind of record stays:")
    for series in SCHEDULE:
        setting = f" ({series.setting})" if series.setting else ""
        click.echo(f"  {series.record}: {series.stays(desk.settings.stays)}{setting}")


@group.command()
@_record
@_reason
@acting
@on_desk
async def place(desk: Desk, record: str, reason: str, who: str) -> None:
    """Delete nothing of this kind from now on."""
    async with signed_in(desk, who, record) as by:
        by.must_be_allowed(Act.KEEP_RECORDS)
        try:
            held = await Holds(desk.database).place(Record(record), reason, by.name, desk.clock())
        except HoldRefused as e:
            raise click.ClickException(str(e)) from e
    click.echo(f"Hold {held.number}: nothing of `{held.record}` is deleted until it is released.")


@group.command()
@click.argument("number", type=int)
@_reason
@acting
@on_desk
async def release(desk: Desk, number: int, reason: str, who: str) -> None:
    """End hold NUMBER; what is past its time is deleted within the hour."""
    async with signed_in(desk, who, f"hold {number}") as by:
        by.must_be_allowed(Act.KEEP_RECORDS)
        try:
            held = await Holds(desk.database).release(number, reason, by.name, desk.clock())
        except HoldRefused as e:
            raise click.ClickException(str(e)) from e
    click.echo(f"Hold {held.number} on `{held.record}` is released.")
