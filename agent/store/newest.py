"""What a customer said last stands, in whatever order it comes: each fact with the time at which it was stated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update

from agent.domain.ids import TenantId
from agent.domain.imports import CustomerRow
from agent.store import schema as t
from agent.store.rows import insert_new

FACTS = ("first_name", "country", "region", "zone", "locale", "age")


def newest(connection: Connection, tenant: TenantId, customer: str, row: CustomerRow) -> CustomerRow:
    """The row without what was stated later already; what is left is noted as stated then. The same instant twice is
    settled by the message's key, so that the order of coming does not matter."""
    s = t.stated.c
    said = {name: (value,) for name in FACTS if (value := getattr(row, name))}
    said |= {str(channel): (value,) for channel, value in row.addresses.items()}
    query = select(s.fact, s.at, s.message).where(s.tenant == tenant, s.customer == customer)
    known = {found.fact: (found.at, found.message) for found in connection.execute(query)}
    assert row.stated_at is not None
    stamp = (row.stated_at, row.key)
    mine = {name for name in said if name not in known or known[name] <= stamp}
    for name in sorted(mine):
        values: dict[str, Any] = {"tenant": tenant, "customer": customer, "fact": name}
        if not insert_new(connection, t.stated, [values | {"at": stamp[0], "message": stamp[1]}]):
            here = (s.tenant == tenant, s.customer == customer, s.fact == name)
            connection.execute(update(t.stated).where(*here).values(at=stamp[0], message=stamp[1]))
    facts: dict[str, Any] = {name: "" if name == "first_name" else None for name in FACTS if name not in mine}
    addresses = {channel: value for channel, value in row.addresses.items() if str(channel) in mine}
    return replace(row, **facts, addresses=addresses)
