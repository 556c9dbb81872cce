"""Goods, prices, stock, shops, orders, shipments, cases, and what is foreseen: one fact per row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from agent.domain.facts import IMPORTED, Omen
from agent.domain.imports import EventRow, FactRow, ReviewRow
from agent.domain.money import Money
from agent.importing import fields as f
from agent.importing.records import Record
from agent.importing.transactions import bounded

PRODUCTS = ("product", "name")
PRICES = ("product", "price", "currency", "at")
STOCK = ("product", "units", "at")
STORES = ("store", "name", "latitude", "longitude")
ORDERS = ("customer", "order", "placed_at")
SHIPMENTS = ("shipment", "order", "state", "at")
CASES = ("customer", "case", "kind", "opened_at")
REVIEWS = ("customer", "product", "at")
LONGEST_REVIEW = 4_000
SIGNALS = ("customer", "signal", "at")
MORE_OF_SIGNALS = "entity value chance number due_at ends_at source"
CASE_KINDS = frozenset({"complaint", "refund", "outage", "fraud", "bereavement", "debt", "vulnerability"})
STATES = ("preparing", "shipped", "delivered")


def product(key: str, record: Record) -> FactRow:
    """Columns: product, name, at, and what can be tried (experience) and from when it is sold (launch_on)."""
    fields = record.fields
    launch = f.text(fields, "launch_on", most=10)
    if launch:
        try:
            date.fromisoformat(launch)
        except ValueError as error:
            raise f.BadField("launch_on: not a date such as 2026-12-01") from error
    return FactRow(
        key=key,
        table="products",
        at=f.maybe_moment(fields, "at"),
        values={
            "product": f.required(fields, "product", most=120),
            "name": f.name(fields, "name", most=200),
            "experience": f.text(fields, "experience", most=120),
            "launch_on": launch,
        },
    )


def price(key: str, record: Record) -> FactRow:
    """Columns: product, price, currency, at (from when it holds)."""
    fields = record.fields
    amount, currency = f.amount(fields, "price"), f.required(fields, "currency", most=3).upper()
    if amount <= 0:
        raise f.BadField("price: not above zero")
    try:
        micros = bounded(Money(amount, currency), 1).micros
    except f.BadField:
        raise
    except ValueError as error:
        raise f.BadField("currency: not an ISO 4217 code such as GBP") from error
    values = {
        "product": f.required(fields, "product", most=120),
        "price_micros": micros,
        "currency": currency,
    }
    return FactRow(key=key, table="prices", at=f.moment(fields, "at"), values=values)


def stock(key: str, record: Record) -> FactRow:
    """Columns: product, units, at, and the store (empty: what is sent to customers)."""
    fields = record.fields
    units = f.whole(fields, "units")
    if units < 0:
        raise f.BadField("units: below zero")
    values = {
        "product": f.required(fields, "product", most=120),
        "place": f.text(fields, "store", most=120),
        "units": units,
    }
    return FactRow(key=key, table="stock", at=f.moment(fields, "at"), values=values)


def store(key: str, record: Record) -> FactRow:
    """Columns: store, name, latitude and longitude (degrees)."""
    fields = record.fields
    latitude, longitude = float(f.amount(fields, "latitude")), float(f.amount(fields, "longitude"))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise f.BadField("latitude, longitude: not on this earth")
    values = {
        "store": f.required(fields, "store", most=120),
        "name": f.name(fields, "name", most=120),
        "latitude": latitude,
        "longitude": longitude,
    }
    return FactRow(key=key, table="stores", at=f.maybe_moment(fields, "at"), values=values)


def order(key: str, record: Record) -> FactRow:
    """Columns: customer, order, placed_at, deliver_by, at."""
    fields = record.fields
    placed = f.moment(fields, "placed_at")
    return FactRow(
        key=key,
        table="orders",
        external_id=f.customer(fields),
        at=f.maybe_moment(fields, "at") or placed,
        values={
            "order_id": f.required(fields, "order", most=60),
            "placed_at": placed,
            "deliver_by": f.maybe_moment(fields, "deliver_by"),
        },
    )


def shipment(key: str, record: Record) -> FactRow:
    """Columns: shipment, order, state (preparing, shipped, delivered), at, deliver_by."""
    fields = record.fields
    state = f.required(fields, "state", most=16).lower()
    if state not in STATES:
        raise f.BadField(f"state: not one of {', '.join(STATES)}")
    return FactRow(
        key=key,
        table="shipments",
        at=f.moment(fields, "at"),
        values={
            "shipment": f.required(fields, "shipment", most=120),
            "order_id": f.required(fields, "order", most=60),
            "state": state,
            "deliver_by": f.maybe_moment(fields, "deliver_by"),
        },
    )


def case(key: str, record: Record) -> Sequence[EventRow]:
    """Columns: customer, case, kind, opened_at, closed_at. Another kind than those known counts as `other`."""
    fields = record.fields
    who, name = f.customer(fields), f.required(fields, "case", most=120)
    kind = f.required(fields, "kind", most=40).lower()
    opened, closed = f.moment(fields, "opened_at"), f.maybe_moment(fields, "closed_at")
    said: dict[str, str | int | float] = {"kind": kind if kind in CASE_KINDS else "other"}

    def event(what: str, at: datetime) -> EventRow:
        return EventRow(
            key=f"{key}.{what}",
            external_id=who,
            kind=what,
            occurred_at=at,
            received_at=at,
            entity=name,
            properties=said if what == "case_opened" else {},
        )

    return [event("case_opened", opened), *([event("case_closed", closed)] if closed else [])]


def review(key: str, record: Record) -> ReviewRow:
    """Columns: customer, product, at, rating (1 to 5, or empty), words, received_at. Raises BadField."""
    fields = record.fields
    rating = f.whole(fields, "rating") if f.text(fields, "rating", most=8) else 0
    if rating and not 1 <= rating <= 5:
        raise f.BadField("rating: not between 1 and 5")
    return ReviewRow(
        key=key,
        external_id=f.customer(fields),
        product=f.required(fields, "product", most=120),
        at=f.moment(fields, "at"),
        received_at=f.maybe_moment(fields, "received_at"),
        rating=rating,
        words=f.prose(fields, "words", most=LONGEST_REVIEW),
    )


def signal(key: str, record: Record) -> FactRow:
    """Columns: customer, signal, entity, value, chance (0 to 1), number, due_at, at, ends_at, source."""
    fields = record.fields
    chance = float(f.amount(fields, "chance")) if f.text(fields, "chance", most=20) else 1.0
    if not 0 <= chance <= 1:
        raise f.BadField("chance: not between 0 and 1")
    source = f.text(fields, "source", most=16).lower() or "imported"
    if source not in ("model", "imported", "rule"):
        raise f.BadField("source: not one of model, imported, rule")
    return FactRow(
        key=key,
        table="foreseen",
        external_id=f.customer(fields),
        at=f.moment(fields, "at"),
        values={
            "omen": _omen(fields),
            "entity": f.text(fields, "entity", most=120),
            "value": f.text(fields, "value", most=120),
            "chance": round(chance * 1_000_000),
            "number": f.whole(fields, "number") if f.text(fields, "number", most=20) else 0,
            "due_at": f.maybe_moment(fields, "due_at"),
            "source": source,
            "ends_at": f.maybe_moment(fields, "ends_at"),
        },
    )


def _omen(fields: dict[str, object]) -> Omen:
    """What a file may foretell; the others are fitted, never brought."""
    omen = Omen(f.one_of(fields, "signal", Omen))
    if omen not in IMPORTED:
        raise f.BadField(f"signal: not one of {', '.join(sorted(IMPORTED))}")
    return omen
