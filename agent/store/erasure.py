"""Erasure: the person goes, and everything that says what they did; what is left names nobody (the `Erasure` port)."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from agent.domain.bundle import OPEN, EffectState
from agent.domain.ids import CustomerId, TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.journeys import leave
from agent.store.resources import release
from agent.store.rows import move_versions, note
from agent.store.timers import cancel_all

BEHAVIOUR = (t.events, t.foreseen, t.inputs, t.orders, t.reviews, t.unsubscribe_tokens)
"""What a customer did, what is foreseen of them, and what decisions read of it."""


class SqlErasure:
    """Records of decisions, the ledger and the audit stay, under a pseudonym that leads to nobody any more."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def erase(self, tenant: TenantId, customer: CustomerId) -> int:
        """Erases at once; what is still to be sent is not. How many messages were being handed over just then."""
        c, e = t.customers.c, t.effects.c
        with self._database.writing() as connection:
            now = self._clock.now()
            move_versions(connection, tenant, [customer])
            under_way = connection.execute(
                select(e.effect).where(e.tenant == tenant, e.customer == customer, e.state == EffectState.SENDING)
            ).all()
            stopped = connection.execute(
                update(t.effects)
                .where(e.tenant == tenant, e.customer == customer, e.state.in_(OPEN))
                .values(state=EffectState.CANCELLED, detail="the person was erased", done_at=now, lease="")
                .returning(e.effect)
            ).scalars()
            release(connection, tenant, list(stopped))
            person = connection.execute(select(c.person).where(c.tenant == tenant, c.customer == customer)).scalar_one()
            for table in BEHAVIOUR:
                connection.execute(delete(table).where(table.c.tenant == tenant, table.c.customer == customer))
            for table in (t.identities, t.addresses, t.persons):
                connection.execute(delete(table).where(table.c.tenant == tenant, table.c.person == person))
            cancel_all(connection, tenant, customer)
            leave(connection, tenant, customer, now)
            connection.execute(
                update(t.order_lines)
                .where(t.order_lines.c.tenant == tenant, t.order_lines.c.customer == customer)
                .values(customer=None)
            )
            note(connection, tenant, now, "erase", customer, handed_over=len(under_way))
        return len(under_way)
