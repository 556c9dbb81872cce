"""Labels that come in later mend the level and the slope of a model; and whether what was learned may still hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agent.signals.tabular.columns import Array, Categorical, Columns, Encoder, Numeric, codes
from agent.signals.tabular.logistic import fit_platt, sigmoid


@dataclass
class Recalibrator:
    """Intercept and slope from labels that have come in, newest first; predict first, then learn.

    `half_life` is in labelled rows.  Too few labels leave the model's own probabilities.
    """

    half_life: float = 500.0
    score: Array = field(default_factory=lambda: np.empty(0))
    label: Array = field(default_factory=lambda: np.empty(0))
    state: tuple[float, float] = (0.0, 1.0)

    def predict(self, score: Array) -> Array:
        return sigmoid(self.state[0] + self.state[1] * score)

    def learn(self, score: Array, label: Array) -> None:
        keep = int(8 * self.half_life)
        self.score = np.concatenate([self.score, score])[-keep:]
        self.label = np.concatenate([self.label, label])[-keep:]
        age = np.arange(len(self.label))[::-1]
        self.state = fit_platt(self.label, self.score, 0.5 ** (age / self.half_life))


def prequential(score: Array, label: Array, block: int, half_life: float = 500.0) -> Array:
    """Probabilities block by block in time order, each block seeing earlier blocks' labels only."""
    live, out = Recalibrator(half_life), np.empty(len(score))
    for a in range(0, len(score), block):
        part = slice(a, a + block)
        out[part] = live.predict(score[part])
        live.learn(score[part], label[part])
    return out


def bins_of(spec: Numeric | Categorical, values: Array) -> Array:
    if isinstance(spec, Categorical):
        return np.bincount(codes(spec, values), minlength=len(spec.levels))
    place = np.searchsorted(np.asarray(spec.edges), values, side="left")
    place = np.where(np.isfinite(values), place, len(spec.edges) + 1)
    return np.bincount(place, minlength=len(spec.edges) + 2)


def reference_of(encoder: Encoder, columns: Columns, y: Array, held_out: Array) -> dict[str, Any]:
    """Counts per bin of each column and of the held-out scores, and the label rate."""
    edges = np.unique(np.quantile(held_out, np.linspace(0, 1, 11)[1:-1]))
    counts = np.bincount(np.searchsorted(edges, held_out, side="left"), minlength=len(edges) + 1)
    return {
        "columns": {n: bins_of(s, columns[n]).tolist() for n, s in encoder.items()},
        "score_edges": edges.tolist(),
        "score": counts.tolist(),
        "score_mean": float(held_out.mean()),
        "score_spread": float(held_out.std()),
        "positives": int(y.sum()),
        "rows": len(y),
    }


def psi(reference: Array, recent: Array) -> tuple[float, float]:
    """Population stability index less its expectation under no change, and its standard deviation under no change.

    (Without change it is nearly a chi-squared over the sample sizes, so a small sample is no alarm.)
    """
    used = (reference + recent) > 0
    a, b = reference[used] + 0.5, recent[used] + 0.5
    p, q = a / a.sum(), b / b.sum()
    free, unit = float(used.sum() - 1), float(1 / a.sum() + 1 / b.sum())
    return float(np.sum((p - q) * np.log(p / q))) - free * unit, float(np.sqrt(2 * free)) * unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far recent rows are from those a model was fitted on. `causes` names what moved: columns, score,
    label_rate."""

    causes: tuple[str, ...]
    indices: dict[str, float]
    score: float

    @property
    def raised(self) -> bool:
        return bool(self.causes)


def drift(
    reference: dict[str, Any],
    encoder: Encoder,
    columns: Columns,
    chances: Array,
    label: Array | None = None,
    limit: float = 0.25,
) -> Moved:
    """Compares recent rows with those that were learned from.

    Raised by a column whose stability index is above `limit` and five standard deviations of chance; by the score
    likewise, if its mean has moved more than four standard errors too; or, given labels, by a label rate that is more
    than a quarter off and more than four standard errors.
    """
    found = {
        name: psi(np.asarray(reference["columns"][name], dtype=float), bins_of(spec, columns[name]).astype(float))
        for name, spec in encoder.items()
    }
    ranked = sorted(found.items(), key=lambda item: -item[1][0])
    causes = [name for name, (index, noise) in ranked if index > max(limit, 5 * noise)]
    place = np.searchsorted(np.asarray(reference["score_edges"]), chances, side="left")
    then = np.asarray(reference["score"], dtype=float)
    score, noise = psi(then, np.bincount(place, minlength=len(then)).astype(float))
    size = np.sqrt(1 / reference["rows"] + 1 / len(chances))
    spread = max(reference["score_spread"], float(chances.std()))
    if abs(float(chances.mean()) - reference["score_mean"]) > 4 * size * spread and score > max(limit, 5 * noise):
        causes.append("score")
    if label is not None and _rate_moved(reference, label, float(size)):
        causes.append("label_rate")
    return Moved(causes=tuple(causes), indices={name: index for name, (index, _) in found.items()}, score=score)


def _rate_moved(reference: dict[str, Any], label: Array, size: float) -> bool:
    old, new = reference["positives"] / reference["rows"], float(np.mean(label))
    pool = (reference["positives"] + float(np.sum(label))) / (reference["rows"] + len(label))
    return bool(abs(new - old) > max(4 * float(np.sqrt(pool * (1 - pool))) * size, 0.25 * old))
