"""All that is held about a person, table by table (GDPR art. 15 and 20): what erasure takes away, and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from agent.domain.ids import CustomerId, TenantId
from agent.store import schema as t
from agent.store.codec import decision_from, payload_from
from agent.store.database import Database
from agent.store.groups import ever_one_with, groups_in
from agent.store.rows import unpack

BY_CUSTOMER = (
    *(t.identities, t.addresses, t.customers, t.consents, t.events, t.orders, t.order_lines, t.reviews, t.foreseen),
    *(t.contacts, t.decisions, t.effects, t.journeys, t.timers, t.coupons, t.bookings, t.slots, t.waiting, t.stated),
    t.unsubscribe_tokens,
)
HIDDEN = frozenset({"tenant", "lease", "lease_until", "policy", "approved"})
"""Columns that say nothing of a person."""


class SqlExport:
    """The `Export` port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: TenantId, customer: CustomerId) -> dict[str, list[dict[str, Any]]]:
        """Rows by table, under every name the person has."""
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            people = select(t.customers.c.person).where(
                t.customers.c.tenant == tenant, t.customers.c.customer.in_(group)
            )
            found = {table.name: _rows(connection, tenant, table, table.c.customer.in_(group)) for table in BY_CUSTOMER}
            found["persons"] = _rows(connection, tenant, t.persons, t.persons.c.person.in_(people))
            effects = [row["effect"] for row in found["effects"]]
            found["outcomes"] = _rows(connection, tenant, t.outcomes, t.outcomes.c.effect.in_(effects))
            ever = ever_one_with(connection, tenant, customer)
            m = t.merges.c
            found["merges"] = _rows(connection, tenant, t.merges, m.joined.in_(ever) | m.kept.in_(ever))
        return {name: rows for name, rows in sorted(found.items()) if rows}


def _rows(connection: Connection, tenant: TenantId, table: Table, whose: Any) -> list[dict[str, Any]]:
    query = select(table).where(table.c.tenant == tenant, whose).order_by(*table.primary_key.columns)
    return [_readable(row) for row in connection.execute(query).mappings().all()]


def _readable(row: Any) -> dict[str, Any]:
    from dataclasses import asdict

    values = {name: value for name, value in row.items() if name not in HIDDEN}
    if "record" in values:
        values["record"] = asdict(decision_from(unpack(values["record"])))
    if "payload" in values:
        values["payload"] = asdict(payload_from(unpack(values["payload"])))
    return values


def personal_tables() -> Sequence[Table]:
    """Every table with a column that names a customer or a person: for the proof that none is forgotten."""
    return [table for table in t.metadata.sorted_tables if {"customer", "person"} & set(table.c.keys())]
