"""What the snapshot knows beyond the customer: prices of thirty days, stock, shops nearby, orders, what is foreseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any, Literal

from sqlalchemy import BindParameter, Connection, Row, Select, String, bindparam, select

from agent.domain.customer import Event, Product
from agent.domain.facts import Booking, Catalogued, Duty, Foreseen, NearStore, Occasion, Omen, Order
from agent.domain.ids import CustomerId, TenantId
from agent.domain.instants import ALWAYS
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.store import schema as t

DAYS = timedelta(days=30)
"""The price history that a reduction is measured against (Directive 98/6/EC art. 6a)."""
HERE = timedelta(minutes=30)
"""How long a customer counts as being where they said they were."""
ASKED = timedelta(days=2)
"""How long a question waits for its answer."""
NEAR_METRES = 3_000
MOST_STORES = 3
EARTH_METRES = 6_371_000

Grouped = dict[str, list[Row[Any]]]


def _of(table: Any, since: str) -> Select[Any]:
    """Rows of some products that were known at an instant; built once."""
    c = table.c
    some: BindParameter[str] = bindparam("names", expanding=True)
    known = c[since] <= bindparam("at", type_=t.Utc)
    return select(table).where(c.tenant == bindparam("tenant", type_=String), c.product.in_(some), known)


_PRODUCTS = _of(t.products, "known_at")
_PRICES = _of(t.prices, "at").order_by(t.prices.c.at)
_STOCK = _of(t.stock, "at").order_by(t.stock.c.at)


def products(connection: Connection, tenant: TenantId, names: Sequence[str], at: datetime) -> dict[str, Product]:
    """Products with price, what thirty days knew of it, and stock, as known at the instant."""
    if not names:
        return {}
    asked = {"tenant": tenant, "names": list(names), "at": at}
    rows = connection.execute(_PRODUCTS, asked).all()
    history, stock = _by_product(connection, _PRICES, asked), _by_product(connection, _STOCK, asked)
    return {row.product: _product(row, history[row.product], stock[row.product], at) for row in rows}


def _by_product(connection: Connection, query: Select[Any], asked: Mapping[str, Any]) -> Grouped:
    found: Grouped = defaultdict(list)
    for row in connection.execute(query, asked):
        found[row.product].append(row)
    return found


def _product(row: Row[Any], history: Sequence[Row[Any]], stock: Sequence[Row[Any]], at: datetime) -> Product:
    online = next((s for s in stock if s.place == ""), None)
    changed = history[-1].at if history else None
    return Product(
        product_id=row.product,
        name=row.name,
        price=Money.from_micros(row.price_micros, row.currency) if row.price_micros is not None else None,
        lowest_price=_lowest(history),
        more=Catalogued(
            experience=row.experience,
            launch_on=date.fromisoformat(row.launch_on) if row.launch_on else None,
            price_changed_at=changed,
            units=online.units if online else None,
            gone_at=online.gone_at if online else None,
            back_at=online.back_at if online else None,
        ),
    )


def _lowest(history: Sequence[Row[Any]]) -> Money | None:
    """The lowest price of the thirty days before the present price began; None where the history is shorter."""
    if len(history) < 2 or history[-1].at - history[0].at < DAYS:
        return None
    now = history[-1]
    begins = now.at - DAYS
    held = [h for n, h in enumerate(history[:-1]) if history[n + 1].at > begins and h.currency == now.currency]
    return Money.from_micros(min(h.price_micros for h in held), now.currency) if held else None


def foreseen(rows: Sequence[Row[Any]]) -> tuple[Foreseen, ...]:
    return tuple(
        Foreseen(
            omen=Omen(r.omen),
            entity=r.entity,
            value=r.value,
            chance=r.chance,
            number=r.number,
            due_at=r.due_at,
            source=r.source,
            model=r.model,
        )
        for r in sorted(rows, key=lambda r: (r.omen, r.entity))
    )


def orders(
    connection: Connection, tenant: TenantId, customers: Sequence[CustomerId], at: datetime
) -> tuple[Order, ...]:
    """The customer's orders as known at the instant, newest first."""
    o, s = t.orders.c, t.shipments.c
    rows = connection.execute(
        select(t.orders).where(o.tenant == tenant, o.customer.in_(customers), o.at <= at).order_by(o.placed_at.desc())
    ).all()
    parts: Grouped = defaultdict(list)
    names = [row.order_id for row in rows]
    for part in connection.execute(
        select(t.shipments).where(s.tenant == tenant, s.order_id.in_(names), s.at <= at).order_by(s.at)
    ):
        parts[part.order_id].append(part)
    return tuple(_order(row, parts[row.order_id]) for row in rows)


