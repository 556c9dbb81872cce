"""The first tables: persons apart from pseudonymous decisions, from the start."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("address_ref", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "address_ref", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_tenant_customer"), "addresses", ["tenant", "customer"], unique=False)
    op.create_table(
        "arms",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=160), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "action", "channel", name=op.f("pk_arms")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_tenant_seq"), "audit", ["tenant", "seq"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("campaign", sa.String(length=160), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "campaign", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "cases",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "case_id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_tenant_customer"), "cases", ["tenant", "customer"], unique=False)
    op.create_table(
        "consents",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("consent", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "consent", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_tenant_customer"), "consents", ["tenant", "customer"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "contact", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_tenant_customer_at"), "contacts", ["tenant", "customer", "at"], unique=False)
    op.create_table(
        "coupons",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=160), nullable=False),
        sa.Column("campaign", sa.String(length=40), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("face_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name=op.f("pk_coupons")),
    )
    op.create_index(
        op.f("ix_coupons_tenant_campaign_customer"), "coupons", ["tenant", "campaign", "customer"], unique=False
    )
    op.create_table(
        "customers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=160), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=True),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "customer", name=op.f("pk_customers")),
    )
    op.create_table(
        "decisions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("trigger", sa.String(length=160), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("inputs", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "decision", name=op.f("pk_decisions")),
    )
    op.create_index(
        op.f("ix_decisions_tenant_customer_as_of"), "decisions", ["tenant", "customer", "as_of"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=160), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "event", name=op.f("pk_events")),
    )
    op.create_index(
        op.f("ix_events_tenant_customer_occurred_at"), "events", ["tenant", "customer", "occurred_at"], unique=False
    )
    op.create_table(
        "guidelines",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_guidelines")),
    )
    op.create_table(
        "identities",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "external_id", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_tenant_customer"), "identities", ["tenant", "customer"], unique=False)
    op.create_table(
        "inputs",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hash", name=op.f("pk_inputs")),
    )
    op.create_index(op.f("ix_inputs_tenant_customer"), "inputs", ["tenant", "customer"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("line", sa.String(length=160), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=True),
        sa.Column("product", sa.String(length=160), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "line", name=op.f("pk_order_lines")),
    )
    op.create_index(op.f("ix_order_lines_tenant_customer"), "order_lines", ["tenant", "customer"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("effect", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "effect", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "persons",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=160), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name=op.f("pk_persons")),
    )
    op.create_table(
        "products",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "product", name=op.f("pk_products")),
    )
    op.create_table(
        "quarantine",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "reservations",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("reservation", sa.String(length=160), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("resource", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "reservation", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_tenant_effect"), "reservations", ["tenant", "effect"], unique=False)
    op.create_table(
        "slots",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=160), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "slot", name=op.f("pk_slots")),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenants")),
    )
    op.create_table(
        "effects",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("effect", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("entity", sa.String(length=160), nullable=False),
        sa.Column("address_ref", sa.String(length=40), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "decision"], ["decisions.tenant", "decisions.decision"], name=op.f("fk_effects_tenant_decision")
        ),
        sa.PrimaryKeyConstraint("tenant", "effect", name=op.f("pk_effects")),
    )
    op.create_index(op.f("ix_effects_tenant_decision"), "effects", ["tenant", "decision"], unique=False)
    op.create_index("uq_effects_key", "effects", ["tenant", "key"], unique=True)


def downgrade() -> None:
    for table in (
        "effects",
        "tenants",
        "slots",
        "reservations",
        "quarantine",
        "products",
        "persons",
        "outcomes",
        "order_lines",
        "inputs",
        "identities",
        "guidelines",
        "events",
        "decisions",
        "customers",
        "coupons",
        "contacts",
        "consents",
        "cases",
        "campaigns",
        "audit",
        "arms",
        "addresses",
    ):
        op.drop_table(table)
