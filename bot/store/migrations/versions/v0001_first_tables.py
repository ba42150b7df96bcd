"""The inbox, the conversations and the unanswered questions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    day = sa.Date().with_variant(sa.Text(), "sqlite")
    op.create_table(
        "inbox",
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("claimed_at", moment, nullable=False),
        sa.Column("done_at", moment),
        sa.PrimaryKeyConstraint("message", name="pk_inbox"),
        sa.CheckConstraint("length(message) = 26", name=op.f("ck_inbox_message")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_claimed_at", "inbox", ["claimed_at"])
    op.create_table(
        "conversation",
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("spoke", sa.Text),
        sa.Column("offered", sa.Text, nullable=False),
        sa.Column("offered_at", moment),
        sa.Column("entry", sa.Text),
        sa.Column("saved_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_conversation"),
        sa.CheckConstraint("length(person) = 26", name=op.f("ck_conversation_person")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_conversation_saved_at", "conversation", ["saved_at"])
    op.create_table(
        "unanswered",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("asked_on", day, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("near", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unanswered"),
        sa.CheckConstraint("length(question) <= 500", name=op.f("ck_unanswered_question")),
        sqlite_strict=True,
    )
    op.create_index("ix_unanswered_asked_on", "unanswered", ["asked_on"])
