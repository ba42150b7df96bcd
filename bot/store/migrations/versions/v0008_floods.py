"""Who asks so much that replicas must count together."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    op.create_table(
        "flood",
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("empties_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_flood"),
        sa.CheckConstraint("length(who) = 26", name=op.f("ck_flood_who")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_flood_empties_at", "flood", ["empties_at"])
