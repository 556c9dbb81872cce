"""Erasure: the person goes, and everything that says what they did; what is left names nobody (the `Erasure` port)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from agent.domain.bundle import OPEN, EffectState, Payload, Words
from agent.domain.consent import Entry, Proof, everything
from agent.domain.customer import Consent, ConsentStatus
from agent.domain.decision import Decision
from agent.domain.ids import CustomerId, TenantId, digest
from agent.domain.ports import Clock, Duties
from agent.store import schema as t
from agent.store.codec import decision_bytes, decision_from, payload_bytes
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.journeys import leave
from agent.store.ledger import Book
from agent.store.registers import hashed
from agent.store.resources import release
from agent.store.rows import Pseudonyms, insert_new, move_versions, note, notes, pack, unpack
from agent.store.timers import cancel_all

BEHAVIOUR = (
    *(t.events, t.foreseen, t.inputs, t.orders, t.reviews, t.unsubscribe_tokens),
    *(t.answers, t.waiting, t.stated),
)
"""What a customer did, what is foreseen of them, what decisions read of it, and what callers were told."""
ERASED = "erased"
"""The register of addresses that belonged to somebody who was erased."""


class SqlErasure:
    """Records of decisions, the ledger and the audit stay, under a pseudonym that leads to nobody any more."""

    def __init__(self, database: Database, names: Pseudonyms, clock: Clock, duties: Duties, controller: str) -> None:
        self._database = database
        self._names = names
        self._clock = clock
        self._duties = duties
        self._controller = controller

    def erase(self, tenant: TenantId, customer: CustomerId) -> int:
        """Erases at once, under every name; what is still to be sent is not. How many messages were being handed over
        just then."""
        with self._database.writing() as connection:
            now, m = self._clock.now(), t.merges.c
            move_versions(connection, tenant, [customer])
            group = groups_in(connection, tenant, [customer]).of(customer)
            self._remember_the_no(connection, tenant, group, now)
            under_way = sum(_erase(connection, tenant, member, now) for member in group)
            connection.execute(delete(t.merges).where(m.tenant == tenant, or_(m.kept.in_(group), m.joined.in_(group))))
            for member in group:
                note(connection, tenant, now, "erase", member, handed_over=under_way)
        return under_way

    def _remember_the_no(
        self, connection: Connection, tenant: TenantId, group: Sequence[CustomerId], now: datetime
    ) -> None:
        """Whoever comes back with the next import stays uncontacted: by their number through the ledger, by their
        addresses through keyed hashes."""
        a, c = t.addresses.c, t.consents.c
        held = connection.execute(select(a.value).where(a.tenant == tenant, a.customer.in_(group))).scalars()
        rows = [{"hash": hashed(self._names, value), "register": ERASED, "at": now} for value in sorted(set(held))]
        insert_new(connection, t.suppressions, [{"tenant": tenant} | row for row in rows])
        entries = [
            (
                member,
                Entry(
                    consent=Consent(purpose=p, channel=channel, status=ConsentStatus.WITHDRAWN, given_at=now),
                    proof=Proof(method="erasure"),
                ),
            )
            for member in group
            for p, channel in everything()
        ]
        Book(connection, tenant, self._duties, self._controller, now).append(entries, "erasure")
        connection.execute(update(t.consents).where(c.tenant == tenant, c.customer.in_(group)).values(evidence=""))


def _erase(connection: Connection, tenant: TenantId, customer: CustomerId, now: datetime) -> int:
    c, e = t.customers.c, t.effects.c
    under_way = connection.execute(
        select(e.effect).where(e.tenant == tenant, e.customer == customer, e.state == EffectState.SENDING)
    ).all()
    stopped = connection.execute(
        update(t.effects)
        .where(e.tenant == tenant, e.customer == customer, e.state.in_(OPEN))
        .values(state=EffectState.CANCELLED, detail="the person was erased", done_at=now, lease="")
        .returning(e.effect)
    ).scalars()
    gone, stop = list(stopped), {"state": EffectState.CANCELLED, "why": "erased"}
    release(connection, tenant, gone)
    notes(connection, tenant, now, "effect", {name: stop for name in gone})
    person = connection.execute(select(c.person).where(c.tenant == tenant, c.customer == customer)).scalar_one()
    for table in BEHAVIOUR:
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.customer == customer))
    for table in (t.identities, t.addresses, t.persons):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.person == person))
    cancel_all(connection, tenant, customer)
    _blank(connection, tenant, customer)
    connection.execute(update(t.customers).where(c.tenant == tenant, c.customer == customer).values(erased_at=now))
    leave(connection, tenant, customer, now)
    _unname_orders(connection, tenant, customer)
    return len(under_way)


def _blank(connection: Connection, tenant: TenantId, customer: CustomerId) -> None:
    """What was said, and about what: carts, orders and cases have numbers by which their owner could be found. What is
    being handed over at this moment keeps its words until that is over."""
    d, e = t.decisions.c, t.effects.c
    mine = (d.tenant == tenant, d.customer == customer)
    rows = connection.execute(select(d.decision, d.record).where(*mine)).all()
    blank = [{"b_decision": r.decision, "b_record": pack(decision_bytes(_blanked(unpack(r.record))))} for r in rows]
    if blank:
        here = (d.tenant == tenant, d.decision == bindparam("b_decision"))
        connection.execute(update(t.decisions).where(*here).values(record=bindparam("b_record")), blank)
    words = pack(payload_bytes(Payload(words=Words(body=""))))
    over = (e.tenant == tenant, e.customer == customer, e.state != EffectState.SENDING)
    connection.execute(update(t.effects).where(*over).values(payload=words, entity=""))
    for table in (t.contacts, t.journeys):
        whose = (table.c.tenant == tenant, table.c.customer == customer)
        connection.execute(update(table).where(*whose).values(entity=""))


def _blanked(record: bytes) -> Decision:
    decision = decision_from(record)
    return replace(
        decision,
        chosen=replace(decision.chosen, entity="") if decision.chosen else None,
        candidates=tuple(replace(c, treatment=replace(c.treatment, entity="")) for c in decision.candidates),
        verdicts=tuple(replace(verdict, detail="") for verdict in decision.verdicts),
        findings=(),
        proposal="",
    )


def _unname_orders(connection: Connection, tenant: TenantId, customer: CustomerId) -> None:
    """What was bought stays as figures of the shop: nobody's, under numbers that lead to no order."""
    c = t.order_lines.c
    mine = (c.tenant == tenant, c.customer == customer)
    for number in connection.execute(select(c.order_id).where(*mine).distinct()).scalars().all():
        nameless = "x_" + digest(tenant, customer, number)
        connection.execute(update(t.order_lines).where(*mine, c.order_id == number).values(order_id=nameless))
    connection.execute(update(t.order_lines).where(*mine).values(customer=None))
