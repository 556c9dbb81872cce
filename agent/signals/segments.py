"""Segments that nobody drew: groups of customers who buy alike, with names one can read and ids that outlive a refit.

Lloyd's k-means (scipy) on standardised inputs from the prepared table; the number of groups is the one of the greatest
variance ratio (Calinski & Harabasz, 1974). A refit begins at the groups of before and keeps them unless others are
clearly better; groups are matched to the earlier ones by the least total distance (Kuhn, 1955), and one that is near
enough keeps its id.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from agent.signals.purchases import Floats, Ints
from agent.signals.table import Table

INPUTS = ("recency", "days", "per_day", "gap_mean", "repeat_share", "novelty", "reduced", "weekends", "evenings")
LOGGED = frozenset({"recency", "days", "per_day", "gap_mean"})
SIZES = range(4, 9)
SAMPLED = 20_000
ANEW = 1.15
"""How much better other groups must be before those of the last fit are given up: names in use are worth something."""
NEAR = 1.5
"""Standard deviations (root mean square over inputs) within which a group is still the same."""
TOLD = 0.5
"""Standard deviations from which on an input names a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """`centres` in standard deviations around `means`; one id and one name (codes joined by +) for each."""

    means: Floats
    spreads: Floats
    centres: Floats
    ids: tuple[str, ...]
    names: tuple[str, ...]
    last: int = 0
    """The highest number that an id ever had: none is given twice."""


def fit(table: Table, before: Segments | None = None, seed: int = 0) -> Segments | None:
    """None where there are too few customers to be grouped."""
    raw = _inputs(table)
    if len(raw) < 50 * SIZES.start:
        return None
    means, spreads = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-9)
    z = np.clip((raw - means) / spreads, -3.0, 3.0)
    some = np.random.Generator(np.random.Philox(seed)).permutation(len(z))[:SAMPLED]
    gain, centres = max((_grouped(z[some], size, seed) for size in SIZES), key=lambda pair: pair[0])
    if before is not None:
        start = (before.means + before.centres * before.spreads - means) / spreads
        kept, moved = _grouped(z[some], np.clip(start, -3.0, 3.0), seed)
        centres = moved if gain < ANEW * kept else centres
    ids = _ids(means + centres * spreads, before, spreads)
    last = max(before.last if before else 0, *(int(name[1:]) for name in ids))
    return Segments(means=means, spreads=spreads, centres=centres, ids=ids, names=_names(centres), last=last)


def _inputs(table: Table) -> Floats:
    return np.column_stack([np.log1p(table[name]) if name in LOGGED else table[name] for name in INPUTS])


def _grouped(z: Floats, start: int | Floats, seed: int) -> tuple[float, Floats]:
    """(variance ratio, centres) of so many groups, or of those that begin at these centres."""
    from scipy.cluster.vq import kmeans2

    many = start if isinstance(start, int) else len(start)
    how = "++" if isinstance(start, int) else "matrix"
    draw = np.random.Generator(np.random.Philox(seed + many))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a group that ran empty is dropped below
        centres, label = kmeans2(z, start, iter=25, minit=how, seed=draw)
    counts = np.bincount(label, minlength=many)
    centres, counts = centres[counts > 0], counts[counts > 0]
    within = float(np.sum((z - centres[np.unique(label, return_inverse=True)[1]]) ** 2))
    between = float(np.sum(counts[:, None] * (centres - z.mean(axis=0)) ** 2))
    k = len(centres)
    return between / max(1, k - 1) / (within / max(1, len(z) - k)), centres


def assign(fitted: Segments, table: Table) -> Ints:
    """The position of each customer's segment, nearest centre first."""
    z = np.clip((_inputs(table) - fitted.means) / fitted.spreads, -3.0, 3.0)
    best, nearest = np.zeros(len(z), dtype=np.int64), np.full(len(z), np.inf)
    for number, centre in enumerate(fitted.centres):
        distance = np.zeros(len(z))
        for at in range(len(INPUTS)):  # input by input: nothing as large as customers x centres x inputs is made
            distance += (z[:, at] - centre[at]) ** 2
        closer = distance < nearest
        best[closer], nearest[closer] = number, distance[closer]
    return best


def _ids(centres: Floats, before: Segments | None, spreads: Floats) -> tuple[str, ...]:
    from scipy.optimize import linear_sum_assignment

    ids: list[str] = [""] * len(centres)
    taken = 0
    if before is not None:
        old = before.means + before.centres * before.spreads
        apart = np.sqrt((((centres[:, None, :] - old[None, :, :]) / spreads) ** 2).mean(axis=2))
        for mine, theirs in zip(*linear_sum_assignment(apart), strict=True):
            if apart[mine, theirs] < NEAR:
                ids[mine] = before.ids[theirs]
        taken = before.last
    for number, name in enumerate(ids):
        if not name:
            taken += 1
            ids[number] = f"s{taken}"
    return tuple(ids)


def _names(centres: Floats) -> tuple[str, ...]:
    """The two inputs in which a group differs most, each high or low; a third where two groups would share a name."""
    names: list[str] = []
    for centre in centres:
        order = np.argsort(-np.abs(centre), kind="stable")
        said = [f"{INPUTS[i]}_{'high' if centre[i] > 0 else 'low'}" for i in order if abs(centre[i]) >= TOLD]
        name = next((n for k in range(2, len(said) + 1) if (n := "+".join(said[:k])) not in names), "")
        names.append(name or "+".join(said[:2]) or "average")
    return tuple(names)
