"""What is spent: the mean of a purchase day shrunk to everybody's, and a blend that absolute error chooses.

Gamma-Gamma: Fader, Hardie & Lee, RFM and CLV, JMR 42(4), 2005; Fader & Hardie, The Gamma-Gamma model, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from agent.signals.purchases import Floats
from agent.signals.table import Table
from agent.signals.value.repeat import FIT_ROWS

LEAST = 30
POWERS = (1.0, 1.05, 1.1)
"""Small predictions are made smaller and large ones larger: absolute error wants the median, which lies below the mean
for most; the total is kept."""
LEVELS = (1.0, 0.98, 0.96, 0.94, 0.92)
PRICE = 0.3
"""A lower level always lessens the absolute error and spoils the total: a step down is taken only where the error falls
by more than this share of it."""
PARTS = ("blend", "birth", "recent")
TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """p, q, gamma of the Gamma-Gamma model in units of `scale` (main units of money); None where too few came twice,
    then `mean` stands for everybody."""

    parameters: tuple[float, float, float] | None
    scale: float
    mean: float


def fit(rows: Table) -> Spend:
    """Maximum likelihood on customers with more than one purchase day."""
    mean, count = rows["per_day"], rows["days"]
    overall = float(rows["spend"].sum() / max(1.0, float(count.sum())))
    use = (count > 1) & (mean > 0)
    if use.sum() < LEAST:
        return Spend(parameters=None, scale=1.0, mean=overall)
    scale = float(np.median(mean[use]))
    z, n = mean[use] / scale, count[use]
    if len(z) > FIT_ROWS:
        some = np.random.Generator(np.random.Philox(0)).choice(len(z), FIT_ROWS, replace=False)
        z, n = z[some], n[some]

    def loss(theta: Floats) -> float:
        p, q, g = np.exp(theta)
        front = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(g)
        likely = front + (p * n - 1) * np.log(z) + p * n * np.log(n) - (p * n + q) * np.log(g + n * z)
        return -float(likely.mean()) + 1e-4 * float(theta @ theta)

    best = minimize(loss, np.log([2.0, 3.0, 2.0]), method="L-BFGS-B", bounds=[(-3, 5), (0.1, 5), (-6, 8)])
    p, q, g = (float(value) for value in np.exp(best.x))
    return Spend(parameters=(p, q, g), scale=scale, mean=overall)


def per_day(model: Spend, rows: Table) -> Floats:
    """What the next purchase day of each is worth."""
    if model.parameters is None:
        return np.full(len(rows), model.mean)
    p, q, g = model.parameters
    x = rows["days"]
    return np.asarray(model.scale * p * (g + x * rows["per_day"] / model.scale) / (p * x + q - 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How spend is blended: weights of `PARTS`, a power, the level, and the factor that keeps each part's total."""

    weights: tuple[float, ...] = (1.0, 0.0, 0.0)
    power: float = 1.0
    level: float = 1.0
    totals: tuple[float, ...] = (1.0, 1.0, 1.0)


def parts(rows: Table, days: Floats, birth: Floats, mean: Floats) -> list[Floats]:
    """Blended days x mean, the repeat model's days x mean, and what was spent in the last horizon."""
    return [days * mean, birth * mean, rows["spend_recent"]]


def blended(mix: Mix, columns: list[Floats]) -> Floats:
    """The spend of each; row by row, so that some are scored as all are."""
    total = np.zeros(len(columns[0]))
    for weight, factor, column in zip(mix.weights, mix.totals, columns, strict=True):
        total += weight * factor * np.maximum(column, 0.0) ** mix.power
    return total * mix.level


def choose(then: list[Floats], came: Floats, now: list[Floats]) -> Mix:
    """Chosen on an earlier cut, by absolute error of what came; totals set for the columns of now."""
    best: tuple[float, float, Floats, Floats] | None = None
    for power in POWERS:
        matrix = np.column_stack(_kept_totals(then, power))
        matrix = matrix * (came.sum() / max(float(matrix[:, 0].sum()), TINY))
        weights, loss = _absolute(matrix, came)
        loss *= 1.0 + 0.05 * (power - 1.0)
        if best is None or loss < best[0]:
            best = (loss, power, weights, matrix @ weights)
    assert best is not None
    _, power, weights, fitted = best
    return Mix(
        weights=tuple(float(w) for w in weights),
        power=power,
        level=_level(fitted, came),
        totals=tuple(_totals(now, power)),
    )


def _totals(columns: list[Floats], power: float) -> list[float]:
    """Factors that give each column its total again after the power; recent spend takes the blend's."""
    wanted = [float(column.sum()) for column in columns]
    wanted[2] = wanted[0]
    return [w / max(float((np.maximum(c, 0.0) ** power).sum()), TINY) for w, c in zip(wanted, columns, strict=True)]


def _kept_totals(columns: list[Floats], power: float) -> list[Floats]:
    factors = _totals(columns, power)
    return [np.maximum(c, 0.0) ** power * f for c, f in zip(columns, factors, strict=True)]


def _absolute(matrix: Floats, came: Floats) -> tuple[Floats, float]:
    """Weights on the simplex for (smoothed) absolute error, with a pull to the first column."""
    size, unit = matrix.shape[1], max(float(np.mean(came)), TINY)
    first = np.eye(size)[0]

    def loss(w: Floats) -> tuple[float, Floats]:
        off = (matrix @ w - came) / unit
        length = np.sqrt(off * off + 1e-4)
        gradient = matrix.T @ (off / length) / len(came) / unit + 0.02 * (w - first)
        return float(length.mean() + 0.01 * ((w - first) ** 2).sum()), gradient

    sums = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(size)}
    start = np.full(size, 1.0 / size)
    found = minimize(loss, start, jac=True, method="SLSQP", bounds=[(0, 1)] * size, constraints=sums)
    w = np.clip(found.x, 0, None)
    return w / w.sum(), float(found.fun)


def _level(fitted: Floats, came: Floats) -> float:
    base = max(float(np.abs(fitted - came).mean()), TINY)
    cost = [np.log(max(float(np.abs(c * fitted - came).mean()), TINY) / base) - PRICE * np.log(c) for c in LEVELS]
    return LEVELS[int(np.argmin(cost))]
