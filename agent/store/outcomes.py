"""What came of an effect: each kind of outcome once, with what it means for consent, address and journey."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from agent.domain.bundle import Delivery, EffectState
from agent.domain.consent import Entry, Proof
from agent.domain.customer import PUSHED, Channel, Consent, ConsentStatus, Purpose
from agent.domain.errors import InputError
from agent.domain.ids import EffectId, TenantId, digest
from agent.domain.journey import EXITS, Exit
from agent.domain.money import Money
from agent.domain.ports import Clock, Duties
from agent.store import schema as t
from agent.store.arms import REACHED, TAKEN, count_outcome
from agent.store.database import Database
from agent.store.groups import ever_one_with
from agent.store.journeys import end
from agent.store.ledger import Book
from agent.store.records import find_effect
from agent.store.rows import insert_new, move_versions, note

REFUSALS = frozenset({"complained", "unsubscribed"})
"""A complaint about a message is a refusal of the next one."""
KINDS = frozenset({REACHED, TAKEN, "viewed", "clicked", "declined", "ignored", "bounced"}) | REFUSALS
OUT = frozenset({EffectState.SENDING, EffectState.SENT, EffectState.UNKNOWN})
ENDS = {"converted": Exit.CONVERTED, "declined": Exit.DECLINED, "complained": Exit.COMPLAINED}
"""Outcomes that end the journey they belong to; a refusal ends all of them by the ledger."""


class SqlOutcomes:
    """The `Outcomes` port."""

    def __init__(self, database: Database, clock: Clock, duties: Duties, controller: str) -> None:
        self._database = database
        self._clock = clock
        self._duties = duties
        self._controller = controller

    def record(self, tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None = None) -> bool:
        """False if the effect has this outcome already. Raises NotFound for the effect, ValueError for the kind, and
        InputError where the message has not left."""
        if kind not in KINDS:
            raise ValueError(f"an outcome is one of {', '.join(sorted(KINDS))}")
        with self._database.writing() as connection:
            row = find_effect(connection, tenant, effect)
            _refuse_unless_out(row)
            move_versions(connection, tenant, [row.customer])
            if not count_outcome(connection, tenant, row.effect, kind, at, value):
                return False
            now = self._clock.now()
            if kind == "converted":
                _bought(connection, tenant, row, at, now, value)
            if kind in ENDS and row.journey:
                j = t.journeys.c
                query = select(t.journeys).where(j.tenant == tenant, j.journey == row.journey, j.state == "active")
                end(connection, tenant, connection.execute(query).all(), ENDS[kind], now)
            if kind in REFUSALS and row.channel in PUSHED:
                self._withdraw(connection, tenant, row, now)
            if kind == "bounced":
                _unreachable(connection, tenant, row.address_ref)
            note(connection, tenant, now, "outcome", row.effect, kind=kind)
        return True

    def _withdraw(self, connection: Connection, tenant: TenantId, row: Row[Any], now: datetime) -> None:
        said = Consent(
            purpose=Purpose.AD_SENDING, channel=Channel(row.channel), status=ConsentStatus.WITHDRAWN, given_at=now
        )
        book = Book(connection, tenant, self._duties, self._controller, now)
        entry = Entry(consent=said, proof=Proof(method="outcome"))
        book.append([(who, entry) for who in ever_one_with(connection, tenant, row.customer)], "outcome")


def _refuse_unless_out(row: Row[Any]) -> None:
    """What was never sent or shown has no outcome."""
    if row.delivery == Delivery.TACTFUL and row.state not in OUT:
        raise InputError(
            f"it has not left: {row.state}", place=row.effect, next_step="Outcomes are of messages that were sent."
        )


def _bought(
    connection: Connection, tenant: TenantId, row: Row[Any], at: datetime, now: datetime, value: Money | None
) -> None:
    """A conversion is a purchase, also where the order itself is imported later or never."""
    j = t.journeys.c
    goal = connection.execute(select(j.goal).where(j.tenant == tenant, j.journey == row.journey)).scalar()
    if goal not in (None, *EXITS["purchased"][1]):
        return
    event = {
        "tenant": tenant,
        "event": digest(row.effect, "converted"),
        "customer": row.customer,
        "kind": "purchased",
        "entity": row.effect,
        "occurred_at": at,
        "received_at": at,
        "imported_at": now,
        "properties": {"value": float(value.amount), "currency": value.currency} if value else {},
    }
    insert_new(connection, t.events, [event])


def _unreachable(connection: Connection, tenant: TenantId, address_ref: str | None) -> None:
    """An address that mail does not reach is not written to again."""
    a = t.addresses.c
    connection.execute(update(t.addresses).where(a.tenant == tenant, a.address_ref == address_ref).values(listed=True))
