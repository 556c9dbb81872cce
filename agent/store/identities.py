"""Merges of customers who are one person: recorded, reversible, and never to the loss of a refusal (`Identities`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from agent.domain.action import Kind
from agent.domain.bundle import OPEN, EffectState
from agent.domain.consent import Entry, Proof, standing, together
from agent.domain.customer import AgeAssurance, Channel, Consent, ConsentStatus
from agent.domain.errors import InputError, NotFound
from agent.domain.identity import Known, Merge
from agent.domain.ids import CustomerId, TenantId, digest
from agent.domain.ports import Clock, Duties
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import Groups, all_groups, groups_in
from agent.store.ledger import Book, consent_of
from agent.store.resources import release
from agent.store.rows import insert_new, move_versions, note


class SqlIdentities:
    def __init__(self, database: Database, clock: Clock, duties: Duties, controller: str) -> None:
        self._database = database
        self._clock = clock
        self._duties = duties
        self._controller = controller

    def known(self, tenant: TenantId) -> list[Known]:
        """Everybody, those who are one person together, the longest known first."""
        with self._database.reading() as connection:
            return known_in(connection, tenant)

    def merge(self, tenant: TenantId, kept: CustomerId, joined: CustomerId, evidence: str, by: str) -> Merge:
        """Makes two customers one. What was still to be offered to the one who joins is not: it is decided anew.

        Raises InputError where they are one already.
        """
        with self._database.writing() as connection:
            made = join(connection, tenant, kept, joined, evidence, by, self._clock.now())
        if made is None:
            raise InputError(
                "these customers are one already", place="identities", next_step="See `tactful identities list`."
            )
        return made

    def undo(self, tenant: TenantId, merge_id: str, by: str) -> int:
        """Takes a merge back; how many refusals were written so that none is lost. Raises NotFound.

        What either had refused by then, under whatever name, both have refused afterwards: no consent comes back.
        """
        m = t.merges.c
        with self._database.writing() as connection:
            now = self._clock.now()
            row = connection.execute(
                select(t.merges).where(m.tenant == tenant, m.merge == merge_id, m.undone_at.is_(None))
            ).first()
            if row is None:
                raise NotFound("no merge of this id stands", next_step="See `tactful identities list`.")
            groups = groups_in(connection, tenant, [row.kept])
            move_versions(connection, tenant, [row.kept])
            kept_refusals = self._refusals(connection, tenant, groups, row)
            connection.execute(
                update(t.merges)
                .where(m.tenant == tenant, m.merge == merge_id)
                .values(undone_at=now, undone_by=by[:120])
            )
            book = Book(connection, tenant, self._duties, self._controller, now)
            new = book.append([(customer, _refused(c, now, merge_id)) for customer, c in kept_refusals], "unmerge")
            _stop_offers(connection, tenant, groups.of(row.kept), now)
            note(connection, tenant, now, "unmerge", merge_id, refusals=len(new), by=by[:120])
        return len(new)

    def merges(self, tenant: TenantId) -> list[Merge]:
        """All merges ever made, the newest first."""
        m = t.merges.c
        with self._database.reading() as connection:
            rows = connection.execute(select(t.merges).where(m.tenant == tenant).order_by(m.at.desc(), m.merge)).all()
        return [
            Merge(
                merge_id=row.merge,
                kept=CustomerId(row.kept),
                joined=CustomerId(row.joined),
                evidence=row.evidence,
                by=row.by,
                at=row.at,
                undone_at=row.undone_at,
            )
            for row in rows
        ]

    def _refusals(
        self, connection: Connection, tenant: TenantId, groups: Groups, merge: Row[Any]
    ) -> list[tuple[CustomerId, Consent]]:
        """What the one person refuses, for each customer whose own words do not say it."""
        c, group = t.consents.c, groups.of(merge.kept)
        stated: dict[str, list[Consent]] = {member: [] for member in group}
        for row in connection.execute(select(t.consents).where(c.tenant == tenant, c.customer.in_(group))):
            stated[row.customer].append(consent_of(row))
        found = []
        refused = [x for x in together(stated.values(), groups.since(merge.kept)) if _is_no(x)]
        for member in group:
            own = {(x.purpose, x.channel): x for x in standing(stated[member])}
            for no in refused:
                mine = own.get((no.purpose, no.channel))
                lost = mine is None and no.given_at >= merge.at
                if lost or (mine is not None and not _is_no(mine)):
                    found.append((member, no))
        return found


def _is_no(consent: Consent) -> bool:
    return consent.status is ConsentStatus.WITHDRAWN


def _refused(consent: Consent, now: datetime, merge_id: str) -> Entry:
    no = Consent(purpose=consent.purpose, channel=consent.channel, status=ConsentStatus.WITHDRAWN, given_at=now)
    return Entry(consent=no, proof=Proof(method="unmerge", evidence=merge_id))


def _stop_offers(connection: Connection, tenant: TenantId, customers: Sequence[CustomerId], now: datetime) -> None:
    """Offers that rest on who the person was taken for; what is owed goes out."""
    e = t.effects.c
    stopped = connection.execute(
        update(t.effects)
        .where(e.tenant == tenant, e.customer.in_(customers), e.kind == Kind.OFFER, e.state.in_(OPEN))
        .values(state=EffectState.CANCELLED, detail="who the customer is has changed", done_at=now, lease="")
        .returning(e.effect)
    ).scalars()
    release(connection, tenant, list(stopped))


def join(
    connection: Connection,
    tenant: TenantId,
    kept: CustomerId,
    joined: CustomerId,
    evidence: str,
    by: str,
    now: datetime,
) -> Merge | None:
    """Makes two customers one inside a transaction; None where they are already."""
    groups = groups_in(connection, tenant, [kept, joined])
    head, other = groups.head(kept), groups.head(joined)
    if head == other:
        return None
    name = "m_" + digest(tenant, head, other, now.isoformat())
    made = Merge(merge_id=name, kept=head, joined=other, evidence=evidence[:200], by=by[:120], at=now)
    row = {"merge": name, "kept": head, "joined": other, "evidence": made.evidence, "by": made.by, "at": now}
    insert_new(connection, t.merges, [row | {"tenant": tenant}])
    move_versions(connection, tenant, [head])
    _stop_offers(connection, tenant, groups.of(other), now)
    note(connection, tenant, now, "merge", name, kept=head, joined=other, evidence=made.evidence, by=made.by)
    return made


def known_in(connection: Connection, tenant: TenantId, only: Sequence[CustomerId] | None = None) -> list[Known]:
    """Everybody, or only these customers and whom they are one with."""
    c, p, a = t.customers.c, t.persons.c, t.addresses.c
    groups = all_groups(connection, tenant) if only is None else groups_in(connection, tenant, only)
    whom = [] if only is None else [c.customer.in_(groups.all(only))]
    where = [] if only is None else [a.customer.in_(groups.all(only))]
    addresses: dict[str, dict[Channel, str]] = defaultdict(dict)
    for row in connection.execute(select(a.customer, a.channel, a.value).where(a.tenant == tenant, *where)):
        addresses[row.customer][Channel(row.channel)] = row.value
    people: dict[CustomerId, list[Known]] = {}
    for row in connection.execute(
        select(c.customer, c.age, p.first_name)
        .join(t.persons, (p.tenant == c.tenant) & (p.person == c.person))
        .where(c.tenant == tenant, *whom)
        .order_by(c.created_at, c.customer)
    ):
        one = Known(
            customer=CustomerId(row.customer),
            name=row.first_name,
            addresses=addresses.get(row.customer, {}),
            age=AgeAssurance(row.age),
        )
        people.setdefault(groups.head(row.customer), []).append(one)
    found = []
    for head, members in people.items():
        first = next((one for one in members if one.customer == head), members[0])
        found.append(replace(first, others=tuple(one for one in members if one is not first)))
    return found


def taken_back(connection: Connection, tenant: TenantId, one: CustomerId, other: CustomerId) -> bool:
    """Whether a merge of these two, or of whom they are one with, was taken back: a file does not do it again."""
    m = t.merges.c
    groups = groups_in(connection, tenant, [one, other])
    left, right = groups.of(one), groups.of(other)
    pair = (m.kept.in_(left) & m.joined.in_(right)) | (m.kept.in_(right) & m.joined.in_(left))
    undone = select(m.merge).where(m.tenant == tenant, m.undone_at.is_not(None), pair)
    return connection.execute(undone).first() is not None
