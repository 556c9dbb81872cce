"""Facts about all customers as plain columns, for whoever fits or calibrates something."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from agent.domain.ids import CustomerId, TenantId
from agent.domain.money import MICROS
from agent.domain.ports import OrderColumns
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import all_groups


class SqlColumns:
    """The `Columns` port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(self, tenant: TenantId, currency: str) -> OrderColumns:
        """Orders with anything bought, in one currency, oldest first; without what came back."""
        c = t.order_lines.c
        query = (
            select(c.customer, func.min(c.occurred_at).label("at"), func.sum(c.amount_micros).label("micros"))
            .where(c.tenant == tenant, c.currency == currency, c.quantity > 0, c.customer.is_not(None))
            .group_by(c.customer, c.order_id)
            .order_by("at", c.customer)
        )
        with self._database.reading() as connection:
            groups = all_groups(connection, tenant)
            rows = connection.execute(query).all()
        customers: Sequence[CustomerId] = [groups.head(row.customer) for row in rows]
        return OrderColumns(
            customers=tuple(customers),
            at=tuple(row.at for row in rows),
            value=tuple(int(row.micros) / MICROS for row in rows),
        )
