"""Subscriptions, advisories and their ledger, staff accounts and the books of what staff did."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KINDS = "kind IN ('live', 'exercise')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    _subscriptions(moment)
    _advisories(moment)
    _staff(moment)


def _subscriptions(moment: sa.DateTime) -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("consented_at", moment, nullable=False),
        sa.Column("consented_by", sa.Text, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("kind", "person", name="uq_subscription_kind_person"),
        sa.UniqueConstraint("id", "kind", name="uq_subscription_id_kind"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_subscription_kind")),
        sa.CheckConstraint("length(person) = 26", name=op.f("ck_subscription_person")),
        sa.CheckConstraint("level IN ('every', 'urgent')", name=op.f("ck_subscription_level")),
        sa.CheckConstraint("state IN ('active', 'suspended', 'stopped')", name=op.f("ck_subscription_state")),
        sa.CheckConstraint("(state = 'stopped') = (address IS NULL)", name=op.f("ck_subscription_address")),
        sqlite_strict=True,
    )
    op.create_table(
        "subscribed_topic",
        sa.Column("subscription", sa.Integer, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subscription", "topic", name="pk_subscribed_topic"),
        sa.ForeignKeyConstraint(
            ["subscription"], ["subscription.id"], name="fk_subscribed_topic_subscription", ondelete="CASCADE"
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscribed_topic_topic", "subscribed_topic", ["topic"])


def _advisories(moment: sa.DateTime) -> None:
    stages = "'draft', 'approved', 'scheduled', 'sending', 'paused', 'finished', 'discarded'"
    states = "'due', 'sending', 'sent', 'undeliverable', 'opted_out', 'withdrawn', 'expired', 'uncertain'"
    op.create_table(
        "advisory",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("thread", sa.Integer, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("texts", sa.Text),
        sa.Column("corrections", sa.Text),
        sa.Column("replacements", sa.Text),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", moment),
        sa.Column("approved_count", sa.Integer),
        sa.Column("override", sa.Text),
        sa.Column("released_by", sa.Text),
        sa.Column("released_at", moment),
        sa.Column("starts_at", moment),
        sa.Column("audience", sa.Integer),
        sa.Column("paused_for", sa.Text),
        sa.Column("ended", sa.Text),
        sa.Column("ended_at", moment),
        sa.PrimaryKeyConstraint("number", name="pk_advisory"),
        sa.UniqueConstraint("identifier", name="uq_advisory_identifier"),
        sa.UniqueConstraint("number", "kind", name="uq_advisory_number_kind"),
        sa.CheckConstraint(_KINDS, name=op.f("ck_advisory_kind")),
        sa.CheckConstraint("type IN ('alert', 'update', 'cancel')", name=op.f("ck_advisory_type")),
        sa.CheckConstraint("level IN ('alert', 'advisory', 'community')", name=op.f("ck_advisory_level")),
        sa.CheckConstraint(f"stage IN ({stages})", name=op.f("ck_advisory_stage")),
        sa.CheckConstraint("ended IN ('superseded', 'cancelled', 'expired')", name=op.f("ck_advisory_ended")),
        sa.CheckConstraint(
            "released_at IS NULL OR (texts IS NOT NULL AND audience IS NOT NULL)", name=op.f("ck_advisory_released")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_advisory_thread", "advisory", ["thread"])
    op.create_index("ix_advisory_stage", "advisory", ["stage"])
    op.create_index("ix_advisory_ended", "advisory", ["ended", "expires_at"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("advisory", sa.Integer, nullable=False),
        sa.Column("subscription", sa.Integer, nullable=False),
        sa.Column("thread", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unknowns", sa.Integer, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", moment),
        sa.Column("provider_id", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("settled_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("advisory", "subscription", name="uq_delivery_advisory_subscription"),
        sa.ForeignKeyConstraint(
            ["advisory", "kind"], ["advisory.number", "advisory.kind"], name="fk_delivery_advisory_kind"
        ),
        sa.ForeignKeyConstraint(
            ["subscription", "kind"], ["subscription.id", "subscription.kind"], name="fk_delivery_subscription_kind"
        ),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_delivery_state")),
        sa.CheckConstraint(
            "(state = 'sending') = (owner IS NOT NULL AND lease_until IS NOT NULL)", name=op.f("ck_delivery_owner")
        ),
        sa.CheckConstraint("(state IN ('due', 'sending')) = (settled_at IS NULL)", name=op.f("ck_delivery_settled")),
        sqlite_strict=True,
    )
    op.create_index("ix_delivery_advisory", "delivery", ["advisory", "state", "channel", "due_at", "turn"])
    op.create_index("ix_delivery_subscription", "delivery", ["subscription", "thread"])
    held = sa.text("owner IS NOT NULL")
    op.create_index("ix_delivery_lease_until", "delivery", ["lease_until"], sqlite_where=held, postgresql_where=held)
    op.create_table(
        "lane",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("free_at", moment, nullable=False),
        sa.Column("paused_until", moment),
        sa.Column("paused_for", sa.Text),
        sa.PrimaryKeyConstraint("name", name="pk_lane"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _staff(moment: sa.DateTime) -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("second_factor", sa.Text),
        sa.Column("last_code", sa.Integer),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("disabled_at", moment),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
        sa.CheckConstraint("length(name) BETWEEN 2 AND 40", name=op.f("ck_account_name")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sa.UniqueConstraint("digest", name="uq_audit_digest"),
        sqlite_strict=True,
    )
