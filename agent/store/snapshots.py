"""Customers as they were visible at an instant: a handful of indexed queries for one customer as for five hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from agent.domain.consent import standing
from agent.domain.customer import (
    CASE_EVENTS,
    REFUSING_EVENTS,
    AgeAssurance,
    Arm,
    CampaignLeft,
    Channel,
    ConsentStatus,
    Event,
    OpenSlot,
    Product,
    Register,
    Snapshot,
)
from agent.domain.customer import PurchaseHistory as History
from agent.domain.ids import CustomerId, TenantId
from agent.domain.instants import PRESENT
from agent.domain.money import Money
from agent.domain.playbook import Playbook, openings
from agent.store import folds
from agent.store import schema as t
from agent.store.database import Database
from agent.store.journeys import journey_of
from agent.store.ledger import consent_of
from agent.store.resources import RELEASED
from agent.store.rows import chunks
from agent.store.zones import zone_of

EVENT_DAYS = 30
CONTACT_DAYS = 400
"""The longest rest that a rule may ask for, and the time in which an answer to a contact may come."""

Grouped = dict[str, list[Row[Any]]]

_TENANT, _AT = bindparam("tenant", type_=String), bindparam("at", type_=t.Utc)


def _of(table: Table, *more: ColumnElement[bool], columns: str = "") -> Select[Any]:
    """The rows of some customers. Statements are built once: building one costs as much as running it."""
    ids: BindParameter[str] = bindparam("ids", expanding=True)
    wanted = select(*(table.c[name] for name in columns.split())) if columns else select(table)
    return wanted.where(table.c.tenant == _TENANT, table.c.customer.in_(ids), *more)


_CUSTOMERS = _of(t.customers)
_ADDRESSES = _of(t.addresses, columns="customer address_ref channel region listed")
_CONSENTS = _of(
    t.consents,
    or_(
        t.consents.c.given_at <= _AT,
        and_(
            t.consents.c.status == ConsentStatus.WITHDRAWN,
            or_(t.consents.c.given_at <= bindparam("soon", type_=t.Utc), t.consents.c.recorded_at <= _AT),
        ),
    ),
    columns="customer purpose channel status given_at basis expires_at conditions deal_ended_at",
)
_EVENTS = _of(
    t.events,
    t.events.c.occurred_at <= _AT,
    or_(
        t.events.c.occurred_at > bindparam("events_from", type_=t.Utc),
        and_(
            t.events.c.kind.in_(REFUSING_EVENTS),
            t.events.c.occurred_at > bindparam("contacts_from", type_=t.Utc),
        ),
    ),
    t.events.c.received_at <= _AT,
)
_CONTACTS = (
    select(t.contacts, t.outcomes.c.kind.label("outcome"), t.outcomes.c.at.label("outcome_at"))
    .outerjoin(
        t.outcomes,
        and_(
            t.outcomes.c.tenant == t.contacts.c.tenant,
            t.outcomes.c.effect == t.contacts.c.contact,
            t.outcomes.c.at <= _AT,
        ),
    )
    .where(
        t.contacts.c.tenant == _TENANT,
        t.contacts.c.customer.in_(bindparam("ids", expanding=True)),
        t.contacts.c.state != RELEASED,
        t.contacts.c.reserved_at <= _AT,
        t.contacts.c.at > bindparam("contacts_from", type_=t.Utc),
    )
)
_JOURNEYS = _of(t.journeys, t.journeys.c.state == "active", t.journeys.c.started_at <= _AT)
_REGISTERS = select(t.registers).where(t.registers.c.tenant == _TENANT, t.registers.c.copied_at <= _AT)
_CASES = _of(
    t.events,
    t.events.c.kind.in_(CASE_EVENTS),
    t.events.c.occurred_at <= _AT,
    t.events.c.received_at <= _AT,
)
_LINES = _of(
    t.order_lines,
    t.order_lines.c.occurred_at <= _AT,
    t.order_lines.c.received_at <= _AT,
    t.order_lines.c.currency == bindparam("currency", type_=String),
).subquery()
_BOUGHT = _LINES.c.quantity > 0
_TOTALS = select(
    _LINES.c.customer,
    func.count(func.distinct(_LINES.c.order_id)).filter(_BOUGHT).label("orders"),
    func.min(_LINES.c.occurred_at).filter(_BOUGHT).label("first_at"),
    func.max(_LINES.c.occurred_at).filter(_BOUGHT).label("last_at"),
    func.sum(_LINES.c.amount_micros).label("net"),
).group_by(_LINES.c.customer)
_COUNTED = (
    select(
        _LINES.c.customer,
        _LINES.c.product,
        func.count(func.distinct(_LINES.c.order_id)).label("n"),
        func.max(_LINES.c.occurred_at).label("last"),
    )
    .where(_BOUGHT)
    .group_by(_LINES.c.customer, _LINES.c.product)
    .subquery()
)
_RANKED = select(
    _COUNTED.c.customer,
    _COUNTED.c.product,
    func.row_number()
    .over(partition_by=_COUNTED.c.customer, order_by=(_COUNTED.c.n.desc(), _COUNTED.c.last.desc(), _COUNTED.c.product))
    .label("place"),
).subquery()
_FAVOURITES = select(_RANKED.c.customer, _RANKED.c.product).where(_RANKED.c.place == 1)
_PRODUCTS = select(t.products).where(
    t.products.c.tenant == _TENANT, t.products.c.product.in_(bindparam("names", expanding=True))
)
_ARMS = select(t.arms).where(t.arms.c.tenant == _TENANT)
_CAMPAIGNS = select(t.campaigns).where(t.campaigns.c.tenant == _TENANT)
_COUPONS = (
    select(t.coupons.c.campaign, t.coupons.c.customer, func.count().label("n"))
    .where(
        t.coupons.c.tenant == _TENANT,
        t.coupons.c.customer.in_(bindparam("ids", expanding=True)),
        t.coupons.c.state != "released",
    )
    .group_by(t.coupons.c.campaign, t.coupons.c.customer)
)
_TAKEN = select(t.slots.c.slot).where(
    t.slots.c.tenant == _TENANT, t.slots.c.state != "released", t.slots.c.at > bindparam("slots_from", type_=t.Utc)
)


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
        self._at = at
        self._playbook = playbook
        self._bound = {
            "tenant": tenant,
            "currency": playbook.brand.currency,
            "ids": list(ids),
            "at": at,
            # a refusal may be on file while a decision of a moment ago is still under way
            "soon": at + PRESENT,
            "events_from": at - timedelta(days=EVENT_DAYS),
            "contacts_from": at - timedelta(days=CONTACT_DAYS),
            "slots_from": at - timedelta(days=14),
        }

    def read(self) -> list[Snapshot]:
        people = {row.customer: row for row in self._rows(_CUSTOMERS)}
        if not people:
            return []
        at = self._at
        addresses, contacts, cases = self._grouped(_ADDRESSES), self._grouped(_CONTACTS), self._grouped(_CASES)
        journeys = self._grouped(_JOURNEYS)
        consents = {
            customer: standing(consent_of(row) for row in rows) for customer, rows in self._grouped(_CONSENTS).items()
        }
        profiled = [c for c in self._ids if any(folds.allows_profiling(k, at) for k in consents.get(c, ()))]
        events, history = self._grouped(_EVENTS, profiled), self._history(profiled)
        products = self._products(events, history)
        arms, campaigns, coupons, slots = self._arms(), self._campaigns(), self._coupons(), self._slots()
        registers = tuple(Register(name=r.register, copied_at=r.copied_at) for r in self._rows(_REGISTERS))
        brand = self._playbook.brand
        found = []
        for customer in (c for c in self._ids if c in people):
            row = people[customer]
            seen = folds.recent(events[customer])
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
                    region=row.region,
                    objected_at=folds.objection(agreed := consents.get(customer, ())),
                    reach=folds.reach(addresses[customer]),
                    consents=agreed,
                    events=tuple(
                        Event(kind=r.kind, at=r.occurred_at, entity=r.entity, properties=r.properties) for r in seen
                    ),
                    history=past,
                    contacts=folds.contacts(contacts[customer]),
                    cases=folds.cases(cases[customer]),
                    products=tuple(products[name] for name in sorted(wanted) if name in products),
                    campaigns=tuple(folds.share(c, coupons.get((c.campaign, customer), 0)) for c in campaigns),
                    slots=slots,
                    arms=arms,
                    registers=registers,
                    journeys=tuple(
                        sorted((journey_of(r) for r in journeys[customer]), key=lambda j: (j.started_at, j.journey_id))
                    ),
                )
            )
        return found

    def _attests_zone(self) -> bool:
        stated = self._playbook.attestations.zone_follows_country
        return stated is not None and stated <= self._at.date()

    def _rows(self, statement: Select[Any], ids: Sequence[CustomerId] | None = None) -> Sequence[Row[Any]]:
        bound = self._bound if ids is None else self._bound | {"ids": list(ids)}
        return self._connection.execute(statement, bound).all()

    def _grouped(self, statement: Select[Any], ids: Sequence[CustomerId] | None = None) -> Grouped:
        grouped: Grouped = defaultdict(list)
        for row in self._rows(statement, ids) if ids is None or ids else ():
            grouped[row.customer].append(row)
        return grouped

    def _history(self, ids: Sequence[CustomerId]) -> dict[str, History]:
        """In the brand's currency: orders, first and last of them, net value after returns, product on most orders."""
        totals = self._rows(_TOTALS, ids) if ids else ()
        if not totals:
            return {}
        favourites = {row.customer: row.product for row in self._rows(_FAVOURITES, ids)}
        return {
            row.customer: History(
                orders=row.orders,
                first_at=row.first_at,
                last_at=row.last_at,
                net=Money.from_micros(int(row.net), self._playbook.brand.currency),
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
        found = self._connection.execute(_PRODUCTS, {"tenant": self._tenant, "names": sorted(names)}).all()
        return {
            row.product: Product(
                product_id=row.product,
                name=row.name,
                price=Money.from_micros(row.price_micros, row.currency) if row.price_micros is not None else None,
            )
            for row in found
            if row.known_at <= self._at
        }

    def _arms(self) -> tuple[Arm, ...]:
        rows = self._rows(_ARMS)
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
        rows = self._rows(_CAMPAIGNS)
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
        return {(row.campaign, row.customer): row.n for row in self._rows(_COUPONS)}

    def _slots(self) -> tuple[OpenSlot, ...]:
        if not self._playbook.calendars:
            return ()
        taken = frozenset(row.slot for row in self._rows(_TAKEN))
        return tuple(openings(self._playbook.calendars, self._at, taken))
