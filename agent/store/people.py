"""Who is meant: external ids and pseudonyms, names for the words that go out (the `Customers` port)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, ExternalId, TenantId
from agent.domain.ports import Known
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import groups_in, is_joined
from agent.store.rows import chunks


class SqlCustomers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, tenant: TenantId, name: ExternalId | CustomerId) -> CustomerId:
        """The pseudonym behind an external id or a pseudonym; of merged customers, the one that was kept.

        Raises NotFound, without repeating the id.
        """
        i, c = t.identities.c, t.customers.c
        with self._database.reading() as connection:
            found = (
                connection.execute(select(i.customer).where(i.tenant == tenant, i.external_id == name)).scalar()
                or connection.execute(select(c.customer).where(c.tenant == tenant, c.customer == name)).scalar()
            )
            if found is not None:
                return groups_in(connection, tenant, [found]).head(found)
        raise NotFound(
            "no customer of this id",
            next_step="Give the id as in your imported file, or the pseudonym (c_...) that a decision shows.",
        )

    def find_many(self, tenant: TenantId, names: Sequence[ExternalId]) -> dict[str, CustomerId]:
        """The pseudonyms behind those of the external ids that are known, as `find` gives them."""
        i = t.identities.c
        found: dict[str, CustomerId] = {}
        with self._database.reading() as connection:
            for some in chunks(names):
                query = select(i.external_id, i.customer).where(i.tenant == tenant, i.external_id.in_(some))
                found |= {row.external_id: row.customer for row in connection.execute(query)}
            groups = groups_in(connection, tenant, found.values())
        return {name: groups.head(customer) for name, customer in found.items()}

    def heads(self, tenant: TenantId, customers: Sequence[CustomerId]) -> dict[CustomerId, CustomerId]:
        """Each customer's own pseudonym, or that of whom they were joined to."""
        with self._database.reading() as connection:
            groups = groups_in(connection, tenant, customers)
        return {customer: groups.head(customer) for customer in customers}

    def all(self, tenant: TenantId) -> list[CustomerId]:
        """Every customer's pseudonym, in a stable order; whoever was joined to another is that other."""
        c = t.customers.c
        with self._database.reading() as connection:
            query = select(c.customer).where(c.tenant == tenant, ~is_joined()).order_by(c.customer)
            return [CustomerId(name) for name in connection.execute(query).scalars()]

    def count(self, tenant: TenantId) -> int:
        with self._database.reading() as connection:
            query = select(func.count()).select_from(t.customers).where(t.customers.c.tenant == tenant, ~is_joined())
            return int(connection.execute(query).scalar_one())

    def everyone(self, tenant: TenantId) -> list[Known]:
        """All external ids, in their order."""
        i, c = t.identities.c, t.customers.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(i.external_id, i.customer, c.country)
                .join(t.customers, (c.tenant == i.tenant) & (c.customer == i.customer))
                .where(i.tenant == tenant)
                .order_by(i.external_id)
            ).all()
        return [Known(ExternalId(row.external_id), CustomerId(row.customer), row.country) for row in rows]

    def first_name(self, tenant: TenantId, customer: CustomerId) -> str:
        """For the `customer.name` slot at sending; '' where unknown."""
        with self._database.reading() as connection:
            return first_names(connection, tenant, [customer]).get(customer, "")

    def external(self, tenant: TenantId, customer: CustomerId) -> list[ExternalId]:
        """The caller's numbers for them, the kept one's first; none where the person was erased."""
        i = t.identities.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            rows = connection.execute(
                select(i.external_id, i.customer).where(i.tenant == tenant, i.customer.in_(group))
            )
            return [ExternalId(row.external_id) for row in sorted(rows, key=lambda r: group.index(r.customer))]

    def where(self, tenant: TenantId, customer: CustomerId) -> tuple[str | None, str | None]:
        """(locale, zone) on file."""
        c = t.customers.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            query = select(c.customer, c.locale, c.zone).where(c.tenant == tenant, c.customer.in_(group))
            rows = sorted(connection.execute(query), key=lambda row: group.index(row.customer))
        return next((r.locale for r in rows if r.locale), None), next((r.zone for r in rows if r.zone), None)


def first_names(connection: Connection, tenant: TenantId, customers: Sequence[CustomerId]) -> dict[CustomerId, str]:
    """By customer, where one is known under any of their names."""
    p, c = t.persons.c, t.customers.c
    groups = groups_in(connection, tenant, customers)
    rows = connection.execute(
        select(c.customer, p.first_name)
        .join(t.customers, (c.tenant == p.tenant) & (c.person == p.person))
        .where(c.tenant == tenant, c.customer.in_(groups.all(customers)), p.first_name != "")
    )
    known = {row.customer: row.first_name for row in rows}
    found = {}
    for customer in customers:
        names = (known.get(member) for member in (customer, *groups.of(customer)))
        if name := next((name for name in names if name), None):
            found[customer] = name
    return found
