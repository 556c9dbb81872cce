"""How often customers come back: three models of buying until one drops out, fitted by maximum likelihood.

`pareto`  Pareto/NBD (Schmittlein, Morrison & Colombo, Counting your customers, Management Science 33(1), 1987)
`bg`      BG/NBD (Fader, Hardie & Lee, "Counting your customers" the easy way, Marketing Science 24(2), 2005)
`mbg`     MBG/NBD (Batislam, Denizel & Filiztekin, Empirical validation ..., IJRM 24(3), 2007)

A customer is (x, t_x, T): purchase days after the first, the age of the first at the last of them, and at the cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from agent.signals.purchases import Floats
from agent.signals.table import Table

Kind = Literal["pareto", "bg", "mbg"]
KINDS: tuple[Kind, ...] = ("pareto", "bg", "mbg")
FIT_ROWS = 5_000
"""Customers that a likelihood is fitted on: a fixed random subset of more."""
UNITS = 40.0
"""The time recorded is this many units long for the optimiser, whatever it is in days."""
TINY = 1e-12
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
_STARTS = {
    "pareto": ((0.7, 8.0, 0.6, 12.0), (1.5, 10.0, 0.3, 60.0)),
    "bg": ((0.5, 6.0, 0.8, 2.5), (1.0, 10.0, 0.2, 4.0)),
    "mbg": ((0.7, 6.0, 0.6, 1.5), (1.0, 10.0, 0.2, 4.0)),
}
_BOUNDS = {
    "pareto": ((-5.0, 5.0), (-5.0, 8.0), (-7.0, 4.0), (-4.0, 9.0)),
    "bg": ((-5.0, 5.0), (-5.0, 8.0), (-9.0, 5.0), (-5.0, 7.0)),
    "mbg": ((-5.0, 5.0), (-5.0, 8.0), (-9.0, 5.0), (-5.0, 7.0)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Fitted parameters: r and alpha of the buying rate; s and beta (Pareto) or a and b of dropping out. Times in units
    of `scale` days. `note` says where the fit is degenerate: `no_dropout`, `equal_rates`."""

    kind: Kind
    parameters: tuple[float, float, float, float]
    scale: float
    note: str = ""


def clock(rows: Table) -> tuple[Floats, Floats, Floats]:
    """(x, t_x, T) in days."""
    return rows["days"] - 1.0, rows["tenure"] - rows["recency"], rows["tenure"]


def fit(kind: Kind, rows: Table, warm: Repeat | None = None) -> Repeat:
    """Maximum likelihood with a faint pull of the parameters to 1; from two starts, or from an earlier fit."""
    scale = max(rows.span, 1) / UNITS
    seen = np.column_stack(clock(rows))
    if len(seen) > FIT_ROWS:
        seen = seen[np.random.Generator(np.random.Philox(0)).choice(len(seen), FIT_ROWS, replace=False)]
    unique, weight = np.unique(seen, axis=0, return_counts=True)
    x, tx, age = unique[:, 0], unique[:, 1] / scale, unique[:, 2] / scale
    bounds = np.array(_BOUNDS[kind])
    starts = [np.log(start) for start in _STARTS[kind]]
    if warm is not None and warm.kind == kind:
        r, alpha, first, second = warm.parameters
        moved = warm.scale / scale
        starts = [np.log([r, alpha * moved, first, second * moved if kind == "pareto" else second])]

    def loss(theta: Floats) -> float:
        with np.errstate(all="ignore"):
            likely = np.logaddexp(*_LIKELIHOODS[kind](tuple(np.exp(theta)), x, tx, age))
        value = -float(np.average(likely, weights=weight)) + 1e-4 * float(theta @ theta)
        return value if np.isfinite(value) else 1e10

    options = {"maxiter": 80, "ftol": 1e-8}
    tried = [
        minimize(loss, np.clip(start, bounds[:, 0], bounds[:, 1]), method="L-BFGS-B", bounds=bounds, options=options)
        for start in starts
    ]
    best = min(tried, key=lambda found: float(found.fun))
    r, alpha, first, second = (float(value) for value in np.exp(best.x))
    return Repeat(kind=kind, parameters=(r, alpha, first, second), scale=scale, note=_note(kind, r, first, second))


def _note(kind: Kind, r: float, first: float, second: float) -> str:
    lost = 1.0 - (second / (second + UNITS)) ** first if kind == "pareto" else first / (first + second)
    return "no_dropout" if lost < 0.02 else "equal_rates" if r > 100 else ""


