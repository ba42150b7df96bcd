"""Groups of questions that are alike, and whether answers helped."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    day = sa.Date().with_variant(sa.Text(), "sqlite")
    op.add_column("conversation", sa.Column("shown", sa.Text))
    op.add_column("unanswered", sa.Column("line", sa.Text))
    op.add_column("unanswered", sa.Column("grouped", sa.Integer))
    op.add_column("unanswered", sa.Column("entry", sa.Text))
    op.add_column("unanswered", sa.Column("version", sa.Text))
    op.create_index("ix_unanswered_grouped", "unanswered", ["grouped", "id"])
    _groups(moment, day)
    op.create_table(
        "feedback",
        sa.Column("day", day, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("helped", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("not_helped", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("day", "channel", "language", "entry", "version", name="pk_feedback"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_entry", "feedback", ["entry", "day"])


def _groups(moment: sa.DateTime, day: sa.Date) -> None:
    op.create_table(
        "question_group",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("entry", sa.Text),
        sa.Column("typical", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("last_on", day, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("closed_after", sa.Integer),
        sa.Column("row", sa.LargeBinary),
        sa.Column("reading", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_question_group"),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'out_of_scope', 'dismissed')", name=op.f("ck_question_group_state")
        ),
        sa.CheckConstraint("(state = 'open') = (closed_after IS NULL)", name=op.f("ck_question_group_closed")),
        sa.CheckConstraint("size > 0", name=op.f("ck_question_group_size")),
        sqlite_strict=True,
    )
    # SQLite reads an index backwards as well: the largest groups, and the newest, come first either way.
    op.create_index("ix_question_group_state", "question_group", ["state", "size", "last_on"])
    op.create_index("ix_question_group_last", "question_group", ["state", "last_on", "size"])
    op.create_table(
        "group_event",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("group", sa.Integer, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_group_event"),
        sa.ForeignKeyConstraint(["group"], ["question_group.id"], name="fk_group_event_group", ondelete="CASCADE"),
        sa.CheckConstraint(
            "act IN ('answered', 'out_of_scope', 'dismissed', 'opened', 'asked_again')",
            name=op.f("ck_group_event_act"),
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_group_event_group", "group_event", ["group", "number"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
