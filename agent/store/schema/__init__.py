"""The tables, each with its tenant.

Money is stored in whole micro-units with its currency; times in UTC; bodies of records and inputs compressed.
"""

from agent.store.schema.base import REVISION, Utc, metadata
from agent.store.schema.books import audit, guidelines, quarantine
from agent.store.schema.catalogue import foreseen, models, orders, prices, shipments, stock, stores
from agent.store.schema.doors import answers, api_keys, deliveries, endpoints, messages, stated, waiting
from agent.store.schema.facts import (
    consents,
    contacts,
    customers,
    events,
    order_lines,
    products,
    registers,
    reviews,
    timers,
    unsubscribe_tokens,
)
from agent.store.schema.personal import addresses, identities, merges, persons, suppressions, tenants
from agent.store.schema.work import (
    approvals,
    arms,
    bookings,
    campaigns,
    coupons,
    decisions,
    effects,
    inputs,
    journeys,
    outcomes,
    reservations,
    slots,
    switches,
)

__all__ = [
    "REVISION",
    "Utc",
    "addresses",
    "answers",
    "api_keys",
    "approvals",
    "arms",
    "audit",
    "bookings",
    "campaigns",
    "consents",
    "contacts",
    "coupons",
    "customers",
    "decisions",
    "deliveries",
    "effects",
    "endpoints",
    "events",
    "foreseen",
    "guidelines",
    "identities",
    "inputs",
    "journeys",
    "merges",
    "messages",
    "metadata",
    "models",
    "order_lines",
    "orders",
    "outcomes",
    "persons",
    "prices",
    "products",
    "quarantine",
    "registers",
    "reservations",
    "reviews",
    "shipments",
    "slots",
    "stated",
    "stock",
    "stores",
    "suppressions",
    "switches",
    "tenants",
    "timers",
    "unsubscribe_tokens",
    "waiting",
]
