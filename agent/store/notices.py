"""Endpoints that want to be told, and what they have been told (the `Notices` port).

The audit's chain is the list of what there is to tell. Each endpoint has a cursor on it; what it is to be told becomes
a delivery, in the transaction that moves the cursor.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from agent.domain.delivery import TRIES
from agent.domain.errors import NotFound
from agent.domain.ids import TenantId
from agent.domain.notice import Delivered, Due, Subscription, message_id
from agent.domain.ports import Clock, Ids, Rng
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, note

ON, OFF, GONE = "on", "off", "gone"
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
LEASE = timedelta(seconds=60)


class SqlNotices:
    def __init__(self, database: Database, clock: Clock, ids: Ids, rng: Rng) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._rng = rng

    def subscribe(self, tenant: TenantId, url: str, types: Sequence[str]) -> tuple[Subscription, str]:
        """An endpoint, told of all that comes from now on; and its secret, shown once."""
        now, secret, name = self._clock.now(), self._secret(), "w_" + self._ids.new()[-20:]
        head = select(func.max(t.audit.c.position)).where(t.audit.c.tenant == tenant)
        with self._database.writing() as connection:
            row = {
                "tenant": tenant,
                "endpoint": name,
                "url": url,
                "types": list(types),
                "secrets": secret,
                "cursor": connection.execute(head).scalar() or 0,
                "state": ON,
                "at": now,
            }
            connection.execute(insert(t.endpoints), [row])
            note(connection, tenant, now, "webhook", name, made=True)
        return _subscription(row), secret

    def all(self, tenant: TenantId) -> list[Subscription]:
        c = t.endpoints.c
        query = select(t.endpoints).where(c.tenant == tenant, c.state != GONE).order_by(c.at, c.endpoint)
        with self._database.reading() as connection:
            return [_subscription(row._mapping) for row in connection.execute(query)]

    def change(self, tenant: TenantId, endpoint: str, state: str) -> None:
        """Switches an endpoint on, off, or away. Raises NotFound."""
        c, now = t.endpoints.c, self._clock.now()
        with self._database.writing() as connection:
            mine = (c.tenant == tenant, c.endpoint == endpoint, c.state != GONE)
            if not connection.execute(update(t.endpoints).where(*mine).values(state=state)).rowcount:
                raise _unknown()
            note(connection, tenant, now, "webhook", endpoint, state=state)

    def rotate(self, tenant: TenantId, endpoint: str, both: timedelta) -> str:
        """A new secret, shown once; the old one signs as well for as long as `both`. Raises NotFound."""
        c, now, secret = t.endpoints.c, self._clock.now(), self._secret()
        with self._database.writing() as connection:
            mine = (c.tenant == tenant, c.endpoint == endpoint, c.state != GONE)
            row = connection.execute(select(t.endpoints).where(*mine)).first()
            if row is None:
                raise _unknown()
            values = {"secrets": f"{secret} {row.secrets.split()[0]}", "old_until": now + both}
            connection.execute(update(t.endpoints).where(*mine).values(**values))
            note(connection, tenant, now, "webhook", endpoint, rotated=True)
        return secret

    def cursors(self, tenant: TenantId) -> dict[str, tuple[int, tuple[str, ...]]]:
        """How far each endpoint that is on has been told, and what it wants to know."""
        return {s.endpoint_id: (s.cursor, s.types) for s in self.all(tenant) if s.state == ON}

    def publish(self, tenant: TenantId, told: Mapping[str, Sequence[int]], seen: Mapping[str, tuple[int, int]]) -> int:
        """What endpoints are to be told of (positions by endpoint); `seen` moves their cursors (from, to)."""
        c, now, new = t.endpoints.c, self._clock.now(), 0
        with self._database.writing() as connection:
            for endpoint, (was, now_at) in sorted(seen.items()):
                mine = (c.tenant == tenant, c.endpoint == endpoint, c.cursor == was)
                if not connection.execute(update(t.endpoints).where(*mine).values(cursor=now_at)).rowcount:
                    continue  # another worker was here
                row = {"tenant": tenant, "endpoint": endpoint, "state": PENDING, "next_at": now, "at": now}
                new += insert_new(connection, t.deliveries, [row | {"position": p} for p in told.get(endpoint, ())])
        return new

    def claim(self, tenant: TenantId, limit: int) -> list[Due]:
        """Deliveries whose time has come, for this worker alone for a minute."""
        d, e, now = t.deliveries.c, t.endpoints.c, self._clock.now()
        query = (
            select(t.deliveries, e.url, e.secrets, e.old_until)
            .join(t.endpoints, (e.tenant == d.tenant) & (e.endpoint == d.endpoint))
            .where(d.tenant == tenant, d.state == PENDING, d.next_at <= now, e.state == ON)
            .order_by(d.next_at, d.position)
            .limit(limit)
        )
        with self._database.reading() as connection:
            if not connection.execute(query.limit(1)).first():
                return []
        lease = self._ids.new()
        with self._database.writing() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True, of=t.deliveries)).all()
            for row in rows:
                mine = (d.tenant == tenant, d.endpoint == row.endpoint, d.position == row.position)
                connection.execute(
                    update(t.deliveries)
                    .where(*mine)
                    .values(lease=lease, next_at=now + LEASE, attempts=row.attempts + 1)
                )
        return [
            Due(
                endpoint_id=row.endpoint,
                position=row.position,
                url=row.url,
                secrets=tuple(row.secrets.split()[: 2 if row.old_until and row.old_until > now else 1]),
                attempts=row.attempts + 1,
                lease=lease,
            )
            for row in rows
        ]

    def finish(self, tenant: TenantId, due: Due, detail: str, wanted: timedelta | None, taken: bool) -> str:
        """What came of a try: delivered, later again by the schedule with jitter, or failed after the last."""
        d, now = t.deliveries.c, self._clock.now()
        values: dict[str, Any] = {"detail": detail[:120], "lease": "", "state": DELIVERED if taken else PENDING}
        if not taken and due.attempts >= len(TRIES):
            values["state"] = FAILED
        elif not taken:
            jitter = self._rng.uniform("webhook", due.endpoint_id, str(due.position), str(due.attempts))
            wait = timedelta(seconds=TRIES[due.attempts] * (0.95 + 0.1 * jitter))
            values["next_at"] = now + max(wait, wanted or timedelta())
        mine = (d.tenant == tenant, d.endpoint == due.endpoint_id, d.position == due.position, d.lease == due.lease)
        with self._database.writing() as connection:
            connection.execute(update(t.deliveries).where(*mine).values(**values))
        return str(values["state"])

    def deliveries(self, tenant: TenantId, endpoint: str, limit: int) -> list[Delivered]:
        """The newest deliveries of an endpoint. Raises NotFound."""
        d = t.deliveries.c
        self._known(tenant, endpoint)
        query = select(t.deliveries).where(d.tenant == tenant, d.endpoint == endpoint)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(d.position.desc()).limit(limit)).all()
        return [
            Delivered(
                message_id=message_id(row.endpoint, row.position),
                endpoint_id=row.endpoint,
                state=row.state,
                attempts=row.attempts,
                next_at=row.next_at if row.state == PENDING else None,
                detail=row.detail,
            )
            for row in rows
        ]

    def replay(self, tenant: TenantId, endpoint: str, since: datetime | None, failed_only: bool) -> int:
        """Tells again what was told since then, or what could not be told; how much. Raises NotFound."""
        d, now = t.deliveries.c, self._clock.now()
        self._known(tenant, endpoint)
        mine = [d.tenant == tenant, d.endpoint == endpoint]
        if failed_only:
            mine.append(d.state == FAILED)
        if since is not None:
            mine.append(or_(d.at >= since, d.state == FAILED) if failed_only else d.at >= since)
        with self._database.writing() as connection:
            again = update(t.deliveries).where(*mine).values(state=PENDING, attempts=0, next_at=now, lease="")
            return connection.execute(again).rowcount

    def _known(self, tenant: TenantId, endpoint: str) -> None:
        if not any(s.endpoint_id == endpoint for s in self.all(tenant)):
            raise _unknown()

    def _secret(self) -> str:
        return "whsec_" + base64.b64encode(sha256((self._ids.new() + self._ids.new()).encode()).digest()).decode()


def _unknown() -> NotFound:
    return NotFound("no webhook of this id", next_step="List them: GET /v1/webhooks.")


def _subscription(row: Any) -> Subscription:
    return Subscription(
        endpoint_id=row["endpoint"],
        tenant=TenantId(row["tenant"]),
        url=row["url"],
        types=tuple(row["types"]),
        state=row["state"],
        cursor=row["cursor"],
        made_at=row["at"],
    )
