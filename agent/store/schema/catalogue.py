"""Goods, shops, orders, what is foreseen of customers, and the models that foresee it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.types import JSON

from agent.store.schema.base import Utc, key, metadata, tenant

prices = Table(
    "prices",
    metadata,
    tenant(),
    key("product"),
    Column("at", Utc, primary_key=True),
    Column("price_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
)
stock = Table(
    "stock",
    metadata,
    tenant(),
    key("product"),
    key("place"),
    Column("units", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("gone_at", Utc),
    Column("back_at", Utc),
)
stores = Table(
    "stores",
    metadata,
    tenant(),
    key("store"),
    Column("name", String(120), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("at", Utc, nullable=False),
)
orders = Table(
    "orders",
    metadata,
    tenant(),
    key("order_id"),
    Column("customer", String(40), nullable=False),
    Column("placed_at", Utc, nullable=False),
    Column("deliver_by", Utc),
    Column("at", Utc, nullable=False),
    Index(None, "tenant", "customer"),
)
shipments = Table(
    "shipments",
    metadata,
    tenant(),
    key("shipment"),
    Column("order_id", String(160), nullable=False),
    Column("state", String(16), nullable=False),
    Column("deliver_by", Utc),
    Column("at", Utc, nullable=False),
    Index(None, "tenant", "order_id"),
)
foreseen = Table(
    "foreseen",
    metadata,
    tenant(),
    key("customer"),
    Column("omen", String(20), primary_key=True),
    key("entity"),
    Column("value", String(160), nullable=False),
    Column("chance", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("due_at", Utc),
    Column("source", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("ends_at", Utc),
    Column("model", String(16), nullable=False, server_default=""),
    Column("low", BigInteger, nullable=False, server_default="0"),
    Column("high", BigInteger, nullable=False, server_default="0"),
    Column("why", JSON, nullable=False, server_default="[]"),
)
models = Table(
    "models",
    metadata,
    tenant(),
    key("model"),
    Column("signal", String(20), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("as_of", Utc, nullable=False),
    Column("fitted_at", Utc, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("card", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "tenant", "signal", "fitted_at"),
)
