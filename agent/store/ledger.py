"""The consent ledger: rows are added, never changed; each moves the customer's version at once (the `Ledger` port).

What follows from a statement by law is written in the same transaction, as timers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, func, select

from agent.domain.bundle import EffectState
from agent.domain.consent import UNDATED, Entry, Proof, Receipt, standing
from agent.domain.customer import Basis, Channel, Condition, Consent, ConsentStatus, Purpose
from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, TenantId, digest
from agent.domain.ports import Clock, Duties
from agent.domain.timers import Timer, TimerKind
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.journeys import refused
from agent.store.rows import chunks, insert_new, move_versions, note
from agent.store.timers import arm, cancel_reconfirmations

REPEATED = timedelta(hours=1)
FOLLOWED = (Purpose.AD_SENDING, Purpose.MARKETING_PROCESSING, Purpose.PROFILING)
"""Whoever takes one of these back is not followed up on anything."""


class SqlLedger:
    """`controller` is the brand's name, as it stands on receipts."""

    def __init__(self, database: Database, clock: Clock, duties: Duties, controller: str) -> None:
        self._database = database
        self._clock = clock
        self._duties = duties
        self._controller = controller

    def record(self, tenant: TenantId, customer: CustomerId, entries: Sequence[Entry], source: str) -> list[Receipt]:
        """Adds the entries that are not there yet; a receipt for each that was new."""
        now = self._clock.now()
        with self._database.writing() as connection:
            book = Book(connection, tenant, self._duties, self._controller, now)
            new = book.append([(customer, entry) for entry in entries], source)
            note(connection, tenant, now, "consent", customer, new=len(new), source=source)
            e, group = t.effects.c, groups_in(connection, tenant, [customer]).of(customer)
            under_way = connection.execute(
                select(func.count()).where(e.tenant == tenant, e.customer.in_(group), e.state == EffectState.SENDING)
            ).scalar_one()
        refused_ = ConsentStatus.WITHDRAWN
        return [replace(_receipt(row), handed_over=under_way if row["status"] == refused_ else 0) for row in new]

    def reconfirm(
        self, connection: Connection, tenant: TenantId, consents: Sequence[str], effect: str, now: datetime
    ) -> None:
        """A message told the customer again what they agreed to: it holds anew, unless they take it back."""
        c = t.consents.c
        rows = connection.execute(select(t.consents).where(c.tenant == tenant, c.consent.in_(consents))).all()
        again = [
            (
                CustomerId(row.customer),
                Entry(
                    consent=replace(consent_of(row), status=ConsentStatus.RECONFIRMED, given_at=now),
                    proof=Proof(method="notice", evidence=effect),
                ),
            )
            for row in rows
        ]
        Book(connection, tenant, self._duties, self._controller, now).append(again, "notice")

    def history(self, tenant: TenantId, customer: CustomerId) -> list[Receipt]:
        """All entries of the customer, under whatever name, oldest first."""
        c = t.consents.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            rows = connection.execute(
                select(t.consents).where(c.tenant == tenant, c.customer.in_(group)).order_by(c.given_at, c.consent)
            ).all()
        return [_receipt(row._asdict()) for row in rows]

    def receipt(self, tenant: TenantId, receipt_id: str) -> Receipt:
        """Raises NotFound."""
        c = t.consents.c
        with self._database.reading() as connection:
            row = connection.execute(
                select(t.consents).where(c.tenant == tenant, c.receipt == receipt_id, c.receipt != "")
            ).first()
        if row is None:
            raise NotFound("no receipt of this id", next_step="List them with `tactful consent show CUSTOMER`.")
        return _receipt(row._asdict())


