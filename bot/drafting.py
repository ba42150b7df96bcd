"""`advise templates`, `draft`, `change`, `update` and `import`: what goes out is begun here, and nothing leaves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import BinaryIO, TypeVar

import click

from bot import written
from bot.core import cap_reader
from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, Content
from bot.core.moment import FORM
from bot.core.problem import NotReady, Problem
from bot.core.topic import SlotKind
from bot.desk import LOCAL, Desk, acting, on_desk, signed_in

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Typed:
    """Where the words come from, as it was typed: a template with its gaps, or a file."""

    template: str | None
    gaps: tuple[str, ...]
    file: BinaryIO | None
    expires: str | None
    web: str | None
    only_in: str | None


def _content_options(function: Callable[..., T]) -> Callable[..., T]:
    """The command with the options that say where the words come from; it gets them as one value, `typed`."""

    @wraps(function)
    def command(
        *,
        template: str | None,
        gaps: tuple[str, ...],
        file: BinaryIO | None,
        expires: str | None,
        web: str | None,
        only_in: str | None,
        **others: object,
    ) -> T:
        return function(typed=_Typed(template, gaps, file, expires, web, only_in), **others)

    for option in (
        click.option("--only-in", metavar="LANGUAGE", help="Say it in one language only, such as en."),
        click.option("--web", metavar="URL", help="A page that tells more."),
        click.option(
            "--expires", metavar="MOMENT", help=f"Nothing is sent after it; {FORM}, in the department's time."
        ),
        click.option(
            "--file", "file", type=click.File("rb"), help="Written by hand: JSON, as `draft --blank` prints it."
        ),
        click.argument("gaps", nargs=-1, metavar="[GAP=VALUE]..."),
        click.argument("template", required=False),
    ):
        command = option(command)
    return command


@click.command()
@on_desk
async def templates(desk: Desk) -> None:
    """The approved texts with gaps, and what belongs into each gap."""
    alerting = desk.knowledge.alerting
    for each in alerting.templates if alerting else ():
        signed = ", ".join(each.approved_by) or "none"
        click.echo(f"{each.id}: {each.event.get('en', '')} ({each.level.value}, {each.topic}; approved in: {signed})")
        for slot in each.slots:
            label = slot.labels.get("en") or next(iter(slot.labels.values()), "")
            wanted = {SlotKind.MOMENT: FORM, SlotKind.NUMBER: "a number", SlotKind.NAME: "as on the sign"}
            value = wanted.get(slot.kind) or " | ".join(slot.choices)
            click.echo(f"  {slot.id}: {label} ({value}{', may be left out' if slot.is_optional else ''})")
    if not alerting or not alerting.templates:
        click.echo("No template yet: they stand in topics.yaml of the knowledge folder.")


@click.command()
@_content_options
@click.option("--exercise", is_flag=True, help="For those who have agreed to be in exercises; never for subscribers.")
@click.option("--blank", is_flag=True, help="Print the form of --file and do nothing else.")
@click.option("--as", "who", metavar="NAME", help="Your account; its password and code are asked for.")
@on_desk
async def draft(
    desk: Desk,
    typed: _Typed,
    exercise: bool,
    blank: bool,
    who: str | None,
) -> None:
    """Begin an advisory from TEMPLATE, or from a file.

    danbury-bot advise draft road-closed street="Main Street" end="2026-11-24 18:00" --as anna
    """
    if blank:
        click.echo(written.blank(desk.knowledge, desk.clock()))
        return
    if who is None:
        raise click.UsageError("say who you are: --as NAME")
    async with signed_in(desk, who, "draft") as by:
        content = _content(desk, typed)
        kind = AdvisoryKind.EXERCISE if exercise else AdvisoryKind.LIVE
        await _tell(desk, await desk.advising.draft(by, content, kind))


@click.command()
@click.argument("number")
@_content_options
@acting
@on_desk
async def change(
    desk: Desk,
    number: str,
    typed: _Typed,
    who: str,
) -> None:
    """Give the draft NUMBER other content. An approval is lost by it."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.number(number)
        content = _content(desk, typed)
        await _tell(desk, await desk.advising.change(advisory.number, by, content))


@click.command()
@click.argument("number")
@_content_options
@acting
@on_desk
async def update(
    desk: Desk,
    number: str,
    typed: _Typed,
    who: str,
) -> None:
    """Draft what takes the place of NUMBER, which goes on until that is published."""
    async with signed_in(desk, who, number) as by:
        advisory = await desk.number(number)
        content = _content(desk, typed)
        await _tell(desk, await desk.advising.update(advisory.number, by, content))


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--topic", required=True, help="Which subscribers it is for.")
@click.option(
    "--level",
    type=click.Choice([level.value for level in AdvisoryLevel]),
    help="How urgent; left out, it follows from the alert's own urgency and severity.",
)
@acting
@on_desk
async def import_(desk: Desk, file: BinaryIO, topic: str, level: str | None, who: str) -> None:
    """Draft what others announce, from a FILE with CAP, Atom, EDXL-DE or RSS. Nothing of it goes out by itself."""
    async with signed_in(desk, who, "import") as by:
        alerts = cap_reader.read(file.read())
        chosen = AdvisoryLevel(level) if level else None
        made, left_out = await desk.advising.import_(by, alerts, topic, chosen)
        for why in left_out:
            click.echo(why)
        for advisory, notes in made:
            await _tell(desk, advisory, notes)
        click.echo(f"{len(made)} drafted, {len(left_out)} left out.")


def _content(desk: Desk, typed: _Typed) -> Content:
    if (typed.template is None) == (typed.file is None):
        raise NotReady((Problem("words", "neither or both of a template and a file", "give one of them"),))
    if typed.file is not None:
        if typed.expires or typed.web:
            raise NotReady((Problem("words", "--expires and --web beside a file", "write both into the file"),))
        content = written.content(typed.file.read(written.LARGEST + 1), desk.knowledge)
    else:
        gaps, ends = dict(_gap(each) for each in typed.gaps), desk.moment(typed.expires)
        content = desk.advising.content(typed.template or "", gaps, expires_at=ends, web=typed.web)
    if typed.only_in is None:
        return content
    if typed.only_in not in content.statements:
        raise NotReady(
            (Problem("only-in", f"it has no words in {typed.only_in}", f"choose {', '.join(content.statements)}"),)
        )
    return replace(content, statements={typed.only_in: content.statements[typed.only_in]}, only_in=typed.only_in)


def _gap(typed: str) -> tuple[str, str]:
    name, equals, value = typed.partition("=")
    if not equals:
        raise NotReady((Problem(typed[:40], "no gap and its value", 'write it as street="Main Street"'),))
    return name.strip(), value


async def _tell(desk: Desk, advisory: Advisory, notes: tuple[str, ...] = ()) -> None:
    """What was drafted, and what is still wrong with it."""
    exercise = "exercise " if advisory.kind is AdvisoryKind.EXERCISE else ""
    click.echo(f"{advisory.number}: {exercise}{advisory.type.value} {advisory.identifier}, {advisory.stage.value}")
    shown = await desk.advising.preview(advisory.number, LOCAL)
    for problem in (*notes, *shown.problems):
        click.echo(f"  {problem}")
    click.echo(f"  Next: danbury-bot advise preview {advisory.number}")
