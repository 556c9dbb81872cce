"""Bought again within a horizon: the columns and labels that `agent.signals.tabular` is fitted on."""

from __future__ import annotations

import numpy as np

from agent.signals.replenishment.history import Array, History, lag_gaps, purchases_before, subset
from agent.signals.replenishment.pace import customer_pace, pace_columns, product_columns, product_stats, row_mean


def chance_rows(
    h: History, cut: int, horizon: int = 30, shortest: int = 2
) -> tuple[dict[str, Array], Array, tuple[Array, Array]]:
    """Features as of the day `cut` (of purchases before it), the label, and (customer, product) of each row.

    The label is 1 when the pair is bought on a day in [cut, cut + horizon).  Few columns on purpose: with more, the
    model learns the customers of the training month.  Fit with `tabular.fit(..., groups=customer)`.
    """
    past = subset(h, h.day < cut)
    rows = np.flatnonzero(past.last & (purchases_before(past) >= shortest))
    now = pace_columns(customer_pace(past), past.customer[rows], np.full(len(rows), cut))
    p_mean, _ = product_columns(product_stats(past), past.product[rows])
    mean, since = row_mean(lag_gaps(past, rows)), np.log(cut - past.day[rows])
    count = np.log1p(purchases_before(past)[rows])
    columns = {
        "since": since,
        "mean": mean,
        "late": since - mean,
        "count": count,
        "rate": count - np.log(cut - past.day[past.start[rows]] + 30.0),
        "product_gap": p_mean,
        "customer_gap": now["customer_gap"],
        "since_visit": now["since_visit"],
        "visit_gap": now["visit_gap"],
    }
    return columns, _bought(h, past, rows, cut, horizon), (past.customer[rows], past.product[rows])


def stack_chance(
    h: History, cuts: list[int], horizon: int = 30, shortest: int = 2
) -> tuple[dict[str, Array], Array, Array]:
    """Columns, labels and customers of several earlier cuts (each at least `horizon` before the day of prediction)."""
    parts = [chance_rows(h, cut, horizon, shortest) for cut in cuts]
    columns = {n: np.concatenate([p[0][n] for p in parts]) for n in parts[0][0]}
    return columns, np.concatenate([p[1] for p in parts]), np.concatenate([p[2][0] for p in parts])


def _bought(h: History, past: History, rows: Array, cut: int, horizon: int) -> Array:
    """Whether each pair has a purchase on a day in [cut, cut + horizon)."""
    soon = (h.day >= cut) & (h.day < cut + horizon)
    _, customer = np.unique(np.concatenate([past.customer[rows], h.customer[soon]]), return_inverse=True)
    _, product = np.unique(np.concatenate([past.product[rows], h.product[soon]]), return_inverse=True)
    key = customer.astype(np.int64) * (int(product.max()) + 1) + product
    return np.isin(key[: len(rows)], key[len(rows) :]).astype(float)
