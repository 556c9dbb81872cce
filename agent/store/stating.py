"""What is stated of customers, written for many at once: facts, names, addresses; and who thereby moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from agent.domain.ids import CustomerId, TenantId
from agent.domain.imports import CustomerRow
from agent.store import schema as t
from agent.store.registers import hashed, listed_of
from agent.store.rows import Pseudonyms, chunks

FACTS = ("country", "region", "zone", "locale", "age")


@dataclass(frozen=True, slots=True)
class Stated:
    """One row about one customer."""

    customer: CustomerId
    person: str
    row: CustomerRow


def rounds(stated: Iterable[Stated]) -> Iterator[list[Stated]]:
    """In their order, each customer once a round: what is said later of somebody stands on what was said before."""
    rest = list(stated)
    while rest:
        this: dict[CustomerId, Stated] = {}
        later = []
        for one in rest:
            if one.customer in this:
                later.append(one)
            else:
                this[one.customer] = one
        yield list(this.values())
        rest = later


class Stating:
    """Writes rounds inside a transaction."""

    def __init__(self, connection: Connection, tenant: TenantId, names: Pseudonyms) -> None:
        self._connection = connection
        self._tenant = tenant
        self._names = names

    def write(self, stated: Sequence[Stated]) -> tuple[set[CustomerId], set[CustomerId]]:
        """Whose decision facts moved, and who was given another name. Each customer may come once."""
        moved: set[CustomerId] = set()
        named: set[CustomerId] = set()
        for some in (stated[start : start + 500] for start in range(0, len(stated), 500)):
            moved |= self._facts(some) | self._addresses(some)
            named |= self._first_names(some)
        return moved, named

    def _facts(self, stated: Sequence[Stated]) -> set[CustomerId]:
        said = {one.customer: facts for one in stated if (facts := _facts_of(one.row))}
        if not said:
            return set()
        c = t.customers.c
        query = select(c.customer, *(c[name] for name in FACTS)).where(c.tenant == self._tenant, c.customer.in_(said))
        query = query.order_by(c.customer).with_for_update()  # what another states meanwhile waits
        rows = []
        for row in self._connection.execute(query).mappings():
            known = {name: row[name] for name in FACTS}
            after = known | said[row["customer"]]
            if after != known:
                rows.append({"b_customer": row["customer"], **{f"b_{name}": value for name, value in after.items()}})
        if rows:
            self._connection.execute(
                update(t.customers)
                .where(c.tenant == self._tenant, c.customer == bindparam("b_customer"))
                .values(**{name: bindparam(f"b_{name}") for name in FACTS}),
                rows,
            )
        return {row["b_customer"] for row in rows}

    def _first_names(self, stated: Sequence[Stated]) -> set[CustomerId]:
        said = {one.person: one for one in stated if one.row.first_name}
        if not said:
            return set()
        p = t.persons.c
        query = select(p.person, p.first_name).where(p.tenant == self._tenant, p.person.in_(said))
        other = [
            row.person for row in self._connection.execute(query) if row.first_name != said[row.person].row.first_name
        ]
        if other:
            self._connection.execute(
                update(t.persons)
                .where(p.tenant == self._tenant, p.person == bindparam("b_person"))
                .values(first_name=bindparam("b_name")),
                [{"b_person": person, "b_name": said[person].row.first_name} for person in other],
            )
        return {said[person].customer for person in other}

    def _addresses(self, stated: Sequence[Stated]) -> set[CustomerId]:
        """One address a channel: a new value replaces the old one under a new reference."""
        wanted = [one for one in stated if one.row.addresses]
        if not wanted:
            return set()
        a = t.addresses.c
        query = select(a.address_ref, a.customer, a.channel).where(
            a.tenant == self._tenant, a.customer.in_([one.customer for one in wanted])
        )
        held: dict[tuple[str, str], set[str]] = {}
        for row in self._connection.execute(query):
            held.setdefault((row.customer, row.channel), set()).add(row.address_ref)
        rows, gone = [], []
        for one in wanted:
            for channel, value in one.row.addresses.items():
                ref = "a_" + self._names.keyed("address", one.customer, channel, value)
                old = held.get((one.customer, channel), set())
                if ref not in old:
                    gone += sorted(old)
                    rows.append(self._address(one, channel, value, ref))
        for some in chunks(gone):
            self._connection.execute(t.addresses.delete().where(a.tenant == self._tenant, a.address_ref.in_(some)))
        if rows:
            listed = listed_of(self._connection, self._tenant, [row["listed"] for row in rows])
            self._connection.execute(insert(t.addresses), [row | {"listed": row["listed"] in listed} for row in rows])
        return {row["customer"] for row in rows}

    def _address(self, one: Stated, channel: str, value: str, ref: str) -> dict[str, Any]:
        """The row; `listed` holds the hash to be looked up on the lists."""
        regions: Mapping[Any, str] = one.row.regions
        return {
            "tenant": self._tenant,
            "address_ref": ref,
            "customer": one.customer,
            "person": one.person,
            "channel": channel,
            "value": value,
            "region": regions.get(channel, ""),
            "listed": hashed(self._names, value),
        }


def _facts_of(row: CustomerRow) -> dict[str, Any]:
    return {name: value for name in FACTS if (value := getattr(row, name)) is not None}
