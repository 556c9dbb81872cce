"""The ledger's proof and receipts, duties as timers, do-not-call registers, unsubscribe tokens, regions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE IF EXISTS cases")  # cases are read off their events, which hold all of them
    op.create_table(
        "registers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("register", sa.String(length=160), nullable=False),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "register", name=op.f("pk_registers")),
    )
    op.create_table(
        "suppressions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=160), nullable=False),
        sa.Column("register", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hash", "register", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "timers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("timer", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "timer", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_tenant_customer_state"), "timers", ["tenant", "customer", "state"], unique=False)
    op.create_index(op.f("ix_timers_tenant_due_at"), "timers", ["tenant", "due_at"], unique=False)
    op.create_table(
        "unsubscribe_tokens",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "token", name=op.f("pk_unsubscribe_tokens")),
    )
    op.create_index(
        op.f("ix_unsubscribe_tokens_tenant_customer"), "unsubscribe_tokens", ["tenant", "customer"], unique=False
    )
    op.add_column("addresses", sa.Column("region", sa.String(length=8), server_default="", nullable=False))
    op.add_column("addresses", sa.Column("listed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("consents", sa.Column("conditions", sa.String(length=200), server_default="", nullable=False))
    op.add_column("consents", sa.Column("deal_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("consents", sa.Column("method", sa.String(length=40), server_default="", nullable=False))
    op.add_column("consents", sa.Column("ui_version", sa.String(length=40), server_default="", nullable=False))
    op.add_column("consents", sa.Column("wording", sa.String(length=80), server_default="", nullable=False))
    op.add_column("consents", sa.Column("wording_hash", sa.String(length=64), server_default="", nullable=False))
    op.add_column("consents", sa.Column("wording_language", sa.String(length=8), server_default="", nullable=False))
    op.add_column("consents", sa.Column("controller", sa.String(length=120), server_default="", nullable=False))
    op.add_column("consents", sa.Column("age", sa.String(length=16), server_default="", nullable=False))
    op.add_column("consents", sa.Column("country", sa.String(length=2), nullable=True))
    op.add_column("consents", sa.Column("zone", sa.String(length=64), nullable=True))
    op.add_column("consents", sa.Column("receipt", sa.String(length=40), server_default="", nullable=False))
    op.add_column("consents", sa.Column("result_notice_due", sa.DateTime(timezone=True), nullable=True))
    op.add_column("consents", sa.Column("reconfirm_due", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_consents_tenant_receipt"), "consents", ["tenant", "receipt"], unique=False)
    op.add_column("customers", sa.Column("region", sa.String(length=8), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the ledger's proofs and the duties would be lost: restore a backup instead")
