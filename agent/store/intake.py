"""Imported rows into the tables: each batch one transaction, known rows skipped (the `ImportSink` port)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from agent.domain.consent import Entry
from agent.domain.customer import CASE_EVENTS
from agent.domain.identity import contradiction
from agent.domain.ids import CustomerId, ExternalId, TenantId
from agent.domain.imports import (
    BannerRow,
    ConsentRow,
    CustomerRow,
    EventRow,
    FactRow,
    Line,
    Quarantined,
    ReviewRow,
    Row,
    SuppressionRow,
    Tally,
)
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Duties
from agent.guardrails import banner
from agent.store import catalogue, sales
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.identities import join, known_in, taken_back
from agent.store.journeys import TOLD, Told, tell, with_journeys_or_waits
from agent.store.ledger import Book
from agent.store.newest import newest
from agent.store.registers import copy
from agent.store.rows import Pseudonyms, chunks, insert_new, insert_or_mend, move_versions, note, notes
from agent.store.stating import Stated, Stating, rounds


class SqlIntake:
    """`playbook` names the controller on receipts and says what a banner's categories mean."""

    def __init__(self, database: Database, names: Pseudonyms, clock: Clock, duties: Duties, playbook: Playbook) -> None:
        self._database = database
        self._names = names
        self._clock = clock
        self._duties = duties
        self._playbook = playbook

    def take(self, tenant: TenantId, rows: Sequence[Row], met: dict[ExternalId, CustomerId] | None = None) -> int:
        """Writes one batch; returns how many rows were new. `met` remembers who was met from batch to batch of one
        import, and no longer: whoever is erased in between is made anew."""
        now, known = self._clock.now(), {} if met is None else met
        with self._database.writing() as connection:
            batch = Batch(connection, tenant, self._names, known, now, self._duties, self._playbook)
            new = batch.write(rows)
        known.update(batch.met)
        return new

    def now(self) -> datetime:
        return self._clock.now()

    def finish(self, tenant: TenantId, name: str, tally: Tally, file: str, since: datetime) -> None:
        """Notes the end of a file in the audit; what an earlier import of it could not read is over with."""
        q = t.quarantine.c
        with self._database.writing() as connection:
            old = q.place.startswith(f"{file}:", autoescape=True) & (q.imported_at < since)
            connection.execute(t.quarantine.delete().where(q.tenant == tenant, old))
            note(connection, tenant, self._clock.now(), "import", name, rows=tally.rows, new=tally.new)


