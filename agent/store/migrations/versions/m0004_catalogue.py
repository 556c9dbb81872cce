"""Goods, shops, orders, and what is foreseen of customers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _name(name: str, length: int = 160) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _table(name: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(
        name, _name("tenant", 64), *columns, sa.PrimaryKeyConstraint("tenant", *key, name=op.f(f"pk_{name}"))
    )


def _at() -> sa.Column[Any]:
    return sa.Column("at", TIME, nullable=False)


def upgrade() -> None:
    money = sa.Column("price_micros", sa.BigInteger(), nullable=False)
    _table("prices", ("product", "at"), _name("product"), _at(), money, _name("currency", 3))
    _table(
        "stock",
        ("product", "place"),
        _name("product"),
        _name("place"),
        sa.Column("units", sa.Integer(), nullable=False),
        _at(),
        sa.Column("gone_at", TIME),
        sa.Column("back_at", TIME),
    )
    _table(
        "stores",
        ("store",),
        _name("store"),
        _name("name", 120),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        _at(),
    )
    placed = sa.Column("placed_at", TIME, nullable=False)
    _table(
        "orders", ("order_id",), _name("order_id"), _name("customer", 40), placed, sa.Column("deliver_by", TIME), _at()
    )
    op.create_index(op.f("ix_orders_tenant_customer"), "orders", ["tenant", "customer"])
    _table(
        "shipments",
        ("shipment",),
        _name("shipment"),
        _name("order_id"),
        _name("state", 16),
        sa.Column("deliver_by", TIME),
        _at(),
    )
    op.create_index(op.f("ix_shipments_tenant_order_id"), "shipments", ["tenant", "order_id"])
    _table(
        "foreseen",
        ("customer", "omen", "entity"),
        _name("customer"),
        _name("omen", 20),
        _name("entity"),
        _name("value"),
        sa.Column("chance", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME),
        _name("source", 16),
        _at(),
        sa.Column("ends_at", TIME),
    )
    op.add_column("products", sa.Column("experience", sa.String(length=120), server_default="", nullable=False))
    op.add_column("products", sa.Column("launch_on", sa.String(length=10), server_default="", nullable=False))


def downgrade() -> None:
    raise RuntimeError("imported facts would be lost: restore a backup instead")
