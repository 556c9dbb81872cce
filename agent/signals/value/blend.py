"""Customer value: purchase days and spend over a horizon, from days of purchase and what was spent on them.

Experts predict the number of purchase days: a repeat-buying model (`birth`, counted from each customer's first
purchase), the count of the last horizon (`recent`, its level half-way to that of `birth`), the own rate (`rate`,
likewise), and a boosted correction (`boosted`). All are fitted once more at an earlier cut inside the data, and the
days up to the real cut are predicted: non-negative weights that sum to one come from the Poisson loss there, shrunk to
the simple average (stacking: Wolpert 1992; Breiman 1996). The repeat-buying model is the one that did best there,
Pareto/NBD in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize
from scipy.stats import nbinom

from agent.signals.purchases import Floats, Visits, count
from agent.signals.table import Table, counts
from agent.signals.value import boosting, repeat, spending
from agent.signals.value.repeat import KINDS, Kind, Repeat
from agent.signals.value.spending import Mix, Spend

PULL = 10.0
"""Pull of the weights to the simple average, in nats."""
LEVEL_SPREAD = 0.05
"""Shifts of level between two windows (season, growth) are taken as normal on the logarithmic scale."""
SHORTEST, LEAST = 14, 30
CLEARLY = 0.05
"""The share of the deviance by which another repeat model must beat the Pareto/NBD to be taken."""
YEAR = 365
TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A fitted blend: all that is needed to score any table of counts of the same span and horizon."""

    repeat: Repeat
    weights: Mapping[str, float]
    levels: Mapping[str, float]
    season: float
    size: float
    spend: Spend
    mix: Mix
    boosters: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One entry for each row: purchase days and spend expected over the horizon, an interval of the days, the chance of
    being still a customer and of buying at all within the horizon, and what a purchase day is worth."""

    days: Floats
    spend: Floats
    low: Floats
    high: Floats
    alive: Floats
    active: Floats
    per_day: Floats


@dataclass(slots=True, kw_only=True)
class _Cut:
    """All experts as of one cut, and what came after it."""

    rows: Table
    repeat: Repeat
    days: dict[str, Floats]
    levels: dict[str, float]
    came: Floats
    spent: Floats


def fit(visits: Visits, cut: int, horizon: int) -> Value:
    """Everything by the day `cut`, for the `horizon` days after it. Raises ValueError where nobody has bought."""
    known = visits.between(0, cut)
    rows = counts(known, cut, horizon)
    if not len(rows):
        raise ValueError("nobody has bought anything yet")
    inner = max(1, min(max(horizon, SHORTEST), rows.span // 2))
    then, kind, tried = _best_kind(known, cut - inner, inner)
    now = _at(known, cut, horizon, kind)
    notes = [now.repeat.note] if now.repeat.note else []
    boosters = _boosted(known, now, then, inner) if then is not None else ()
    if not boosters:
        notes.append("few_customers")
    names = tuple(now.days)
    if then is None or len(then.rows) < LEAST:
        notes.append("short_history")
        even = dict.fromkeys(names, 1.0 / len(names))
        spend = spending.fit(rows)
        return Value(
            repeat=now.repeat,
            weights=even,
            levels=now.levels,
            season=1.0,
            size=1.0,
            spend=spend,
            mix=Mix(),
            notes=tuple(notes),
        )
    matrix = np.column_stack([then.days[name] for name in names])
    weights, shift = _stacked(matrix, then.came)
    season = _year_ago(known, cut, horizon, dict(zip(names, weights.tolist(), strict=True)), kind)
    made = Value(
        repeat=now.repeat,
        weights=dict(zip(names, weights.tolist(), strict=True)),
        levels=now.levels,
        season=season,
        size=dispersion(then.came, matrix @ weights),
        spend=spending.fit(rows),
        mix=Mix(),
        boosters=boosters,
        notes=tuple(notes),
    )
    mix = _spend_mix(made, then, now, matrix @ weights)
    figures = tried | {"level": shift, "checked": _rmse(matrix @ weights, then.came), "customers": float(len(rows))}
    return replace(made, mix=mix, figures=figures)


def predict(value: Value, rows: Table, coverage: float = 0.8) -> Worth:
    """Scores any rows of counts: each as if it stood alone, but for the rank of its spend among them."""
    birth, alive = repeat.expected(value.repeat, rows, rows.horizon)
    days = np.zeros(len(rows))
    for name, weight in value.weights.items():
        if weight > 0:
            days += weight * value.levels[name] * _raw(name, value, rows, birth)
    days *= value.season
    mean = spending.per_day(value.spend, rows)
    spend = spending.blended(value.mix, spending.parts(rows, days, birth, mean))
    tail, q = (1.0 - coverage) / 2.0, value.size / (value.size + np.maximum(days, 1e-3))
    return Worth(
        days=days,
        spend=spend,
        low=nbinom.ppf(tail, value.size, q),
        high=nbinom.ppf(1.0 - tail, value.size, q),
        alive=alive,
        active=within(value, days, 1.0),
        per_day=mean,
    )


def within(value: Value, days: Floats, share: float) -> Floats:
    """The chance of at least one purchase day in a share of the horizon (negative binomial)."""
    mean = np.maximum(days, 0.0) * share
    return np.asarray(-np.expm1(value.size * (np.log(value.size) - np.log(value.size + mean))))


def lifetime(value: Value, rows: Table, worth: Worth, years: int = 3, discount: float = 0.1) -> Floats:
    """What they will spend in so many years, discounted by a share a year: the repeat model's later years at the level
    that the blend foresees for the horizon."""
    near = np.maximum(repeat.expected(value.repeat, rows, rows.horizon)[0], TINY)
    total, before = np.zeros(len(rows)), np.zeros(len(rows))
    for year in range(1, years + 1):
        by_then = repeat.expected(value.repeat, rows, YEAR * year)[0]
        total += (by_then - before) / (1.0 + discount) ** (year - 0.5)
        before = by_then
    return np.asarray(total * np.clip(worth.days / near, 0.2, 5.0) * worth.per_day)


def _raw(name: str, value: Value, rows: Table, birth: Floats) -> Floats:
    if name == "boosted":
        return boosting.corrected(value.boosters, rows, birth)
    return birth if name == "birth" else _counted(name, rows)


def _counted(name: str, rows: Table) -> Floats:
    """`recent`: the last horizon's count; `rate`: all that was counted, over the time since the first."""
    if name == "recent":
        return np.asarray(rows["days_recent"] * (rows.horizon / max(1, min(rows.horizon, rows.span))))
    return np.asarray(rows["days"] / (rows["tenure"] + rows.horizon) * rows.horizon)


