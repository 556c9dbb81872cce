"""The outbox: effects that are due are claimed, judged once more on facts read in that very transaction, handed over.

A customer's row is locked while their effect is claimed. A withdrawal that commits before is seen; one that comes later
waits, and is told what was under way. One effect of a customer is out at a time, in the order in which they are due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select, update

from agent.domain.action import Kind
from agent.domain.bundle import Delivery, Effect, EffectState
from agent.domain.customer import Channel, Snapshot
from agent.domain.delivery import Claim, Judged, Parcel, Swept
from agent.domain.ids import TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Ids
from agent.domain.verdict import Ruling, VerdictKind
from agent.store import schema as t
from agent.store.approving import ask, fingerprint
from agent.store.database import Database
from agent.store.journeys import ACTIVE
from agent.store.people import first_names
from agent.store.records import effect_of
from agent.store.registers import tokens_of
from agent.store.resources import release
from agent.store.rows import Pseudonyms, note
from agent.store.snapshots import snapshots_in
from agent.store.switches import is_paused

Judge = Callable[[Parcel, datetime], Judged]
IN_FLIGHT = (EffectState.CLAIMED, EffectState.SENDING)
WINDOW = 8
"""Due effects looked at for each one wanted: others may be another worker's."""


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of one effect that is due."""

    state: EffectState
    detail: str = ""
    until: datetime | None = None
    parcel: Parcel | None = None
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around the effects of one claim: by customer, addresses by their reference. `tokens` are the ways
    out of e-mails."""

    snapshots: Mapping[str, Snapshot]
    addresses: Mapping[str, str]
    names: Mapping[str, str]
    tokens: Mapping[str, str]


