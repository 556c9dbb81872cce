"""The consent ledger: rows are added, never changed; each moves the customer's version at once (the `Ledger` port)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from agent.domain.customer import Channel, Consent, ConsentStatus, Purpose
from agent.domain.ids import CustomerId, TenantId, digest
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, note


class SqlLedger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, tenant: TenantId, customer: CustomerId, consents: Sequence[Consent], source: str) -> int:
        """Adds the entries that are not there yet; returns how many were new."""
        with self._database.writing() as connection:
            new = append(
                connection, tenant, [(customer, consent, "") for consent in consents], source, self._clock.now()
            )
            note(connection, tenant, self._clock.now(), "consent", customer, new=new, source=source)
        return new

    def history(self, tenant: TenantId, customer: CustomerId) -> list[Consent]:
        """All entries of the customer, oldest first."""
        c = t.consents.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(t.consents).where(c.tenant == tenant, c.customer == customer).order_by(c.given_at, c.consent)
            ).all()
        return [
            Consent(
                purpose=Purpose(r.purpose),
                channel=Channel(r.channel) if r.channel else None,
                status=ConsentStatus(r.status),
                given_at=r.given_at,
                basis=r.basis,
                expires_at=r.expires_at,
            )
            for r in rows
        ]


def append(
    connection: Connection,
    tenant: TenantId,
    entries: Sequence[tuple[CustomerId, Consent, str]],
    source: str,
    now: datetime,
) -> int:
    """Adds (customer, consent, evidence) entries inside a transaction. A known entry changes nothing."""
    rows: list[dict[str, Any]] = []
    for customer, consent, evidence in entries:
        name = digest(
            customer,
            consent.purpose,
            consent.channel or "",
            consent.status,
            consent.given_at.isoformat(),
            consent.basis,
            consent.expires_at.isoformat() if consent.expires_at else "",
        )
        rows.append(
            {
                "tenant": tenant,
                "consent": "k_" + name,
                "customer": customer,
                "purpose": consent.purpose,
                "channel": consent.channel,
                "status": consent.status,
                "given_at": consent.given_at,
                "expires_at": consent.expires_at,
                "basis": consent.basis,
                "evidence": evidence,
                "source": source,
                "recorded_at": now,
            }
        )
    known = _known(connection, tenant, [row["consent"] for row in rows])
    new = {row["consent"]: row for row in rows if row["consent"] not in known}
    insert_new(connection, t.consents, list(new.values()))
    touched = sorted({row["customer"] for row in new.values()})
    if touched:
        c = t.customers.c
        for start in range(0, len(touched), 500):
            connection.execute(
                update(t.customers)
                .where(c.tenant == tenant, c.customer.in_(touched[start : start + 500]))
                .values(version=c.version + 1)
            )
    return len(new)


def _known(connection: Connection, tenant: TenantId, names: list[str]) -> set[str]:
    c = t.consents.c
    found: set[str] = set()
    for start in range(0, len(names), 500):
        found |= set(
            connection.execute(
                select(c.consent).where(c.tenant == tenant, c.consent.in_(names[start : start + 500]))
            ).scalars()
        )
    return found
