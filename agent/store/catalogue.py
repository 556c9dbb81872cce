"""Imported facts about goods, shops, orders and what is foreseen: the newest one known holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, exists, or_, select, update

from agent.domain.ids import CustomerId, TenantId
from agent.domain.imports import FactRow
from agent.domain.instants import ALWAYS
from agent.store import schema as t
from agent.store.rows import insert_new, move_versions

KEYS: Mapping[str, tuple[str, ...]] = {
    "products": ("product",),
    "prices": ("product", "at"),
    "stock": ("product", "place"),
    "stores": ("store",),
    "orders": ("order_id",),
    "shipments": ("shipment",),
    "foreseen": ("customer", "omen", "entity"),
}
MOVING = ("foreseen", "orders")
"""Facts about a customer: they move the version of decisions under way."""


def write(
    connection: Connection,
    tenant: TenantId,
    rows: Sequence[FactRow],
    customers: Mapping[str, CustomerId],
    now: datetime,
) -> int:
    """Writes the facts inside a transaction; how many were new or newer than what was known."""
    changed = 0
    touched: set[str] = set()
    for row in rows:
        values = dict(row.values) | {"tenant": tenant}
        if row.external_id is not None:
            values["customer"] = customers[row.external_id]
        at = row.at or now
        if row.table == "products":
            wrote = _product(connection, values, row.at or ALWAYS)
        else:
            wrote = _newest(connection, row, values, at)
        if wrote and row.table == "prices":
            _price_now(connection, values, at)
        if wrote and row.table in MOVING:
            touched.add(values["customer"])
        changed += bool(wrote)
    move_versions(connection, tenant, touched)
    return changed


def _newest(connection: Connection, row: FactRow, values: dict[str, Any], at: datetime) -> int:
    table = t.metadata.tables[row.table]
    values = values | {"at": at}
    if row.table == "foreseen":
        values |= {"model": "", "low": 0, "high": 0, "why": []}
    if row.table == "stock":
        values |= {"gone_at": at if not values["units"] else None}
    if insert_new(connection, table, [values]):
        return 1
    c = table.c
    here = and_(*(c[name] == values[name] for name in ("tenant", *KEYS[row.table])))
    changes = {name: value for name, value in values.items() if name not in (*KEYS[row.table], "tenant")}
    if row.table == "stock":
        units = values["units"]
        changes["gone_at"] = case((and_(c.units > 0, units == 0), at), else_=c.gone_at)
        changes["back_at"] = case((and_(c.units == 0, units > 0), at), else_=c.back_at)
    older = or_(c.at < at, c.model != "") if row.table == "foreseen" else c.at < at
    return connection.execute(update(table).where(here, older).values(**changes)).rowcount


def _product(connection: Connection, values: dict[str, Any], at: datetime) -> int:
    """Name and attributes; a product that sales have named already keeps its price."""
    c = t.products.c
    if insert_new(connection, t.products, [values | {"known_at": at}]):
        return 1
    here = and_(c.tenant == values["tenant"], c.product == values["product"])
    said = {name: values[name] for name in ("name", "experience", "launch_on") if values[name]}
    differs = [c[name] != value for name, value in said.items()]
    found = connection.execute(select(*(x.label(f"d{n}") for n, x in enumerate(differs))).where(here)).one()
    return connection.execute(update(t.products).where(here).values(**said)).rowcount if any(found) else 0


def _price_now(connection: Connection, values: dict[str, Any], at: datetime) -> None:
    """The newest price is the one that holds."""
    c, p = t.products.c, t.prices.c
    price = {"price_micros": values["price_micros"], "currency": values["currency"]}
    named = {"tenant": values["tenant"], "product": values["product"], "name": values["product"], "known_at": at}
    if insert_new(connection, t.products, [named | price]):
        return
    newer = exists().where(p.tenant == values["tenant"], p.product == values["product"], p.at > at)
    connection.execute(
        update(t.products).where(c.tenant == values["tenant"], c.product == values["product"], ~newer).values(**price)
    )
