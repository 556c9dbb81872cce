"""The tables, each with its tenant. What names a person stands only in `persons`, `identities` and `addresses`.

Money is stored in whole micro-units with its currency; times in UTC; bodies of records and inputs compressed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)
from sqlalchemy.types import JSON

REVISION = "0002"
"""The migration this code works with; a test holds it against the newest one."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """Aware times, stored in UTC. Raises ValueError for a naive one: its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _key(name: str, **more: Any) -> Column[str]:
    return Column(name, String(160), primary_key=True, **more)


def _tenant() -> Column[str]:
    return Column("tenant", String(64), primary_key=True)


tenants = Table(
    "tenants",
    metadata,
    _tenant(),
    Column("secret", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
)

# Personal data -------------------------------------------------------------------------------------------------------
persons = Table(
    "persons",
    metadata,
    _tenant(),
    _key("person"),
    Column("first_name", String(120), nullable=False, default=""),
    Column("created_at", Utc, nullable=False),
)
identities = Table(
    "identities",
    metadata,
    _tenant(),
    _key("external_id"),
    Column("customer", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Index(None, "tenant", "customer"),
)
addresses = Table(
    "addresses",
    metadata,
    _tenant(),
    _key("address_ref"),
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
    _tenant(),
    _key("hash"),
    Column("register", String(40), primary_key=True),
    Column("at", Utc, nullable=False),
)

# Decision facts, by pseudonym ----------------------------------------------------------------------------------------
customers = Table(
    "customers",
    metadata,
    _tenant(),
    _key("customer"),
    Column("person", String(40), nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("decisions", Integer, nullable=False, default=0),
    Column("country", String(2)),
    Column("zone", String(64)),
    Column("locale", String(8)),
    Column("region", String(8)),
    Column("age", String(16), nullable=False, default="unknown"),
    Column("created_at", Utc, nullable=False),
)
consents = Table(
    "consents",
    metadata,
    _tenant(),
    _key("consent"),
    Column("customer", String(40), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("channel", String(16)),
    Column("status", String(16), nullable=False),
    Column("given_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("basis", String(32), nullable=False),
    Column("evidence", String(400), nullable=False, default=""),
    Column("source", String(80), nullable=False, default=""),
    Column("recorded_at", Utc, nullable=False),
    Column("conditions", String(200), nullable=False, server_default=""),
    Column("deal_ended_at", Utc),
    Column("method", String(40), nullable=False, server_default=""),
    Column("ui_version", String(40), nullable=False, server_default=""),
    Column("wording", String(80), nullable=False, server_default=""),
    Column("wording_hash", String(64), nullable=False, server_default=""),
    Column("wording_language", String(8), nullable=False, server_default=""),
    Column("controller", String(120), nullable=False, server_default=""),
    Column("age", String(16), nullable=False, server_default=""),
    Column("country", String(2)),
    Column("zone", String(64)),
    Column("receipt", String(40), nullable=False, server_default=""),
    Column("result_notice_due", Utc),
    Column("reconfirm_due", Utc),
    Index(None, "tenant", "customer"),
    Index(None, "tenant", "receipt"),
)
registers = Table(
    "registers",
    metadata,
    _tenant(),
    _key("register"),
    Column("copied_at", Utc, nullable=False),
)
timers = Table(
    "timers",
    metadata,
    _tenant(),
    _key("timer"),
    Column("kind", String(32), nullable=False),
    Column("customer", String(40)),
    Column("subject", String(160), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("state", String(16), nullable=False),
    Column("made_at", Utc, nullable=False),
    Index(None, "tenant", "due_at"),
    Index(None, "tenant", "customer", "state"),
)
unsubscribe_tokens = Table(
    "unsubscribe_tokens",
    metadata,
    _tenant(),
    _key("token"),
    Column("customer", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("made_at", Utc, nullable=False),
    Index(None, "tenant", "customer"),
)
events = Table(
    "events",
    metadata,
    _tenant(),
    _key("event"),
    Column("customer", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("entity", String(160), nullable=False, default=""),
    Column("occurred_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("imported_at", Utc, nullable=False),
    Column("properties", JSON, nullable=False),
    Index(None, "tenant", "customer", "occurred_at"),
)
products = Table(
    "products",
    metadata,
    _tenant(),
    _key("product"),
    Column("name", String(400), nullable=False),
    Column("price_micros", BigInteger),
    Column("currency", String(3)),
    Column("known_at", Utc, nullable=False),
)
order_lines = Table(
    "order_lines",
    metadata,
    _tenant(),
    _key("line"),
    Column("order_id", String(64), nullable=False),
    Column("customer", String(40)),
    Column("product", String(160), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("imported_at", Utc, nullable=False),
    Index(None, "tenant", "customer"),
)
contacts = Table(
    "contacts",
    metadata,
    _tenant(),
    _key("contact"),
    Column("customer", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("entity", String(160), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("reserved_at", Utc, nullable=False),
    Index(None, "tenant", "customer", "at"),
)

# Decisions and what they reserve -------------------------------------------------------------------------------------
decisions = Table(
    "decisions",
    metadata,
    _tenant(),
    _key("decision"),
    Column("customer", String(40), nullable=False),
    Column("trigger", String(160), nullable=False),
    Column("as_of", Utc, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("action", String(40), nullable=False),
    Column("channel", String(16)),
    Column("reason", String(32)),
    Column("inputs", String(40), nullable=False),
    Column("policy", String(40), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index(None, "tenant", "customer", "as_of"),
)
inputs = Table(
    "inputs",
    metadata,
    _tenant(),
    _key("hash"),
    Column("customer", String(40)),
    Column("body", LargeBinary, nullable=False),
    Index(None, "tenant", "customer"),
)
effects = Table(
    "effects",
    metadata,
    _tenant(),
    _key("effect"),
    Column("key", String(64), nullable=False),
    Column("decision", String(40), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("entity", String(160), nullable=False),
    Column("address_ref", String(40)),
    Column("payload", LargeBinary, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("delivery", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    ForeignKeyConstraint(["tenant", "decision"], ["decisions.tenant", "decisions.decision"]),
    Index("uq_effects_key", "tenant", "key", unique=True),
    Index(None, "tenant", "decision"),
)
reservations = Table(
    "reservations",
    metadata,
    _tenant(),
    _key("reservation"),
    Column("effect", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("resource", String(160), nullable=False),
    Column("state", String(16), nullable=False),
    Index(None, "tenant", "effect"),
)
campaigns = Table(
    "campaigns",
    metadata,
    _tenant(),
    _key("campaign"),
    Column("spent_micros", BigInteger, nullable=False, default=0),
    Column("given", Integer, nullable=False, default=0),
)
coupons = Table(
    "coupons",
    metadata,
    _tenant(),
    _key("code"),
    Column("campaign", String(40), nullable=False),
    Column("customer", String(40), nullable=False),
    Column("effect", String(40), nullable=False),
    Column("face_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "tenant", "campaign", "customer"),
)
slots = Table(
    "slots",
    metadata,
    _tenant(),
    _key("slot"),
    Column("customer", String(40), nullable=False),
    Column("effect", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Utc, nullable=False),
)
outcomes = Table(
    "outcomes",
    metadata,
    _tenant(),
    _key("effect"),
    Column("kind", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("value_micros", BigInteger),
    Column("currency", String(3)),
)
arms = Table(
    "arms",
    metadata,
    _tenant(),
    _key("action"),
    _key("channel"),
    Column("trials", Integer, nullable=False, default=0),
    Column("successes", Integer, nullable=False, default=0),
)

# The house's own books -----------------------------------------------------------------------------------------------
guidelines = Table(
    "guidelines",
    metadata,
    _tenant(),
    Column("version", String(16), nullable=False),
    Column("passages", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)
quarantine = Table(
    "quarantine",
    metadata,
    _tenant(),
    _key("key"),
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
    Index(None, "tenant", "seq"),
)
