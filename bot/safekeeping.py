"""`backup`, `restore`, `rehearse` and `rotate-keys`: what they stand on is imported when they are called."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from bot import logs, settings
from bot.clock import utc_now

KINDS = ("advisories", "approvals", "audit", "knowledge", "questions", "figures", "feedback")
"""What can be exported; a test holds this to the store's own list, which takes a second to import."""
_FOLDER = click.Path(file_okay=False, path_type=Path)
_THERE = click.Path(exists=True, file_okay=False, path_type=Path)
_APART = """\
The keys are not in it: a backup that holds the sealed addresses must not hold their key in the clear.
Copy {keys} to another place that is locked away (once, and again after rotate-keys),
or set BOT_BACKUP_PASSPHRASE: then they lie in every backup, sealed with it."""


@click.command()
@click.option("--to", "folder", type=_FOLDER, help="Folder for it; else BOT_BACKUP.")
def backup(folder: Path | None) -> None:
    """Take a backup now, while the bot goes on: database, keys (sealed) and knowledge, with a manifest."""
    from bot import nightly
    from bot.store import backup as backups
    from bot.store import key_prints
    from bot.store.backup_manifest import BackupBad
    from bot.store.database import Database
    from bot.store.faults import StoreDown

    chosen = _settings()
    to = folder or chosen.backup
    if to is None:
        raise click.UsageError("give a folder, best on another disk: danbury-bot backup --to FOLDER, or set BOT_BACKUP")
    source = nightly.source_of(chosen)

    async def run() -> None:
        async with Database(source.url) as database:
            await database.open()
            await database.run_long(key_prints.prove, chosen.data, utc_now())
            made = await backups.make(source, to, utc_now(), _progress())
            gone = await nightly.prune(database, to, chosen.backup_keep)
        click.echo(f"Backup: {made.path}" + (f" ({gone} old one(s) deleted)" if gone else ""))

    try:
        asyncio.run(run())
    except (StoreDown, BackupBad) as e:
        raise click.ClickException(str(e)) from e
    if chosen.passphrase is None:
        click.echo(_APART.format(keys=chosen.data / "keys"))


@click.command()
@click.argument("folder", metavar="BACKUP", type=_THERE)
@click.option("--keys", type=_THERE, help="Folder of the keys, when they were kept apart.")
@click.option("--stops", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
              help="A further file of opt-outs: stops.jsonl of the data folder that was moved aside.")  # fmt: skip
def restore(folder: Path, keys: Path | None, stops: tuple[Path, ...]) -> None:
    """Put BACKUP into an empty data folder: proven first, with every opt-out of since; advisories wait for a person."""
    from bot.store import backup_restore, backup_stops
    from bot.store.backup import KNOWLEDGE
    from bot.store.faults import StoreDown

    chosen = _settings()
    listed = (*backup_stops.all_files(chosen.data, folder.absolute().parent), *stops)
    asked = backup_restore.Asked(folder, chosen.data, chosen.database, chosen.passphrase, keys, listed)
    try:
        done = asyncio.run(backup_restore.restore(asked, utc_now(), lambda what: click.echo(f"{what} ...", err=True)))
    except (backup_restore.BackupBad, backup_restore.NotEmpty, backup_restore.KeysLacking, StoreDown) as e:
        raise click.ClickException(f"{e}\nNothing was restored.") from e
    click.echo(f"Restored as of {done.manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC into {chosen.data}.")
    click.echo(f"Opt-outs of since then that hold again: {done.stops}.")
    for identifier in done.paused:
        click.echo(f"Paused: {identifier}. Look at it before it goes on: danbury-bot advise show {identifier}")
    if done.has_knowledge:
        click.echo(_put_knowledge(folder / KNOWLEDGE, chosen.knowledge, chosen.data))
    click.echo("Everybody of the staff signs in again. Accounts are those of that moment: danbury-bot staff list")


@click.command()
@click.argument("folder", metavar="[BACKUP]", type=_THERE, required=False)
@click.option(
    "--into", metavar="URL", help="An empty database of PostgreSQL's to try a dump in; you drop it afterwards."
)
def rehearse(folder: Path | None, into: str | None) -> None:
    """Try whether the newest backup, or BACKUP, can be restored; into a folder of its own that is deleted again."""
    from bot import rehearsing
    from bot.store import backup as backups

    chosen = _settings()
    there = backups.found(folder.absolute().parent if folder else chosen.backup)
    it = next((each for each in there if folder is None or each.path.name == folder.name), None)
    if it is None:
        raise click.ClickException("there is no backup to try: danbury-bot backup, with BOT_BACKUP set")
    tried = asyncio.run(rehearsing.rehearse(chosen, it, utc_now(), lambda said: click.echo(said, err=True), into))
    if not tried.is_sound:
        raise click.ClickException(f"{it.path.name} would not do:\n" + "\n".join(tried.faults))
    click.echo(f"{it.path.name} can be restored: {tried.seconds:.1f} s.")


@click.command("rotate-keys")
@click.option("--addresses", "which", flag_value="addresses", help="Only the key that addresses are sealed with.")
@click.option("--pseudonyms", "which", flag_value="pseudonyms", help="Only the key of the pseudonyms.")
@click.option("--as", "who", required=True, metavar="NAME", help="Your account, an administrator's.")
def rotate_keys(which: str | None, who: str) -> None:
    """Change the keys while the bot goes on; broken off, it goes on where it was when it is called again."""
    from bot import rekeying

    rekeying.rotate(("addresses", "pseudonyms") if which is None else (which,), who)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day, as 2026-11-01.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last day.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="May be given several times; else all.")
@click.option("--form", type=click.Choice(["both", "redacted", "unredacted"]), default="both", show_default=True)
@click.option("--as", "who", required=True, metavar="NAME", help="Your account, an administrator's.")
def export(folder: Path, first: datetime, last: datetime, kinds: tuple[str, ...], form: str, who: str) -> None:
    """Answer a public-records request: the records of these days in a new FOLDER. It is noted in the audit log."""
    from bot import exporting

    forms = ("unredacted", "redacted") if form == "both" else (form,)
    exporting.export(folder, kinds, first, last, forms, who)


def _settings() -> settings.Settings:
    logs.configure("ERROR")
    try:
        return settings.read()
    except settings.SettingsInvalid as e:
        raise click.ClickException(f"settings that cannot be used:\n{e}") from e


def _progress() -> Callable[[str, float], None]:
    """Says how far it is, on a terminal only: a line that is written over."""
    if not sys.stderr.isatty():
        return lambda _what, _share: None
    return lambda what, share: click.echo(f"\r{what} {share:4.0%}   ", nl=what == "done", err=True)


def _put_knowledge(source: Path, folder: Path | None, data: Path) -> str:
    """Put it where the settings say when nothing is there yet, else beside the store; tells which."""
    is_free = folder is not None and (not folder.exists() or not any(folder.iterdir()))
    to = folder if is_free and folder is not None else data / "knowledge-restored"
    shutil.copytree(source, to, dirs_exist_ok=True)
    if is_free:
        return f"Knowledge: {to}"
    return f"The knowledge of the backup is in {to}; nothing that was there was touched. To use it: BOT_KNOWLEDGE={to}"
