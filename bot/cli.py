"""The command line: arguments in, words and an exit code out."""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from bot import asking, checking, logs, recall, safekeeping, settings
from bot.clock import utc_now
from bot.core.answer import Snapshot
from bot.core.first_look import looked
from bot.knowledge import editors, encoder, examination, garbage, launch, live
from bot.knowledge.source import KnowledgeInvalid
from bot.later import Later
from bot.store.faults import KeysForeign

# Seconds after which a thread gives way to another: the encoder's needs the interpreter for a moment sixty times for
# each reading, and with Python's five milliseconds it would wait for the loop each time.
_TURNS = 0.0005
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
knowledge_option = click.option(
    "--knowledge",
    "folder",
    type=_FOLDER,
    help="Folder of the knowledge; else BOT_KNOWLEDGE, ./knowledge or the copy installed.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="danbury-bot")
def main() -> None:
    """Answers residents with the department's own words; anything that may be an emergency is sent to 911."""


main.add_command(Later("staff", "bot.staffing", "Accounts and roles of those who work with the bot."))
main.add_command(Later("hold", "bot.holding", "Legal holds, and how long each kind of record stays."))
for command in (safekeeping.backup, safekeeping.restore, safekeeping.rehearse, safekeeping.export,
                safekeeping.rotate_keys):  # fmt: skip
    main.add_command(command)
main.add_command(Later("advise", "bot.advise", "Advisories: draft, preview, approve, publish, withdraw."))


@main.command()
@click.argument("text", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a message.")
@click.option("--batch", type=click.File("rb"), help="JSON Lines with `id` and `text`; - for standard input.")
@click.option("--why", is_flag=True, help="Also which cue, phrase and scores decided.")
@knowledge_option
def ask(text: tuple[str, ...], as_json: bool, batch: BinaryIO | None, why: bool, folder: Path | None) -> None:
    """Show what a resident would get for TEXT, or for every line of a batch."""
    if bool(text) == bool(batch):
        raise click.UsageError('give a text or --batch FILE, such as: danbury-bot ask "how do I get my report"')
    snapshot = _load(folder, taught=True)
    now = utc_now()
    if not batch:
        _print(asking.diagnose(" ".join(text), snapshot, now), as_json, why)
        return
    bad = 0
    for question in asking.questions(batch):
        if isinstance(question, asking.BadLine):
            bad += 1
            click.echo(str(question), err=True)
        else:
            _print(asking.diagnose(question[1], snapshot, now, question[0]), as_json, why)
    if bad:
        raise SystemExit(1)


@main.command()
@knowledge_option
def chat(folder: Path | None) -> None:
    """Talk with the bot in the terminal, as a resident does."""
    from bot import talking

    _load(folder)  # faults are told before the talk begins
    asyncio.run(talking.talk(_folder(folder), _typed(), click.echo))


@main.command()
@click.option("--strict", is_flag=True, help="Findings also fail.")
@click.option("--launch", "for_launch", is_flag=True, help="Also what the department must still confirm.")
@click.option(
    "--csv", "table", type=click.File("w", encoding="utf-8"), help="With --launch: as CSV to a file; - is stdout."
)
@click.option(
    "--emergency",
    "labelled",
    type=click.File(encoding="utf-8"),
    is_flag=False,
    flag_value="tests/data/emergency_dev.jsonl",
    help="Recall and false alarms on a labelled file; in a clone the file may be left out.",
)
@knowledge_option
def check(strict: bool, for_launch: bool, table: TextIO | None, labelled: TextIO | None, folder: Path | None) -> None:
    """Check the knowledge: every fault with file and line, and what curators should look at."""
    if table and not for_launch:
        raise click.UsageError("--csv is the list of --launch: danbury-bot check --launch --csv FILE")
    if labelled:
        snapshot = _load(folder, taught=True)
        try:
            scored = recall.score(labelled, lambda text: looked(text, snapshot).level)
        except recall.Unlabelled as e:
            raise click.ClickException(f"{labelled.name}: {e}") from e
        click.echo("\n".join(recall.report(scored)))
        return
    logs.configure("WARNING")
    examined = examination.examine(_folder(folder), _settings().data, utc_now().date())
    problems, loaded = examined.problems, examined.loaded
    said = "\n".join(checking.lines(problems))
    click.echo(said, err=table is not None, nl=bool(said))  # CSV may be going to standard output
    if loaded is None:
        faults = sum(problem.is_fault for problem in problems)
        click.echo(f"{faults} fault(s): this folder does not go live until they are mended.", err=table is not None)
        raise SystemExit(1)
    if for_launch:
        _tell_open(launch.still_open(loaded.snapshot.knowledge, loaded.sources), table)
    click.echo(checking.summary(loaded.snapshot.knowledge, len(problems)), err=table is not None)
    if strict and problems:
        raise SystemExit(1)


def _tell_open(rows: tuple[launch.Open, ...], table: TextIO | None) -> None:
    if table:
        checking.write_csv(rows, table)
    else:
        checking.print_tables(rows, sys.stdout)
    click.echo(checking.counts(rows), err=table is not None)


@main.command()
@click.argument("form", type=click.Choice(tuple(editors.FORMS)), required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for the schemas of all forms.")
def schema(form: str | None, out: Path | None) -> None:
    """Print the JSON Schema of a YAML FORM, for editors; or write those of all forms into a folder."""
    if (form is None) == (out is None):
        raise click.UsageError("give a form or --out FOLDER, such as: danbury-bot schema faqs")
    if form:
        click.echo(editors.schema(form))
    elif out:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name in editors.FORMS:
                (out / f"{name}.json").write_text(editors.schema(name) + "\n", encoding="utf-8")
        except OSError as e:
            raise click.ClickException(f"{out}: {e.strerror}") from e
        click.echo(f"{len(editors.FORMS)} schemas in {out}")


@main.command()
def serve() -> None:
    """Web chat, public pages and webhooks; Telegram when its token is set. Stops on Ctrl-C or SIGTERM."""
    chosen = _settings()
    logs.configure(chosen.log_level, chosen.log_format)
    with garbage.uncollected():
        from bot import app

    sys.setswitchinterval(_TURNS)
    try:
        asyncio.run(app.serve(chosen, click.echo))
    except (app.PortBusy, KeysForeign) as e:
        raise click.ClickException(str(e)) from e


@main.command()
@click.option("--no-links", is_flag=True, help="Leave out the links of the knowledge: they lead to other hosts.")
def doctor(no_links: bool) -> None:
    """Is each channel, key and link working; what is wrong and how to mend it. Nothing is sent to anybody."""
    chosen = _settings()
    logs.configure("ERROR")
    from bot import doctor

    faults = asyncio.run(doctor.told(chosen, click.echo, with_links=not no_links))
    click.echo(f"{faults} fault(s)" if faults else "All is well.")
    if faults:
        raise SystemExit(1)


def _settings() -> settings.Settings:
    try:
        return settings.read()
    except settings.SettingsInvalid as e:
        raise click.ClickException(f"settings that cannot be used:\n{e}") from e


def _folder(given: Path | None) -> Path:
    return given or _settings().knowledge or live.default_folder()


def _load(given: Path | None, *, taught: bool = False) -> Snapshot:
    logs.configure("WARNING")
    with ThreadPoolExecutor(1) as beside:  # half of what the encoder's weights take needs no interpreter
        found = beside.submit(encoder.load) if taught else None
        try:
            loaded = live.load(_folder(given))
        except KnowledgeInvalid as e:
            raise click.ClickException(f"the knowledge cannot be used:\n{e}") from e
        return live.taught(loaded, _settings().data, found.result()) if found else loaded.snapshot


def _print(diagnosis: asking.Diagnosis, as_json: bool, why: bool) -> None:
    if as_json:
        click.echo(diagnosis.as_json(why))
        return
    click.echo(diagnosis.turn.reply.text)
    for number, choice in enumerate(diagnosis.turn.reply.choices, 1):
        click.echo(f"{number}. {choice.label}")
    if why:
        click.echo("\n" + "\n".join(diagnosis.why()))


def _typed() -> Iterator[str]:
    with suppress(ImportError):
        import readline  # noqa: F401 - gives the prompt its editing keys
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            yield input("> " if sys.stdin.isatty() else "")
