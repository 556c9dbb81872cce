"""Answers kept under their Idempotency-Key for seven days (the `Answers` port; IETF draft idempotency-key-header)."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update

from agent.domain.access import Busy, Kept, Reused
from agent.domain.ids import CustomerId, TenantId
from agent.domain.ports import Clock, Ids
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, pack, unpack

KEPT = timedelta(days=7)
"""Longer than the 75 h 35 min in which webhooks are tried again."""
LEASE = timedelta(seconds=60)
"""After this a request that never ended may be made again: its process has died."""


class SqlAnswers:
    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def begin(self, tenant: TenantId, key: str, request: str) -> Kept | str:
        """The answer of before, or a lease to answer now. Raises Busy and Reused."""
        a, name, lease, now = t.answers.c, _name(key), self._ids.new(), self._clock.now()
        mine = (a.tenant == tenant, a.key == name)
        row = {"tenant": tenant, "key": name, "request": request, "lease": lease, "lease_until": now + LEASE, "at": now}
        with self._database.writing() as connection:
            if insert_new(connection, t.answers, [row]):
                return lease
            found = connection.execute(select(t.answers).where(*mine).with_for_update()).first()
            if found is None:  # dropped just now: whoever did nothing leaves nothing
                raise Busy
            if found.at <= now - KEPT:
                connection.execute(update(t.answers).where(*mine).values(**row, status=None, body=None, customer=""))
                return lease
            if found.request != request:
                raise Reused
            if found.body is not None:
                return Kept(status=found.status, body=unpack(found.body))
            if found.lease_until > now:
                raise Busy
            connection.execute(update(t.answers).where(*mine).values(lease=lease, lease_until=now + LEASE))
            return lease

    def finish(self, tenant: TenantId, key: str, lease: str, answer: Kept, customer: CustomerId | None) -> None:
        """Keeps the answer; `customer` is whom it tells of: it goes when they are erased, and is not kept where they
        were erased while it was made."""
        a, c = t.answers.c, t.customers.c
        mine = (a.tenant == tenant, a.key == _name(key), a.lease == lease)
        whose = select(c.erased_at).where(c.tenant == tenant, c.customer == customer).with_for_update(read=True)
        with self._database.writing() as connection:
            erased = connection.execute(whose).scalar() if customer else None
            began = connection.execute(select(a.at).where(*mine)).scalar()
            if erased is not None and began is not None and began <= erased:
                connection.execute(delete(t.answers).where(*mine))
                return
            values = {"status": answer.status, "body": pack(answer.body), "customer": customer or ""}
            connection.execute(update(t.answers).where(*mine).values(**values))

    def drop(self, tenant: TenantId, key: str, lease: str) -> None:
        """Nothing was done: the key may be used again."""
        a = t.answers.c
        with self._database.writing() as connection:
            mine = (a.tenant == tenant, a.key == _name(key), a.lease == lease, a.body.is_(None))
            connection.execute(delete(t.answers).where(*mine))

    def forget(self) -> int:
        """Answers of all tenants that are older than seven days."""
        with self._database.writing() as connection:
            old = delete(t.answers).where(t.answers.c.at < self._clock.now() - KEPT)
            return connection.execute(old).rowcount


def _name(key: str) -> str:
    return sha256(key.encode()).hexdigest()
