"""Merged identities, and what customers said of products."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _name(name: str, length: int, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, **more)


def upgrade() -> None:
    op.create_table(
        "reviews",
        _name("tenant", 64),
        _name("review", 160),
        _name("customer", 40),
        _name("product", 160),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "review", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_tenant_customer"), "reviews", ["tenant", "customer"])
    op.create_table(
        "merges",
        _name("tenant", 64),
        _name("merge", 160),
        _name("kept", 40),
        _name("joined", 40),
        _name("evidence", 200),
        _name("by", 120),
        sa.Column("at", TIME, nullable=False),
        sa.Column("undone_at", TIME),
        _name("undone_by", 120, server_default=""),
        sa.PrimaryKeyConstraint("tenant", "merge", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_tenant_kept"), "merges", ["tenant", "kept"])
    op.create_index(
        "uq_merges_joined",
        "merges",
        ["tenant", "joined"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def downgrade() -> None:
    raise RuntimeError("imported facts would be lost: restore a backup instead")
