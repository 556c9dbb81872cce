"""Timers of all kinds, one table: written with what gives rise to them, read by whoever fires them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from agent.domain.ids import CustomerId, RuleId, TenantId, digest
from agent.domain.timers import Timer, TimerKind
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.rows import chunks, insert_new

ARMED, SAID, CANCELLED, DONE, MISSED = "armed", "said", "cancelled", "done", "missed"
"""A duty is `said` while its message is on its way; its lease then names the effect."""
LEAD: Mapping[str, timedelta] = {
    TimerKind.RESULT_NOTICE: timedelta(days=13),
    TimerKind.RECONFIRM: timedelta(days=30),
    TimerKind.OPT_OUT_CONFIRMATION: timedelta(minutes=5),
    TimerKind.REGISTER_REFRESH: timedelta(days=7),
}
"""How long before its last lawful moment a duty is seen to."""


class SqlTimers:
    """The `Timers` port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant: TenantId, customer: CustomerId | None) -> list[Timer]:
        """The armed timers about one customer, or those about no customer (registers), soonest first."""
        c = t.timers.c
        with self._database.reading() as connection:
            whose = c.customer.is_(None)
            if customer is not None:
                whose = c.customer.in_(groups_in(connection, tenant, [customer]).of(customer))
            query = select(t.timers).where(c.tenant == tenant, whose, c.state == ARMED)
            return [_timer(row) for row in connection.execute(query.order_by(c.due_at, c.timer)).all()]

    def missed(self, tenant: TenantId) -> list[Timer]:
        """Duties that could not be seen to in time."""
        c = t.timers.c
        query = select(t.timers).where(c.tenant == tenant, c.state == MISSED).order_by(c.due_at, c.timer)
        with self._database.reading() as connection:
            return [_timer(row) for row in connection.execute(query)]

    def claim(self, tenant: TenantId, now: datetime, limit: int, lease: str, until: datetime) -> list[Timer]:
        """Takes up to `limit` timers whose moment has come, for one worker until `until`. Copying a register anew is a
        person's to do: those timers stay armed until it is done."""
        c = t.timers.c
        free = or_(c.lease_until.is_(None), c.lease_until <= now)
        query = (
            select(t.timers)
            .where(c.tenant == tenant, c.state == ARMED, c.fires_at <= now, c.customer.is_not(None), free)
            .order_by(c.fires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.writing() as connection:
            rows = connection.execute(query).all()
            for some in chunks([row.timer for row in rows]):
                connection.execute(
                    update(t.timers).where(c.tenant == tenant, c.timer.in_(some)).values(lease=lease, lease_until=until)
                )
        return [_timer(row) for row in rows]

    def done(self, tenant: TenantId, timers: Sequence[Timer], lease: str) -> int:
        """What they stood for is done. Those whose lease was taken over stay with the other worker."""
        c = t.timers.c
        gone = 0
        with self._database.writing() as connection:
            for some in chunks([timer.timer_id for timer in timers]):
                gone += connection.execute(
                    update(t.timers)
                    .where(c.tenant == tenant, c.timer.in_(some), c.lease == lease, c.state == ARMED)
                    .values(state=DONE)
                ).rowcount
        return gone

    def later(self, tenant: TenantId, timers: Sequence[Timer], lease: str, at: datetime) -> tuple[int, int]:
        """What was not said yet is tried again at `at`; how many wait, and how many had their last lawful moment
        before: missed."""
        c = t.timers.c
        waiting = missed = 0
        with self._database.writing() as connection:
            for timer in timers:
                late = at > timer.due_at
                values = {"state": MISSED} if late else {"fires_at": at, "lease": "", "lease_until": None}
                changed = connection.execute(
                    update(t.timers)
                    .where(c.tenant == tenant, c.timer == timer.timer_id, c.lease == lease, c.state == ARMED)
                    .values(**values)
                ).rowcount
                missed += changed if late else 0
                waiting += 0 if late else changed
        return waiting, missed


def say(
    connection: Connection, tenant: TenantId, customer: str, duties: Sequence[tuple[TimerKind, str]], effect: str
) -> None:
    """An effect sees to these duties."""
    c = t.timers.c
    group = groups_in(connection, tenant, [customer]).of(customer)
    for kind, subject in duties:
        mine = (c.tenant == tenant, c.customer.in_(group), c.state == ARMED)
        connection.execute(
            update(t.timers).where(*mine, c.kind == kind, c.subject == subject).values(state=SAID, lease=effect)
        )


def told(connection: Connection, tenant: TenantId, effect: str) -> list[str]:
    """It has left: its duties are done. The entries of the ledger that were thereby said again."""
    c = t.timers.c
    mine = (c.tenant == tenant, c.state == SAID, c.lease == effect)
    rows = connection.execute(update(t.timers).where(*mine).values(state=DONE).returning(c.kind, c.subject)).all()
    return [row.subject for row in rows if row.kind == TimerKind.RECONFIRM]


def unsaid(connection: Connection, tenant: TenantId, effects: Sequence[str]) -> None:
    """They will not leave: a person has to see to what they should have said."""
    c = t.timers.c
    connection.execute(
        update(t.timers).where(c.tenant == tenant, c.state == SAID, c.lease.in_(effects)).values(state=MISSED)
    )


def cancel_waits(connection: Connection, tenant: TenantId, customer: str, event: str) -> None:
    """The event that a wait was for has come."""
    c = t.timers.c
    connection.execute(
        update(t.timers)
        .where(c.tenant == tenant, c.customer == customer, c.state == ARMED, c.unless == event)
        .values(state=CANCELLED)
    )


def cancel_all(connection: Connection, tenant: TenantId, customer: str) -> None:
    """Nothing is to be done for this customer any more."""
    c = t.timers.c
    connection.execute(
        update(t.timers)
        .where(c.tenant == tenant, c.customer == customer, c.state.in_((ARMED, SAID, MISSED)))
        .values(state=CANCELLED)
    )


def arm(connection: Connection, tenant: TenantId, timers: Sequence[Timer], now: datetime) -> None:
    """Writes the timers inside a transaction; one that is there already stays as it is."""
    insert_new(
        connection,
        t.timers,
        [
            {
                "tenant": tenant,
                "timer": "t_" + digest(x.kind, x.rule, x.subject, x.due_at.isoformat()),
                "kind": x.kind,
                "customer": x.customer,
                "subject": x.subject,
                "rule": x.rule,
                "due_at": x.due_at,
                "fires_at": x.due_at - LEAD.get(x.kind, timedelta()),
                "expires_at": x.expires_at,
                "unless": x.unless,
                "state": ARMED,
                "made_at": now,
            }
            for x in timers
        ],
    )


def cancel(
    connection: Connection, tenant: TenantId, kind: TimerKind, subjects: Any, customer: str | None = None
) -> None:
    """Takes back the armed timers of this kind about these subjects (ids, or a query for them).

    By their customer, whose few timers an index finds: a tenant has as many as it has consents.
    """
    c = t.timers.c
    whose = c.customer == customer if customer else c.customer.is_(None)
    connection.execute(
        update(t.timers)
        .where(c.tenant == tenant, whose, c.kind == kind, c.state == ARMED, c.subject.in_(subjects))
        .values(state=CANCELLED)
    )


def cancel_reconfirmations(
    connection: Connection, tenant: TenantId, customer: str, purpose: str, channel: str | None, until: datetime
) -> None:
    """What was withdrawn needs no reconfirmation, and what was just reconfirmed gets a new date."""
    c = t.consents.c
    for member in groups_in(connection, tenant, [customer]).of(customer):
        older = select(c.consent).where(
            c.tenant == tenant,
            c.customer == member,
            c.purpose == purpose,
            c.channel == channel if channel else c.channel.is_(None),
            c.given_at < until,
        )
        cancel(connection, tenant, TimerKind.RECONFIRM, older, member)


def _timer(row: Any) -> Timer:
    return Timer(
        kind=TimerKind(row.kind),
        customer=CustomerId(row.customer) if row.customer else None,
        subject=row.subject,
        rule=RuleId(row.rule),
        due_at=row.due_at,
        expires_at=row.expires_at,
        unless=row.unless,
        timer_id=row.timer,
        fires_at=row.fires_at,
    )