def _at(known: Visits, cut: int, horizon: int, kind: Kind, warm: Repeat | None = None) -> _Cut:
    rows = counts(known, cut, horizon)
    model = repeat.fit(kind, rows, warm)
    birth = repeat.expected(model, rows, horizon)[0]
    after = known.between(cut + 1, cut + horizon)
    levels = {"birth": 1.0}
    days = {"birth": birth}
    for name in ("recent", "rate"):
        raw = _counted(name, rows)
        levels[name] = float(np.sqrt(birth.sum() / max(float(raw.sum()), TINY)))
        days[name] = raw * levels[name]
    return _Cut(
        rows=rows,
        repeat=model,
        days=days,
        levels=levels,
        came=count(after.who, known.customers)[rows.who],
        spent=count(after.who, known.customers, after.spend)[rows.who],
    )


def _best_kind(known: Visits, cut: int, horizon: int) -> tuple[_Cut | None, Kind, dict[str, float]]:
    """The repeat model with the least Poisson deviance after the earlier cut; Pareto/NBD unless another is better by
    more than two standard errors."""
    if not (known.day <= cut).any():
        return None, "pareto", {}
    found = {kind: _at(known, cut, horizon, kind) for kind in KINDS}
    base = deviance(found["pareto"].came, found["pareto"].days["birth"])
    figures, best, gain = {"deviance_pareto": float(base.mean())}, KINDS[0], 0.0
    for kind in KINDS[1:]:
        own = deviance(found[kind].came, found[kind].days["birth"])
        figures[f"deviance_{kind}"] = float(own.mean())
        better = base - own
        error = float(better.std() / np.sqrt(max(1, len(better))))
        if not found[kind].repeat.note and better.mean() > max(gain, 2.0 * error, CLEARLY * float(base.mean())):
            best, gain = kind, float(better.mean())
    return found[best], best, figures


