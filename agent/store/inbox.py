"""Messages of callers: each once, whatever comes again; those that lie ahead wait (the `Inbox` port)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from agent.domain.ids import CustomerId, ExternalId, RuleId, TenantId, digest
from agent.domain.imports import EventRow, Line, Message, Quarantined, Received
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Duties
from agent.domain.timers import TimerKind
from agent.store import schema as t
from agent.store.database import Database
from agent.store.intake import Batch
from agent.store.rows import Pseudonyms, chunks, insert_new
from agent.store.timers import ARMED

REMEMBERED = timedelta(days=7)
"""For so long a message that comes again is told from a new one."""
AHEAD = timedelta(days=1)
"""What lies further ahead than this is an error of the sender's clock."""
FRESH = timedelta(days=1)
"""What happened longer ago is history that is being filled in: nobody decides on it now."""
SETTLE, LONGEST = timedelta(seconds=2), timedelta(seconds=30)
"""A decision waits until a visitor has been still for this long, and no longer than that."""
ARRIVAL = RuleId("tactful-arrival")


class SqlInbox:
    def __init__(self, database: Database, names: Pseudonyms, clock: Clock, duties: Duties, playbook: Playbook) -> None:
        self._database = database
        self._names = names
        self._clock = clock
        self._duties = duties
        self._playbook = playbook

    def receive(self, tenant: TenantId, messages: Sequence[Message], arm: bool = True) -> Received:
        """Takes what is new, in one transaction; arms a decision for whoever did something just now."""
        now = self._clock.now()
        with self._database.writing() as connection:
            new = self._fresh(connection, tenant, messages, now)
            fresh, gone = self._after_erasure(connection, tenant, new)
            late = [m for m in fresh if m.at > now + AHEAD]
            ahead = [m for m in fresh if now < m.at <= now + AHEAD]
            present = [m for m in fresh if m.at <= now]
            self._wait(connection, tenant, ahead)
            self._take(connection, tenant, present, now, [_too_far(m) for m in late])
            if arm:
                self._arm(connection, tenant, present, now)
        bad = sum(any(isinstance(row, Quarantined) for row in m.rows[:1]) for m in present)
        return Received(
            accepted=len(present) - bad,
            duplicates=len(messages) - len(new),
            waiting=len(ahead),
            quarantined=bad + len(late) + gone,
        )

    def due(self, tenant: TenantId, limit: int = 500) -> list[tuple[str, Mapping[str, Any]]]:
        """Messages whose time has come: key and body."""
        w = t.waiting.c
        query = select(w.message, w.body).where(w.tenant == tenant, w.due_at <= self._clock.now())
        with self._database.reading() as connection:
            return [(row.message, row.body) for row in connection.execute(query.order_by(w.due_at).limit(limit))]

    def take_due(self, tenant: TenantId, messages: Sequence[Message]) -> int:
        """Takes messages that have waited; those that another worker took are passed over."""
        w, now = t.waiting.c, self._clock.now()
        with self._database.writing() as connection:
            mine = delete(t.waiting).where(w.tenant == tenant, w.message.in_([m.key for m in messages]))
            gone = set(connection.execute(mine.returning(w.message)).scalars())
            taken, _ = self._after_erasure(connection, tenant, [m for m in messages if m.key in gone])
            self._take(connection, tenant, taken, now, [])
            self._arm(connection, tenant, taken, now)
        return len(taken)

    def forget(self, tenant: TenantId) -> int:
        """Forgets which messages came more than seven days ago."""
        m = t.messages.c
        with self._database.writing() as connection:
            old = delete(t.messages).where(m.tenant == tenant, m.at < self._clock.now() - REMEMBERED)
            return connection.execute(old).rowcount

    def _fresh(
        self, connection: Connection, tenant: TenantId, messages: Sequence[Message], now: datetime
    ) -> list[Message]:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        m, new = t.messages.c, set()
        rows = [{"tenant": tenant, "message": key, "at": now} for key in sorted({m.key for m in messages})]
        for some in [rows[start : start + 200] for start in range(0, len(rows), 200)]:
            statement = make(t.messages).values(some).on_conflict_do_nothing().returning(m.message)
            new |= set(connection.execute(statement).scalars())
        return [first for first in {m.key: m for m in reversed(messages)}.values() if first.key in new][::-1]

    def _after_erasure(
        self, connection: Connection, tenant: TenantId, messages: Sequence[Message]
    ) -> tuple[list[Message], int]:
        """What an erased person did before is not taken in again, however late it comes; how much of that there was.

        The customers are locked: an erasure comes before this batch or after it.
        """
        c, met = t.customers.c, {m.key: self._names.customer(ExternalId(m.external_id)) for m in messages}
        erased: dict[str, datetime] = {}
        for some in chunks(sorted(set(met.values()))):
            query = select(c.customer, c.erased_at).where(c.tenant == tenant, c.customer.in_(some))
            rows = connection.execute(query.order_by(c.customer).with_for_update())
            erased |= {row.customer: row.erased_at for row in rows if row.erased_at is not None}
        kept = [m for m in messages if met[m.key] not in erased or m.at > erased[met[m.key]]]
        return kept, len(messages) - len(kept)

    def _take(
        self,
        connection: Connection,
        tenant: TenantId,
        messages: Sequence[Message],
        now: datetime,
        faults: Sequence[Quarantined],
    ) -> None:
        batch = Batch(connection, tenant, self._names, {}, now, self._duties, self._playbook, "api")
        batch.write([*(row for message in messages for row in message.rows), *faults])

    def _wait(self, connection: Connection, tenant: TenantId, messages: Sequence[Message]) -> None:
        rows = [
            {
                "tenant": tenant,
                "message": m.key,
                "customer": self._names.customer(ExternalId(m.external_id)),
                "due_at": m.at,
                "body": dict(m.body),
            }
            for m in messages
        ]
        if rows:
            connection.execute(insert(t.waiting), rows)

    def _arm(self, connection: Connection, tenant: TenantId, messages: Sequence[Message], now: datetime) -> None:
        acted = {
            self._names.customer(ExternalId(m.external_id))
            for m in messages
            if m.at > now - FRESH and any(isinstance(row, EventRow | Line) for row in m.rows)
        }
        arm_arrivals(connection, tenant, sorted(acted), now)


