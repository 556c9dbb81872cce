"""Purchases as numpy columns, on the seller's own calendar: what value, churn and replenishment are fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from agent.domain.columns import Codes, LineColumns, Numbers

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Lines of orders, oldest first. `who` and `what` are codes, `order` numbers the orders; `day` counts local days
    since 1970, `hour` is of the local day; `amount` in main units. What came back has a quantity below zero.

    `customers` and `products` are how many codes there are.
    """

    customers: int
    products: int
    who: Ints
    what: Ints
    order: Ints
    at: Floats
    day: Ints
    hour: Ints
    quantity: Floats
    amount: Floats

    def where(self, these: Flags) -> Purchases:
        """Some of the lines, under the same codes."""
        names = ("who", "what", "order", "at", "day", "hour", "quantity", "amount")
        return replace(self, **{name: getattr(self, name)[these] for name in names})

    def until(self, day: int) -> Purchases:
        """Lines up to and including a day."""
        return self.where(self.day <= day)

    def bought(self) -> Purchases:
        """Without what came back, and without what was given away."""
        return self.where((self.quantity > 0) & (self.amount > 0))


def ints(column: Codes) -> Ints:
    return np.frombuffer(column, dtype=np.int32).astype(np.int64) if column else np.empty(0, dtype=np.int64)


def floats(column: Numbers) -> Floats:
    return np.frombuffer(column, dtype=np.float64) if column else np.empty(0)


def of_lines(lines: LineColumns, zone: str) -> Purchases:
    """The port's columns, with days and hours of a zone."""
    at = floats(lines.at)
    day, hour = calendar(at, zone)
    found = Purchases(
        customers=len(lines.customers),
        products=len(lines.products),
        who=ints(lines.who),
        what=ints(lines.what),
        order=ints(lines.order),
        at=at,
        day=day,
        hour=hour,
        quantity=floats(lines.quantity),
        amount=floats(lines.amount),
    )
    return found.where(day >= 0) if len(day) and day.min() < 0 else found  # dates before 1970 are typing errors


def calendar(at: Floats, zone: str) -> tuple[Ints, Ints]:
    """(local day since 1970, local hour) of instants. Offsets are looked up once for each quarter of an hour."""
    quarters, back = np.unique(at // 900, return_inverse=True)
    info = ZoneInfo(zone)
    offsets = np.array(
        [datetime.fromtimestamp(q * 900, UTC).astimezone(info).utcoffset().total_seconds() for q in quarters]  # type: ignore[union-attr]
    )
    local = at + (offsets[back] if len(at) else 0.0)
    return (local // DAY).astype(np.int64), (local % DAY // 3600).astype(np.int64)


def day_of(at: datetime, zone: str) -> int:
    """The local day of an instant, since 1970."""
    return int(calendar(np.array([at.timestamp()]), zone)[0][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """One entry for each customer and day with a purchase, by customer, then day: what repeat-buying models count."""

    customers: int
    who: Ints
    day: Ints
    spend: Floats

    def between(self, first: int, last: int) -> Visits:
        """Days from `first` to `last`, both included."""
        these = (self.day >= first) & (self.day <= last)
        return replace(self, who=self.who[these], day=self.day[these], spend=self.spend[these])


def visits(purchases: Purchases) -> Visits:
    """Purchase days with what was spent on them."""
    bought = purchases.bought()
    return visits_of(bought.who, bought.day, bought.amount, purchases.customers)


def visits_of(who: Ints, day: Ints, spend: Floats, customers: int) -> Visits:
    """The same from any columns."""
    if not len(who):
        empty = np.empty(0, dtype=np.int64)
        return Visits(customers=customers, who=empty, day=empty, spend=np.empty(0))
    first = int(day.min())
    span = int(day.max()) - first + 1
    keys, back = np.unique(who * span + (day - first), return_inverse=True)
    spent = np.bincount(back, weights=spend, minlength=len(keys))
    return Visits(
        customers=customers, who=keys // span, day=keys % span + first, spend=np.asarray(spent, dtype=np.float64)
    )


def group_starts(sorted_codes: Ints) -> Ints:
    """Where each run of equal codes begins."""
    if not len(sorted_codes):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate(([True], sorted_codes[1:] != sorted_codes[:-1])))


def rank_within(sorted_codes: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal codes."""
    starts = group_starts(sorted_codes)
    sizes = np.diff(np.append(starts, len(sorted_codes)))
    return np.asarray(np.arange(len(sorted_codes)) - np.repeat(starts, sizes), dtype=np.int64)


def count(codes: Ints, size: int, weights: Any = None) -> Floats:
    """How often each code occurs, or the sum of its weights."""
    return np.bincount(codes, weights=weights, minlength=size).astype(np.float64)


def ratio(upper: Floats, lower: Floats, otherwise: float = 0.0) -> Floats:
    """Elementwise division; `otherwise` where nothing can be divided by."""
    return np.divide(upper, lower, out=np.full(np.shape(upper), otherwise, dtype=np.float64), where=lower > 0)