def _boosted(known: Visits, now: _Cut, then: _Cut, inner: int) -> tuple[str, ...]:
    """Adds the boosted expert at both cuts, each trained only on what came before its cut."""
    recorded = then.rows.span
    back = max(1, min(inner, recorded // 2))
    cut = int(known.day.min()) + recorded - 1 - back
    if not (known.day <= cut).any():
        return ()
    before = _at(known, cut, back, then.repeat.kind, then.repeat)
    lesson = (before.rows, before.days["birth"], before.came)
    early = boosting.train([lesson])
    late = boosting.train([(then.rows, then.days["birth"], then.came), lesson])
    if not (early and late):
        return ()
    for one, boosters in ((then, early), (now, late)):
        raw = boosting.corrected(boosters, one.rows, one.days["birth"])
        one.levels["boosted"] = boosting.level(one.days["birth"], raw)
        one.days["boosted"] = raw * one.levels["boosted"]
    return late


def _stacked(matrix: Floats, came: Floats) -> tuple[Floats, float]:
    """Weights (at least 0, sum 1) and a level, by Poisson loss scaled by its over-dispersion. The level is there so
    that a season between two windows is not taken for the merit of an expert that happens to be too high or too low."""
    size = matrix.shape[1]
    even = np.full(size, 1.0 / size)
    mean = matrix @ even
    spread = max(1.0, float(np.mean((came - mean) ** 2 / np.maximum(mean, 0.05))))

    def loss(theta: Floats) -> tuple[float, Floats]:
        w, g = theta[:size], theta[size]
        mu = np.maximum(matrix @ w * np.exp(g), 1e-3)
        off = (mu - came) / mu / spread
        value = float((mu - came * np.log(mu)).sum() / spread + PULL * ((w - even) ** 2).sum())
        gradient = np.exp(g) * (matrix.T @ off) + 2 * PULL * (w - even)
        value += 0.5 * float(g / LEVEL_SPREAD) ** 2
        return value, np.append(gradient, float((off * mu).sum()) + g / LEVEL_SPREAD**2)

    sums = {"type": "eq", "fun": lambda t: t[:size].sum() - 1, "jac": lambda t: np.append(np.ones(size), 0.0)}
    bounds = [(0.0, 1.0)] * size + [(-0.5, 0.5)]
    start, options = np.append(even, 0.0), {"maxiter": 200}
    found = minimize(loss, start, jac=True, method="SLSQP", bounds=bounds, options=options, constraints=sums)
    w = np.clip(found.x[:size], 0, None)
    return w / w.sum(), float(np.exp(found.x[size]))


def _spend_mix(value: Value, then: _Cut, now: _Cut, days_then: Floats) -> Mix:
    """Weights, power and level of spend: chosen at the earlier cut, totals as of now."""
    mean_then = spending.per_day(spending.fit(then.rows), then.rows)
    days_now = np.zeros(len(now.rows))
    for name, weight in value.weights.items():
        days_now += weight * now.days[name]
    before = spending.parts(then.rows, days_then, then.days["birth"], mean_then)
    mean = spending.per_day(value.spend, now.rows)
    return spending.choose(
        before, then.spent, spending.parts(now.rows, days_now * value.season, now.days["birth"], mean)
    )


def _year_ago(known: Visits, cut: int, horizon: int, weights: Mapping[str, float], kind: Kind) -> float:
    """Season and growth: what came against what was foreseen a year before, shrunk; 1 without data."""
    then, length = cut - YEAR, min(horizon, YEAR)
    if then - int(known.day.min()) < max(90, length // 2):
        return 1.0
    found = _at(known, then, length, kind)
    foreseen = sum(w * found.days["birth" if name == "boosted" else name].sum() for name, w in weights.items())
    return float(np.clip(((found.came.sum() + 50.0) / (foreseen + 50.0)) ** 0.6, 0.6, 1.6))


def dispersion(came: Floats, mean: Floats) -> float:
    """Negative-binomial size k, with variance mean + mean^2 / k, by likelihood on a grid."""
    grid, mu = np.exp(np.linspace(-2.5, 4.5, 36)), np.maximum(mean, 1e-3)
    return float(max(grid, key=lambda k: float(nbinom.logpmf(came, k, k / (k + mu)).sum())))


def deviance(came: Floats, mean: Floats) -> Floats:
    """Poisson deviance of each; predictions below .001 count as .001."""
    mu = np.maximum(mean, 1e-3)
    return np.asarray(2.0 * (np.where(came > 0, came * np.log(np.maximum(came, TINY) / mu), 0.0) - (came - mu)))


def _rmse(found: Floats, came: Floats) -> float:
    return float(np.sqrt(np.mean((found - came) ** 2)))
