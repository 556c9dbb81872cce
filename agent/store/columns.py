"""Facts about all customers as plain columns, for whoever fits or calibrates something."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, cast, extract, func, or_, select

from agent.domain.columns import (
    Codes,
    ContactColumns,
    EventColumns,
    LineColumns,
    OrderColumns,
    ProductColumns,
    TextColumns,
)
from agent.domain.ids import CustomerId, TenantId
from agent.domain.money import MICROS
from agent.store import schema as t
from agent.store.agreed import readable
from agent.store.arms import REACHED, TAKEN
from agent.store.database import Database
from agent.store.groups import all_groups
from agent.store.resources import RELEASED

PAGE = 20_000


class SqlColumns:
    """The `Columns` port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(self, tenant: TenantId, currency: str) -> OrderColumns:
        """Orders with anything bought, in one currency, oldest first; without what came back."""
        c = t.order_lines.c
        query = (
            select(c.customer, func.min(c.occurred_at).label("at"), func.sum(c.amount_micros).label("micros"))
            .where(c.tenant == tenant, c.currency == currency, c.quantity > 0, c.customer.is_not(None))
            .group_by(c.customer, c.order_id)
            .order_by("at", c.customer)
        )
        with self._database.reading() as connection:
            groups = all_groups(connection, tenant)
            rows = connection.execute(query).all()
        customers: Sequence[CustomerId] = [groups.head(row.customer) for row in rows]
        return OrderColumns(
            customers=tuple(customers),
            at=tuple(row.at for row in rows),
            value=tuple(int(row.micros) / MICROS for row in rows),
        )

    def lines(self, tenant: TenantId, currency: str, until: datetime) -> LineColumns:
        c = t.order_lines.c
        asked = (
            select(c.customer, c.product, c.order_id, self._seconds(c.occurred_at), c.quantity, c.amount_micros)
            .where(c.tenant == tenant, c.currency == currency, c.customer.is_not(None))
            .where(c.occurred_at <= until, c.received_at <= until)
            .order_by(c.occurred_at, c.line)
        )
        who, what, order = _Coded(), _Coded(), _Coded()
        at, quantity, amount = array("d"), array("d"), array("d")
        with self._database.reading() as connection:
            known, left = readable(connection, tenant, until), set[str]()
            for customer, product, order_id, seconds, units, micros in _rows(connection, asked):
                head = known.get(customer)
                if head is None:
                    left.add(customer)
                    continue
                who.add(head)
                what.add(product)
                order.add(order_id)
                at.append(float(seconds))
                quantity.append(units)
                amount.append(int(micros) / MICROS)
        return LineColumns(
            customers=_customers(who),
            products=tuple(what.names),
            who=who.codes,
            what=what.codes,
            order=order.codes,
            at=at,
            quantity=quantity,
            amount=amount,
            left_out=len(left),
        )

    def events(self, tenant: TenantId, until: datetime) -> EventColumns:
        c = t.events.c
        asked = (
            select(c.customer, c.kind, c.entity, self._seconds(c.occurred_at))
            .where(c.tenant == tenant, c.occurred_at <= until, c.received_at <= until)
            .order_by(c.occurred_at, c.event)
        )
        who, kind, what, at = _Coded(), _Coded(), _Coded(), array("d")
        with self._database.reading() as connection:
            known = readable(connection, tenant, until)
            for customer, name, entity, seconds in _rows(connection, asked):
                head = known.get(customer)
                if head is not None:
                    who.add(head)
                    kind.add(name)
                    what.add(entity)
                    at.append(float(seconds))
        return EventColumns(
            customers=_customers(who),
            kinds=tuple(kind.names),
            entities=tuple(what.names),
            who=who.codes,
            kind=kind.codes,
            what=what.codes,
            at=at,
        )

    def contacts(self, tenant: TenantId, until: datetime) -> ContactColumns:
        """Offers that were made; a success as arms count it: bought, or taken up where no journey was after more."""
        c, o, e = t.contacts.c, t.outcomes.c, t.effects.c
        reached_at = (
            select(func.min(self._seconds(o.at)))
            .where(o.tenant == c.tenant, o.effect == c.contact, o.at <= until)
            .where(or_(o.kind == REACHED, and_(o.kind == TAKEN, e.journey.is_(None))))
            .correlate(t.contacts, t.effects)
            .scalar_subquery()
        )
        asked = (
            select(c.customer, c.action, c.channel, self._seconds(c.at), reached_at)
            .outerjoin(t.effects, and_(e.tenant == c.tenant, e.effect == c.contact))
            .where(c.tenant == tenant, c.kind == "offer", c.state != RELEASED, c.at <= until)
            .order_by(c.at, c.contact)
        )
        who, arm, at, reached = _Coded(), _Coded(), array("d"), array("d")
        with self._database.reading() as connection:
            known = readable(connection, tenant, until)
            for customer, action, channel, seconds, answered in _rows(connection, asked):
                head = known.get(customer)
                if head is not None:
                    who.add(head)
                    arm.add((action, channel))
                    at.append(float(seconds))
                    reached.append(float("nan") if answered is None else float(answered))
        return ContactColumns(
            customers=_customers(who), arms=tuple(arm.names), who=who.codes, arm=arm.codes, at=at, reached=reached
        )

    def texts(self, tenant: TenantId, until: datetime) -> TextColumns:
        """Reviews; what customers say in messages is heard and not kept."""
        r = t.reviews.c
        asked = (
            select(r.customer, r.product, self._seconds(r.at), r.rating, r.words)
            .where(r.tenant == tenant, r.at <= until, func.coalesce(r.received_at, r.at) <= until, r.words != "")
            .order_by(r.at, r.review)
        )
        who, what, at, stars = _Coded(), _Coded(), array("d"), array("i")
        product, words = array("i"), list[str]()
        with self._database.reading() as connection:
            known = readable(connection, tenant, until)
            for customer, name, seconds, rating, text in _rows(connection, asked):
                head = known.get(customer)
                if head is not None:
                    who.add(head)
                    product.append(what.add(name) if name else -1)
                    at.append(float(seconds))
                    stars.append(rating)
                    words.append(text)
        return TextColumns(
            customers=_customers(who),
            products=tuple(what.names),
            who=who.codes,
            what=product,
            at=at,
            stars=stars,
            words=tuple(words),
        )

    def regions(self, tenant: TenantId, until: datetime) -> dict[CustomerId, str]:
        c = t.customers.c
        with self._database.reading() as connection:
            known = readable(connection, tenant, until)
            query = select(c.customer, c.country, c.region).where(c.tenant == tenant).order_by(c.customer)
            rows = [row for row in connection.execute(query) if row.customer in known and (row.region or row.country)]
        others = {known[row.customer]: row.region or row.country for row in rows}
        return others | {row.customer: row.region or row.country for row in rows if known[row.customer] == row.customer}

    def products(self, tenant: TenantId, until: datetime) -> ProductColumns:
        c = t.products.c
        query = select(c.product, c.name, c.price_micros, c.launch_on).where(c.tenant == tenant, c.known_at <= until)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(c.product)).all()
        nan = float("nan")
        return ProductColumns(
            products=tuple(row.product for row in rows),
            names=tuple(row.name for row in rows),
            price=array("d", [nan if row.price_micros is None else row.price_micros / MICROS for row in rows]),
            launched=array("d", [_day(row.launch_on) for row in rows]),
        )

    def _seconds(self, column: Any) -> Any:
        """Whole seconds since 1970, made by the database: hundreds of thousands of times are read at once."""
        if self._database.dialect == "sqlite":
            return cast(func.strftime("%s", column, type_=Integer), Integer)
        return cast(func.floor(extract("epoch", column)), Integer)


class _Coded:
    """A column of names as numbers, in the order of their first appearance."""

    def __init__(self) -> None:
        self.names: dict[Any, int] = {}
        self.codes: Codes = array("i")

    def add(self, name: Any) -> int:
        code = self.names.setdefault(name, len(self.names))
        self.codes.append(code)
        return code


def _customers(coded: _Coded) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(name) for name in coded.names)


def _rows(connection: Connection, query: Select[Any]) -> Any:
    return connection.execute(query.execution_options(yield_per=PAGE))


def _day(text: str) -> float:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp() if text else float("nan")
