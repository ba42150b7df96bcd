"""Codes that let people into exercises, and who guesses at them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    op.create_table(
        "tester_code",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.PrimaryKeyConstraint("digest", name="pk_tester_code"),
        sa.CheckConstraint("length(digest) = 26", name=op.f("ck_tester_code_digest")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tester_code_expires_at", "tester_code", ["expires_at"])
    op.create_table(
        "tester_try",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_tester_try"),
        sa.CheckConstraint("length(person) = 26", name=op.f("ck_tester_try_person")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tester_try_last_at", "tester_try", ["last_at"])
