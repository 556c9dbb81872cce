"""What names a person stands only here, and may be erased."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    String,
    Table,
    false,
    text,
)

from agent.store.schema.base import Utc, key, metadata, tenant

tenants = Table(
    "tenants",
    metadata,
    tenant(),
    Column("secret", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
)

# Personal data -------------------------------------------------------------------------------------------------------
persons = Table(
    "persons",
    metadata,
    tenant(),
    key("person"),
    Column("first_name", String(120), nullable=False, default=""),
    Column("created_at", Utc, nullable=False),
)
identities = Table(
    "identities",
    metadata,
    tenant(),
    key("external_id"),
    Column("customer", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Index(None, "tenant", "customer"),
)
merges = Table(
    "merges",
    metadata,
    tenant(),
    key("merge"),
    Column("kept", String(40), nullable=False),
    Column("joined", String(40), nullable=False),
    Column("evidence", String(200), nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    Column("undone_at", Utc),
    Column("undone_by", String(120), nullable=False, server_default=""),
    Index(
        "uq_merges_joined",
        "tenant",
        "joined",
        unique=True,
        sqlite_where=text("undone_at IS NULL"),
        postgresql_where=text("undone_at IS NULL"),
    ),
    Index(None, "tenant", "kept"),
)
addresses = Table(
    "addresses",
    metadata,
    tenant(),
    key("address_ref"),
    Column("customer", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("value", String(400), nullable=False),
    Column("region", String(8), nullable=False, server_default=""),
    Column("listed", Boolean, nullable=False, server_default=false()),
    Index(None, "tenant", "customer"),
)
suppressions = Table(
    "suppressions",
    metadata,
    tenant(),
    key("hash"),
    Column("register", String(40), primary_key=True),
    Column("at", Utc, nullable=False),
)
