"""What leaves the house and what follows: leases, approvals, journeys, bookings, the switch, several outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def _name(name: str, length: int = 160) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def upgrade() -> None:
    op.execute("DROP TABLE IF EXISTS cases")  # left where the first house was built before cases were read off events
    _effects()
    _timers()
    _resources()
    _outcomes()
    _journeys()


def _effects() -> None:
    for column in (
        sa.Column("made_at", TIME),
        sa.Column("not_before", TIME),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _text("lease", 40),
        sa.Column("lease_until", TIME),
        sa.Column("version", sa.Integer()),
        _text("journey", 40),
        _text("approved", 64),
        _text("provider", 32),
        _text("receipt", 200),
        _text("detail", 200),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("done_at", TIME),
    ):
        op.add_column("effects", column)
    op.execute("UPDATE effects SET not_before = due_at, made_at = due_at")
    op.create_index("ix_effects_due", "effects", ["tenant", "delivery", "state", "not_before"])
    op.create_index(op.f("ix_effects_tenant_customer_state"), "effects", ["tenant", "customer", "state"])
    op.create_table(
        "approvals",
        _name("tenant", 64),
        _name("effect"),
        _name("hash", 64),
        _name("state", 16),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        _text("by", 120),
        sa.Column("at", TIME),
        sa.PrimaryKeyConstraint("tenant", "effect", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_tenant_state_expires_at"), "approvals", ["tenant", "state", "expires_at"])
    op.create_table(
        "switches",
        _name("tenant", 64),
        _name("switch"),
        _name("by", 120),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "switch", name=op.f("pk_switches")),
    )


def _timers() -> None:
    op.add_column("timers", _text("unless", 40))
    op.add_column("timers", _text("lease", 40))
    op.add_column("timers", sa.Column("lease_until", TIME))
    op.add_column("timers", sa.Column("fires_at", TIME))
    op.execute("UPDATE timers SET fires_at = due_at")
    op.drop_index(op.f("ix_timers_tenant_due_at"), "timers")
    op.create_index(op.f("ix_timers_tenant_state_fires_at"), "timers", ["tenant", "state", "fires_at"])


def _resources() -> None:
    for table, column in (
        ("coupons", sa.Column("minimum_micros", sa.BigInteger(), server_default="0", nullable=False)),
        ("coupons", sa.Column("ends_at", TIME)),
        ("coupons", sa.Column("redeemed_at", TIME)),
        ("coupons", _text("redeemed_for", 160)),
        ("slots", sa.Column("starts_at", TIME)),
        ("slots", sa.Column("ends_at", TIME)),
    ):
        op.add_column(table, column)
    op.create_index(op.f("ix_coupons_tenant_effect"), "coupons", ["tenant", "effect"])
    op.create_index(op.f("ix_slots_tenant_effect"), "slots", ["tenant", "effect"])
    op.create_index(op.f("ix_slots_tenant_customer"), "slots", ["tenant", "customer"])
    op.create_table(
        "bookings",
        _name("tenant", 64),
        _name("booking"),
        _name("customer", 40),
        _name("slot"),
        _name("state", 16),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "booking", name=op.f("pk_bookings")),
    )
    op.create_index(op.f("ix_bookings_tenant_customer"), "bookings", ["tenant", "customer"])


def _outcomes() -> None:
    """One outcome an effect becomes one of each kind: seen, clicked, bought."""
    op.rename_table("outcomes", "outcomes_before")
    op.create_table(
        "outcomes",
        _name("tenant", 64),
        _name("effect"),
        _name("kind", 16),
        sa.Column("at", TIME, nullable=False),
        sa.Column("value_micros", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.PrimaryKeyConstraint("tenant", "effect", "kind", name="pk_outcomes_kind"),
    )
    op.execute(
        "INSERT INTO outcomes (tenant, effect, kind, at, value_micros, currency)"
        " SELECT tenant, effect, kind, at, value_micros, currency FROM outcomes_before"
    )
    op.drop_table("outcomes_before")


def _journeys() -> None:
    op.create_table(
        "journeys",
        _name("tenant", 64),
        _name("journey"),
        _name("customer", 40),
        _name("goal", 32),
        _name("entity"),
        _name("state", 16),
        _text("exit", 16),
        sa.Column("touches", sa.Integer(), nullable=False),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("tenant", "journey", name=op.f("pk_journeys")),
    )
    active = sa.text("state = 'active'")
    op.create_index(
        "uq_journeys_active",
        "journeys",
        ["tenant", "customer", "goal", "entity"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index(op.f("ix_journeys_tenant_customer"), "journeys", ["tenant", "customer"])


def downgrade() -> None:
    raise RuntimeError("journeys under way and approvals would be lost: restore a backup instead")