def arm_arrivals(connection: Connection, tenant: TenantId, customers: Sequence[CustomerId], now: datetime) -> None:
    """One "decide now" for each customer, put off while more comes in."""
    c = t.timers.c
    for some in chunks(customers):
        names = {"t_" + digest(TimerKind.ARRIVAL, customer): customer for customer in some}
        query = select(c.timer, c.made_at).where(c.tenant == tenant, c.timer.in_(names), c.state == ARMED)
        began = {row.timer: row.made_at for row in connection.execute(query.where(c.lease == ""))}
        rows = [
            {
                "tenant": tenant,
                "timer": name,
                "kind": TimerKind.ARRIVAL,
                "customer": customer,
                "subject": customer,
                "rule": ARRIVAL,
                "due_at": now,
                "fires_at": min(now + SETTLE, began.get(name, now) + LONGEST),
                "state": ARMED,
                "made_at": began.get(name, now),
                "lease": "",
                "lease_until": None,
            }
            for name, customer in names.items()
        ]
        if not rows:
            continue
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = make(t.timers)
        moved = ("due_at", "fires_at", "state", "made_at", "lease", "lease_until")
        again = statement.on_conflict_do_update(
            index_elements=[c.tenant, c.timer], set_={name: statement.excluded[name] for name in moved}
        )
        connection.execute(again, rows)


def _too_far(message: Message) -> Quarantined:
    return Quarantined(
        key=message.key, place=f"api:{message.key[:12]}", reason="timestamp: more than a day ahead of our clock"
    )


def quarantine(database: Database, tenant: TenantId, faults: Sequence[Quarantined], now: datetime) -> None:
    """Keeps why messages could not be read, without what they said."""
    rows = [{"tenant": tenant, "key": f.key, "place": f.place, "reason": f.reason, "imported_at": now} for f in faults]
    with database.writing() as connection:
        insert_new(connection, t.quarantine, rows)
