"""Approvals: a held effect is let go by one person, once, for exactly the bytes that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from agent.domain.approval import Approval
from agent.domain.bundle import EffectState
from agent.domain.errors import InputError, NotFound
from agent.domain.ids import EffectId, TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.records import effect_of, find_effect
from agent.store.resources import release
from agent.store.rows import Pseudonyms, insert_new, note, unpack

OPEN, APPROVED, REJECTED, EXPIRED = "open", "approved", "rejected", "expired"
LONGEST = timedelta(days=3)
"""Nobody approves today what was asked last week."""


def fingerprint(names: Pseudonyms, row: Any) -> str:
    """A keyed hash of everything that would leave: words, facts, legal lines, address, channel, times."""
    return names.keyed(
        "approval",
        row.effect,
        row.key,
        row.customer,
        row.kind,
        row.action,
        row.channel,
        row.entity,
        row.address_ref or "",
        unpack(row.payload).hex(),
        row.due_at.astimezone(UTC).isoformat(),
        row.expires_at.astimezone(UTC).isoformat(),
    )


def ask(connection: Connection, tenant: TenantId, effect: str, hash_: str, now: datetime, expires_at: datetime) -> None:
    """Notes, in the transaction that holds the effect, that a person has to look."""
    row = {"tenant": tenant, "effect": effect, "hash": hash_, "state": OPEN, "asked_at": now}
    insert_new(connection, t.approvals, [row | {"expires_at": min(expires_at, now + LONGEST)}])


class SqlApprovals:
    """The `Approvals` port."""

    def __init__(self, database: Database, names: Pseudonyms, clock: Clock) -> None:
        self._database = database
        self._names = names
        self._clock = clock

    def open(self, tenant: TenantId) -> list[Approval]:
        """What waits for a person, soonest to expire first."""
        with self._database.reading() as connection:
            rows = self._rows(connection, tenant, state=OPEN)
        now = self._clock.now()
        return [_approval(row) for row in rows if row.approval_expires > now and row.state == EffectState.HELD]

    def show(self, tenant: TenantId, effect: EffectId) -> Approval:
        """One request, whatever became of it; by its id or the beginning of it. Raises NotFound."""
        with self._database.reading() as connection:
            return _approval(self._one(connection, tenant, effect))

    def decide(self, tenant: TenantId, effect: EffectId, seen: str, yes: bool, by: str) -> Approval:
        """Says yes or no to exactly the bytes whose hash was shown, once. Raises NotFound, and InputError where the
        request is over, was answered before, or is about something else by now."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = self._one(connection, tenant, effect, lock=True)
            _refuse_unless_open(row, now)
            held = fingerprint(self._names, row)
            if not seen or not held.startswith(seen) or len(seen) < 12 or held != row.hash:
                raise InputError(
                    "what would be sent is not what was shown",
                    place="hash",
                    next_step="Look at it again with `tactful approve show`.",
                )
            a, e = t.approvals.c, t.effects.c
            answer = {"state": APPROVED if yes else REJECTED, "by": by, "at": now}
            connection.execute(update(t.approvals).where(a.tenant == tenant, a.effect == row.effect).values(**answer))
            state = {"state": EffectState.PENDING, "approved": held, "not_before": max(row.due_at, now)}
            if not yes:
                state = {"state": EffectState.CANCELLED, "detail": f"not approved by {by}"[:200], "done_at": now}
                release(connection, tenant, [row.effect])
            connection.execute(update(t.effects).where(e.tenant == tenant, e.effect == row.effect).values(**state))
            note(connection, tenant, now, "approval", row.effect, answer=answer["state"], by=by)
            return _approval(self._one(connection, tenant, EffectId(row.effect)))

    def expire(self, tenant: TenantId) -> int:
        """What nobody answered in time is given up, and gives back what it had reserved."""
        now, a, e = self._clock.now(), t.approvals.c, t.effects.c
        with self._database.writing() as connection:
            late = list(
                connection.execute(
                    update(t.approvals)
                    .where(a.tenant == tenant, a.state == OPEN, a.expires_at <= now)
                    .values(state=EXPIRED, at=now)
                    .returning(a.effect)
                ).scalars()
            )
            if late:
                over = {"state": EffectState.EXPIRED, "detail": "nobody approved it in time", "done_at": now}
                connection.execute(
                    update(t.effects)
                    .where(e.tenant == tenant, e.effect.in_(late), e.state == EffectState.HELD)
                    .values(**over)
                )
                release(connection, tenant, late)
        return len(late)

    def _rows(self, connection: Connection, tenant: TenantId, **where: str) -> Sequence[Row[Any]]:
        a, e = t.approvals.c, t.effects.c
        query = (
            select(
                t.effects,
                a.hash,
                a.by,
                a.at,
                a.asked_at,
                a.state.label("approval"),
                a.expires_at.label("approval_expires"),
            )
            .join(t.approvals, and_(a.tenant == e.tenant, a.effect == e.effect))
            .where(a.tenant == tenant)
            .order_by(a.expires_at, a.effect)
        )
        for name, value in where.items():
            query = query.where(a[name] == value)
        return connection.execute(query).all()

    def _one(self, connection: Connection, tenant: TenantId, effect: EffectId, lock: bool = False) -> Row[Any]:
        # Two answers at once: the second waits for this lock, and then reads what the first has made of it.
        found = find_effect(connection, tenant, effect, lock)
        rows = self._rows(connection, tenant, effect=found.effect)
        if not rows:
            raise NotFound("no such request for approval", next_step="See `tactful approve list`.")
        return rows[0]


def _refuse_unless_open(row: Row[Any], now: datetime) -> None:
    if row.approval != OPEN:
        said = f"answered already: {row.approval}" + (f" by {row.by}" if row.by else "")
        raise InputError(said, place=row.effect, next_step="One answer counts.")
    if row.state != EffectState.HELD:
        raise InputError(
            f"nothing to answer any more: {row.state}", place=row.effect, next_step="See `tactful journey CUSTOMER`."
        )
    if now >= row.approval_expires or now >= row.expires_at:
        raise InputError("too late: the request has expired", place=row.effect, next_step="Decide on them anew.")


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        effect=effect_of(row),
        hash=row.hash,
        state=row.approval,
        asked_at=row.asked_at,
        expires_at=row.approval_expires,
        by=row.by,
        at=row.at,
    )
