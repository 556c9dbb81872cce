"""The audit's chain: each row's hash goes into the next link, so that nothing is changed, moved or taken out unseen.

Rows are hashed in the transaction of what they tell of. Their place in the chain is given afterwards, by one writer at
a time: a place that a transaction took and rolled back would be a hole, and so would one that commits late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from agent.domain.audit import Anchor, Break, Noted, Verified
from agent.domain.ids import TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import audit_hash

BATCH = 5_000
BEGINNING = "0" * 64
MOST_BREAKS = 100


class SqlChain:
    """The `AuditChain` port."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def extend(self, tenant: TenantId, limit: int = BATCH) -> int:
        """Links the rows that were written since, oldest first; how many."""
        c = t.audit.c
        with self._database.reading() as connection:
            if not connection.execute(select(c.seq).where(c.tenant == tenant, c.position.is_(None)).limit(1)).first():
                return 0
        with self._database.writing() as connection:
            if self._database.dialect == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"audit:{tenant}"))))
            position, chain = _head(connection, tenant)
            query = select(c.seq, c.hash).where(c.tenant == tenant, c.position.is_(None)).order_by(c.seq).limit(limit)
            links = []
            for row in connection.execute(query).all():
                position, chain = position + 1, link(chain, position + 1, row.hash)
                links.append({"b_seq": row.seq, "b_position": position, "b_chain": chain})
            if links:
                connection.execute(
                    update(t.audit)
                    .where(c.seq == bindparam("b_seq"))
                    .values(position=bindparam("b_position"), chain=bindparam("b_chain")),
                    links,
                )
        return len(links)

    def head(self, tenant: TenantId) -> Anchor:
        """Where the chain ends by now."""
        with self._database.reading() as connection:
            position, chain = _head(connection, tenant)
        return Anchor(at=self._clock.now(), position=position, chain=chain)

    def after(self, tenant: TenantId, position: int, limit: int) -> list[Noted]:
        """Rows behind a position, in the order of the chain."""
        c = t.audit.c
        query = select(t.audit).where(c.tenant == tenant, c.position > position).order_by(c.position).limit(limit)
        with self._database.reading() as connection:
            return [_noted(row) for row in connection.execute(query)]

    def at(self, tenant: TenantId, positions: Sequence[int]) -> dict[int, Noted]:
        c = t.audit.c
        with self._database.reading() as connection:
            query = select(t.audit).where(c.tenant == tenant, c.position.in_(positions))
            return {row.position: _noted(row) for row in connection.execute(query)}

    def verify(self, tenant: TenantId, anchors: Sequence[Anchor]) -> Verified:
        """Holds every row against its hash, its link and the anchors. All that was found is told, up to a hundred."""
        breaks = [Break(kind="cut", position=a.position) for a, b in pairwise(anchors) if b.position < a.position]
        wanted: dict[int, set[str]] = {}
        for anchor in anchors:
            wanted.setdefault(anchor.position, set()).add(anchor.chain)
        position, chain, rows = 0, BEGINNING, 0
        for row in self._rows(tenant):
            rows += 1
            if row.position != position + 1:
                breaks.append(Break(kind="missing", position=position + 1))
            if audit_hash(row.tenant, row.at, row.what, row.subject, row.detail) != row.hash:
                breaks.append(Break(kind="changed", position=row.position))
            if link(chain, row.position, row.hash) != row.chain:
                breaks.append(Break(kind="moved", position=row.position))
            position, chain = row.position, row.chain
            if wanted.pop(position, {chain}) != {chain}:
                breaks.append(Break(kind="rewritten", position=position))
            if len(breaks) >= MOST_BREAKS:
                break
        if len(breaks) < MOST_BREAKS:
            breaks += [Break(kind="cut", position=place) for place in sorted(wanted) if place > position]
        unchained, forged = self._unchained(tenant)
        forged += self._out_of_place(tenant)
        breaks += [Break(kind="inserted", position=0)] * forged
        return Verified(rows=rows, unchained=unchained, anchors=len(anchors), breaks=tuple(breaks))

    def holds(self, tenant: TenantId, anchor: Anchor) -> bool:
        """Whether the chain is at this position what it was."""
        c = t.audit.c
        query = select(c.chain).where(c.tenant == tenant, c.position == anchor.position)
        with self._database.reading() as connection:
            return connection.execute(query).scalar() == anchor.chain

    def _out_of_place(self, tenant: TenantId) -> int:
        """Rows at places that the chain never gives."""
        c = t.audit.c
        query = select(func.count()).select_from(t.audit).where(c.tenant == tenant, c.position <= 0)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _rows(self, tenant: TenantId) -> Iterator[Any]:
        c, last = t.audit.c, 0
        columns = (c.tenant, c.at, c.what, c.subject, c.detail, c.hash, c.position, c.chain)
        while True:
            query = select(*columns).where(c.tenant == tenant, c.position > last).order_by(c.position).limit(BATCH)
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from rows
            last = rows[-1].position

    def _unchained(self, tenant: TenantId) -> tuple[int, int]:
        """Rows without a place yet, and how many of them are not what their hash says."""
        c, waiting, forged, last = t.audit.c, 0, 0, 0
        while True:
            query = select(t.audit).where(c.tenant == tenant, c.position.is_(None), c.seq > last).order_by(c.seq)
            with self._database.reading() as connection:
                rows = connection.execute(query.limit(BATCH)).all()
            if not rows:
                return waiting, forged
            last = rows[-1].seq
            waiting += len(rows)
            forged += sum(audit_hash(r.tenant, r.at, r.what, r.subject, r.detail) != r.hash for r in rows)


def link(before: str, position: int, hash_: str) -> str:
    """A link of the chain, 64 hex digits."""
    return sha256(f"{before}:{position}:{hash_}".encode()).hexdigest()


def _head(connection: Connection, tenant: TenantId) -> tuple[int, str]:
    c = t.audit.c
    query = select(c.position, c.chain).where(c.tenant == tenant, c.position.is_not(None))
    row = connection.execute(query.order_by(c.position.desc()).limit(1)).first()
    return (row.position, row.chain) if row else (0, BEGINNING)


def _noted(row: Row[Any]) -> Noted:
    return Noted(position=row.position, at=row.at, what=row.what, subject=row.subject, detail=row.detail)