class Batch:
    """Writes rows inside a transaction. `source` is what the ledger says of where a consent came from."""

    def __init__(
        self,
        connection: Connection,
        tenant: TenantId,
        names: Pseudonyms,
        known: dict[ExternalId, CustomerId],
        now: datetime,
        duties: Duties,
        playbook: Playbook,
        source: str = "import",
    ) -> None:
        self._source = source
        self._duties = duties
        self._playbook = playbook
        self._connection = connection
        self._tenant = tenant
        self._names = names
        self._known = known
        self._now = now
        self.met: dict[ExternalId, CustomerId] = {}

    def write(self, rows: Sequence[Row]) -> int:
        self._meet(rows)
        lines = [row for row in rows if isinstance(row, Line)]
        new = self._lines(lines)
        new += self._people([row for row in rows if isinstance(row, CustomerRow)])
        new += self._consents([row for row in rows if isinstance(row, ConsentRow | BannerRow)])
        new += self._suppressions([row for row in rows if isinstance(row, SuppressionRow)])
        facts = [row for row in rows if isinstance(row, FactRow)]
        owners = {row.external_id: self._known_customer(row.external_id) for row in facts if row.external_id}
        new += catalogue.write(self._connection, self._tenant, facts, owners, self._now)
        new += self._events([row for row in rows if isinstance(row, EventRow)])
        new += self._reviews([row for row in rows if isinstance(row, ReviewRow)])
        insert_or_mend(
            self._connection,
            t.quarantine,
            [
                {
                    "tenant": self._tenant,
                    "key": row.key,
                    "place": row.place,
                    "reason": row.reason,
                    "imported_at": self._now,
                }
                for row in rows
                if isinstance(row, Quarantined)
            ],
            "key",
            seen="imported_at",
        )
        return new

    def _customer(self, external: str | None) -> CustomerId | None:
        if external is None:
            return None
        name = ExternalId(external)
        return self._known.get(name) or self.met[name]

    def _meet(self, rows: Sequence[Row]) -> None:
        """Makes a person and a pseudonymous customer of every external id not met before."""
        countries: dict[ExternalId, str | None] = {}
        for row in rows:
            external = getattr(row, "external_id", None)
            others = row.also if isinstance(row, CustomerRow) else ()
            for name in (external, *others):
                if name is not None and name not in self._known:
                    countries.setdefault(ExternalId(name), getattr(row, "country", None))
        identities: list[dict[str, Any]] = []
        persons: list[dict[str, Any]] = []
        customers: list[dict[str, Any]] = []
        for external, country in countries.items():
            customer, person = self._names.customer(external), self._names.person(external)
            self.met[external] = customer
            common: dict[str, Any] = {"tenant": self._tenant, "person": person}
            identities.append(common | {"external_id": external, "customer": customer})
            persons.append(common | {"first_name": "", "created_at": self._now})
            customers.append(
                common
                | {
                    "customer": customer,
                    "version": 1,
                    "decisions": 0,
                    "country": country,
                    "age": "unknown",
                    "created_at": self._now,
                }
            )
        for table, found in ((t.persons, persons), (t.customers, customers), (t.identities, identities)):
            insert_new(self._connection, table, found)

    def _lines(self, lines: list[Line]) -> int:
        new = sales.write(self._connection, self._tenant, lines, self._customer, self._now)
        bought = {line.external_id: line.occurred_at for line in lines if line.quantity > 0 and line.external_id}
        self._tell([(self._known_customer(who), "purchased", "", at) for who, at in bought.items()])
        return new

    def _people(self, rows: list[CustomerRow]) -> int:
        """What the last row of a customer states replaces what was known; a change of a fact moves the version."""
        claimed = Counter(name for row in rows for name in set(row.also))
        last = {(row.external_id, row.key if row.stated_at else ""): row for row in rows}
        stating = Stating(self._connection, self._tenant, self._names)
        changed: set[tuple[str, str]] = set()
        for some in rounds(self._stated(row) for row in last.values()):
            current = [self._newest(one) if one.row.stated_at else one for one in some]
            moved, named = stating.write(current)
            move_versions(self._connection, self._tenant, moved)
            joined = {
                o.customer for o in some if any([self._join(o.customer, n) for n in o.row.also if claimed[n] == 1])
            }
            changed |= {(one.customer, one.row.key) for one in some if one.customer in moved | named | joined}
        return len(changed)

    def _stated(self, row: CustomerRow) -> Stated:
        return Stated(self._known_customer(row.external_id), self._names.person(ExternalId(row.external_id)), row)

    def _newest(self, one: Stated) -> Stated:
        return replace(one, row=newest(self._connection, self._tenant, one.customer, one.row))

    def _join(self, customer: CustomerId, also: str) -> bool:
        """The file says that another number is the same customer's. A number that several claim is nobody's, what a
        person took back stays apart, and two who contradict each other are not one."""
        other = self._known_customer(also)
        groups = groups_in(self._connection, self._tenant, [customer, other])
        if groups.of(other) != (other,) or taken_back(self._connection, self._tenant, customer, other):
            return False
        if contradiction(known_in(self._connection, self._tenant, [customer, other])):
            return False
        made = join(self._connection, self._tenant, customer, other, "the same by the file", "import", self._now)
        return made is not None

    def _consents(self, rows: Sequence[ConsentRow | BannerRow]) -> int:
        entries: list[tuple[CustomerId, Entry]] = []
        for row in rows:
            customer = self._customer(row.external_id)
            assert customer is not None
            if isinstance(row, ConsentRow):
                entries.append((customer, row.entry))
            else:
                categories = self._playbook.consent_categories
                said = banner.entries(row.choices, row.gpc, categories, row.at, row.method)
                entries += [(customer, entry) for entry in said]
        book = Book(self._connection, self._tenant, self._duties, self._playbook.brand.name, self._now)
        new = book.append(entries, self._source)
        if self._source != "import":
            notes(
                self._connection,
                self._tenant,
                self._now,
                "consent",
                {who: {"new": n, "source": self._source} for who, n in Counter(row["customer"] for row in new).items()},
            )
        return len(new)

    def _suppressions(self, rows: list[SuppressionRow]) -> int:
        copies: dict[str, list[SuppressionRow]] = {}
        for row in rows:
            copies.setdefault(row.register, []).append(row)
        return sum(
            copy(
                self._connection,
                self._tenant,
                self._names,
                self._duties,
                register,
                [row.address for row in some],
                max(row.copied_at for row in some),
                self._now,
            )
            for register, some in sorted(copies.items())
        )

    def _events(self, rows: list[EventRow]) -> int:
        values: list[dict[str, Any]] = [
            {
                "tenant": self._tenant,
                "event": row.key,
                "customer": self._customer(row.external_id),
                "kind": row.kind,
                "entity": row.entity,
                "occurred_at": row.occurred_at,
                "received_at": row.received_at,
                "imported_at": self._now,
                "properties": dict(row.properties),
            }
            for row in rows
        ]
        opened = {str(v["event"]): str(v["customer"]) for v in values if v["kind"] in CASE_EVENTS}
        known = self._known_events(list(opened))
        new = insert_or_mend(self._connection, t.events, values, "event")
        told = [(CustomerId(str(v["customer"])), v["kind"], v["entity"], v["occurred_at"]) for v in values]
        self._tell([x for x in told if x[1] in TOLD])
        move_versions(self._connection, self._tenant, (who for name, who in opened.items() if name not in known))
        return new

    def _reviews(self, rows: list[ReviewRow]) -> int:
        return insert_new(
            self._connection,
            t.reviews,
            [
                {
                    "tenant": self._tenant,
                    "review": row.key,
                    "customer": self._customer(row.external_id),
                    "product": row.product,
                    "rating": row.rating,
                    "words": row.words,
                    "at": row.at,
                    "received_at": row.received_at or row.at,
                }
                for row in rows
            ],
        )

    def _tell(self, told: list[Told]) -> None:
        """Ends what these events end. Customers are locked first: the dispatcher locks in that order too.

        What a person did under one of their names they did under all.
        """
        groups = groups_in(self._connection, self._tenant, {customer for customer, *_ in told})
        told = [(member, kind, entity, at) for who, kind, entity, at in told for member in groups.of(who)]
        concerned = with_journeys_or_waits(self._connection, self._tenant, {customer for customer, *_ in told})
        if concerned:
            move_versions(self._connection, self._tenant, concerned)
            tell(self._connection, self._tenant, [x for x in told if x[0] in concerned], self._now)

    def _known_customer(self, external: str) -> CustomerId:
        found = self._customer(external)
        assert found is not None
        return found

    def _known_events(self, names: list[str]) -> set[str]:
        e = t.events.c
        found: set[str] = set()
        for some in chunks(names):
            query = select(e.event).where(e.tenant == self._tenant, e.event.in_(some))
            found |= set(self._connection.execute(query).scalars())
        return found
