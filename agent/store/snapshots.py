"""Customers as they were visible at an instant: a handful of indexed queries for one customer as for five hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select

from agent.domain.consent import standing, together
from agent.domain.customer import (
    Arm,
    CampaignLeft,
    Channel,
    Consent,
    Event,
    OpenSlot,
    Product,
    Register,
    Snapshot,
)
from agent.domain.customer import PurchaseHistory as History
from agent.domain.facts import CREDITS, OF_PRODUCTS, CreditLeft, Omen, Order
from agent.domain.ids import CustomerId, TenantId
from agent.domain.instants import PRESENT
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.journeys.calendars import openings
from agent.store import circumstances, folds, reads
from agent.store.agreed import unread
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.ledger import consent_of
from agent.store.rows import chunks
from agent.store.zones import zone_of

EVENT_DAYS = 30
CONTACT_DAYS = 400
"""The longest rest that a rule may ask for, and the time in which an answer to a contact may come."""

Grouped = dict[str, list[Row[Any]]]


class SqlSnapshots:
    """The `Snapshots` port. What the brand attests or offers (zones, campaigns, calendars) comes from its playbook."""

    def __init__(self, database: Database, playbook: Playbook) -> None:
        self._database = database
        self._playbook = playbook

    def snapshots(self, tenant: TenantId, ids: Sequence[CustomerId], at: datetime) -> Iterator[Snapshot]:
        """One snapshot per known id, in the order of the ids; each chunk is read in one transaction."""
        for chunk in chunks(list(ids)):
            with self._database.reading() as connection:
                found = snapshots_in(connection, tenant, chunk, at, self._playbook)
            yield from found


def snapshots_in(
    connection: Connection, tenant: TenantId, ids: Sequence[CustomerId], at: datetime, playbook: Playbook
) -> list[Snapshot]:
    """Read inside a transaction of the caller: what it has locked cannot change under the facts."""
    return _Reader(connection, tenant, ids, at, playbook).read()


class _Reader:
    """Reads one chunk."""

    def __init__(
        self, connection: Connection, tenant: TenantId, ids: Sequence[CustomerId], at: datetime, playbook: Playbook
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._ids = ids
        self._groups = groups_in(connection, tenant, ids, at)
        self._at = at
        self._playbook = playbook
        self._own: dict[str, list[Consent]] = {}
        self._closed: frozenset[str] = frozenset()
        self._bound = {
            "tenant": tenant,
            "currency": playbook.brand.currency,
            "ids": self._groups.all(ids),
            "at": at,
            # a refusal may be on file while a decision of a moment ago is still under way
            "soon": at + PRESENT,
            "events_from": at - timedelta(days=EVENT_DAYS),
            "contacts_from": at - timedelta(days=CONTACT_DAYS),
            "slots_from": at - timedelta(days=14),
            "asked_from": at - circumstances.ASKED,
        }

    def read(self) -> list[Snapshot]:
        people = {row.customer: row for row in self._rows(reads.CUSTOMERS)}
        if not people:
            return []
        stated = self._grouped(reads.CONSENTS)
        self._consents = {name: self._standing(name, stated[name]) for name in self._ids if name in stated}
        may = folds.allows_profiling
        profiled = [c for c in self._ids if any(may(k, self._at) for k in self._consents.get(c, ()))]
        self._closed = unread(self._ids, self._groups, self._consents, self._own, self._at)
        self._addresses, self._contacts = self._grouped(reads.ADDRESSES), self._grouped(reads.CONTACTS)
        self._cases, self._journeys = self._grouped(reads.CASES), self._grouped(reads.JOURNEYS)
        self._bookings, self._duties = self._grouped(reads.BOOKINGS), self._grouped(reads.DUTY_ROWS)
        self._events, self._past = self._grouped(reads.EVENTS, profiled), self._history(profiled)
        self._omens, self._given = self._grouped(reads.FORESEEN, profiled), self._coupons()
        self._owned = self._grouped(reads.OWNED, [c for c in profiled if _anchored(self._omens[c])])
        products, campaigns = self._products(), self._campaigns()
        shared = {
            "slots": self._slots(),
            "arms": self._arms(),
            "registers": tuple(Register(name=r.register, copied_at=r.copied_at) for r in self._rows(reads.REGISTERS)),
            "occasions": circumstances.occasions(self._playbook, self._at),
            "credits": self._credits(),
        }
        return [self._one(people[c], people, products, campaigns, shared) for c in self._ids if c in people]

    def _standing(self, customer: str, rows: Sequence[Row[Any]]) -> tuple[Consent, ...]:
        group = self._groups.of(customer)
        if len(group) == 1:
            return standing(consent_of(row) for row in rows)
        for member in group:
            self._own[member] = [consent_of(row) for row in rows if row.customer == member]
        return together((self._own[member] for member in group), self._groups.since(customer))

    def _one(
        self,
        row: Row[Any],
        people: dict[str, Row[Any]],
        products: dict[str, Product],
        campaigns: Sequence[CampaignLeft],
        shared: dict[str, Any],
    ) -> Snapshot:
        customer, brand, at = CustomerId(row.customer), self._playbook.brand, self._at
        group = (customer, *(member for member in self._groups.of(customer) if member != customer))
        known = folds.facts([people[name] for name in group if name in people])
        agreed = self._consents.get(customer, ())
        seen = folds.events([*self._events[customer], *folds.asked(self._cases[customer])], agreed, at)
        past, omens = self._past.get(customer), self._true(customer, seen)
        wanted = {e.entity for e in seen} | ({past.favourite} if past else set()) | _named(omens)
        return Snapshot(
            tenant=self._tenant,
            customer=customer,
            version=row.version,
            ordinal=row.decisions,
            country=known.country,
            zone=known.zone or (zone_of(known.country) if self._attests_zone() else None),
            locale=known.locale or brand.locale,
            age=known.age,
            region=known.region,
            objected_at=folds.objection(agreed),
            reach=folds.reach(self._addresses[customer], group),
            consents=agreed,
            events=seen,
            history=past,
            contacts=folds.contacts(self._contacts[customer]),
            cases=folds.cases(self._cases[customer]),
            products=tuple(products[name] for name in sorted(wanted) if name in products),
            campaigns=tuple(folds.share(c, self._had(c.campaign, customer)) for c in campaigns),
            journeys=folds.journeys(self._journeys[customer]),
            foreseen=circumstances.foreseen(omens),
            orders=self._orders(customer),
            stores=circumstances.stores(self._connection, self._tenant, seen, _looked_at(seen), at),
            bookings=circumstances.bookings(self._bookings[customer]),
            duties=circumstances.duties(self._duties[customer]),
            **shared,
        )

    def _true(self, customer: CustomerId, seen: Sequence[Event]) -> list[Row[Any]]:
        """What is foreseen, but for what goes with something that they never had, or is like what they never saw."""
        rows = self._omens[customer]
        if not _anchored(rows):
            return rows
        owned = {row.product for row in self._owned[customer]}
        known = {Omen.TOGETHER: owned, Omen.SIMILAR: owned | set(_looked_at(seen))}
        return [row for row in rows if row.omen not in known or row.value in known[Omen(row.omen)]]

    def _attests_zone(self) -> bool:
        stated = self._playbook.attestations.zone_follows_country
        return stated is not None and stated <= self._at.date()

    def _had(self, campaign: str, customer: CustomerId) -> int:
        return sum(self._given.get((campaign, member), 0) for member in self._groups.of(customer))

    def _rows(self, statement: Select[Any], ids: Sequence[CustomerId] | None = None) -> Sequence[Row[Any]]:
        bound = self._bound
        if ids is not None:
            bound = bound | {"ids": [c for c in self._groups.all(ids) if c not in self._closed]}
        return self._connection.execute(statement, bound).all()

    def _grouped(self, statement: Select[Any], ids: Sequence[CustomerId] | None = None) -> Grouped:
        grouped: Grouped = defaultdict(list)
        for row in self._rows(statement, ids) if ids is None or ids else ():
            grouped[row.customer].append(row)
        shared = [c for c in self._ids if len(self._groups.of(c)) > 1]
        pooled = {c: [row for member in self._groups.of(c) for row in grouped.get(member, ())] for c in shared}
        grouped.update({customer: rows for customer, rows in pooled.items() if rows})
        return grouped

    def _history(self, ids: Sequence[CustomerId]) -> dict[str, History]:
        """In the brand's currency: orders, first and last of them, net value after returns, product on most orders."""
        totals = self._grouped(reads.TOTALS, ids)
        if not totals:
            return {}
        favourites = {row.customer: row.product for row in self._rows(reads.FAVOURITES, ids)}
        found = {c: folds.history(rows, favourites, self._playbook.brand.currency) for c, rows in totals.items()}
        return {customer: past for customer, past in found.items() if past is not None}

    def _products(self) -> dict[str, Product]:
        names = {row.entity for rows in self._events.values() for row in rows}
        names |= {past.favourite for past in self._past.values()}
        for rows in self._omens.values():
            names |= _named(rows)
        names.discard("")
        return circumstances.products(self._connection, self._tenant, sorted(names), self._at)

    def _orders(self, customer: CustomerId) -> tuple[Order, ...]:
        """Looked up only for whoever has asked, or has a case."""
        asked = bool(self._cases[customer])
        group = self._groups.of(customer)
        return circumstances.orders(self._connection, self._tenant, group, self._at) if asked else ()

    def _credits(self) -> tuple[CreditLeft, ...]:
        """What is given for trouble had, and what its budget has left."""
        said, currency = self._playbook.compensation, self._playbook.brand.currency
        if said is None:
            return ()
        spent = {row.campaign: row.spent_micros for row in self._rows(reads.CAMPAIGNS)}
        budget = Money(said.budget, currency)
        left = Money.from_micros(budget.micros - spent.get(CREDITS, 0), currency)
        return tuple(
            CreditLeft(case_kind=kind, amount=Money(amount, currency), budget=budget, budget_left=left)
            for kind, amount in sorted(said.amounts.items())
        )

    def _arms(self) -> tuple[Arm, ...]:
        rows = self._rows(reads.ARMS)
        return tuple(
            sorted(
                (
                    Arm(action=r.action, channel=Channel(r.channel), trials=r.trials, successes=r.successes)
                    for r in rows
                ),
                key=lambda arm: (arm.action, arm.channel),
            )
        )

    def _campaigns(self) -> list[CampaignLeft]:
        if not self._playbook.campaigns:
            return []
        rows = self._rows(reads.CAMPAIGNS)
        spent = {row.campaign: row.spent_micros for row in rows}
        brand = self._playbook.brand
        found = []
        for campaign in self._playbook.campaigns:
            ends_at = datetime.combine(campaign.ends_on + timedelta(days=1), time(), ZoneInfo(brand.zone))
            if ends_at <= self._at:
                continue
            budget = Money(campaign.budget, brand.currency)
            found.append(
                CampaignLeft(
                    campaign=campaign.name,
                    percent=campaign.percent,
                    minimum_spend=Money(campaign.minimum_spend, brand.currency),
                    budget=budget,
                    budget_left=Money.from_micros(budget.micros - spent.get(campaign.name, 0), brand.currency),
                    face_value=Money(campaign.greatest_discount, brand.currency),
                    ends_at=ends_at - timedelta(seconds=1),
                    share=campaign.per_customer,
                    share_left=campaign.per_customer,
                )
            )
        return found

    def _coupons(self) -> dict[tuple[str, str], int]:
        if not self._playbook.campaigns:
            return {}
        return {(row.campaign, row.customer): row.n for row in self._rows(reads.COUPONS)}

    def _slots(self) -> tuple[OpenSlot, ...]:
        if not self._playbook.calendars:
            return ()
        taken = frozenset(row.slot for row in self._rows(reads.TAKEN))
        return tuple(openings(self._playbook.calendars, self._playbook.brand.country, self._at, taken))


def _anchored(rows: Sequence[Row[Any]]) -> bool:
    return any(row.omen in (Omen.TOGETHER, Omen.SIMILAR) for row in rows)


def _named(rows: Sequence[Row[Any]]) -> set[str]:
    """Products that what is foreseen speaks of."""
    return {name for row in rows if row.omen in OF_PRODUCTS for name in (row.entity, row.value) if name}


def _looked_at(seen: Sequence[Event]) -> list[str]:
    return sorted({event.entity for event in seen if event.kind == "product_viewed"})
