"""Gaps of pairs with little history: log-normal, shrunk to the product's and the customer's pace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.signals.replenishment.history import LAGS, Array

QUANTILES = (0.1, 0.5, 0.9)


@dataclass
class Shrinkage:
    """Weights (in gaps) of the pair's prior and of the customer's prior, a shift, and residual quantiles."""

    pair: float
    customer: float
    shift: float
    quantiles: list[list[float]]  # by the number of own gaps: 0, 1, 2, 3 or more


def shrunk_log_gap(columns: dict[str, Array], pair: float, customer: float) -> Array:
    """Own mean log gap, pulled to the product's moved by the customer's pace (itself pulled to the product's)."""
    finished = np.expm1(columns["customer_gaps"])
    known = np.where(finished > 0, columns["customer_gap"], 0.0)
    prior = (finished * known + customer * columns["product_gap"]) / (finished + customer)
    own = np.minimum(np.round(np.expm1(columns["count"])), LAGS)
    return (own * np.where(own > 0, columns["mean"], 0.0) + pair * prior) / (own + pair)


def fit_shrinkage(columns: dict[str, Array], log_gap: Array) -> Shrinkage:
    """Choose both weights by the mean absolute error of the log gap, then centre and keep residual quantiles."""
    grid = [(p, c) for p in (0.5, 1.0, 2.0, 4.0, 8.0) for c in (1.0, 3.0, 10.0, 30.0, 100.0)]

    def error(setting: tuple[float, float]) -> float:
        residual = log_gap - shrunk_log_gap(columns, *setting)
        return float(np.abs(residual - np.median(residual)).mean())

    best = min(grid, key=error)
    residual = log_gap - shrunk_log_gap(columns, *best)
    shift = float(np.median(residual))
    group = np.minimum(np.round(np.expm1(columns["count"])), 3)
    quantiles = []
    for k in range(4):
        part = residual[group == k] - shift
        quantiles.append(np.quantile(part if len(part) >= 50 else residual - shift, QUANTILES).tolist())
    return Shrinkage(*best, shift, quantiles)


def predict_shrinkage(model: Shrinkage, columns: dict[str, Array]) -> Array:
    """Low, middle and high gap in days, one row each."""
    group = np.minimum(np.round(np.expm1(columns["count"])), 3).astype(int)
    centre = shrunk_log_gap(columns, model.pair, model.customer) + model.shift
    return np.asarray(np.exp(centre[:, None] + np.asarray(model.quantiles)[group]))
