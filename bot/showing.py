"""`advise list`, `show`, `preview`, `status` and `export`: what there is, and how far it has come."""

import asyncio
import csv
import sys
from datetime import timedelta
from typing import TextIO

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot import enrolling
from bot.core.advisory import Advisory, AdvisoryKind
from bot.core.delivery import State
from bot.desk import LOCAL, Desk, on_desk
from bot.service.pace import Pace, pace
from bot.store.outbox import LedgerRow, Progress

_SHOWN = 30
_EVERY = 1.0  # seconds between two looks at the ledger
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate with these; ASVS 5, 1.2.10


@click.command(name="list")
@click.option("--exercises", is_flag=True, help="Exercises only.")
@on_desk
async def listed(desk: Desk, exercises: bool) -> None:
    """The newest advisories, drafts among them."""
    found = await desk.advisories.newest(_SHOWN, AdvisoryKind.EXERCISE if exercises else None)
    for each in found:
        click.echo(f"{each.number}: {_head(each)}")
    if not found:
        click.echo("No advisory yet: danbury-bot advise draft")


@click.command()
@click.argument("number")
@on_desk
async def show(desk: Desk, number: str) -> None:
    """What NUMBER says, who wrote and approved it, and the rest of its chain."""
    advisory = await desk.number(number)
    click.echo(f"{advisory.number}: {_head(advisory)}")
    told = {
        "Author": advisory.author,
        "Approved by": advisory.approved_by and f"{advisory.approved_by} for {advisory.approved_count} people",
        "Alone because": advisory.override,
        "Released by": advisory.released_by and advisory.released_at and f"{advisory.released_by}",
        "Expires": f"{advisory.content.expires_at.astimezone(desk.zone):%Y-%m-%d %H:%M}",
        "Link": advisory.content.web,
        "Template": advisory.content.template,
    }
    for name, value in told.items():
        if value:
            click.echo(f"{name}: {value}")
    for language, said in advisory.content.statements.items():
        click.echo(f"[{language}] {said.source} | {said.hazard} | {said.place} | {said.time} | {said.action}")
    for each in await desk.advisories.thread(advisory.number):
        if each.number != advisory.number:
            click.echo(f"Same chain: {each.number}: {_head(each)}")


@click.command()
@click.argument("number")
@on_desk
async def preview(desk: Desk, number: str) -> None:
    """NUMBER as people will read it, in every language, with its withdrawal, its cost and its problems."""
    shown = await desk.advising.preview((await desk.number(number)).number, LOCAL)
    click.echo(f"{shown.advisory.number}: {_head(shown.advisory)}")
    for language, text in shown.words.texts.items():
        told = shown.counters[language]
        fits = "fits 90" if told.fits_90 else "fits 360" if told.fits_360 else "over 360"
        parts = ", ".join(f"{channel} {count}" for (channel, each), count in shown.parts.items() if each == language)
        click.echo(f"\n--- {language}: {told.characters} characters ({fits}), {told.sms} SMS, messages: {parts}")
        click.echo(text)
    for name, words in (("withdrawal", shown.words.corrections), ("the earlier message", shown.words.replacements)):
        for language, text in words.items():
            click.echo(f"\n--- {language}, {name}\n{text}")
    is_exercise = shown.advisory.kind is AdvisoryKind.EXERCISE
    click.echo(f"\n{'Testers' if is_exercise else 'People'}: {enrolling.listed(shown.audience)}")
    if is_exercise and not shown.count:
        click.echo("Nobody would get it: danbury-bot advise tester-code lets somebody in")
    for problem in shown.problems:
        click.echo(str(problem))
    if shown.blocking:
        click.echo("It cannot go out like this: danbury-bot advise change")


@click.command()
@click.argument("number")
@click.option("--watch", is_flag=True, help="Until it is finished.")
@on_desk
async def status(desk: Desk, number: str, watch: bool) -> None:
    """How far NUMBER has come: counts, rate, time left, and what holds it up."""
    found = (await desk.number(number)).number
    if watch and sys.stdout.isatty():
        with Live(console=Console(), refresh_per_second=4) as live:
            while True:
                advisory, progress, told = await _look(desk, found)
                live.update(_table(advisory, progress, told))
                if told.is_over:
                    return
                await asyncio.sleep(_EVERY)
    before = ""
    while True:
        advisory, progress, told = await _look(desk, found)
        line = _line(advisory, progress, told)
        if line != before:
            click.echo(line)
        if told.is_over or not watch:
            return
        before = line
        await asyncio.sleep(_EVERY)


@click.command()
@click.argument("number")
@click.option("--csv", "file", type=click.File("w", encoding="utf-8"), required=True, help="A file; - is stdout.")
@on_desk
async def export(desk: Desk, number: str, file: TextIO) -> None:
    """The ledger of NUMBER, a line for each person, who is a number: no name and no address."""
    writer = csv.writer(file)
    writer.writerow(LedgerRow.__dataclass_fields__)
    count = 0
    async for row in desk.outbox.rows((await desk.number(number)).number):
        writer.writerow([_cell(getattr(row, name)) for name in LedgerRow.__dataclass_fields__])
        count += 1
    click.echo(f"{count} deliveries", err=True)


def _cell(value: object) -> str:
    """The value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    told = value.value if isinstance(value, State) else str(value)
    return f"'{told}" if told.startswith(_FORMULA) else told


def _head(advisory: Advisory) -> str:
    marks = ["EXERCISE"] if advisory.kind is AdvisoryKind.EXERCISE else []
    marks += [advisory.type.value, advisory.content.level.value, advisory.content.topic, advisory.stage.value]
    if advisory.ended:
        marks.append(advisory.ended.value)
    event = next(iter(advisory.content.event.values()), "")
    return f"{advisory.identifier} {', '.join(marks)}: {event}"


async def _look(desk: Desk, number: int) -> tuple[Advisory, Progress, Pace]:
    advisory = await desk.number(str(number))
    progress = await desk.advising.status(number, LOCAL)
    return advisory, progress, pace(progress, advisory, desk.clock(), desk.zone)


def _line(advisory: Advisory, progress: Progress, told: Pace) -> str:
    counts = ", ".join(f"{state.value} {progress.states[state]}" for state in State if state in progress.states)
    whole = f"{advisory.identifier} {progress.stage.value}: audience {progress.audience or 0}"
    return (
        f"{whole}; {counts or 'no deliveries'}; {told.rate:.1f}/s; left {told.left}; {_eta(told)}; limit: {told.limits}"
    )


def _table(advisory: Advisory, progress: Progress, told: Pace) -> Group:
    table = Table()
    table.add_column("channel")
    states = [state for state in State if state in progress.states]
    for state in states:
        table.add_column(state.value, justify="right")
    for channel, counts in sorted(progress.channels.items()):
        table.add_row(channel.value, *(str(counts.get(state, 0)) for state in states))
    table.add_row(f"all ({progress.audience or 0})", *(str(progress.states[state]) for state in states), style="bold")
    return Group(Text(_head(advisory)), table, Text(f"{told.rate:.1f}/s, {_eta(told)}, limit: {told.limits}"))


def _eta(told: Pace) -> str:
    if told.is_over:
        return "over"
    if told.done_in is None:
        return "time left unknown"
    return f"about {timedelta(seconds=round(told.done_in.total_seconds()))} left"
