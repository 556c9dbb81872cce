"""How long products last, how fast customers are, and the columns of a gap as of one purchase.

A row knows its own pair's earlier purchases, what the customer had bought by that day, and product statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.signals.replenishment.history import LAGS, Array, History, lag_gaps, next_gap


@dataclass
class ProductStats:
    """Per product, from training customers: shrunk mean log gap and how many gaps it rests on."""

    product: Array
    mean: Array
    count: Array
    overall: float
    spread: float


def product_stats(h: History, pull: float = 10.0) -> ProductStats:
    """Mean log gap of each product, pulled to the mean of all with the weight of `pull` gaps.

    A customer's gaps of one product count as their mean, so a frequent buyer does not speak for everyone.
    """
    gap = next_gap(h)
    rows = np.flatnonzero(~np.isnan(gap))
    if rows.size == 0:
        return ProductStats(np.empty(0, h.product.dtype), np.empty(0), np.empty(0), np.log(30.0), 1.0)
    pair, inverse, counts = np.unique(h.start[rows], return_inverse=True, return_counts=True)
    log = np.log(gap[rows])
    own = np.bincount(inverse, weights=log) / counts
    product, place, pairs = np.unique(h.product[pair], return_inverse=True, return_counts=True)
    overall = float(own.mean())
    mean = (np.bincount(place, weights=own) + pull * overall) / (pairs + pull)
    return ProductStats(product, mean, pairs.astype(float), overall, float(log.std()))


def product_columns(stats: ProductStats, product: Array) -> tuple[Array, Array]:
    """(mean log gap, log count) per row; an unknown product gets the mean of all."""
    if len(stats.product) == 0:
        return np.full(len(product), stats.overall), np.zeros(len(product))
    at = np.minimum(np.searchsorted(stats.product, product), len(stats.product) - 1)
    known = stats.product[at] == product
    return np.where(known, stats.mean[at], stats.overall), np.where(known, np.log1p(stats.count[at]), 0.0)


@dataclass
class CustomerPace:
    """Per customer, in time order: finished gaps (over all products) and visits, for look-ups as of a day."""

    key: Array  # customer rank and day of each finished gap
    total: Array  # running sums of log gaps in units of 1 / FINE, with a leading zero
    visit_key: Array
    visit_day: Array
    visit_start: Array
    basket: Array
    customers: Array


WIDE = 1 << 20  # more than any day number
FINE = 1e9


def customer_pace(h: History) -> CustomerPace:
    """Index a history by customer; it may hold later days: look-ups never read beyond their day."""
    customers, code = np.unique(h.customer, return_inverse=True)
    gap = next_gap(h)
    done = np.flatnonzero(~np.isnan(gap))
    key = code[done].astype(np.int64) * WIDE + h.day[done + 1]
    order = np.argsort(key, kind="stable")
    # Whole numbers, so that a customer's mean is the same to the last bit whoever else is in the history.
    units = np.rint(np.log(gap[done][order]) * FINE).astype(np.int64)
    total = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(units)])
    visits, basket = np.unique(code.astype(np.int64) * WIDE + h.day, return_counts=True)
    owner = visits // WIDE
    start = np.searchsorted(visits, owner * WIDE)
    return CustomerPace(key[order], total, visits, visits % WIDE, start, basket.astype(float), customers)


def pace_columns(pace: CustomerPace, customer: Array, day: Array) -> dict[str, Array]:
    """As of the day (inclusive): the customer's mean log gap over products, and the rhythm of the visits."""
    code = np.searchsorted(pace.customers, customer).astype(np.int64)
    code = np.where(code < len(pace.customers), code, 0)
    a = np.searchsorted(pace.key, code * WIDE)
    b = np.searchsorted(pace.key, code * WIDE + day, side="right")
    count = b - a
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, (pace.total[b] - pace.total[a]) / FINE / count, np.nan)
    at = np.maximum(np.searchsorted(pace.visit_key, code * WIDE + day, side="right") - 1, 0)
    start = pace.visit_start[at]
    lags = np.full((len(day), LAGS), np.nan)
    for j in range(LAGS):
        known = at - j - 1 >= start
        lags[known, j] = np.log(pace.visit_day[(at - j)[known]] - pace.visit_day[(at - j - 1)[known]])
    span = pace.visit_day[at] - pace.visit_day[start]
    visits = at - start + 1
    return {
        "customer_gap": mean,
        "visit_gap": np.log((span + 15.0) / visits),
        "visit_last": lags[:, 0],
        "visit_median": row_median(lags),
        "visit_recent": row_mean(lags[:, :3]),
        "basket": np.log(pace.basket[at]),
        "customer_gaps": np.log1p(count),
        "visits": np.log(visits),
        "since_visit": np.log1p(day - pace.visit_day[at]),
    }


def row_mean(x: Array) -> Array:
    known = ~np.isnan(x)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, x, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def row_median(x: Array) -> Array:
    """Median of the known values of each row (NaN sorts last)."""
    count = (~np.isnan(x)).sum(axis=1)
    ordered, rows = np.sort(x, axis=1), np.arange(len(x))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, x.shape[1] - 1)
    return np.where(count > 0, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan)


def features(h: History, rows: Array, stats: ProductStats, pace: CustomerPace) -> dict[str, Array]:
    """The columns of the gap model as of each row's purchase."""
    lags, customer, day = lag_gaps(h, rows), h.customer[rows], h.day[rows]
    count = (rows - h.start[rows]).astype(float)
    mean = row_mean(lags)
    p_mean, p_count = product_columns(stats, h.product[rows])
    spread = np.sqrt(np.maximum(row_mean((lags - mean[:, None]) ** 2), 0.0))
    quantity = np.log(np.maximum(h.quantity[rows], 1e-9))
    before = np.log(np.maximum(h.quantity[np.maximum(rows - 1, h.start[rows])], 1e-9))
    known = ~np.isnan(lags)
    return {
        "mean": mean,
        "median": row_median(lags),
        "last": lags[:, 0],
        "second": lags[:, 1],
        "third": lags[:, 2],
        "min": np.where(known, lags, np.inf).min(axis=1),
        "max": np.where(known, lags, -np.inf).max(axis=1),
        "spread": spread,
        "trend": lags[:, 0] - mean,
        "count": np.log1p(count),
        "product_gap": p_mean,
        "product_pairs": p_count,
        "quantity": quantity,
        "quantity_change": quantity - before,
        **pace_columns(pace, customer, day),
    }


# Counts grow with the days since the data began, so with an end of the data they tell the model how much room is
# left for the last gap: a leak of the calendar, not knowledge of the customer.  The gap model leaves them out.
CALENDAR = ("count", "customer_gaps", "visits", "since_visit")


def gap_matrix(columns: dict[str, Array]) -> Array:
    """The gap model's matrix: all features but the counts."""
    return np.column_stack([v for n, v in columns.items() if n not in CALENDAR])