class SqlOutbox:
    """The claiming half of the `Outbox` port; `agent.store.results` records what came of it."""

    def __init__(
        self, database: Database, tenant: TenantId, names: Pseudonyms, playbook: Playbook, clock: Clock, ids: Ids
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._names = names
        self._playbook = playbook
        self._clock = clock
        self._ids = ids

    def stirs(self, channels: Sequence[Channel]) -> bool:
        """Whether anything on these channels is due, was left half done, or is to be asked about: a look, no lock."""
        e, now = t.effects.c, self._clock.now()
        mine = (e.tenant == self._tenant, e.delivery == Delivery.TACTFUL, e.channel.in_(channels))
        waits = and_(e.state.in_((EffectState.PENDING, EffectState.UNKNOWN)), e.not_before <= now)
        left = and_(e.state.in_(IN_FLIGHT), e.lease_until <= now)
        with self._database.reading() as connection:
            return bool(connection.execute(select(exists().where(*mine, or_(waits, left)))).scalar())

    def claim(
        self, judge: Judge, channels: Sequence[Channel], limit: int, lease: timedelta, swept: Swept
    ) -> list[Claim]:
        """Up to `limit` effects that may be sent now, leased to the caller; `swept` counts what became of all."""
        with self._database.writing() as connection:
            if is_paused(connection, self._tenant):
                return []
            now = self._clock.now()
            customers = self._lock(connection, channels, limit, now)
            heads = self._heads(connection, customers, channels, now)
            around = self._around(connection, heads, now)
            lease_id = self._ids.new()
            claims, versions = [], []
            for row in heads:
                fate = self._fate(row, around, judge, now)
                if fate.parcel is not None and fate.judged is not None:
                    claims.append(_claim(fate.parcel, fate.judged, lease_id, now + lease))
                    versions.append(fate.parcel.snapshot.version)
                else:
                    self._put_aside(connection, row, fate, now)
                    swept.add(fate.state if fate.state is not EffectState.PENDING else "deferred")
            if claims:
                self._lease(connection, claims, versions)
        return claims

    def begin(self, claims: Sequence[Claim]) -> list[Claim]:
        """Marks the hand-over, in the last moment. Left out are those whose lease is over or whose customer's facts
        have moved: they go back, and are judged anew."""
        if not claims:
            return []
        e, c = t.effects.c, t.customers.c
        mine = and_(
            e.tenant == self._tenant,
            e.effect.in_([claim.effect.effect_id for claim in claims]),
            e.lease == claims[0].lease,
            e.state == EffectState.CLAIMED,
        )
        unmoved = select(c.version).where(c.tenant == self._tenant, c.customer == e.customer).scalar_subquery()
        with self._database.writing() as connection:
            now = self._clock.now()
            begun = set(
                connection.execute(
                    update(t.effects)
                    .where(mine, e.lease_until > now, e.version == unmoved)
                    .values(state=EffectState.SENDING, attempts=e.attempts + 1)
                    .returning(e.effect)
                ).scalars()
            )
            if len(begun) < len(claims):
                connection.execute(update(t.effects).where(mine).values(state=EffectState.PENDING, lease=""))
        return [claim for claim in claims if claim.effect.effect_id in begun]

    def _lock(self, connection: Connection, channels: Sequence[Channel], limit: int, now: datetime) -> list[str]:
        """Locks customers who have something due and nothing under way; those whom others hold are passed over."""
        e, c = t.effects.c, t.customers.c
        out = t.effects.alias("out")
        due = (
            select(e.customer)
            .where(
                e.tenant == self._tenant,
                e.delivery == Delivery.TACTFUL,
                e.state == EffectState.PENDING,
                e.not_before <= now,
                e.channel.in_(channels),
                ~exists().where(out.c.tenant == e.tenant, out.c.customer == e.customer, out.c.state.in_(IN_FLIGHT)),
            )
            .order_by(e.not_before)
            .limit(limit * WINDOW)
        )
        query = (
            select(c.customer)
            .where(c.tenant == self._tenant, c.customer.in_(due))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list(connection.execute(query).scalars())

    def _heads(
        self, connection: Connection, customers: Sequence[str], channels: Sequence[Channel], now: datetime
    ) -> list[Row[Any]]:
        """The first effect of each customer that may go: read after the lock, so that none is taken twice.

        One that waits for another try holds back those behind it on its own channel.
        """
        if not customers:
            return []
        e, j = t.effects.c, t.journeys.c
        rows = connection.execute(
            select(t.effects, j.state.label("journey_state"))
            .outerjoin(t.journeys, and_(j.tenant == e.tenant, j.journey == e.journey))
            .where(
                e.tenant == self._tenant,
                e.customer.in_(customers),
                e.delivery == Delivery.TACTFUL,
                e.state.in_((EffectState.PENDING, *IN_FLIGHT)),
                e.due_at <= now,
            )
            .order_by(e.due_at, e.made_at, e.effect)
        ).all()
        busy = {row.customer for row in rows if row.state in IN_FLIGHT}
        heads: dict[str, Row[Any]] = {}
        waiting: set[tuple[str, str]] = set()
        for row in rows:
            if row.customer in busy or row.customer in heads or (row.customer, row.channel) in waiting:
                continue
            if row.not_before > now:
                waiting.add((row.customer, row.channel))
            elif row.channel in channels:
                heads[row.customer] = row
        return list(heads.values())

    def _around(self, connection: Connection, heads: Sequence[Row[Any]], now: datetime) -> _Around:
        """What judging and sending need to know of the customers, read in as few questions as for one."""
        customers = [row.customer for row in heads]
        refs = [row.address_ref for row in heads if row.address_ref]
        a = t.addresses.c
        held = select(a.address_ref, a.value).where(a.tenant == self._tenant, a.address_ref.in_(refs))
        mailed = [r.customer for r in heads if r.channel == Channel.EMAIL and r.kind == Kind.OFFER]
        found = snapshots_in(connection, self._tenant, customers, now, self._playbook) if customers else []
        return _Around(
            snapshots={snapshot.customer: snapshot for snapshot in found},
            addresses={row.address_ref: row.value for row in connection.execute(held)},
            names={str(who): name for who, name in first_names(connection, self._tenant, customers).items()},
            tokens=tokens_of(connection, self._tenant, mailed, Channel.EMAIL, self._ids, now) if mailed else {},
        )

    def _fate(self, row: Row[Any], around: _Around, judge: Judge, now: datetime) -> _Fate:
        snapshot = around.snapshots.get(row.customer)
        if snapshot is None:
            return _Fate(EffectState.CANCELLED, "the customer is gone")
        if now >= row.expires_at:
            return _Fate(EffectState.EXPIRED, "its time is over")
        if row.journey and row.journey_state != ACTIVE:
            return _Fate(EffectState.CANCELLED, "the journey is over")
        if row.approved and row.approved != fingerprint(self._names, row):
            return _Fate(EffectState.BLOCKED, "changed after it was approved")
        try:
            parcel = _parcel(effect_of(row), snapshot, around)
            judged = judge(parcel, now)
        except Exception as error:  # noqa: BLE001 - fail closed
            # What cannot be read or judged is parked: the others must not wait behind it.
            return _Fate(EffectState.BLOCKED, f"cannot be judged ({type(error).__name__})")
        return _judgement(parcel, judged, bool(row.approved), row.expires_at)

    def _lease(self, connection: Connection, claims: Sequence[Claim], versions: Sequence[int]) -> None:
        e = t.effects.c
        rows = [{"b_effect": claim.effect.effect_id, "b_version": v} for claim, v in zip(claims, versions, strict=True)]
        taken = {"state": EffectState.CLAIMED, "lease": claims[0].lease, "lease_until": claims[0].lease_until}
        connection.execute(
            update(t.effects)
            .where(e.tenant == self._tenant, e.effect == bindparam("b_effect"))
            .values(**taken, version=bindparam("b_version")),
            rows,
        )

    def _put_aside(self, connection: Connection, row: Row[Any], fate: _Fate, now: datetime) -> None:
        values: dict[str, Any] = {"state": fate.state}
        state = fate.state
        if state is EffectState.PENDING:
            values |= {"not_before": fate.until}
            k = t.contacts.c
            connection.execute(
                update(t.contacts).where(k.tenant == self._tenant, k.contact == row.effect).values(at=fate.until)
            )
        elif state is EffectState.HELD:
            ask(connection, self._tenant, row.effect, fingerprint(self._names, row), now, row.expires_at)
        elif row.doubtful:
            # Some try may have arrived: it is not sent again, and a person finds out.
            values |= {"state": EffectState.UNKNOWN, "not_before": None, "done_at": now}
        else:
            values |= {"detail": fate.detail, "done_at": now}
            release(connection, self._tenant, [row.effect])
            note(connection, self._tenant, now, "effect", row.effect, state=state, why=fate.detail)
        e = t.effects.c
        connection.execute(update(t.effects).where(e.tenant == self._tenant, e.effect == row.effect).values(**values))


def _parcel(effect: Effect, snapshot: Snapshot, around: _Around) -> Parcel:
    return Parcel(
        effect=effect,
        snapshot=snapshot,
        address=around.addresses.get(effect.address_ref or "", ""),
        first_name=around.names.get(effect.customer, ""),
        token=around.tokens.get(effect.customer, "") if effect.channel is Channel.EMAIL else "",
    )


def _judgement(parcel: Parcel, judged: Judged, approved: bool, expires_at: datetime) -> _Fate:
    ruling: Ruling = judged.ruling
    verdict = ruling.forbidding
    if verdict is not None:
        later = verdict.kind is VerdictKind.DEFER and verdict.until is not None and verdict.until < expires_at
        if later:
            return _Fate(EffectState.PENDING, str(verdict.rule), verdict.until)
        expired = verdict.kind is VerdictKind.DEFER
        return _Fate(EffectState.EXPIRED if expired else EffectState.BLOCKED, str(verdict.rule))
    if ruling.kind is VerdictKind.REVIEW and not approved:
        return _Fate(EffectState.HELD, str(ruling.verdicts[0].rule))
    return _Fate(EffectState.CLAIMED, parcel=parcel, judged=judged)


def _claim(parcel: Parcel, judged: Judged, lease: str, lease_until: datetime) -> Claim:
    return Claim(
        effect=replace(parcel.effect, state=EffectState.CLAIMED),
        envelope=judged.envelope,
        address=parcel.address,
        attachments=judged.attachments,
        lease=lease,
        lease_until=lease_until,
    )
