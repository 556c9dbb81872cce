"""Customer value beside its peers: purchase days and spend of CDNOW and online_retail after the cut."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agent.signals.purchases import Floats, Ints, count, visits_of
from agent.signals.table import Table, counts
from agent.signals.value import blend
from evals.benchmarks import judging, sets
from evals.benchmarks.judging import Row

FILES = ("cdnow/CDNOW_sample.txt", "online_retail/online_retail.csv.gz")
COVERAGE = 0.9
TO_BEAT = {
    ("CDNOW", "days"): "MAE .7545, RMSE 1.6029 (Pareto/NBD)",
    ("CDNOW", "spend"): "MAE 29.45, RMSE 72.18 (Pareto/NBD x Gamma-Gamma)",
    ("online_retail", "days"): "MAE 1.4413, RMSE 2.3135 (last period)",
    ("online_retail", "spend"): "MAE 958 (last period), RMSE 4968 (own rate)",
}
"""Measured with the peers' releases of November 2026."""
Predictions = Mapping[str, Floats]


def figures(data: Path) -> Iterator[Row]:
    """Errors of ours and of each peer, and the paired difference to the best peer by each measure."""
    if judging.peer("lifetimes") is None:
        yield judging.absent("lifetimes")
    for name, read in (("CDNOW", sets.cdnow), ("online_retail", sets.retail)):
        yield from _of(name, read(data))


def _of(name: str, bought: sets.Bought) -> Iterator[Row]:
    visits = visits_of(bought.who, bought.day, bought.spend, int(bought.who.max()) + 1)
    horizon = bought.end - bought.cut
    started = time.perf_counter()
    value = blend.fit(visits, bought.cut, horizon)
    rows = counts(visits, bought.cut, horizon)
    ours = blend.predict(value, rows, COVERAGE)
    took = time.perf_counter() - started
    after = visits.between(bought.cut + 1, bought.end)
    came = count(after.who, visits.customers)[rows.who]
    spent = count(after.who, visits.customers, after.spend)[rows.who]
    days, spend = _peers(rows, horizon)
    yield f"{name}: customers, fit and score", f"{len(rows):,}, {took:.1f} s", "-"
    yield from _compared(f"{name} days", came, ours.days, days, TO_BEAT[name, "days"])
    yield from _compared(f"{name} spend", spent, ours.spend, spend, TO_BEAT[name, "spend"])
    inside = float(np.mean((came >= ours.low) & (came <= ours.high)))
    yield f"{name} days: {COVERAGE:.0%} interval covers", f"{inside:.3f}", f"{COVERAGE:.2f}"


def _peers(rows: Table, horizon: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """What the peers predict of each customer: days, and spend."""
    scale = horizon / max(1, min(horizon, rows.span))
    repeats = rows["days"] - 1.0
    rate = repeats / np.maximum(rows["tenure"], 1.0) * horizon
    days = {"last period": rows["days_recent"] * scale, "own rate": rows["days"] / rows.span * horizon}
    spend = {"last period": rows["spend_recent"] * scale, "own rate x own mean": rate * rows["per_day"]}
    lifetimes = judging.peer("lifetimes")
    if lifetimes is None:
        return days, spend
    last, age = (rows["tenure"] - rows["recency"]) / 7.0, rows["tenure"] / 7.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mean = _gamma_gamma(lifetimes.GammaGammaFitter(0.0), rows)
        for name, fitter in (("Pareto/NBD", lifetimes.ParetoNBDFitter), ("BG/NBD", lifetimes.BetaGeoFitter)):
            model = fitter(0.0)
            model.fit(repeats, last, age)
            ahead = model.conditional_expected_number_of_purchases_up_to_time(horizon / 7.0, repeats, last, age)
            days[name] = np.nan_to_num(np.asarray(ahead, dtype=np.float64))
            spend[f"{name} x Gamma-Gamma"] = days[name] * mean
    return days, spend


def _gamma_gamma(fitter: Any, rows: Table) -> Floats:
    used = (rows["days"] > 1) & (rows["per_day"] > 0)
    fitter.fit(rows["days"][used], rows["per_day"][used])
    found = fitter.conditional_expected_average_profit(rows["days"], np.maximum(rows["per_day"], 0.01))
    return np.asarray(found, dtype=np.float64)


def _compared(title: str, came: Floats, ours: Floats, peers: Predictions, to_beat: str) -> Iterator[Row]:
    counted = title.endswith("days")
    yield f"{title}, ours", _errors(came, ours, counted), to_beat
    for name, mean in peers.items():
        yield f"  {name}", _errors(came, mean, counted), "-"
    measures: list[tuple[str, Callable[[Floats, Floats], float], bool]] = [
        ("MAE", _mae, False),
        ("RMSE", _rmse, False),
        ("capture", _capture, True),
    ]
    if counted:
        measures.append(("deviance", _deviance, False))
    for label, measure, greatest in measures:
        rival = judging.best(((name, measure(came, mean)) for name, mean in peers.items()), greatest)
        yield f"  {label}: ours - {rival}", _paired(measure, came, ours, peers[rival]), "> 0" if greatest else "< 0"


def _paired(measure: Callable[[Floats, Floats], float], came: Floats, ours: Floats, theirs: Floats) -> str:
    def difference(rows: Ints) -> float:
        return measure(came[rows], ours[rows]) - measure(came[rows], theirs[rows])

    return judging.said(difference(np.arange(len(came))), judging.interval(difference, len(came)), 3)


def _errors(came: Floats, mean: Floats, counted: bool) -> str:
    """All measures of one prediction; the Poisson deviance where days are counted."""
    total, places = mean.sum() / came.sum() - 1, 4 if counted else 2
    found = f"MAE {_mae(came, mean):.{places}f} RMSE {_rmse(came, mean):.{places}f} total {total:+.1%}"
    return f"{found} top {_capture(came, mean):.3f}" + (f" dev {_deviance(came, mean):.4f}" if counted else "")


def _mae(came: Floats, mean: Floats) -> float:
    return float(np.abs(mean - came).mean())


def _rmse(came: Floats, mean: Floats) -> float:
    return float(np.sqrt(np.mean((mean - came) ** 2)))


def _capture(came: Floats, mean: Floats) -> float:
    """The share of all that came that the tenth predicted to be the best brought."""
    top = np.argsort(-mean, kind="stable")[: len(came) // 10]
    return float(came[top].sum() / came.sum())


def _deviance(came: Floats, mean: Floats) -> float:
    return float(blend.deviance(came, mean).mean())
