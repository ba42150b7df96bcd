"""Legal holds, and what the store notes about itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    op.create_table(
        "hold",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("placed_at", moment, nullable=False),
        sa.Column("released_by", sa.Text),
        sa.Column("released_at", moment),
        sa.Column("released_for", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_hold"),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (released_for IS NULL)",
            name=op.f("ck_hold_released"),
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_hold_record", "hold", ["record", "released_at"])
    op.create_table(
        "mark",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mark"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
