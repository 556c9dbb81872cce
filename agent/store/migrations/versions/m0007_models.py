"""Fitted models, and what they foretell: with interval, reasons and the model it came from."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":  # whose integers are of any size already
        op.alter_column("foreseen", "number", type_=sa.BigInteger())
    op.add_column("foreseen", sa.Column("model", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("foreseen", sa.Column("low", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("foreseen", sa.Column("high", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("foreseen", sa.Column("why", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("reviews", sa.Column("received_at", TIME))
    op.create_table(
        "models",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=160), nullable=False),
        sa.Column("signal", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("fitted_at", TIME, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "model", name=op.f("pk_models")),
    )
    op.create_index(op.f("ix_models_tenant_signal_fitted_at"), "models", ["tenant", "signal", "fitted_at"])


def downgrade() -> None:
    raise RuntimeError("what models foretold is not dropped: restore a backup instead")
