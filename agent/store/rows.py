"""What every adapter of the store shares: pseudonyms, inserts that skip known rows, compressed bodies."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Insert, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agent.domain.ids import CustomerId, ExternalId, PersonId, TenantId
from agent.domain.ports import Clock, Ids
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.schema import audit, customers, tenants

Key = TypeVar("Key", bound=str)

CHUNK = 500
"""Ids in one `IN (...)`: well under the limits of both databases."""


class Pseudonyms:
    """Names without persons: keyed hashes under the tenant's secret, which is made on first use."""

    def __init__(self, database: Database, tenant: TenantId, ids: Ids, clock: Clock) -> None:
        with database.reading() as connection:
            secret = _secret(connection, tenant)
        if secret is None:
            with database.writing() as connection:
                insert_new(connection, tenants, [{"tenant": tenant, "secret": ids.new(), "created_at": clock.now()}])
                secret = _secret(connection, tenant)
        assert secret is not None
        self._key = secret.encode()

    def customer(self, external: ExternalId) -> CustomerId:
        return CustomerId("c_" + self.keyed("customer", external))

    def person(self, external: ExternalId) -> PersonId:
        return PersonId("p_" + self.keyed("person", external))

    def keyed(self, *parts: str) -> str:
        """20 hex digits that nobody without the secret can make or check."""
        return hmac.new(self._key, "\x1f".join(parts).encode(), "sha256").hexdigest()[:20]


def _secret(connection: Connection, tenant: TenantId) -> str | None:
    return connection.execute(select(tenants.c.secret).where(tenants.c.tenant == tenant)).scalar()


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Inserts the rows whose key is not there yet; returns how many that were."""
    if not rows:
        return 0
    return connection.execute(_inserting_new(connection.dialect.name, table), list(rows)).rowcount


@cache
def _inserting_new(dialect: str, table: Table) -> Any:
    """Built once: building a statement costs as much as running it."""
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def inserting(table: Table) -> Insert:
    """The plain insert into a table, built once."""
    return insert(table)


def insert_or_mend(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], key: str, seen: str = ""
) -> int:
    """Inserts what is new, and corrects what is there otherwise: a file read anew by a better map. How many those were.

    When a row was imported is no part of what it says; `seen` names that column where it is to move all the same.
    """
    new = insert_new(connection, table, rows)
    if new == len(rows):
        return new
    given = {row[key]: row for row in rows}
    c, ignored, mended = table.c, {"imported_at"} - {seen}, []
    for some in chunks(sorted(given)):
        query = select(table).where(c.tenant == rows[0]["tenant"], c[key].in_(some))
        for there in connection.execute(query).mappings():
            row = given[there[key]]
            if any(there[name] != value for name, value in row.items() if name not in ignored):
                mended.append(row)
    for row in mended:
        values = {name: value for name, value in row.items() if name not in ("tenant", key)}
        connection.execute(update(table).where(c.tenant == row["tenant"], c[key] == row[key]).values(**values))
    return new + (0 if seen else len(mended))


def note(connection: Connection, tenant: TenantId, at: datetime, what: str, subject: str, **detail: Any) -> None:
    """One row of the audit, in the transaction of what it tells of. No personal data."""
    notes(connection, tenant, at, what, {subject: detail})


def notes(
    connection: Connection, tenant: TenantId, at: datetime, what: str, details: Mapping[str, Mapping[str, Any]]
) -> None:
    """The same of several subjects."""
    rows = [audit_row(tenant, at, what, subject, detail) for subject, detail in details.items()]
    if rows:
        connection.execute(inserting(audit), rows)


def audit_row(tenant: str, at: datetime, what: str, subject: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the audit with its hash, which is written in the transaction of what it tells of."""
    values = {"tenant": tenant, "at": at, "what": what, "subject": subject, "detail": dict(detail)}
    return values | {"hash": audit_hash(tenant, at, what, subject, detail)}


def audit_hash(tenant: str, at: datetime, what: str, subject: str, detail: Mapping[str, Any]) -> str:
    """SHA-256 over the row as canonical JSON, 64 hex digits."""
    said = [tenant, at.astimezone(UTC).isoformat(), what, subject, detail]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def pack(body: bytes) -> bytes:
    return zlib.compress(body, 2)


@lru_cache(maxsize=8)
def pack_kept(body: bytes) -> bytes:
    """The same for what hardly ever changes: a policy is written with each of its decisions."""
    return pack(body)


def unpack(body: bytes) -> bytes:
    return zlib.decompress(body)


def chunks(ids: Sequence[Key]) -> list[Sequence[Key]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def move_versions(connection: Connection, tenant: TenantId, touched: Iterable[str]) -> None:
    """A decision fact of these customers, or of whom they are one with, changed: decisions made on what stood before
    will not commit."""
    c = customers.c
    named = set(touched)
    for some in chunks(sorted(groups_in(connection, tenant, named).all(named))):
        connection.execute(
            update(customers).where(c.tenant == tenant, c.customer.in_(some)).values(version=c.version + 1)
        )
