"""How the tables of an earlier day become today's. Migrations are added, never edited.

Imported only when there is something to do: alembic takes half a second and megabytes that a start can save.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.faults import StoreFromFuture

_FOLDER = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """Every revision this program knows, the oldest first."""
    found = ScriptDirectory(str(_FOLDER)).walk_revisions()
    return tuple(reversed([script.revision for script in found]))


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables up to the revision, inside the caller's transaction.

    Raises `StoreFromFuture` and touches nothing when the database is of a revision that this program does not know.
    """
    found = set(MigrationContext.configure(connection).get_current_heads())
    if unknown := found.difference(revisions()):
        where = connection.engine.url
        raise StoreFromFuture(
            f"{where.render_as_string(hide_password=True)} is of revision {', '.join(sorted(unknown))}; this program "
            f"knows revisions up to {revisions()[-1]}. A newer version of the bot has written it: install that version "
            "again, or put back the backup made before it was installed."
        )
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
