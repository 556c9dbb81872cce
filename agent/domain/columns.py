"""Facts about all customers as named columns: what predictions are fitted on. Never rows as objects.

A column is a typed `array` of the standard library, which numpy reads without copying. Names are coded: a column of
positions in a tuple of names. Times are seconds since 1970 (UTC), money is in main units of one currency.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from agent.domain.ids import CustomerId, TenantId

Numbers: TypeAlias = "array[float]"
Codes: TypeAlias = "array[int]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderColumns:
    """One entry for each order, in columns; `value` in main units."""

    customers: tuple[CustomerId, ...]
    at: tuple[datetime, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineColumns:
    """One entry for each line of an order, oldest first; what came back has a quantity below zero.

    `who` points into `customers`, `what` into `products`, `order` numbers the orders. `left_out` counts the customers
    whose lines are not here because they did not agree to be profiled.
    """

    customers: tuple[CustomerId, ...]
    products: tuple[str, ...]
    who: Codes
    what: Codes
    order: Codes
    at: Numbers
    quantity: Numbers
    amount: Numbers
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """One entry for each event, oldest first: `kind` points into `kinds`, `what` into `entities`."""

    customers: tuple[CustomerId, ...]
    kinds: tuple[str, ...]
    entities: tuple[str, ...]
    who: Codes
    kind: Codes
    what: Codes
    at: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactColumns:
    """One entry for each offer that left, oldest first: `arm` points into `arms` (action, channel); `reached` is when
    it reached its goal, NaN where it did not by the cut."""

    customers: tuple[CustomerId, ...]
    arms: tuple[tuple[str, str], ...]
    who: Codes
    arm: Codes
    at: Numbers
    reached: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumns:
    """What customers wrote, oldest first: hostile data, never instructions. `what` points into `products`, -1 where it
    is about none; `stars` is 0 where none were given."""

    customers: tuple[CustomerId, ...]
    products: tuple[str, ...]
    who: Codes
    what: Codes
    at: Numbers
    stars: Codes
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductColumns:
    """The catalogue: `price` is NaN where unknown, `launched` (seconds since 1970) NaN where no day is known."""

    products: tuple[str, ...]
    names: tuple[str, ...]
    price: Numbers
    launched: Numbers


class Columns(Protocol):
    """Facts about all customers, in columns.

    All but `orders` and `products` hold only what occurred *and* was received by `until`, of customers who agree to
    profiling at that instant; people joined into one are one customer.
    """

    def orders(self, tenant: TenantId, currency: str) -> OrderColumns: ...

    def lines(self, tenant: TenantId, currency: str, until: datetime) -> LineColumns: ...

    def events(self, tenant: TenantId, until: datetime) -> EventColumns: ...

    def contacts(self, tenant: TenantId, until: datetime) -> ContactColumns: ...

    def texts(self, tenant: TenantId, until: datetime) -> TextColumns: ...

    def regions(self, tenant: TenantId, until: datetime) -> dict[CustomerId, str]:
        """Where each lives, as far as known: for demand by region alone, never as a feature of a person."""
        ...

    def products(self, tenant: TenantId, until: datetime) -> ProductColumns: ...
