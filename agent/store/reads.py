"""The statements that snapshots are read with. Built once: building one costs as much as running it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, String, Table, and_, bindparam, func, or_, select

from agent.domain.customer import CASE_EVENTS, REFUSING_EVENTS, SERVICE_EVENTS, ConsentStatus
from agent.domain.timers import DUTIES
from agent.store import schema as t
from agent.store.resources import RELEASED

TENANT, AT = bindparam("tenant", type_=String), bindparam("at", type_=t.Utc)


def of(table: Table, *more: ColumnElement[bool], columns: str = "") -> Select[Any]:
    """The rows of some customers. Statements are built once: building one costs as much as running it."""
    ids: BindParameter[str] = bindparam("ids", expanding=True)
    wanted = select(*(table.c[name] for name in columns.split())) if columns else select(table)
    return wanted.where(table.c.tenant == TENANT, table.c.customer.in_(ids), *more)


CUSTOMERS = of(t.customers, columns="customer version decisions country region zone locale age")
ADDRESSES = of(t.addresses, columns="customer address_ref channel region listed")
CONSENTS = of(
    t.consents,
    or_(
        t.consents.c.given_at <= AT,
        and_(
            t.consents.c.status == ConsentStatus.WITHDRAWN,
            or_(t.consents.c.given_at <= bindparam("soon", type_=t.Utc), t.consents.c.recorded_at <= AT),
        ),
    ),
    columns="customer purpose channel status given_at basis expires_at conditions deal_ended_at",
)
HAPPENED = "customer event kind entity occurred_at properties"
EVENTS = of(
    t.events,
    t.events.c.occurred_at <= AT,
    or_(
        t.events.c.occurred_at > bindparam("events_from", type_=t.Utc),
        and_(
            t.events.c.kind.in_(REFUSING_EVENTS),
            t.events.c.occurred_at > bindparam("contacts_from", type_=t.Utc),
        ),
    ),
    t.events.c.received_at <= AT,
    columns=HAPPENED,
)
CONTACTS = (
    select(
        *(t.contacts.c[name] for name in ("customer", "contact", "channel", "action", "entity", "kind", "at")),
        t.outcomes.c.kind.label("outcome"),
        t.outcomes.c.at.label("outcome_at"),
    )
    .outerjoin(
        t.outcomes,
        and_(
            t.outcomes.c.tenant == t.contacts.c.tenant,
            t.outcomes.c.effect == t.contacts.c.contact,
            t.outcomes.c.at <= AT,
        ),
    )
    .where(
        t.contacts.c.tenant == TENANT,
        t.contacts.c.customer.in_(bindparam("ids", expanding=True)),
        t.contacts.c.state != RELEASED,
        t.contacts.c.reserved_at <= AT,
        t.contacts.c.at > bindparam("contacts_from", type_=t.Utc),
    )
)
FORESEEN = of(
    t.foreseen,
    t.foreseen.c.at <= AT,
    or_(t.foreseen.c.ends_at.is_(None), t.foreseen.c.ends_at > AT),
    columns="customer omen entity value chance number due_at source model",
)
BOOKINGS = (
    select(t.bookings, t.slots.c.starts_at, t.slots.c.ends_at)
    .join(t.slots, and_(t.slots.c.tenant == t.bookings.c.tenant, t.slots.c.slot == t.bookings.c.slot))
    .where(
        t.bookings.c.tenant == TENANT,
        t.bookings.c.customer.in_(bindparam("ids", expanding=True)),
        t.bookings.c.at <= AT,
    )
)
DUTY_ROWS = (
    select(
        t.timers.c.customer,
        t.timers.c.kind,
        t.timers.c.subject,
        t.timers.c.due_at,
        t.consents.c.status,
        t.consents.c.channel,
        t.consents.c.given_at,
    )
    .join(t.consents, and_(t.consents.c.tenant == t.timers.c.tenant, t.consents.c.consent == t.timers.c.subject))
    .where(
        t.timers.c.tenant == TENANT,
        t.timers.c.customer.in_(bindparam("ids", expanding=True)),
        t.timers.c.state == "armed",
        t.timers.c.kind.in_(DUTIES),
        t.timers.c.lease_until > AT,
    )
)
JOURNEYS = of(t.journeys, t.journeys.c.state == "active", t.journeys.c.started_at <= AT)
REGISTERS = select(t.registers).where(t.registers.c.tenant == TENANT, t.registers.c.copied_at <= AT)
CASES = of(
    t.events,
    or_(
        t.events.c.kind.in_(CASE_EVENTS),
        and_(t.events.c.kind.in_(SERVICE_EVENTS), t.events.c.occurred_at > bindparam("asked_from", type_=t.Utc)),
    ),
    t.events.c.occurred_at <= AT,
    t.events.c.received_at <= AT,
    columns=HAPPENED,
)
LINES = of(
    t.order_lines,
    t.order_lines.c.occurred_at <= AT,
    t.order_lines.c.received_at <= AT,
    t.order_lines.c.currency == bindparam("currency", type_=String),
).subquery()
BOUGHT = LINES.c.quantity > 0
TOTALS = select(
    LINES.c.customer,
    func.count(func.distinct(LINES.c.order_id)).filter(BOUGHT).label("orders"),
    func.min(LINES.c.occurred_at).filter(BOUGHT).label("first_at"),
    func.max(LINES.c.occurred_at).filter(BOUGHT).label("last_at"),
    func.sum(LINES.c.amount_micros).label("net"),
).group_by(LINES.c.customer)
OWNED = select(LINES.c.customer, LINES.c.product).where(BOUGHT).distinct()
COUNTED = (
    select(
        LINES.c.customer,
        LINES.c.product,
        func.count(func.distinct(LINES.c.order_id)).label("n"),
        func.max(LINES.c.occurred_at).label("last"),
    )
    .where(BOUGHT)
    .group_by(LINES.c.customer, LINES.c.product)
    .subquery()
)
RANKED = select(
    COUNTED.c.customer,
    COUNTED.c.product,
    func.row_number()
    .over(partition_by=COUNTED.c.customer, order_by=(COUNTED.c.n.desc(), COUNTED.c.last.desc(), COUNTED.c.product))
    .label("place"),
).subquery()
FAVOURITES = select(RANKED.c.customer, RANKED.c.product).where(RANKED.c.place == 1)
PRODUCTS = select(t.products).where(
    t.products.c.tenant == TENANT, t.products.c.product.in_(bindparam("names", expanding=True))
)
ARMS = select(t.arms).where(t.arms.c.tenant == TENANT)
CAMPAIGNS = select(t.campaigns).where(t.campaigns.c.tenant == TENANT)
COUPONS = (
    select(t.coupons.c.campaign, t.coupons.c.customer, func.count().label("n"))
    .where(
        t.coupons.c.tenant == TENANT,
        t.coupons.c.customer.in_(bindparam("ids", expanding=True)),
        t.coupons.c.state != "released",
    )
    .group_by(t.coupons.c.campaign, t.coupons.c.customer)
)
TAKEN = select(t.slots.c.slot).where(
    t.slots.c.tenant == TENANT, t.slots.c.state != "released", t.slots.c.at > bindparam("slots_from", type_=t.Utc)
)
