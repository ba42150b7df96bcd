"""`advise approve`, `publish`, `pause`, `resume`, `cancel`, `discard`: what lets an advisory out, and what stops it."""

import asyncio

import click

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryType
from bot.desk import LOCAL, Desk, acting, on_desk, signed_in, typed_number
from bot.service.previewing import Preview

alone_option = click.option(
    "--alone", metavar="REASON", help="Why nobody else can approve this Alert now; it goes into the books."
)


@click.command()
@click.argument("number")
@alone_option
@click.option("--publish", "at_once", is_flag=True, help="And publish it at once.")
@acting
@on_desk
async def approve(desk: Desk, number: str, alone: str | None, at_once: bool, who: str) -> None:
    """Approve NUMBER: shows what goes to how many people, and asks for that count."""
    async with signed_in(desk, who, number) as by:
        found = (await desk.number(number)).number
        shown = await desk.advising.preview(found, LOCAL)
        count = await _counted(shown)
        advisory = await desk.advising.approve(found, by, count, shown.seen, alone)
        click.echo(f"{advisory.identifier} is approved by {by.name} for {count} people.")
        if at_once:
            _tell_out(await desk.advising.release(found, by, count, shown.seen, alone))


@click.command()
@click.argument("number")
@alone_option
@click.option("--at", metavar="MOMENT", help="Begin later, such as 2026-11-24 18:00 in the department's time.")
@acting
@on_desk
async def publish(desk: Desk, number: str, alone: str | None, at: str | None, who: str) -> None:
    """Let NUMBER go out: shows what goes to how many people, and asks for that count."""
    async with signed_in(desk, who, number) as by:
        found = (await desk.number(number)).number
        shown = await desk.advising.preview(found, LOCAL)
        starts_at = desk.moment(at)
        count = await _counted(shown)
        _tell_out(await desk.advising.release(found, by, count, shown.seen, alone, starts_at))


@click.command()
@click.argument("number")
@click.option("--why", required=True, help="What others will want to know.")
@acting
@on_desk
async def pause(desk: Desk, number: str, why: str, who: str) -> None:
    """Start no further send of NUMBER."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.advising.pause((await desk.number(number)).number, by, why)
    click.echo(f"{advisory.identifier} is paused. Go on: danbury-bot advise resume {advisory.number}")


@click.command()
@click.argument("number")
@acting
@on_desk
async def resume(desk: Desk, number: str, who: str) -> None:
    """Go on with NUMBER where it was paused."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.advising.resume((await desk.number(number)).number, by)
    click.echo(f"{advisory.identifier} is {advisory.stage.value} again.")


@click.command()
@click.argument("number")
@acting
@on_desk
async def cancel(desk: Desk, number: str, who: str) -> None:
    """Withdraw NUMBER at once, with the words prepared when it was approved. Asks nothing else."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.advising.cancel((await desk.number(number)).number, by)
    if advisory.type is AdvisoryType.CANCEL:
        click.echo(f"{advisory.identifier} withdraws it, before anything else, to {advisory.audience} people.")
    else:
        click.echo(f"{advisory.identifier} had not gone out to anybody; it is discarded.")


@click.command()
@click.argument("number")
@acting
@on_desk
async def discard(desk: Desk, number: str, who: str) -> None:
    """Give up NUMBER, which has not gone out."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.advising.discard((await desk.number(number)).number, by)
    click.echo(f"{advisory.identifier} is discarded.")


async def _counted(shown: Preview) -> int:
    """The count that somebody typed after what stands before it; Hawaii's one click showed nothing of this."""
    advisory = shown.advisory
    is_live = advisory.kind is AdvisoryKind.LIVE
    whom = "LIVE, to subscribers" if is_live else "EXERCISE, to testers only"
    click.echo(f"{advisory.identifier}: {whom}. Level {advisory.content.level.value}, topic {advisory.content.topic}.")
    click.echo(f"People: {shown.count}")
    click.echo(f"Channels: {_list(shown, 0)}")
    click.echo(f"Languages: {_list(shown, 1)}")
    click.echo(f"First line: {shown.first_line}")
    for problem in shown.problems:
        click.echo(str(problem))
    return await asyncio.to_thread(typed_number, "Type the number of people to go on")


def _list(shown: Preview, what: int) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(shown.people(what).items())) or "none"


def _tell_out(advisory: Advisory) -> None:
    if advisory.released_at is None:
        click.echo(f"{advisory.identifier} is scheduled for {advisory.starts_at:%Y-%m-%d %H:%M} UTC.")
    else:
        click.echo(f"{advisory.identifier} goes out to {advisory.audience} people.")
    click.echo(f"Follow it: danbury-bot advise status {advisory.number} --watch")
