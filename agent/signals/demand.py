"""What will be wanted where: units of each product and region over the next four weeks, to place stock before orders.

Four plain forecasts compete on the last four weeks, over all series together; the interval comes from how far the
winner was off there (Hyndman & Athanasopoulos, Forecasting: principles and practice, ch. 5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agent.signals.purchases import Floats, Ints, Purchases, count

WEEK, AHEAD, BACK = 7, 4, 26
"""Weeks: a forecast looks four ahead and at most half a year back."""
LEAST_WEEKS = 12
MOST_SERIES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One entry for each series: region and product as codes, units expected in the next four weeks with an 80 %
    interval, and what was sold in the last four. `error` and `plain_error` are the share of units that the winner
    and the last four weeks forecast wrongly."""

    region: Ints
    product: Ints
    expected: Floats
    low: Floats
    high: Floats
    lately: Floats
    chosen: str
    error: float
    plain_error: float


def _mean(weeks: int) -> Callable[[Floats], Floats]:
    return lambda series: np.asarray(AHEAD * series[:, -weeks:].mean(axis=1))


def _smoothed(series: Floats) -> Floats:
    level = series[:, :4].mean(axis=1)
    for week in range(4, series.shape[1]):
        level = 0.2 * series[:, week] + 0.8 * level
    return np.asarray(AHEAD * level)


def _damped(series: Floats) -> Floats:
    """Half of the change from the four weeks before to the last four goes on."""
    now, before = series[:, -4:].sum(axis=1), series[:, -8:-4].sum(axis=1)
    return np.asarray(np.maximum(0.0, now + 0.5 * (now - before)))


METHODS: dict[str, Callable[[Floats], Floats]] = {
    "last_4_weeks": _mean(4),
    "mean_12_weeks": _mean(12),
    "smoothed": _smoothed,
    "damped_trend": _damped,
}


def fit(purchases: Purchases, region: Ints, cut: int) -> Demand | None:
    """`region` is a code for each customer, -1 where unknown. None where there are less than `LEAST_WEEKS`."""
    known = purchases.bought().until(cut)
    known = known.where(region[known.who] >= 0)
    week = (cut - known.day) // WEEK
    if not len(week) or int(week.max()) + 1 < LEAST_WEEKS:
        return None
    weeks = int(min(week.max() + 1, BACK))
    known, week = known.where(week < weeks), week[week < weeks]
    if not len(week):
        return None
    keys, back = np.unique(region[known.who] * known.products + known.what, return_inverse=True)
    series = count(back * weeks + (weeks - 1 - week), len(keys) * weeks, known.quantity).reshape(len(keys), weeks)
    big = np.argsort(-series.sum(axis=1), kind="stable")[:MOST_SERIES]
    return _forecast(keys[big] // known.products, keys[big] % known.products, series[big])


def _forecast(region: Ints, product: Ints, series: Floats) -> Demand:
    past, truth = series[:, :-AHEAD], series[:, -AHEAD:].sum(axis=1)
    errors = {name: _wrong(method(past), truth) for name, method in METHODS.items()}
    chosen = min(errors, key=lambda name: (errors[name], name))
    tested, expected = METHODS[chosen](past), METHODS[chosen](series)
    off = (truth + 1.0) / (tested + 1.0)
    low, high = np.quantile(off, 0.1), np.quantile(off, 0.9)
    chance = 1.2816 * np.sqrt(expected)  # single sales come by chance (Poisson), however good the forecast
    return Demand(
        region=region,
        product=product,
        expected=expected,
        low=np.maximum(0.0, np.minimum((expected + 1.0) * low - 1.0, expected - chance)),
        high=np.maximum((expected + 1.0) * high - 1.0, expected + chance),
        lately=series[:, -AHEAD:].sum(axis=1),
        chosen=chosen,
        error=errors[chosen],
        plain_error=errors["last_4_weeks"],
    )


def _wrong(found: Floats, truth: Floats) -> float:
    """Weighted absolute percentage error: units that were forecast wrongly, as a share of those sold."""
    return float(np.abs(found - truth).sum() / max(1.0, float(truth.sum())))
