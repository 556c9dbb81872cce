"""What `tactful check` counts, in a few passes over the tables (the `DataQuality` port)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, extract, func, or_, select, union

from agent.domain.consent import standing, together
from agent.domain.customer import Consent, ConsentStatus
from agent.domain.ids import TenantId
from agent.domain.instants import ALWAYS
from agent.domain.money import MICROS
from agent.domain.playbook import Playbook
from agent.domain.quality import Measures, Month, Shift
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import all_groups, is_joined
from agent.store.ledger import consent_of
from agent.store.zones import country_of

MONTHS = 24
LATELY, BEFORE = timedelta(days=28), timedelta(days=112)
"""What happened in the last four weeks is held against the twelve before."""
HUGE = 10_000
_REACH = {"sms": "phone"}
_STATED = ("country", "address", "email", "phone", "zone", "locale", "age")
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
        self._groups = all_groups(connection, tenant)

    def measures(self) -> Measures:
        customers = self._count(t.customers, ~is_joined())
        lines, orders = t.order_lines.c, t.orders.c
        numbers = union(
            select(lines.order_id).where(lines.tenant == self._tenant),
            select(orders.order_id).where(orders.tenant == self._tenant),
        ).subquery()
        buyers = select(func.count(func.distinct(lines.customer))).where(lines.tenant == self._tenant)
        consents, agreed = self._consents()
        return Measures(
            at=self._at,
            customers=customers,
            lacking=self._lacking(customers) | {"consent": customers - agreed},
            consents=consents,
            newest=self._newest(),
            doubles=self._doubles(),
            impossible=self._impossible(),
            totals={
                "customers": customers,
                "products": self._count(t.products),
                "orders": self._one(select(func.count()).select_from(numbers)),
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

    def _lacking(self, people: int) -> dict[str, int]:
        """Persons of whom none of their names says it; products and orders that lack something."""
        p, bought = t.products.c, t.order_lines.c
        unnamed = exists().where(p.tenant == bought.tenant, p.product == bought.product)
        attested = self._playbook.attestations
        stated = self._stated()
        found = {
            **{what: people - len(stated[what]) for what in _STATED},
            "products_unpriced": self._count(t.products, or_(p.price_micros.is_(None), p.price_micros <= 0)),
            "products_unnamed": self._one(
                select(func.count(func.distinct(bought.product))).where(bought.tenant == self._tenant, ~unnamed)
            ),
            "orders_undated": self._count(t.orders, t.orders.c.placed_at <= ALWAYS),
        }
        vouched = {"age": attested.adults_only, "zone": attested.zone_follows_country}
        return {what: count for what, count in found.items() if vouched.get(what) is None}

    def _stated(self) -> dict[str, set[str]]:
        """By what is known of a person, the persons of whom any of their names says it."""
        a, c = t.addresses.c, t.customers.c
        found: dict[str, set[str]] = defaultdict(set)
        everybody = select(c.customer, c.country, c.zone, c.locale, c.age).where(c.tenant == self._tenant)
        for row in self._connection.execute(everybody):
            for what in ("country", "zone", "locale"):
                if getattr(row, what):
                    found[what].add(self._groups.head(row.customer))
            if row.age != "unknown":
                found["age"].add(self._groups.head(row.customer))
        addresses = select(a.customer, a.channel).where(a.tenant == self._tenant)
        for customer, channel in self._connection.execute(addresses):
            found["address"].add(self._groups.head(customer))
            found[_REACH.get(channel, channel)].add(self._groups.head(customer))
        return found

    def _consents(self) -> tuple[dict[str, int], int]:
        """Persons by what they agreed to and have not taken back since (purpose, or purpose and channel), and how many
        of them agreed to anything."""
        c = t.consents.c
        stated: dict[str, dict[str, list[Consent]]] = defaultdict(lambda: defaultdict(list))
        query = select(t.consents).where(c.tenant == self._tenant, c.given_at <= self._at)
        for row in self._connection.execute(query):
            stated[self._groups.head(row.customer)][row.customer].append(consent_of(row))
        counted: Counter[str] = Counter()
        agreed = 0
        for head, said in stated.items():
            alone = len(self._groups.of(head)) == 1
            held = standing(said[head]) if alone else together(said.values(), self._groups.since(head))
            yes = {(k.purpose, k.channel) for k in held if k.status is not ConsentStatus.WITHDRAWN}
            counted.update(f"{purpose}:{channel}" if channel else str(purpose) for purpose, channel in yes)
            agreed += bool(yes)
        return dict(counted), agreed

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
        """Orders and net revenue of the last months of the brand's own calendar that have any, in its currency."""
        c, zone = t.order_lines.c, ZoneInfo(self._playbook.brand.zone)
        parts = [extract(name, c.occurred_at).label(name) for name in ("year", "month", "day", "hour")]
        rows = self._connection.execute(
            select(
                *parts,
                func.count(func.distinct(c.order_id)).filter(c.quantity > 0).label("orders"),
                func.sum(c.amount_micros).label("net"),
            )
            .where(c.tenant == self._tenant, c.currency == self._playbook.brand.currency, c.occurred_at <= self._at)
            .group_by(*parts)
        )
        found: dict[str, tuple[int, int]] = {}
        for row in rows:
            hour = datetime(int(row.year), int(row.month), int(row.day), int(row.hour), tzinfo=UTC).astimezone(zone)
            orders, net = found.get(f"{hour:%Y-%m}", (0, 0))
            found[f"{hour:%Y-%m}"] = (orders + row.orders, net + int(row.net or 0))
        return [
            Month(month=month, orders=orders, revenue=net / MICROS)
            for month, (orders, net) in sorted(found.items())[-MONTHS:]
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
