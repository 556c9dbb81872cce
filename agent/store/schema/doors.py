"""What comes in and goes out over the API: keys, answers kept for repetitions, messages seen, webhooks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.types import JSON

from agent.store.schema.base import Utc, key, metadata, tenant

api_keys = Table(
    "api_keys",
    metadata,
    tenant(),
    key("key_id"),
    Column("name", String(120), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("scopes", String(400), nullable=False),
    Column("signing", String(200), nullable=False, server_default=""),
    Column("made_at", Utc, nullable=False),
    Column("ends_at", Utc),
    Index("uq_api_keys_key_id", "key_id", unique=True),
)
answers = Table(
    "answers",
    metadata,
    tenant(),
    Column("key", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("customer", String(40), nullable=False, server_default=""),
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("lease", String(40), nullable=False, server_default=""),
    Column("lease_until", Utc, nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "tenant", "customer"),
    Index(None, "at"),
)
messages = Table(
    "messages",
    metadata,
    tenant(),
    Column("message", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
    Index(None, "at"),
)
waiting = Table(
    "waiting",
    metadata,
    tenant(),
    Column("message", String(64), primary_key=True),
    Column("customer", String(40), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("body", JSON, nullable=False),
    Index(None, "tenant", "due_at"),
    Index(None, "tenant", "customer"),
)
stated = Table(
    "stated",
    metadata,
    tenant(),
    key("customer"),
    Column("fact", String(24), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("message", String(64), nullable=False),
)
endpoints = Table(
    "endpoints",
    metadata,
    tenant(),
    key("endpoint"),
    Column("url", String(2000), nullable=False),
    Column("types", JSON, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("old_until", Utc),
    Column("cursor", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Utc, nullable=False),
)
deliveries = Table(
    "deliveries",
    metadata,
    tenant(),
    key("endpoint"),
    Column("position", BigInteger, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Utc),
    Column("lease", String(40), nullable=False, server_default=""),
    Column("detail", String(120), nullable=False, server_default=""),
    Column("at", Utc, nullable=False),
    Index(None, "tenant", "state", "next_at"),
)
