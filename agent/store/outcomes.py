"""What came of an effect: each kind of outcome once, with what it means for consent, address and journey."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from agent.domain.consent import Entry, Proof
from agent.domain.customer import PUSHED, Channel, Consent, ConsentStatus, Purpose
from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, EffectId, TenantId
from agent.domain.journey import Exit
from agent.domain.money import Money
from agent.domain.ports import Clock, Duties
from agent.store import schema as t
from agent.store.arms import SUCCESSES, count_outcome
from agent.store.database import Database
from agent.store.journeys import end
from agent.store.ledger import Book
from agent.store.rows import move_versions, note

REFUSALS = frozenset({"complained", "unsubscribed"})
"""A complaint about a message is a refusal of the next one."""
KINDS = frozenset({"viewed", "clicked", "declined", "ignored", "bounced"}) | SUCCESSES | REFUSALS
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
        """False if the effect has this outcome already. Raises NotFound for the effect, ValueError for the kind."""
        if kind not in KINDS:
            raise ValueError(f"an outcome is one of {', '.join(sorted(KINDS))}")
        with self._database.writing() as connection:
            row = _effect(connection, tenant, effect)
            move_versions(connection, tenant, [row.customer])
            if not count_outcome(connection, tenant, effect, kind, at, value):
                return False
            now = self._clock.now()
            if kind in ENDS and row.journey:
                j = t.journeys.c
                query = select(t.journeys).where(j.tenant == tenant, j.journey == row.journey, j.state == "active")
                end(connection, tenant, connection.execute(query).all(), ENDS[kind], now)
            if kind in REFUSALS and row.channel in PUSHED:
                self._withdraw(connection, tenant, row, now)
            if kind == "bounced":
                _unreachable(connection, tenant, row.address_ref)
            note(connection, tenant, now, "outcome", effect, kind=kind)
        return True

    def _withdraw(self, connection: Connection, tenant: TenantId, row: Row[Any], now: datetime) -> None:
        said = Consent(
            purpose=Purpose.AD_SENDING, channel=Channel(row.channel), status=ConsentStatus.WITHDRAWN, given_at=now
        )
        book = Book(connection, tenant, self._duties, self._controller, now)
        book.append([(CustomerId(row.customer), Entry(consent=said, proof=Proof(method="outcome")))], "outcome")


def _unreachable(connection: Connection, tenant: TenantId, address_ref: str | None) -> None:
    """An address that mail does not reach is not written to again."""
    a = t.addresses.c
    connection.execute(update(t.addresses).where(a.tenant == tenant, a.address_ref == address_ref).values(listed=True))


def _effect(connection: Connection, tenant: TenantId, effect: EffectId) -> Row[Any]:
    e = t.effects.c
    row = connection.execute(select(t.effects).where(e.tenant == tenant, e.effect == effect)).first()
    if row is None:
        raise NotFound("no effect of this id", next_step="Copy it from `tactful explain`.")
    return row
