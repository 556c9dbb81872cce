"""What a customer did, as a timeline tells it: visits, orders, reviews (the `Happenings` port)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from agent.domain.customer import Happening
from agent.domain.ids import CustomerId, TenantId
from agent.domain.money import Money
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in


class SqlHappenings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: TenantId, customer: CustomerId, until: datetime, limit: int) -> list[Happening]:
        """The newest that a customer did under whatever name, oldest first."""
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            found = [
                *_events(connection, tenant, group, until, limit),
                *_orders(connection, tenant, group, until, limit),
                *_reviews(connection, tenant, group, until, limit),
            ]
            names = _names(connection, tenant, sorted({h.entity for h in found if h.entity}))
        found.sort(key=lambda h: (h.at, h.kind, h.entity))
        return [Happening(**{**_fields(h), "name": names.get(h.entity, h.name)}) for h in found[-limit:]]


def _fields(happening: Happening) -> dict[str, Any]:
    return {name: getattr(happening, name) for name in Happening.__slots__}


def _events(
    connection: Connection, tenant: TenantId, group: tuple[CustomerId, ...], until: datetime, limit: int
) -> list[Happening]:
    e = t.events.c
    rows = connection.execute(
        select(e.kind, e.occurred_at, e.entity)
        .where(e.tenant == tenant, e.customer.in_(group), e.occurred_at <= until)
        .order_by(e.occurred_at.desc(), e.event)
        .limit(limit)
    )
    return [Happening(at=row.occurred_at, kind=row.kind, entity=row.entity) for row in rows]


def _orders(
    connection: Connection, tenant: TenantId, group: tuple[CustomerId, ...], until: datetime, limit: int
) -> list[Happening]:
    c = t.order_lines.c
    rows = connection.execute(
        select(c.order_id, c.product, c.quantity, c.amount_micros, c.currency, c.occurred_at)
        .where(c.tenant == tenant, c.customer.in_(group), c.occurred_at <= until)
        .order_by(c.occurred_at.desc(), c.line)
        .limit(limit * 8)
    )
    orders: dict[tuple[str, bool], list[Any]] = defaultdict(list)
    for row in rows:
        orders[(row.order_id, row.quantity < 0)].append(row)
    return [
        Happening(
            at=max(line.occurred_at for line in lines),
            kind="returned" if back else "ordered",
            entity=lines[0].product,
            count=len(lines),
            worth=Money.from_micros(abs(sum(line.amount_micros for line in lines)), lines[0].currency),
        )
        for (_, back), lines in orders.items()
    ]


def _reviews(
    connection: Connection, tenant: TenantId, group: tuple[CustomerId, ...], until: datetime, limit: int
) -> list[Happening]:
    r = t.reviews.c
    rows = connection.execute(
        select(r.product, r.rating, r.words, r.at)
        .where(r.tenant == tenant, r.customer.in_(group), r.at <= until)
        .order_by(r.at.desc(), r.review)
        .limit(limit)
    )
    return [
        Happening(at=row.at, kind="reviewed", entity=row.product, count=row.rating, words=row.words) for row in rows
    ]


def _names(connection: Connection, tenant: TenantId, products: list[str]) -> dict[str, str]:
    p = t.products.c
    rows = connection.execute(select(p.product, p.name).where(p.tenant == tenant, p.product.in_(products[:500])))
    return {row.product: row.name for row in rows}
