"""Sessions of staff, who guesses at passwords, edits of the knowledge, counts of turns; when subscribers last wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    op.add_column("subscription", sa.Column("last_inbound_at", moment))
    op.create_table(
        "staff_session",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("proved_at", moment, nullable=False),
        sa.Column("notice", sa.Text),
        sa.PrimaryKeyConstraint("digest", name="pk_staff_session"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_staff_session_account"),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_staff_session_digest")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_staff_session_account", "staff_session", ["account"])
    op.create_index("ix_staff_session_seen_at", "staff_session", ["seen_at"])
    op.create_table(
        "sign_in_try",
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_sign_in_try"),
        sa.CheckConstraint("length(who) = 26", name=op.f("ck_sign_in_try_who")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sign_in_try_last_at", "sign_in_try", ["last_at"])
    op.create_table(
        "knowledge_edit",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
        sa.Column("undoes", sa.Integer),
        sa.PrimaryKeyConstraint("number", name="pk_knowledge_edit"),
        sa.ForeignKeyConstraint(["undoes"], ["knowledge_edit.number"], name="fk_knowledge_edit_undoes"),
        sqlite_strict=True,
    )
    op.create_index("ix_knowledge_edit_subject", "knowledge_edit", ["subject"])
    op.create_table(
        "tally",
        sa.Column("hour", moment, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("hour", "channel", "language", "outcome", "subject", name="pk_tally"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
