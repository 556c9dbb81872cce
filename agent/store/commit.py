"""The one writer of decisions: compare-and-swap, reservations and the bundle in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from sqlalchemy import BindParameter, Connection, String, bindparam, func, select, update

from agent.domain.bundle import (
    Bundle,
    Committed,
    Conflict,
    Effect,
    EffectState,
    Exhausted,
    Outcome,
    SlotKind,
    SlotValue,
)
from agent.domain.decision import Decision
from agent.domain.ids import CustomerId, TenantId, digest
from agent.domain.instants import is_present
from agent.domain.journey import Course
from agent.domain.ports import Clock
from agent.domain.timers import Timer
from agent.store import schema as t
from agent.store.approving import ask, fingerprint
from agent.store.codec import decision_bytes, payload_bytes
from agent.store.database import Database
from agent.store.journeys import go
from agent.store.records import decisions_by_id
from agent.store.resources import allocate
from agent.store.rows import CHUNK, Pseudonyms, audit_row, insert_new, inserting, pack, pack_kept
from agent.store.timers import arm, say

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_TENANT = bindparam("tenant", type_=String)
_VERSIONS = (
    select(t.customers.c.customer, t.customers.c.version)
    .where(t.customers.c.tenant == _TENANT, t.customers.c.customer.in_(_IDS))
    .order_by(t.customers.c.customer)
    .with_for_update()
)
_KEYS = select(t.effects.c.key).where(t.effects.c.tenant == _TENANT, t.effects.c.key.in_(_IDS))
_MOVED = (
    update(t.customers)
    .where(t.customers.c.tenant == bindparam("b_tenant"), t.customers.c.customer == bindparam("b_customer"))
    .values(version=bindparam("b_version"), decisions=t.customers.c.decisions + bindparam("b_count"))
)
"""Built once: building one costs as much as running it."""


class SqlCommit:
    """The `Commit` port."""

    def __init__(self, database: Database, tenant: TenantId, names: Pseudonyms, clock: Clock) -> None:
        self._database = database
        self._tenant = tenant
        self._names = names
        self._clock = clock

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        """One outcome per bundle, in order. A bundle is written whole or not at all."""
        outcomes: list[Outcome] = []
        for start in range(0, len(bundles), CHUNK):
            with self._database.writing() as connection:
                outcomes += _Writer(connection, self._tenant, self._names, self._clock).write(
                    bundles[start : start + CHUNK]
                )
        return outcomes


class _Writer:
    """Writes one chunk of bundles inside one transaction; rows are gathered and inserted table by table."""

    def __init__(self, connection: Connection, tenant: TenantId, names: Pseudonyms, clock: Clock) -> None:
        self._connection = connection
        self._tenant = tenant
        self._names = names
        self._now = clock.now()
        self._rows: dict[Any, list[dict[str, Any]]] = {}
        self._moved: dict[str, tuple[int, int]] = {}
        self._policies: set[str] = set()
        self._held: list[tuple[str, Effect]] = []
        self._courses: list[tuple[CustomerId, Course]] = []
        self._timers: list[Timer] = []

    def write(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        if self._connection.dialect.name == "postgresql" and any(b.reservations for b in bundles):
            # One allocator a tenant at a time: two of them could otherwise wait for each other's rows.
            self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(self._tenant))))
        versions = self._lock_versions([b.decision.customer for b in bundles])
        known = decisions_by_id(self._connection, self._tenant, [b.decision.decision_id for b in bundles])
        used = self._effect_keys_used(bundles)
        outcomes = [self._one(bundle, known, versions, used) for bundle in bundles]
        for table, rows in self._rows.items():
            if table is t.inputs:
                insert_new(self._connection, table, rows)
            else:
                self._connection.execute(inserting(table), rows)
        self._count_decisions()
        go(self._connection, self._tenant, self._courses, self._now)
        arm(self._connection, self._tenant, self._timers, self._now)
        for hash_, effect in self._held:
            ask(self._connection, self._tenant, effect.effect_id, hash_, self._now, effect.expires_at)
        return outcomes

    def _one(self, bundle: Bundle, known: dict[str, Decision], versions: dict[str, int], used: set[str]) -> Outcome:
        decision = bundle.decision
        recorded = known.get(decision.decision_id)
        if recorded is not None:
            return Committed(decision=recorded, repeated=True)
        if decision.customer not in versions or bundle.version not in (None, versions[decision.customer]):
            return Conflict(customer=decision.customer)
        if self._another_time(decision):
            bundle = _never_sent(bundle)
        if any(effect.key in used for effect in bundle.effects):
            return Exhausted(customer=decision.customer, resource="effect")
        allocated: dict[str, str] = {}
        gone = self._allocate_all(bundle, allocated)
        if gone is not None:
            return Exhausted(customer=decision.customer, resource=gone)
        self._gather(bundle, allocated)
        known[decision.decision_id] = decision
        used.update(effect.key for effect in bundle.effects)
        if any(effect.state is not EffectState.EXPIRED for effect in bundle.effects):
            versions[decision.customer] += 1
        count = self._moved.get(decision.customer, (0, 0))[1]
        self._moved[decision.customer] = (versions[decision.customer], count + 1)
        return Committed(decision=decision)

    def _another_time(self, decision: Decision) -> bool:
        """Decided as of another time than now: a look back or ahead, which must neither send nor use up anything."""
        return not is_present(decision.as_of, self._now)

    def _allocate_all(self, bundle: Bundle, allocated: dict[str, str]) -> str | None:
        """Allocates every reservation into `allocated`, or none of them; the resource that was gone."""
        if not bundle.reservations:
            return None
        savepoint = self._connection.begin_nested()
        effect = bundle.effects[0]
        for reservation in bundle.reservations:
            code = allocate(self._connection, self._tenant, self._names, reservation, effect, bundle.decision.as_of)
            if code is None:
                savepoint.rollback()
                return reservation.resource
            allocated[reservation.slot] = code
        savepoint.commit()
        return None

    def _lock_versions(self, customers: Sequence[str]) -> dict[str, int]:
        """Versions as they stand, held against change until the commit."""
        asked = {"tenant": self._tenant, "ids": list(customers)}
        return {row.customer: row.version for row in self._connection.execute(_VERSIONS, asked)}

    def _effect_keys_used(self, bundles: Sequence[Bundle]) -> set[str]:
        keys = [effect.key for bundle in bundles for effect in bundle.effects]
        if not keys:
            return set()
        return set(self._connection.execute(_KEYS, {"tenant": self._tenant, "ids": keys}).scalars())

    def _gather(self, bundle: Bundle, allocated: dict[str, str]) -> None:
        decision = bundle.decision
        if bundle.inputs:
            self._add(t.inputs, hash=decision.inputs, customer=decision.customer, body=pack(bundle.inputs))
        if decision.policy not in self._policies:
            self._policies.add(decision.policy)
            self._add(t.inputs, hash=decision.policy, customer=None, body=pack_kept(bundle.policy))
        self._add(
            t.decisions,
            decision=decision.decision_id,
            customer=decision.customer,
            trigger=decision.trigger,
            as_of=decision.as_of,
            recorded_at=self._now,
            action=decision.chosen.action if decision.chosen else "hold",
            channel=decision.chosen.channel if decision.chosen else None,
            reason=decision.hold.reason,
            inputs=decision.inputs,
            policy=decision.policy,
            record=pack(decision_bytes(decision)),
        )
        for effect in bundle.effects:
            self._gather_effect(effect, bundle, allocated)
        if bundle.opens and bundle.effects:
            self._open_case(bundle)
        if bundle.settles and bundle.effects:
            say(self._connection, self._tenant, decision.customer, bundle.settles, bundle.effects[0].effect_id)
        if bundle.course is not None and bundle.effects:
            self._courses.append((decision.customer, bundle.course))
        self._timers += bundle.timers
        detail = {"action": decision.chosen.action if decision.chosen else "hold", "effects": len(bundle.effects)}
        said = audit_row(self._tenant, self._now, "decision", decision.decision_id, detail)
        self._rows.setdefault(t.audit, []).append(said)

    def _open_case(self, bundle: Bundle) -> None:
        """Somebody who is handed over has a case from now on: selling rests while it is open."""
        decision = bundle.decision
        self._add(
            t.events,
            event=digest(decision.decision_id, "case"),
            customer=decision.customer,
            kind="case_opened",
            entity=bundle.opens,
            occurred_at=decision.as_of,
            received_at=decision.as_of,
            imported_at=self._now,
            properties={"kind": "other"},
        )

    def _gather_effect(self, effect: Effect, bundle: Bundle, allocated: dict[str, str]) -> None:
        slots = dict(effect.payload.slots)
        slots |= {name: SlotValue(kind=SlotKind.TEXT, value=code) for name, code in allocated.items() if name in slots}
        payload = replace(effect.payload, slots=slots)
        values = {
            "effect": effect.effect_id,
            "key": effect.key,
            "decision": effect.decision,
            "customer": effect.customer,
            "kind": effect.kind,
            "action": effect.action,
            "channel": effect.channel,
            "entity": effect.entity,
            "address_ref": effect.address_ref,
            "payload": pack(payload_bytes(payload)),
            "due_at": effect.due_at,
            "expires_at": effect.expires_at,
            "delivery": effect.delivery,
            "state": effect.state,
            "made_at": self._now,
            "not_before": effect.due_at,
            "journey": effect.journey,
        }
        self._add(t.effects, **values)
        if effect.state is EffectState.HELD:
            self._held.append((fingerprint(self._names, SimpleNamespace(**values)), effect))
        if effect.state is EffectState.EXPIRED:
            return
        self._add(
            t.contacts,
            contact=effect.effect_id,
            customer=effect.customer,
            channel=effect.channel,
            action=effect.action,
            entity=effect.entity,
            kind=effect.kind,
            state="reserved",
            at=effect.due_at,
            reserved_at=bundle.decision.as_of,
        )
        for number, reservation in enumerate(bundle.reservations):
            self._add(
                t.reservations,
                reservation=f"{effect.effect_id}:{number}",
                effect=effect.effect_id,
                kind=reservation.kind,
                resource=reservation.resource,
                state="reserved",
            )

    def _add(self, table: Any, **values: Any) -> None:
        self._rows.setdefault(table, []).append({"tenant": self._tenant, **values})

    def _count_decisions(self) -> None:
        """Moves version and ordinal of every customer decided on."""
        if not self._moved:
            return
        self._connection.execute(
            _MOVED,
            [
                {"b_tenant": self._tenant, "b_customer": customer, "b_version": version, "b_count": count}
                for customer, (version, count) in self._moved.items()
            ],
        )


def _never_sent(bundle: Bundle) -> Bundle:
    """The bundle with effects for the record only: a key of their own, nothing reserved."""
    effects = tuple(
        replace(e, state=EffectState.EXPIRED, key=digest(e.key, e.effect_id, size=16), journey="")
        for e in bundle.effects
    )
    return replace(bundle, effects=effects, reservations=(), course=None, opens="", settles=(), timers=())
