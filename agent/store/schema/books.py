"""The house's own books."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import JSON

from agent.store.schema.base import Utc, key, metadata, tenant

_UNCHAINED = text("position IS NULL")

# The house's own books -----------------------------------------------------------------------------------------------
guidelines = Table(
    "guidelines",
    metadata,
    tenant(),
    Column("version", String(16), nullable=False),
    Column("passages", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)
quarantine = Table(
    "quarantine",
    metadata,
    tenant(),
    key("key"),
    Column("place", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("imported_at", Utc, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("what", String(40), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("hash", String(64), nullable=False, server_default=""),
    Column("position", BigInteger),
    Column("chain", String(64), nullable=False, server_default=""),
    Index(None, "tenant", "seq"),
    Index("uq_audit_position", "tenant", "position", unique=True),
    Index("ix_audit_unchained", "tenant", "seq", sqlite_where=_UNCHAINED, postgresql_where=_UNCHAINED),
)
