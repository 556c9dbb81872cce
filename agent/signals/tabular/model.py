"""Churn and response from a table: named columns and a label of 0 or 1.

One method for every table: a ridge logistic regression and a small LightGBM, mixed in logit space by an internal
validation that runs forward in time where rows come in time order. The logistic stays alone unless the mixture beats it
beyond chance: random splits flatter boosting, and in time order a plain logistic often wins.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from agent.signals.tabular.choosing import pick, recency, validation_splits
from agent.signals.tabular.columns import (
    Array,
    Categorical,
    Columns,
    Encoder,
    Numeric,
    design,
    drop_columns,
    fit_encoder,
    tree_matrix,
)
from agent.signals.tabular.drift import reference_of
from agent.signals.tabular.logistic import fit_logistic, fit_platt, logistic_parts, logistic_scores, sigmoid
from agent.signals.tabular.trees import booster, fit_trees, tree_scores


@dataclass
class Model:
    """All that prediction needs; plain values, so `dump` and `load` are JSON."""

    encoder: Encoder
    beta: Array
    centre: dict[str, float]  # each column's mean part of the logit, for reasons
    trees: str | None
    share: float  # of the trees
    calibration: tuple[float, float]  # intercept, slope on the logit
    reference: dict[str, Any]  # training distribution, for drift
    report: dict[str, Any] = field(default_factory=dict)


def fit(
    columns: Columns,
    y: Array,
    *,
    in_time: bool = False,
    drop: Sequence[str] = (),
    groups: Array | None = None,
    blocks: Array | None = None,
    folds: int = 5,
    seed: int = 0,
) -> Model:
    """Fit the method.

    `in_time`: the rows are in time order.  `drop`: columns to leave out.  `groups`: rows of one group (a customer
    with many products, say) are validated together, so that nothing is chosen for knowing the customer. `blocks`: of
    rows in time order, stretches that are judged whole, each by what was learned before it.
    """
    columns, y = drop_columns(columns, drop), np.asarray(y, dtype=float)
    positives = int(min(y.sum(), len(y) - y.sum()))
    if positives < 2 * folds:
        raise ValueError(f"too few of the rarer label: {positives}, need {2 * folds}")
    splits = validation_splits(len(y), in_time, folds, seed, groups, blocks)
    splits = [s for s in splits if 0 < y[s[0]].sum() < len(s[0])]
    if not splits:
        raise ValueError("no internal split holds both labels")
    picked = pick(columns, y, splits, in_time, groups, seed, positives >= 50 and len(splits) >= 3)
    ridge, share, rounds, mixed = picked.ridge, picked.share, picked.rounds, picked.scores
    held, score = np.concatenate([t for _, t in splits]), np.concatenate(mixed)
    # In time order the held-out offset belongs to the past; later labels correct it (`Recalibrator`).
    calibration = (0.0, 1.0) if in_time else fit_platt(y[held], score)
    encoder, weights = fit_encoder(columns), recency(len(y), in_time)
    beta = fit_logistic(design(encoder, columns), y, ridge, weights)
    text = fit_trees(encoder, columns, y, weights, rounds, seed) if share else None
    final = calibration[0] + calibration[1] * score
    report = {
        "ridge": ridge,
        "share": share,
        "rounds": rounds,
        "in_time": in_time,
        "rows": len(y),
        "rate": float(y.mean()),
        "validation": picked.summary,
    }
    parts = logistic_parts(encoder, beta, columns)
    centre = {n: float(p.mean()) for n, p in parts.items()}
    reference = reference_of(encoder, columns, y, sigmoid(final))
    return Model(encoder, beta, centre, text, float(share), calibration, reference, report)


def scores(model: Model, columns: Columns) -> Array:
    """Logits after calibration."""
    total = logistic_scores(model.encoder, model.beta, columns) if model.share < 1 else 0.0
    if model.trees is not None:
        total = (1 - model.share) * total + model.share * tree_scores(model.trees, model.encoder, columns)
    return model.calibration[0] + model.calibration[1] * np.asarray(total)


def predict(model: Model, columns: Columns) -> Array:
    """Probabilities of the label 1."""
    return sigmoid(scores(model, columns))


def reasons(model: Model, columns: Columns, top: int = 3) -> list[list[tuple[str, str, float]]]:
    """Per row the largest contributions to the logit: (column, its value, contribution).

    A contribution is the calibrated share of the column: for the logistic its part less the part's training
    mean, for the trees LightGBM's exact tree-SHAP value.  All contributions and one constant add up to the logit.
    """
    names = list(model.encoder)
    parts = logistic_parts(model.encoder, model.beta, columns)
    total = (1 - model.share) * np.column_stack([parts[n] - model.centre[n] for n in names])
    if model.trees is not None:
        matrix = tree_matrix(model.encoder, columns)
        shap = booster(model.trees).predict(matrix, pred_contrib=True, num_threads=1)
        total = total + model.share * np.asarray(shap)[:, :-1]
    total *= model.calibration[1]
    order = np.argsort(-np.abs(total), axis=1, kind="stable")[:, :top]
    return [[(names[j], str(columns[names[j]][i]), float(total[i, j])) for j in row] for i, row in enumerate(order)]


def dump(model: Model) -> str:
    """The model as JSON text."""
    value = asdict(model)
    value["beta"] = model.beta.tolist()
    value["encoder"] = {n: [type(s).__name__, asdict(s)] for n, s in model.encoder.items()}
    return json.dumps(value)


def load(text: str) -> Model:
    """The inverse of `dump`; predictions are the same to the last bit."""
    value = json.loads(text)
    kinds = {"Numeric": Numeric, "Categorical": Categorical}
    value["encoder"] = {n: kinds[k](**s) for n, (k, s) in value["encoder"].items()}
    value["beta"] = np.array(value["beta"])
    value["calibration"] = tuple(value["calibration"])
    return Model(**value)
