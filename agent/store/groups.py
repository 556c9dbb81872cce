"""Which customers are one person just now: merges are links that are followed when reading, so that nothing moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, String, bindparam, exists, or_, select

from agent.domain.ids import CustomerId, TenantId
from agent.store.schema import Utc, customers, merges

CHUNK = 500


@dataclass(slots=True)
class Groups:
    """`of` gives the whole group of a customer, whoever is kept first; alone, for most."""

    _links: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _members: dict[str, list[str]] = field(default_factory=dict)

    def head(self, customer: str) -> CustomerId:
        while customer in self._links:
            customer = self._links[customer][0]
        return CustomerId(customer)

    def of(self, customer: str) -> tuple[CustomerId, ...]:
        if not self._links:
            return (CustomerId(customer),)
        if not self._members:
            for joined in self._links:
                self._members.setdefault(self.head(joined), []).append(joined)
        head = self.head(customer)
        return (head, *(CustomerId(name) for name in sorted(self._members.get(head, ()))))

    def all(self, customers: Iterable[str]) -> list[CustomerId]:
        """The customers and everybody joined with them, each once."""
        if not self._links:
            return [CustomerId(name) for name in dict.fromkeys(customers)]
        return list(dict.fromkeys(member for customer in customers for member in self.of(customer)))

    def since(self, customer: str) -> datetime:
        """Since when the group stands as it is. Raises ValueError for a customer who is alone."""
        return max(self._links[member][1] for member in self.of(customer) if member in self._links)

    def link(self, joined: str, kept: str, at: datetime) -> None:
        self._links[joined] = (kept, at)
        self._members.clear()


def _links(*stands: ColumnElement[bool]) -> Select[Any]:
    """Merges that touch any of the ids, on either side. Built once: building one costs as much as running it."""
    c = merges.c
    some: BindParameter[str] = bindparam("ids", expanding=True)
    return select(c.joined, c.kept, c.at).where(
        c.tenant == bindparam("tenant", type_=String), or_(c.joined.in_(some), c.kept.in_(some)), *stands
    )


_AT = bindparam("at", type_=Utc)
_NOW = _links(merges.c.undone_at.is_(None))
_THEN = _links(or_(merges.c.undone_at.is_(None), merges.c.undone_at > _AT), merges.c.at <= _AT)


def groups_in(connection: Connection, tenant: TenantId, ids: Iterable[str], at: datetime | None = None) -> Groups:
    """The groups of these customers, now or as they stood at an instant."""
    found, known = Groups(), set(ids)
    frontier = sorted(known)
    while frontier:
        met: set[str] = set()
        for start in range(0, len(frontier), CHUNK):
            asked = {"tenant": tenant, "ids": frontier[start : start + CHUNK]}
            rows = connection.execute(_NOW, asked) if at is None else connection.execute(_THEN, asked | {"at": at})
            for row in rows:
                found.link(row.joined, row.kept, row.at)
                met |= {row.joined, row.kept}
        frontier = sorted(met - known)
        known |= met
    return found


def all_groups(connection: Connection, tenant: TenantId, at: datetime | None = None) -> Groups:
    """Every group of the tenant, now or as they stood at an instant: for whoever counts persons."""
    c, found = merges.c, Groups()
    stands = c.undone_at.is_(None) if at is None else (c.at <= at) & or_(c.undone_at.is_(None), c.undone_at > at)
    for row in connection.execute(select(c.joined, c.kept, c.at).where(c.tenant == tenant, stands)):
        found.link(row.joined, row.kept, row.at)
    return found


def is_joined() -> ColumnElement[bool]:
    """True of a row of `customers` that is one with another that was kept."""
    c, m = customers.c, merges.c
    return exists().where(m.tenant == c.tenant, m.joined == c.customer, m.undone_at.is_(None))


def ever_one_with(connection: Connection, tenant: TenantId, customer: str) -> list[CustomerId]:
    """The customer and everybody they were ever joined with, also where that was taken back since."""
    c, found, frontier = merges.c, {customer}, {customer}
    while frontier:
        some = sorted(frontier)
        rows = connection.execute(
            select(c.joined, c.kept).where(c.tenant == tenant, or_(c.joined.in_(some), c.kept.in_(some)))
        )
        frontier = {name for row in rows for name in (row.joined, row.kept)} - found
        found |= frontier
    return [CustomerId(name) for name in sorted(found, key=lambda name: (name != customer, name))]
