"""When will this customer buy this product again? Days with an interval, as of a purchase.

LightGBM on gap columns, median and quantiles, widened by conformal calibration over folds of customers (Romano,
Patterson & Candes, Conformalized quantile regression, 2019); pairs with fewer than three purchases take the log-normal
shrinkage. Gaps of pairs that were never bought again are not seen: a gap reads "if the customer buys again".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from agent.signals.replenishment.history import Array, History, next_gap, purchases_before, subset
from agent.signals.replenishment.pace import ProductStats, customer_pace, features, gap_matrix, product_stats
from agent.signals.replenishment.shrinkage import QUANTILES, Shrinkage, fit_shrinkage, predict_shrinkage

SETTINGS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROUNDS = 200
CHUNK = 100_000


@dataclass
class GapModel:
    """Three quantile boosters as text, the widening of the interval, product statistics and the fallback."""

    boosters: list[str]
    widen: float
    products: ProductStats
    shrinkage: Shrinkage
    report: dict[str, Any] = field(default_factory=dict)


def customer_folds(h: History, folds: int, seed: int) -> Array:
    """A fold number per row; all rows of a customer share it."""
    customers, code = np.unique(h.customer, return_inverse=True)
    return np.random.default_rng(seed).integers(0, folds, len(customers))[code]


def latest_finished(h: History) -> Array:
    """Whether a row starts the pair's latest finished gap."""
    out = np.zeros(len(h), dtype=bool)
    out[:-1] = h.last[1:] & ~h.last[:-1]
    return out


def cross_features(h: History, rows: Array, fold: Array) -> dict[str, Array]:
    """Features whose product statistics come from other folds' customers (so never from the row's own target)."""
    pace = customer_pace(h)
    out: dict[str, Array] = {}
    for k in np.unique(fold):
        here = fold[rows] == k
        part = features(h, rows[here], product_stats(subset(h, fold != k)), pace)
        for name, values in part.items():
            out.setdefault(name, np.empty(len(rows)))[here] = values
    return out


def _train(x: Array, y: Array, weights: Array, quantile: float, seed: int) -> str:
    import lightgbm

    goal = {"objective": "l1"} if quantile == 0.5 else {"objective": "quantile", "alpha": quantile}
    data = lightgbm.Dataset(x, label=y, weight=weights, params={"verbosity": -1})
    return str(lightgbm.train({**SETTINGS, **goal, "seed": seed}, data, ROUNDS).model_to_string())


@lru_cache(maxsize=32)
def booster(text: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=text)


def _quantiles(boosters: list[str], x: Array) -> Array:
    out = np.empty((len(x), len(boosters)))
    for a in range(0, len(x), CHUNK):
        part = slice(a, a + CHUNK)
        for j, text in enumerate(boosters):
            out[part, j] = booster(text).predict(x[part], num_threads=1)
    return np.sort(out, axis=1)


def fit_gap(h: History, *, folds: int = 4, seed: int = 0, older: float = 0.2, shortest: int = 2) -> GapModel:
    """Train on every finished gap with `shortest` earlier ones; the pair's latest weighs 1, the others `older`."""
    gap, before, newest = next_gap(h), purchases_before(h), latest_finished(h)
    finished = np.flatnonzero(~np.isnan(gap))
    fold = customer_folds(h, folds, seed)
    columns = cross_features(h, finished, fold)
    shrinkage = fit_shrinkage(columns, np.log(gap[finished]))
    use = before[finished] >= shortest
    rows, x = finished[use], gap_matrix(columns)[use]
    if len(rows) < 500 or len(np.unique(fold[rows[newest[rows]]])) < folds:
        return GapModel([], 0.0, product_stats(h), shrinkage, {"rows": len(rows)})
    y, weights = np.log(gap[rows]), np.where(newest[rows], 1.0, older)
    misses = []
    for k in range(folds):
        train, held = fold[rows] != k, (fold[rows] == k) & newest[rows]
        ends = [_train(x[train], y[train], weights[train], q, seed) for q in (QUANTILES[0], QUANTILES[-1])]
        low, high = _quantiles(ends, x[held]).T
        misses.append(np.maximum(low - y[held], y[held] - high))
    miss = np.concatenate(misses)
    level = min(1.0, (QUANTILES[-1] - QUANTILES[0]) * (1 + 1 / len(miss)))
    boosters = [_train(x, y, weights, q, seed) for q in QUANTILES]
    report = {"rows": len(rows), "miss_before": float((miss > 0).mean())}
    return GapModel(boosters, float(np.quantile(miss, level)), product_stats(h), shrinkage, report)


def predict_gap(model: GapModel, h: History, rows: Array, shortest: int = 2) -> Array:
    """(low, middle, high) days to the next purchase, as of each row's purchase; `h` may hold more than the rows."""
    columns = features(h, rows, model.products, customer_pace(h))
    out = predict_shrinkage(model.shrinkage, columns)
    use = np.flatnonzero(purchases_before(h)[rows] >= shortest)
    if model.boosters and use.size:
        found = _quantiles(model.boosters, gap_matrix(columns)[use])
        found[:, 0] -= model.widen
        found[:, 2] += model.widen
        out[use] = np.exp(np.column_stack([found.min(axis=1), found[:, 1], found.max(axis=1)]))
    return np.maximum(out, 1.0)
