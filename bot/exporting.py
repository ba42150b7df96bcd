"""`export`, done: who may, which days, and the line in the audit log before the folder is there."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

import click

from bot import records
from bot.core.staff import Act
from bot.desk import Desk, on_desk, signed_in
from bot.records import Request
from bot.store import record_rows
from bot.store.record_rows import Kind


@on_desk
async def export(
    desk: Desk, folder: Path, kinds: Sequence[str], first: datetime, last: datetime, forms: Sequence[str], who: str
) -> None:
    """Write the folder; both days are whole days of the department's."""
    begins = datetime.combine(first.date(), time(), desk.zone)
    ends = datetime.combine(last.date() + timedelta(days=1), time(), desk.zone)
    chosen = tuple(Kind(kind) for kind in kinds) or tuple(Kind)
    async with signed_in(desk, who, "records") as by:
        by.must_be_allowed(Act.KEEP_RECORDS)
        found = {kind: await record_rows.rows(desk.database, kind, begins, ends) for kind in chosen}
        names = await record_rows.account_names(desk.database)
        department = next(iter(desk.knowledge.department.name.values()))
        request = Request(chosen, begins, ends, by.name, desk.clock(), department)
        counts = {kind.value: len(rows) for kind, rows in found.items()}
        told = {"from": begins.isoformat(), "until": ends.isoformat(), "forms": list(forms), "records": counts}
        # Before the folder is there: what cannot be noted is not given out.
        await desk.audit.note(by.name, "records exported", ", ".join(chosen), told, desk.clock())
        try:
            digest = await asyncio.to_thread(records.write, folder, request, found, names, forms)
        except OSError as e:
            raise click.ClickException(f"{folder}: {e.strerror or e}") from e
    for kind, count in counts.items():
        click.echo(f"{kind}: {count:,}")
    click.echo(f"In {folder}; SHA-256 of its manifest: {digest}")