def _order(row: Row[Any], parts: Sequence[Row[Any]]) -> Order:
    """Delivered when all parcels are, under way as soon as one is."""
    states = {part.state for part in parts}
    state: Literal["preparing", "shipped", "delivered"] = "preparing"
    if states:
        state = "delivered" if states == {"delivered"} else "shipped" if states - {"preparing"} else "preparing"
    known = [part.at for part in parts if part.at > ALWAYS]
    promised = [part.deliver_by for part in parts if part.deliver_by is not None]
    return Order(
        order_id=row.order_id,
        state=state,
        placed_at=row.placed_at if row.placed_at > ALWAYS else None,
        deliver_by=max(promised) if promised else row.deliver_by,
        delivered_at=max(known) if state == "delivered" and known else None,
    )


def stores(
    connection: Connection, tenant: TenantId, seen: Sequence[Event], wanted: Sequence[str], at: datetime
) -> tuple[NearStore, ...]:
    """The shops nearest to where the customer is, that have a product they look at. Asked only with their consent."""
    here = next((e for e in reversed(seen) if e.kind == "located" and e.at > at - HERE), None)
    place = _place(here) if here else None
    if place is None or not wanted:
        return ()
    k = t.stock.c
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(
        select(t.stock).where(k.tenant == tenant, k.product.in_(wanted), k.place != "", k.units > 0, k.at <= at)
    ):
        units[row.place][row.product] = row.units
    c = t.stores.c
    found = [
        NearStore(store_id=row.store, name=row.name, metres=_metres(place, row), units=units[row.store])
        for row in connection.execute(select(t.stores).where(c.tenant == tenant, c.store.in_(sorted(units))))
    ]
    near = [store for store in found if store.metres <= NEAR_METRES]
    return tuple(sorted(near, key=lambda store: (store.metres, store.store_id))[:MOST_STORES])


def _place(event: Event) -> tuple[float, float] | None:
    latitude, longitude = event.properties.get("latitude"), event.properties.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return (float(latitude), float(longitude)) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
    return None


def _metres(place: tuple[float, float], row: Row[Any]) -> int:
    """The great-circle distance (haversine), to ten metres."""
    a, b = radians(place[0]), radians(row.latitude)
    across = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(row.longitude - place[1]) / 2) ** 2
    return round(2 * EARTH_METRES * asin(sqrt(across)) / 10) * 10


def occasions(playbook: Playbook, at: datetime) -> tuple[Occasion, ...]:
    """The brand's events that are still to come, soonest first."""
    ahead = [event for event in playbook.events if event.starts_at > at]
    return tuple(
        Occasion(name=event.name, place=event.place, starts_at=event.starts_at)
        for event in sorted(ahead, key=lambda event: event.starts_at)
    )


def bookings(rows: Sequence[Row[Any]]) -> tuple[Booking, ...]:
    return tuple(
        Booking(
            booking_id=r.booking,
            state=r.state,
            sequence=r.sequence,
            host=r.slot.rpartition("@")[0],
            starts_at=r.starts_at,
            ends_at=r.ends_at,
        )
        for r in sorted(rows, key=lambda r: r.booking)
    )


def duties(rows: Sequence[Row[Any]]) -> tuple[Duty, ...]:
    return tuple(
        Duty(
            kind=r.kind,
            subject=r.subject,
            status=r.status,
            channel=r.channel or "",
            given_at=r.given_at,
            due_at=r.due_at,
        )
        for r in sorted(rows, key=lambda r: (r.due_at, r.subject, r.kind))
    )
