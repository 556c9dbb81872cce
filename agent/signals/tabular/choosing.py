"""What is fitted, chosen on held-out rows: later ones where rows come in time order, other groups of them otherwise.

The simple candidate stands first and wins ties: another must beat it beyond chance.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.signals.tabular.columns import Array, Columns, design, fit_encoder, take
from agent.signals.tabular.logistic import fit_logistic, log_losses, logistic_scores
from agent.signals.tabular.measures import auc
from agent.signals.tabular.trees import fit_trees, tree_scores

RIDGES = (3.0, 0.3, 1.0, 10.0, 30.0)
TREE_SHARES = (0.0, 0.5, 1.0)
"""The share of the trees in the mixture of logits."""
ROUNDS = (50, 100, 150, 200, 300)
HALF_LIFE = 0.5
"""Of rows in time order the oldest of n weigh a quarter, those n/2 back a half."""


def recency(rows: int, in_time: bool) -> Array:
    """Row weights: all one, or fading with age when the rows are in time order (the newest weighs 1)."""
    return 0.5 ** (np.arange(rows)[::-1] / (HALF_LIFE * rows)) if in_time else np.ones(rows)


def validation_splits(
    rows: int, in_time: bool, folds: int, seed: int, groups: Array | None = None, blocks: Array | None = None
) -> list[tuple[Array, Array]]:
    """Random folds (of whole groups), or when the rows are in time order forward blocks: those given, else over the
    last 60 %."""
    index = np.arange(rows)
    if in_time and blocks is not None:
        return [(index[blocks < block], index[blocks == block]) for block in np.unique(blocks)[1:]]
    if not in_time:
        unit = index if groups is None else np.unique(groups, return_inverse=True)[1]
        order = np.random.default_rng(seed).permutation(int(unit.max()) + 1)
        fold = np.empty(len(order), dtype=int)
        for k, part in enumerate(np.array_split(order, folds)):
            fold[part] = k
        return [(index[fold[unit] != k], index[fold[unit] == k]) for k in range(folds)]
    cuts = np.linspace(0.4 * rows, rows, folds + 1).astype(int)
    return [(index[:a], index[a:b]) for a, b in itertools.pairwise(cuts)]


def better(base: list[Array], rival: list[Array], in_time: bool, groups: list[Array] | None = None) -> bool:
    """Whether the rival's losses beat the base's beyond chance (the base wins ties).

    Random folds: one paired standard error over rows, or over groups where rows come in groups.  In time: the blocks
    are the sample; the rival must gain more than a standard error over blocks and win all but one of them, the latest
    included, because it is the latest that looks like what comes next.
    """
    gains = [b - r for b, r in zip(base, rival, strict=True)]
    if not in_time:
        gain = np.concatenate(gains)
        if groups is not None:
            unit = np.unique(np.concatenate(groups), return_inverse=True)[1]
            return bool(gain.sum() > np.sqrt(np.sum(np.bincount(unit, weights=gain - gain.mean()) ** 2)))
        return bool(gain.mean() > gain.std() / np.sqrt(gain.size))
    means = np.array([g.mean() for g in gains])
    if means.size < 2:
        return False  # one stretch is no sample: the simple one stays
    wins = int((means > 0).sum())
    return bool(means.mean() > means.std(ddof=1) / np.sqrt(means.size) and wins >= means.size - 1 and means[-1] > 0)


def choose(losses: Mapping[Any, list[Array]], in_time: bool, groups: list[Array] | None = None) -> Any:
    """Walk from the first candidate (the default, the simplest) to a later one only where it gains beyond chance."""
    best = next(iter(losses))
    for rival in losses:
        if better(losses[best], losses[rival], in_time, groups):
            best = rival
    return best


def out_of_fold(
    columns: Columns, y: Array, splits: list[tuple[Array, Array]], in_time: bool, seed: int, with_trees: bool
) -> tuple[dict[float, list[Array]], dict[int, list[Array]]]:
    """Held-out logits per split of each ridge and each number of rounds."""
    linear: dict[float, list[Array]] = {r: [] for r in RIDGES}
    trees: dict[int, list[Array]] = {r: [] for r in ROUNDS}
    for train, test in splits:
        part, held, target = take(columns, train), take(columns, test), y[train]
        encoder = fit_encoder(part)
        x, start, weights = design(encoder, part), None, recency(len(train), in_time)
        for ridge in RIDGES:
            start = fit_logistic(x, target, ridge, weights, start)
            linear[ridge].append(logistic_scores(encoder, start, held))
        if with_trees:
            text = fit_trees(encoder, part, target, weights, max(ROUNDS), seed)
            for rounds in ROUNDS:
                trees[rounds].append(tree_scores(text, encoder, held, rounds))
    return linear, trees


@dataclass
class Picked:
    """What the internal validation chose, with its held-out logits per split."""

    ridge: float
    share: float
    rounds: int
    scores: list[Array]
    summary: dict[str, list[list[float]]]


def pick(
    columns: Columns,
    y: Array,
    splits: list[tuple[Array, Array]],
    in_time: bool,
    groups: Array | None,
    seed: int,
    with_trees: bool,
) -> Picked:
    """Ridge, number of trees and the share of the trees by held-out log-loss; the simple ones win ties."""
    linear, trees = out_of_fold(columns, y, splits, in_time, seed, with_trees)
    held = None if groups is None else [groups[t] for _, t in splits]
    ridge = choose({r: losses_of(y, splits, s) for r, s in linear.items()}, in_time, held)
    mixed = linear[ridge]
    if not with_trees:
        return Picked(ridge, 0.0, 0, mixed, summary(y, splits, mixed, None, mixed))
    rounds = min(ROUNDS, key=lambda r: np.mean([v.mean() for v in losses_of(y, splits, trees[r])]))
    mixes = {s: [(1 - s) * a + s * b for a, b in zip(mixed, trees[rounds], strict=True)] for s in TREE_SHARES}
    share = choose({s: losses_of(y, splits, m) for s, m in mixes.items()}, in_time, held)
    return Picked(ridge, share, rounds, mixes[share], summary(y, splits, mixed, trees[rounds], mixes[share]))


def losses_of(y: Array, splits: list[tuple[Array, Array]], scores: list[Array]) -> list[Array]:
    return [log_losses(y[test], s) for (_, test), s in zip(splits, scores, strict=True)]


def summary(
    y: Array, splits: list[tuple[Array, Array]], linear: list[Array], trees: list[Array] | None, mixed: list[Array]
) -> dict[str, list[list[float]]]:
    """Per split (AUC, log-loss) of the logistic, the trees and the chosen mixture."""
    named = {"logistic": linear, "trees": trees or [], "chosen": mixed}
    return {
        name: [
            [round(auc(y[t], s), 4), round(float(log_losses(y[t], s).mean()), 4)]
            for (_, t), s in zip(splits, scores, strict=bool(scores))
        ]
        for name, scores in named.items()
    }
