"""Invoice lines into the table, and what they say of products: name and price as of the newest sale seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from agent.domain.ids import CustomerId, TenantId
from agent.domain.imports import Line
from agent.store import schema as t
from agent.store.rows import insert_new, insert_or_mend


def write(
    connection: Connection,
    tenant: TenantId,
    lines: Sequence[Line],
    customer_of: Callable[[str | None], CustomerId | None],
    now: datetime,
) -> int:
    """Writes the lines inside a transaction; how many were new, or read anew by a better map."""
    new = insert_or_mend(
        connection,
        t.order_lines,
        [
            {
                "tenant": tenant,
                "line": line.key,
                "order_id": line.order,
                "customer": customer_of(line.external_id),
                "product": line.product_id,
                "quantity": line.quantity,
                "amount_micros": (line.total.micros if line.total else line.price.micros * line.quantity),
                "currency": line.price.currency,
                "occurred_at": line.occurred_at,
                "received_at": line.received_at,
                "imported_at": now,
            }
            for line in lines
        ],
        "line",
    )
    _products(
        connection,
        tenant,
        [line for line in lines if line.quantity > 0 and line.product_name and line.price.micros > 0],
    )
    return new


def _products(connection: Connection, tenant: TenantId, lines: Sequence[Line]) -> None:
    newest: dict[str, Line] = {}
    for line in lines:
        known = newest.get(line.product_id)
        if known is None or line.occurred_at >= known.occurred_at:
            newest[line.product_id] = line
    rows = [
        {
            "tenant": tenant,
            "product": name,
            "name": line.product_name,
            "price_micros": line.price.micros,
            "currency": line.price.currency,
            "known_at": line.occurred_at,
        }
        for name, line in newest.items()
    ]
    insert_new(connection, t.products, rows)
    if not rows:
        return
    c = t.products.c
    said = ("name", "price_micros", "currency", "known_at")
    connection.execute(
        update(t.products)
        .where(c.tenant == tenant, c.product == bindparam("b_product"), c.known_at < bindparam("b_known_at"))
        .values(**{name: bindparam(f"b_{name}") for name in said}),
        [{f"b_{name}": row[name] for name in ("product", *said)} for row in rows],
    )
