"""Customers as they were visible at an instant: a handful of indexed queries for one customer as for five hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select

from agent.domain.customer import (
    AgeAssurance,
    Arm,
    CampaignLeft,
    Case,
    Channel,
    Consent,
    ConsentStatus,
    Contact,
    Event,
    OpenSlot,
    Product,
    Purpose,
    Reach,
    Snapshot,
)
from agent.domain.customer import PurchaseHistory as History
from agent.domain.ids import AddressRef, CustomerId, TenantId
from agent.domain.money import Money
from agent.domain.playbook import Playbook, openings
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import chunks
from agent.store.zones import zone_of

EVENT_DAYS = 30
MOST_EVENTS = 40
CONTACT_DAYS = 90

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
                found = _Reader(connection, tenant, chunk, at, self._playbook).read()
            yield from found


class _Reader:
    """Reads one chunk."""

    def __init__(
        self, connection: Connection, tenant: TenantId, ids: Sequence[CustomerId], at: datetime, playbook: Playbook
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._ids = ids
        self._at = at
        self._playbook = playbook

    def read(self) -> list[Snapshot]:
        people = {row.customer: row for row in self._rows(t.customers)}
        if not people:
            return []
        at = self._at
        addresses = self._grouped(t.addresses)
        consents = self._grouped(t.consents, t.consents.c.given_at <= at)
        e = t.events.c
        events = self._grouped(
            t.events, and_(e.occurred_at <= at, e.occurred_at > at - timedelta(days=EVENT_DAYS), e.received_at <= at)
        )
        contacts = self._grouped(
            t.contacts, and_(t.contacts.c.reserved_at <= at, t.contacts.c.at > at - timedelta(days=CONTACT_DAYS))
        )
        cases = self._grouped(t.cases, t.cases.c.opened_at <= at)
        history = self._history()
        products = self._products(events, history)
        arms, campaigns, coupons, slots = self._arms(), self._campaigns(), self._coupons(), self._slots()
        brand = self._playbook.brand
        found = []
        for customer in (c for c in self._ids if c in people):
            row = people[customer]
            seen = sorted(events[customer], key=lambda r: (r.occurred_at, r.event))[-MOST_EVENTS:]
            past = history.get(customer)
            wanted = {r.entity for r in seen} | ({past.favourite} if past else set())
            found.append(
                Snapshot(
                    tenant=self._tenant,
                    customer=customer,
                    version=row.version,
                    ordinal=row.decisions,
                    country=row.country,
                    zone=row.zone or (zone_of(row.country) if self._attests_zone() else None),
                    locale=row.locale or brand.locale,
                    age=AgeAssurance(row.age),
                    objected_at=_objection(agreed := _newest(consents[customer])),
                    reach=_reach(addresses[customer]),
                    consents=agreed,
                    events=tuple(
                        Event(kind=r.kind, at=r.occurred_at, entity=r.entity, properties=r.properties) for r in seen
                    ),
                    history=past,
                    contacts=_contacts(contacts[customer]),
                    cases=_cases(cases[customer], at),
                    products=tuple(products[name] for name in sorted(wanted) if name in products),
                    campaigns=tuple(_share(c, coupons.get((c.campaign, customer), 0)) for c in campaigns),
                    slots=slots,
                    arms=arms,
                )
            )
        return found

    def _attests_zone(self) -> bool:
        stated = self._playbook.attestations.zone_follows_country
        return stated is not None and stated <= self._at.date()

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return and_(table.c.tenant == self._tenant, table.c.customer.in_(self._ids))

    def _rows(self, table: Table, *more: ColumnElement[bool]) -> Sequence[Row[Any]]:
        return self._connection.execute(select(table).where(self._mine(table), *more)).all()

    def _grouped(self, table: Table, *more: ColumnElement[bool]) -> Grouped:
        grouped: Grouped = defaultdict(list)
        for row in self._rows(table, *more):
            grouped[row.customer].append(row)
        return grouped

    def _history(self) -> dict[str, History]:
        """Orders, first and last of them, net value after returns, and the product on most lines."""
        line = t.order_lines.c
        visible = and_(self._mine(t.order_lines), line.occurred_at <= self._at, line.received_at <= self._at)
        bought = line.quantity > 0
        totals = self._connection.execute(
            select(
                line.customer,
                func.count(func.distinct(line.order_id)).filter(bought).label("orders"),
                func.min(line.occurred_at).filter(bought).label("first_at"),
                func.max(line.occurred_at).filter(bought).label("last_at"),
                func.sum(line.amount_micros).label("net"),
                func.max(line.currency).label("currency"),
            )
            .where(visible)
            .group_by(line.customer)
        ).all()
        if not totals:
            return {}
        counted = (
            select(line.customer, line.product, func.count().label("n"), func.max(line.occurred_at).label("last"))
            .where(visible, bought)
            .group_by(line.customer, line.product)
            .subquery()
        )
        place = func.row_number().over(
            partition_by=counted.c.customer, order_by=(counted.c.n.desc(), counted.c.last.desc(), counted.c.product)
        )
        ranked = select(counted.c.customer, counted.c.product, place.label("place")).subquery()
        best = self._connection.execute(select(ranked.c.customer, ranked.c.product).where(ranked.c.place == 1)).all()
        favourites = {row.customer: row.product for row in best}
        return {
            row.customer: History(
                orders=row.orders,
                first_at=row.first_at,
                last_at=row.last_at,
                net=Money.from_micros(int(row.net), row.currency),
                favourite=favourites.get(row.customer, ""),
            )
            for row in totals
            if row.orders
        }

    def _products(self, events: Grouped, history: dict[str, History]) -> dict[str, Product]:
        names = {row.entity for rows in events.values() for row in rows} | {h.favourite for h in history.values()}
        names.discard("")
        if not names:
            return {}
        c = t.products.c
        found = self._connection.execute(
            select(t.products).where(c.tenant == self._tenant, c.product.in_(sorted(names)))
        ).all()
        return {
            row.product: Product(
                product_id=row.product,
                name=row.name,
                price=Money.from_micros(row.price_micros, row.currency)
                if row.price_micros is not None and row.known_at <= self._at
                else None,
            )
            for row in found
        }

    def _arms(self) -> tuple[Arm, ...]:
        rows = self._connection.execute(select(t.arms).where(t.arms.c.tenant == self._tenant)).all()
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
        rows = self._connection.execute(select(t.campaigns).where(t.campaigns.c.tenant == self._tenant)).all()
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
        c = t.coupons.c
        rows = self._connection.execute(
            select(c.campaign, c.customer, func.count().label("n"))
            .where(self._mine(t.coupons), c.state != "released")
            .group_by(c.campaign, c.customer)
        ).all()
        return {(row.campaign, row.customer): row.n for row in rows}

    def _slots(self) -> tuple[OpenSlot, ...]:
        if not self._playbook.calendars:
            return ()
        c = t.slots.c
        taken = self._connection.execute(
            select(c.slot).where(c.tenant == self._tenant, c.state != "released", c.at > self._at - timedelta(days=14))
        ).scalars()
        return tuple(openings(self._playbook.calendars, self._at, frozenset(taken)))


def _share(campaign: CampaignLeft, given: int) -> CampaignLeft:
    return campaign if not given else replace(campaign, share_left=max(0, campaign.share - given))


def _reach(rows: list[Row[Any]]) -> tuple[Reach, ...]:
    return tuple(
        Reach(channel=Channel(r.channel), address_ref=AddressRef(r.address_ref))
        for r in sorted(rows, key=lambda r: r.address_ref)
    )


def _newest(rows: list[Row[Any]]) -> tuple[Consent, ...]:
    """The newest word per purpose and channel; at the same instant a refusal outweighs a grant."""
    newest: dict[tuple[str, str | None], Row[Any]] = {}
    for row in sorted(rows, key=lambda r: (r.given_at, r.status == ConsentStatus.WITHDRAWN, r.consent)):
        newest[(row.purpose, row.channel)] = row
    return tuple(
        Consent(
            purpose=Purpose(r.purpose),
            channel=Channel(r.channel) if r.channel else None,
            status=ConsentStatus(r.status),
            given_at=r.given_at,
            basis=r.basis,
            expires_at=r.expires_at,
        )
        for _, r in sorted(newest.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    )


def _objection(consents: tuple[Consent, ...]) -> datetime | None:
    """Withdrawing the use of data for marketing is an objection to marketing; agreeing anew lifts it."""
    for consent in consents:
        if consent.purpose is Purpose.MARKETING_PROCESSING and consent.status is ConsentStatus.WITHDRAWN:
            return consent.given_at
    return None


def _contacts(rows: list[Row[Any]]) -> tuple[Contact, ...]:
    return tuple(
        Contact(channel=Channel(r.channel), action=r.action, entity=r.entity, kind=r.kind, at=r.at)
        for r in sorted(rows, key=lambda r: (r.at, r.contact))
    )


def _cases(rows: list[Row[Any]], at: datetime) -> tuple[Case, ...]:
    return tuple(
        Case(
            case_id=r.case_id,
            kind=r.kind,
            opened_at=r.opened_at,
            closed_at=r.closed_at if r.closed_at and r.closed_at <= at else None,
        )
        for r in sorted(rows, key=lambda r: (r.opened_at, r.case_id))
    )
