"""`rotate-keys`, done: who may, and what to keep afterwards."""

from collections.abc import Collection

import click

from bot.core.staff import Act
from bot.desk import Desk, on_desk, signed_in
from bot.store import rotation
from bot.store.keys import FILE as PSEUDONYMS
from bot.store.sealed import FILE as ADDRESSES


@on_desk
async def rotate(desk: Desk, kinds: Collection[str], who: str) -> None:
    """Change the keys of these kinds, one after the other."""
    data = desk.settings.data
    async with signed_in(desk, who, "keys") as by:
        by.must_be_allowed(Act.KEEP_RECORDS)
        if ADDRESSES in kinds:
            count = await rotation.reseal(desk.database, data, by.name, desk.clock(), _say_how_far, rotation.GONE_BY)
            click.echo(f"Addresses: {count} sealed with the new key; the old key is gone from {data / 'keys'}.")
        if PSEUDONYMS in kinds:
            click.echo("Pseudonyms: the store stands still for some seconds; answers and 911 go on.")
            count = await rotation.rename(desk.database, data, by.name, desk.clock, rotation.GONE_BY)
            click.echo(f"Pseudonyms: {count} brought forward; whoever has stopped is still known.")
    click.echo("Take a backup now, and keep a copy of the new keys: older backups need the keys of their own day.")


def _say_how_far(count: int) -> None:
    click.echo(f"{count} ...", err=True)
