"""What `tactful check` counts, in a few passes over the tables (the `DataQuality` port)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, extract, func, or_, select

from agent.domain.customer import ConsentStatus
from agent.domain.ids import TenantId
from agent.domain.instants import ALWAYS
from agent.domain.money import MICROS
from agent.domain.playbook import Playbook
from agent.domain.quality import Measures, Month, Shift
from agent.store import schema as t
from agent.store.database import Database
from agent.store.zones import country_of

MONTHS = 24
LATELY, BEFORE = timedelta(days=28), timedelta(days=112)
"""What happened in the last four weeks is held against the twelve before."""
HUGE = 10_000
_BUCKETS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
"""Borders of order values, in hundredths of the brand's usual basket."""


class SqlDataQuality:
    def __init__(self, database: Database, playbook: Playbook) -> None:
        self._database = database
        self._playbook = playbook

    def measures(self, tenant: TenantId, at: datetime) -> Measures:
        with self._database.reading() as connection:
            return _Count(connection, tenant, at, self._playbook).measures()


class _Count:
    def __init__(self, connection: Connection, tenant: TenantId, at: datetime, playbook: Playbook) -> None:
        self._connection = connection
        self._tenant = tenant
        self._at = at
        self._playbook = playbook

    def measures(self) -> Measures:
        customers = self._count(t.customers)
        orders = select(t.order_lines.c.order_id).where(t.order_lines.c.tenant == self._tenant).distinct().subquery()
        buyers = select(func.count(func.distinct(t.order_lines.c.customer))).where(
            t.order_lines.c.tenant == self._tenant
        )
        return Measures(
            at=self._at,
            customers=customers,
            lacking=self._lacking(),
            consents=self._consents(),
            newest=self._newest(),
            doubles=self._doubles(),
            impossible=self._impossible(),
            totals={
                "customers": customers,
                "products": self._count(t.products),
                "orders": self._one(select(func.count()).select_from(orders)) + self._count(t.orders),
                "transactions": self._count(t.order_lines),
                "events": self._count(t.events),
                "consents": self._count(t.consents),
                "buyers": self._one(buyers),
            },
            quarantined=self._quarantined(),
            months=self._months(),
            shifts=(self._values(), self._mix("events"), self._mix("countries")),
        )

    def _one(self, query: Select[Any]) -> int:
        return int(self._connection.execute(query).scalar() or 0)

    def _count(self, table: Table, *where: ColumnElement[bool]) -> int:
        return self._one(select(func.count()).select_from(table).where(table.c.tenant == self._tenant, *where))

    def _lacking(self) -> dict[str, int]:
        c, a, k, p = t.customers.c, t.addresses.c, t.consents.c, t.products.c

        def reach(*more: ColumnElement[bool]) -> ColumnElement[bool]:
            return exists().where(a.tenant == c.tenant, a.customer == c.customer, *more)

        agreed = exists().where(k.tenant == c.tenant, k.customer == c.customer, k.status == ConsentStatus.GRANTED)
        bought = t.order_lines.c
        unnamed = exists().where(p.tenant == bought.tenant, p.product == bought.product)
        attested = self._playbook.attestations
        found = {
            "country": self._count(t.customers, c.country.is_(None)),
            "address": self._count(t.customers, ~reach()),
            "email": self._count(t.customers, ~reach(a.channel == "email")),
            "phone": self._count(t.customers, ~reach(a.channel == "sms")),
            "consent": self._count(t.customers, ~agreed),
            "zone": self._count(t.customers, c.zone.is_(None)),
            "locale": self._count(t.customers, c.locale.is_(None)),
            "age": self._count(t.customers, c.age == "unknown"),
            "products_unpriced": self._count(t.products, or_(p.price_micros.is_(None), p.price_micros <= 0)),
            "products_unnamed": self._one(
                select(func.count(func.distinct(bought.product))).where(bought.tenant == self._tenant, ~unnamed)
            ),
            "orders_undated": self._count(t.orders, t.orders.c.placed_at <= ALWAYS),
        }
        if attested.adults_only is not None:
            del found["age"]
        return found

    def _consents(self) -> dict[str, int]:
        """Customers by what they agreed to and have not taken back since: purpose, or purpose and channel."""
        c = t.consents.c
        newest: dict[tuple[str, str, str | None], tuple[datetime, bool]] = {}
        query = select(c.customer, c.purpose, c.channel, c.status, c.given_at).where(c.tenant == self._tenant)
        for row in self._connection.execute(query):
            name = (row.customer, row.purpose, row.channel)
            said = (row.given_at, row.status != ConsentStatus.WITHDRAWN)
            if name not in newest or said[0] > newest[name][0] or (said[0] == newest[name][0] and not said[1]):
                newest[name] = said
        return dict(Counter(f"{p}:{ch}" if ch else p for (_, p, ch), (_, yes) in newest.items() if yes))

    def _newest(self) -> dict[str, datetime | None]:
        columns = {
            "events": t.events.c.occurred_at,
            "transactions": t.order_lines.c.occurred_at,
            "stock": t.stock.c.at,
            "prices": t.prices.c.at,
            "consents": t.consents.c.recorded_at,
        }
        return {
            what: self._connection.execute(
                select(func.max(column)).where(column.table.c.tenant == self._tenant, column <= self._at)
            ).scalar()
            for what, column in columns.items()
        }

    def _doubles(self) -> dict[str, int]:
        c = t.order_lines.c
        several = (
            select(c.order_id)
            .where(c.tenant == self._tenant, c.customer.is_not(None))
            .group_by(c.order_id)
            .having(func.count(func.distinct(c.customer)) > 1)
            .subquery()
        )
        return {
            "lines_twice": self._count(t.order_lines, c.line.contains("-")),
            "orders_of_several": self._one(select(func.count()).select_from(several)),
        }

    def _impossible(self) -> dict[str, int]:
        lines, c = t.order_lines.c, t.customers.c
        owing = (
            select(lines.customer)
            .where(lines.tenant == self._tenant, lines.customer.is_not(None))
            .group_by(lines.customer)
            .having(func.sum(lines.amount_micros) < 0)
            .subquery()
        )
        zoned = self._connection.execute(
            select(c.country, c.zone, func.count().label("n"))
            .where(c.tenant == self._tenant, c.country.is_not(None), c.zone.is_not(None))
            .group_by(c.country, c.zone)
        ).all()
        return {
            "lines_ahead": self._count(t.order_lines, lines.occurred_at > self._at),
            "events_ahead": self._count(t.events, t.events.c.occurred_at > self._at),
            "consents_ahead": self._count(t.consents, t.consents.c.given_at > self._at),
            "free_lines": self._count(t.order_lines, lines.amount_micros == 0),
            "huge_lines": self._count(t.order_lines, func.abs(lines.quantity) > HUGE),
            "returned_more": self._one(select(func.count()).select_from(owing)),
            "zone_elsewhere": sum(row.n for row in zoned if (country_of(row.zone) or row.country) != row.country),
        }

    def _quarantined(self) -> dict[str, int]:
        c = t.quarantine.c
        rows = self._connection.execute(
            select(c.reason, func.count().label("n"))
            .where(c.tenant == self._tenant)
            .group_by(c.reason)
            .order_by(func.count().desc(), c.reason)
            .limit(12)
        )
        return {row.reason: row.n for row in rows}

    def _months(self) -> list[Month]:
        """Orders, buyers and net revenue of the last months that have any, in the brand's currency."""
        c = t.order_lines.c
        year, month = extract("year", c.occurred_at).label("year"), extract("month", c.occurred_at).label("month")
        rows = self._connection.execute(
            select(
                year,
                month,
                func.count(func.distinct(c.order_id)).filter(c.quantity > 0).label("orders"),
                func.count(func.distinct(c.customer)).label("buyers"),
                func.sum(c.amount_micros).label("net"),
            )
            .where(
                c.tenant == self._tenant,
                c.currency == self._playbook.brand.currency,
                c.occurred_at <= self._at,
            )
            .group_by(year, month)
            .order_by(year.desc(), month.desc())
            .limit(MONTHS)
        ).all()
        return [
            Month(
                month=f"{int(row.year)}-{int(row.month):02}",
                orders=row.orders,
                buyers=row.buyers,
                revenue=int(row.net or 0) / MICROS,
            )
            for row in reversed(rows)
        ]

    def _values(self) -> Shift:
        """Order values, in hundredths of the usual basket."""
        c = t.order_lines.c
        basket = float(self._playbook.economy.basket) or 1.0
        rows = self._connection.execute(
            select(func.min(c.occurred_at).label("at"), func.sum(c.amount_micros).label("worth"))
            .where(
                c.tenant == self._tenant,
                c.quantity > 0,
                c.currency == self._playbook.brand.currency,
                c.occurred_at > self._at - BEFORE,
                c.occurred_at <= self._at,
            )
            .group_by(c.order_id)
        )
        counted: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        for row in rows:
            percent = int(row.worth) / MICROS / basket * 100
            most = next((border for border in _BUCKETS if percent <= border), None)
            counted[row.at > self._at - LATELY][f"{most:05}" if most else "99999"] += 1
        return Shift(what="order_values", before=counted[0], lately=counted[1])

    def _mix(self, what: str) -> Shift:
        """What happened by kind, or buyers by country."""
        e, lines, c = t.events.c, t.order_lines.c, t.customers.c
        kind: ColumnElement[Any]
        if what == "events":
            kind, at, query = e.kind, e.occurred_at, select(func.count()).where(e.tenant == self._tenant)
        else:
            joined = t.order_lines.join(t.customers, (c.tenant == lines.tenant) & (c.customer == lines.customer))
            kind, at = func.coalesce(c.country, "?"), lines.occurred_at
            orders = func.count(func.distinct(lines.order_id))
            query = select(orders).select_from(joined).where(lines.tenant == self._tenant, lines.quantity > 0)
        counts: dict[bool, dict[str, int]] = defaultdict(dict)
        for lately, start, end in ((False, BEFORE, LATELY), (True, LATELY, timedelta())):
            timed = query.add_columns(kind).where(at > self._at - start, at <= self._at - end).group_by(kind)
            counts[lately] = {name: number for number, name in self._connection.execute(timed)}
        return Shift(what=what, before=counts[False], lately=counts[True])