def expected(model: Repeat, rows: Table, days: float) -> tuple[Floats, Floats]:
    """(purchase days expected in the next `days`, chance of being still a customer) for each."""
    x, tx, age = clock(rows)
    tx, age, ahead = tx / model.scale, age / model.scale, days / model.scale
    p = model.parameters
    alive, gone = _LIKELIHOODS[model.kind](p, x, tx, age)
    chance = 1.0 / (1.0 + np.exp(np.clip(gone - alive, -700, 700)))
    count = _pareto_ahead(p, x, age, ahead) if model.kind == "pareto" else _beta_ahead(model.kind, p, x, age, ahead)
    return np.asarray(count * chance), np.asarray(chance)


def _pareto_ahead(p: tuple[float, ...], x: Floats, age: Floats, ahead: float) -> Floats:
    r, alpha, s, beta = p
    ratio = np.log1p(ahead / (beta + age))
    lived = (beta + age) * (ratio if abs(s - 1.0) < 1e-6 else -np.expm1(-(s - 1.0) * ratio) / (s - 1.0))
    return np.asarray((r + x) / (alpha + age) * lived)


def _beta_ahead(kind: Kind, p: tuple[float, ...], x: Floats, age: Floats, ahead: float) -> Floats:
    r, alpha, a, b = p
    if a < 1e-3:  # nobody drops out: what is left is the negative binomial
        return np.asarray((r + x) / (alpha + age) * ahead)
    a = a if abs(a - 1.0) > 1e-4 else 1.0 + 1e-4
    more = 1.0 if kind == "mbg" else 0.0
    z = ahead / (alpha + age + ahead)
    series = hyp2f1(r + x, b + x + more, a + b + x - 1.0 + more, z)
    shrunk = np.exp((r + x) * np.log((alpha + age) / (alpha + age + ahead)))
    count = (a + b + x - 1.0 + more) / (a - 1.0) * (1.0 - shrunk * series)
    fallback = (r + x) / (alpha + age) * ahead
    return np.asarray(np.where(np.isfinite(count) & (count >= 0), count, fallback))


def _pareto(p: Any, x: Floats, tx: Floats, age: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the two terms of the likelihood, still there and gone.

    The integral over the time of leaving, of (alpha+t)^-(r+x) (beta+t)^-(s+1), is taken with
    w = ((alpha+t_x)/(alpha+t))^(r+s+x): what is left is the smooth ((alpha+t)/(beta+t))^(s+1), so that a short
    Gauss-Legendre rule does, without the overflow of the usual 2F1 form.
    """
    r, alpha, s, beta = p
    m = r + s + x
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = front - (r + x) * np.log(alpha + age) - s * np.log(beta + age)
    lowest = np.exp(m * (np.log(alpha + tx) - np.log(alpha + age)))
    half = 0.5 * (1.0 - lowest)
    integral = np.zeros(len(x))
    for node, weight in zip(_NODES, _NODE_WEIGHTS, strict=True):  # node by node: no matrix product, little memory
        w = lowest + half * (1.0 + node)
        at = np.minimum((alpha + tx) * np.exp(-np.log(np.maximum(w, 1e-300)) / m), alpha + age)
        integral += weight * np.exp(np.minimum((s + 1.0) * np.log(at / np.maximum(at + (beta - alpha), TINY)), 500.0))
    inside = np.log(np.maximum(integral * half, 1e-300))
    gone = front + np.log(s) - m * np.log(alpha + tx) - np.log(m) + inside
    return alive, gone


def _bg(p: Any, x: Floats, tx: Floats, age: Floats) -> tuple[Floats, Floats]:
    r, alpha, a, b = p
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = front + betaln(a, b + x) - (r + x) * np.log(alpha + age)
    left = front + betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - (r + x) * np.log(alpha + tx)
    return alive, np.where(x > 0, left, -np.inf)


def _mbg(p: Any, x: Floats, tx: Floats, age: Floats) -> tuple[Floats, Floats]:
    r, alpha, a, b = p
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = front + betaln(a, b + x + 1.0) - (r + x) * np.log(alpha + age)
    return alive, front + betaln(a + 1.0, b + x) - (r + x) * np.log(alpha + tx)


_LIKELIHOODS: Mapping[str, Any] = {"pareto": _pareto, "bg": _bg, "mbg": _mbg}
