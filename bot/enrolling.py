"""`advise tester-code` and `testers`: who takes part in exercises gets in by these, and nobody by anything else."""

from collections.abc import Mapping

import click

from bot.core.message import ChannelName
from bot.core.staff import Act
from bot.desk import Desk, acting, on_desk, signed_in
from bot.store.testers import LASTS


@click.command(name="tester-code")
@acting
@on_desk
async def tester_code(desk: Desk, who: str) -> None:
    """A code that lets one person into exercises. It is shown once."""
    async with signed_in(desk, who, "tester code") as by:
        by.must_be_allowed(Act.ENROL_TESTERS)
        code = await desk.enrolment.code(by.name, desk.clock())
    click.echo(f"Code: {code}")
    click.echo(f"Good once, for {LASTS.total_seconds() / 60:.0f} minutes. The person sends this to the bot:")
    click.echo(f"/exercise {code}")


@click.command()
@acting
@on_desk
async def testers(desk: Desk, who: str) -> None:
    """How many people take part in exercises, by channel and language. Who they are is not shown."""
    async with signed_in(desk, who, "testers") as by:
        by.must_be_allowed(Act.SEE)
        click.echo(f"Testers: {listed(await desk.subscriptions.testers())}")


def listed(people: Mapping[tuple[ChannelName, str], int]) -> str:
    """How many they are, and where: 3 (telegram in en 2, telegram in es 1)."""
    told = ", ".join(f"{channel} in {language} {count}" for (channel, language), count in sorted(people.items()))
    return f"{sum(people.values())} ({told or 'nobody'})"
