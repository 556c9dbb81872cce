"""Who bought which product on which days, and when again: one row for each customer, product and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LAGS = 8


@dataclass
class History:
    """Purchase days, one row per customer, product and day, sorted in that order."""

    customer: Array
    product: Array
    day: Array
    quantity: Array
    start: Array  # the row of the pair's first purchase
    last: Array  # whether it is the pair's latest purchase

    def __len__(self) -> int:
        return len(self.day)


def build_history(customer: Array, product: Array, day: Array, quantity: Array) -> History:
    """Sort, and merge the same customer, product and day (quantities are added)."""
    order = np.lexsort((day, product, customer))
    c, p, d, q = customer[order], product[order], day[order], np.asarray(quantity, dtype=float)[order]
    new = np.ones(len(d), dtype=bool)
    new[1:] = (c[1:] != c[:-1]) | (p[1:] != p[:-1]) | (d[1:] != d[:-1])
    at = np.flatnonzero(new)
    q = np.add.reduceat(q, at) if len(at) else q
    return _history(c[at], p[at], d[at], q)


def _history(c: Array, p: Array, d: Array, q: Array) -> History:
    first = np.ones(len(d), dtype=bool)
    first[1:] = (c[1:] != c[:-1]) | (p[1:] != p[:-1])
    start = np.maximum.accumulate(np.where(first, np.arange(len(d)), 0))
    return History(c, p, d, q, start, np.append(first[1:], True)[: len(d)])


def subset(h: History, keep: Array) -> History:
    """The history of the kept rows (for instance: until a cut day, or of some customers)."""
    return _history(h.customer[keep], h.product[keep], h.day[keep], h.quantity[keep])


def purchases_before(h: History) -> Array:
    """How many purchases of its pair precede each row."""
    return np.arange(len(h)) - h.start


def next_gap(h: History) -> Array:
    """Days from each purchase to the pair's next, NaN for the latest."""
    out = np.full(len(h), np.nan)
    out[:-1] = h.day[1:] - h.day[:-1]
    out[h.last] = np.nan
    return out


def lag_gaps(h: History, rows: Array, lags: int = LAGS) -> Array:
    """Log gaps before each row, newest first, NaN where the pair has no more."""
    out = np.full((len(rows), lags), np.nan)
    for j in range(lags):
        at = rows - j
        known = at - 1 >= h.start[rows]
        out[known, j] = np.log(h.day[at[known]] - h.day[at[known] - 1])
    return out
