"""Decisions as recorded, their inputs and their effects (the `Records` port)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from agent.domain.action import Kind
from agent.domain.bundle import Delivery, Effect, EffectState
from agent.domain.customer import Channel
from agent.domain.decision import Decision
from agent.domain.errors import Erased, NotFound
from agent.domain.ids import AddressRef, CustomerId, DecisionId, EffectId, TenantId
from agent.store import schema as t
from agent.store.codec import decision_from, payload_from
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.rows import CHUNK, chunks, unpack

SHORTEST = 6
"""Letters of an id that are enough to look for."""


def decisions_by_id(connection: Connection, tenant: TenantId, ids: Sequence[DecisionId]) -> dict[str, Decision]:
    c = t.decisions.c
    found: dict[str, Decision] = {}
    for some in chunks(ids):
        rows = connection.execute(select(c.decision, c.record).where(c.tenant == tenant, c.decision.in_(some)))
        found |= {row.decision: decision_from(unpack(row.record)) for row in rows}
    return found


class SqlRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    def decision(self, tenant: TenantId, decision: DecisionId) -> Decision:
        """The decision of this id, or of the only id that begins so. Raises NotFound."""
        c = t.decisions.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(c.record).where(c.tenant == tenant, c.decision.startswith(decision, autoescape=True)).limit(2)
            ).all()
        if len(rows) != 1 or len(decision) < 6:
            raise NotFound(
                "no decision of this id" if not rows else "more than one decision begins with this id",
                next_step="Copy the id as `tactful decide` printed it: d_ and 20 hex digits, or its unique beginning.",
            )
        return decision_from(unpack(rows[0].record))

    def recorded(self, tenant: TenantId, ids: Sequence[DecisionId]) -> dict[str, Decision]:
        """Those of the decisions that are on record."""
        with self._database.reading() as connection:
            return decisions_by_id(connection, tenant, ids)

    def body(self, tenant: TenantId, digest: str) -> bytes:
        """Inputs or policy by their hash. Raises Erased where they are gone."""
        c = t.inputs.c
        with self._database.reading() as connection:
            found = connection.execute(select(c.body).where(c.tenant == tenant, c.hash == digest)).scalar()
        if found is None:
            raise Erased("input erased", next_step="The decision's record still stands: see `tactful explain`.")
        return unpack(found)

    def decisions(self, tenant: TenantId) -> Iterator[Decision]:
        """All decisions of the tenant, oldest first, read in pages."""
        c = t.decisions.c
        last = ""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    select(c.decision, c.record)
                    .where(c.tenant == tenant, c.decision > last)
                    .order_by(c.decision)
                    .limit(CHUNK)
                ).all()
            if not rows:
                return
            last = rows[-1].decision
            yield from (decision_from(unpack(row.record)) for row in rows)

    def effects(self, tenant: TenantId, decision: DecisionId) -> list[Effect]:
        """The effects of one decision, with the codes that the commit allocated."""
        c = t.effects.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(t.effects).where(c.tenant == tenant, c.decision == decision).order_by(c.due_at)
            ).all()
        return [effect_of(row) for row in rows]

    def effect(self, tenant: TenantId, name: str) -> Effect:
        """The effect of this id, or of the only one that begins so. Raises NotFound."""
        with self._database.reading() as connection:
            return effect_of(find_effect(connection, tenant, name))

    def states(self, tenant: TenantId) -> list[tuple[str, int]]:
        """How many effects stand how."""
        e = t.effects.c
        with self._database.reading() as connection:
            query = select(e.state, func.count()).where(e.tenant == tenant).group_by(e.state).order_by(e.state)
            return [(state, int(count)) for state, count in connection.execute(query)]

    def of_customer(self, tenant: TenantId, customer: CustomerId, limit: int) -> list[Decision]:
        """The newest decisions on a customer, under whatever name, oldest first."""
        c = t.decisions.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            rows = connection.execute(
                select(c.record)
                .where(c.tenant == tenant, c.customer.in_(group))
                .order_by(c.as_of.desc(), c.recorded_at.desc(), c.decision)
                .limit(limit)
            ).scalars()
            return [decision_from(unpack(record)) for record in rows][::-1]

    def newest_of(self, tenant: TenantId, customer: CustomerId) -> Decision:
        """The decision on a customer that was recorded last. Raises NotFound."""
        c = t.decisions.c
        with self._database.reading() as connection:
            found = connection.execute(
                select(c.record)
                .where(c.tenant == tenant, c.customer == customer)
                .order_by(c.recorded_at.desc(), c.as_of.desc(), c.decision)
                .limit(1)
            ).scalar()
        if found is None:
            raise NotFound("no decision on this customer yet", next_step="Make one with `tactful decide`.")
        return decision_from(unpack(found))

    def expired(self, tenant: TenantId, as_of: datetime, now: datetime) -> int:
        """Effects of the decisions made as of one instant that may not be sent any more, or never could be."""
        e, d = t.effects.c, t.decisions.c
        with self._database.reading() as connection:
            return int(
                connection.execute(
                    select(func.count())
                    .select_from(t.effects.join(t.decisions, (e.tenant == d.tenant) & (e.decision == d.decision)))
                    .where(
                        e.tenant == tenant,
                        d.as_of == as_of,
                        or_(e.expires_at <= now, e.state == EffectState.EXPIRED),
                    )
                ).scalar_one()
            )


def find_effect(connection: Connection, tenant: TenantId, name: str, lock: bool = False) -> Row[Any]:
    """An effect by its id, or by a beginning of it that is unique. Raises NotFound."""
    e = t.effects.c
    mine = select(t.effects).where(e.tenant == tenant)
    mine = mine.with_for_update() if lock else mine
    found = connection.execute(mine.where(e.effect == name)).all()
    if not found and len(name) >= SHORTEST:
        # "g" comes after every digit that an id ends with: a range, since an index finds no pattern.
        found = connection.execute(mine.where(e.effect > name, e.effect < name + "g").limit(2)).all()
    if len(found) != 1:
        what = "several effects begin like this" if found else "no effect of this id"
        raise NotFound(what, next_step="Copy it from `tactful journey CUSTOMER`.")
    return found[0]


def effect_of(row: Row[Any]) -> Effect:
    return Effect(
        effect_id=EffectId(row.effect),
        key=row.key,
        customer=CustomerId(row.customer),
        decision=DecisionId(row.decision),
        kind=Kind(row.kind),
        action=row.action,
        channel=Channel(row.channel),
        address_ref=AddressRef(row.address_ref) if row.address_ref else None,
        entity=row.entity,
        payload=payload_from(unpack(row.payload)),
        due_at=row.due_at,
        expires_at=row.expires_at,
        delivery=Delivery(row.delivery),
        state=EffectState(row.state),
        journey=row.journey,
        approved=row.approved,
    )