class Book:
    """Writes entries inside a transaction."""

    def __init__(
        self, connection: Connection, tenant: TenantId, duties: Duties, controller: str, now: datetime
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._duties = duties
        self._controller = controller
        self._now = now

    def append(self, entries: Sequence[tuple[CustomerId, Entry]], source: str) -> list[dict[str, Any]]:
        """Adds (customer, entry) pairs; the rows that were new. A known entry changes nothing."""
        named = [
            (customer, self._name(customer, entry.consent), self._dated(entry))
            for customer, entry in self._changes(entries)
        ]
        people = self._people({customer for customer, _, _ in named})
        rows: dict[str, dict[str, Any]] = {}
        timers: dict[str, tuple[Timer, ...]] = {}
        for customer, name, entry in named:
            row = self._row(customer, name, entry, source, people.get(customer))
            by_text = entry.proof.method == "sms"
            country = row["country"]
            due = self._duties.of_consent(entry.consent, row["consent"], customer, country, by_text)
            rows[row["consent"]] = row | _dues(due)
            timers[row["consent"]] = due
        known = self._known(list(rows))
        new = [row for name, row in rows.items() if name not in known]
        insert_new(self._connection, t.consents, new)
        for row in new:
            if row["status"] in (ConsentStatus.WITHDRAWN, ConsentStatus.RECONFIRMED):
                cancel_reconfirmations(
                    self._connection, self._tenant, row["customer"], row["purpose"], row["channel"], row["given_at"]
                )
        arm(self._connection, self._tenant, self._still_ahead(timers[row["consent"]] for row in new), self._now)
        move_versions(self._connection, self._tenant, (row["customer"] for row in new))
        no = {row["customer"] for row in new if row["status"] == ConsentStatus.WITHDRAWN and row["purpose"] in FOLLOWED}
        refused(self._connection, self._tenant, no, self._now)
        self._forget_foretold(row["customer"] for row in new if _withdraws_profiling(row))
        return new

    def _forget_foretold(self, customers: Iterable[str]) -> None:
        """What models foretold under a consent ends with it: agreeing anew does not bring it back."""
        f = t.foreseen.c
        for some in chunks(sorted(customers)):
            gone = t.foreseen.delete().where(f.tenant == self._tenant, f.customer.in_(some), f.model != "")
            self._connection.execute(gone)

    def _still_ahead(self, timers: Iterable[tuple[Timer, ...]]) -> list[Timer]:
        """A notice that was due before we heard of the statement was its collector's to send; the others are ours."""
        return [
            timer for due in timers for timer in due if timer.kind is TimerKind.RECONFIRM or timer.due_at >= self._now
        ]

    def _changes(self, entries: Sequence[tuple[CustomerId, Entry]]) -> Sequence[tuple[CustomerId, Entry]]:
        """Without the entries that only repeat what stands already and asked to be dropped then."""
        wary = {customer for customer, entry in entries if entry.if_changed}
        if not wary:
            return entries
        c = t.consents.c
        held: dict[str, list[Consent]] = {customer: [] for customer in wary}
        for some in chunks(sorted(wary)):
            query = select(t.consents).where(c.tenant == self._tenant, c.customer.in_(some))
            for row in self._connection.execute(query):
                held[row.customer].append(consent_of(row))
        kept = []
        for customer, entry in sorted(entries, key=lambda pair: pair[1].consent.given_at):
            if entry.if_changed and _repeats(entry.consent, held[customer]):
                continue
            if customer in held:
                held[customer].append(entry.consent)
            kept.append((customer, entry))
        return kept

    def _people(self, customers: set[CustomerId]) -> dict[str, Row[Any]]:
        c = t.customers.c
        found: dict[str, Row[Any]] = {}
        for some in chunks(sorted(customers)):
            query = select(c.customer, c.country, c.zone, c.age).where(c.tenant == self._tenant, c.customer.in_(some))
            found |= {row.customer: row for row in self._connection.execute(query)}
        return found

    def _dated(self, entry: Entry) -> Entry:
        if entry.consent.given_at != UNDATED:
            return entry
        return replace(entry, consent=replace(entry.consent, given_at=self._now))

    @staticmethod
    def _name(customer: CustomerId, consent: Consent) -> str:
        """The same statement has the same name, also where its time could not be read."""
        return digest(
            customer,
            consent.purpose,
            consent.channel or "",
            consent.status,
            consent.given_at.isoformat(),
            consent.basis,
            consent.expires_at.isoformat() if consent.expires_at else "",
            *consent.conditions,
            *([consent.deal_ended_at.isoformat()] if consent.deal_ended_at else []),
        )

    def _row(
        self, customer: CustomerId, name: str, entry: Entry, source: str, person: Row[Any] | None
    ) -> dict[str, Any]:
        consent, proof = entry.consent, entry.proof
        return {
            "tenant": self._tenant,
            "consent": "k_" + name,
            "customer": customer,
            "purpose": consent.purpose,
            "channel": consent.channel,
            "status": consent.status,
            "given_at": consent.given_at,
            "expires_at": consent.expires_at,
            "basis": consent.basis,
            "conditions": ",".join(sorted(consent.conditions)),
            "deal_ended_at": consent.deal_ended_at,
            "evidence": proof.evidence,
            "method": proof.method,
            "ui_version": proof.ui_version,
            "wording": proof.wording,
            "wording_hash": proof.wording_hash,
            "wording_language": proof.wording_language,
            "source": source,
            "recorded_at": self._now,
            "controller": self._controller,
            "age": person.age if person else "",
            "country": person.country if person else None,
            "zone": person.zone if person else None,
            "receipt": "r_" + digest(self._tenant, name),
        }

    def _known(self, names: list[str]) -> set[str]:
        c = t.consents.c
        found: set[str] = set()
        for some in chunks(names):
            query = select(c.consent).where(c.tenant == self._tenant, c.consent.in_(some))
            found |= set(self._connection.execute(query).scalars())
        return found


def consent_of(row: Any) -> Consent:
    """The decision fact in a row of the ledger."""
    return Consent(
        purpose=Purpose(row.purpose),
        channel=Channel(row.channel) if row.channel else None,
        status=ConsentStatus(row.status),
        given_at=row.given_at,
        basis=Basis(row.basis),
        expires_at=row.expires_at,
        conditions=tuple(Condition(c) for c in row.conditions.split(",")) if row.conditions else (),
        deal_ended_at=row.deal_ended_at,
    )


def _withdraws_profiling(row: Mapping[str, Any]) -> bool:
    return bool(row["purpose"] == Purpose.PROFILING and row["status"] == ConsentStatus.WITHDRAWN)


def _repeats(said: Consent, held: list[Consent]) -> bool:
    """True where the same stands already, or where a grant is older than the newest word on the matter.

    A refusal is noted again after an hour: a grant of the time between may still be on its way.
    """
    mine = [c for c in held if c.purpose is said.purpose and c.channel is said.channel]
    now = standing(mine)
    newer = any(c.given_at >= said.given_at for c in mine)
    if said.status is ConsentStatus.WITHDRAWN:
        return any(c.status is ConsentStatus.WITHDRAWN and abs(said.given_at - c.given_at) < REPEATED for c in now)
    return newer or any(c.status is ConsentStatus.GRANTED and c.basis is said.basis for c in now)


def _dues(timers: Iterable[Timer]) -> dict[str, datetime | None]:
    due = {kind: min((x.due_at for x in timers if x.kind is kind), default=None) for kind in TimerKind}
    return {
        "result_notice_due": due[TimerKind.RESULT_NOTICE],
        "reconfirm_due": due[TimerKind.RECONFIRM],
    }


def _receipt(values: dict[str, Any]) -> Receipt:
    row = SimpleNamespace(**values)
    return Receipt(
        receipt_id=row.receipt,
        controller=row.controller,
        consent=consent_of(row),
        proof=Proof(
            evidence=row.evidence,
            wording=row.wording,
            wording_hash=row.wording_hash,
            wording_language=row.wording_language,
            method=row.method,
            ui_version=row.ui_version,
        ),
        source=row.source,
        recorded_at=row.recorded_at,
        result_notice_due=row.result_notice_due,
        reconfirm_due=row.reconfirm_due,
    )
