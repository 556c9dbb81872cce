"""Erasure: the person goes, and everything that says what they did; what is left names nobody (the `Erasure` port)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from agent.domain.bundle import OPEN, EffectState
from agent.domain.ids import CustomerId, TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in
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
        """Erases at once, under every name; what is still to be sent is not. How many messages were being handed over
        just then."""
        with self._database.writing() as connection:
            now, m = self._clock.now(), t.merges.c
            move_versions(connection, tenant, [customer])
            group = groups_in(connection, tenant, [customer]).of(customer)
            under_way = sum(_erase(connection, tenant, member, now) for member in group)
            connection.execute(delete(t.merges).where(m.tenant == tenant, or_(m.kept.in_(group), m.joined.in_(group))))
            for member in group:
                note(connection, tenant, now, "erase", member, handed_over=under_way)
        return under_way


def _erase(connection: Connection, tenant: TenantId, customer: CustomerId, now: datetime) -> int:
    c, e, lines = t.customers.c, t.effects.c, t.order_lines.c
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
        update(t.order_lines).where(lines.tenant == tenant, lines.customer == customer).values(customer=None)
    )
    return len(under_way)
