"""How good probabilities are."""

from __future__ import annotations

import numpy as np

from agent.signals.tabular.columns import Array


def auc(y: Array, score: Array) -> float:
    """Area under the ROC curve, ties counted half."""
    _values, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    ones = float(np.sum(y))
    zeros = len(y) - ones
    return float((rank[inverse] @ y - ones * (ones + 1) / 2) / (ones * zeros)) if ones and zeros else float("nan")


def ece(y: Array, p: Array, bins: int = 10, equal_mass: bool = False) -> float:
    """Expected calibration error over equally wide (or equally filled) bins of the probability."""
    if equal_mass:
        place = np.argsort(np.argsort(p, kind="stable"), kind="stable") * bins // len(p)
    else:
        place = np.minimum((p * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=p - y, minlength=bins)
    return float(np.abs(gap).sum() / len(p))
