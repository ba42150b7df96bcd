"""A conversation remembers when it was last sent to 911."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
    op.add_column("conversation", sa.Column("emergency_at", moment))
