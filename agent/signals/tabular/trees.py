"""A small LightGBM as its model text: nothing is unpickled to load it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from agent.signals.tabular.columns import Array, Categorical, Columns, Encoder, take, tree_matrix

TREE_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_cat_to_onehot": 256,
    "max_bin": 127,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
CHUNK = 100_000


def fit_trees(encoder: Encoder, columns: Columns, y: Array, weights: Array, rounds: int, seed: int = 0) -> str:
    """A small LightGBM as its model text."""
    import lightgbm

    categorical = [j for j, s in enumerate(encoder.values()) if isinstance(s, Categorical)]
    data = lightgbm.Dataset(
        tree_matrix(encoder, columns),
        label=y,
        weight=weights,
        categorical_feature=categorical,
        params={"verbosity": -1},
    )
    booster = lightgbm.train({**TREE_SETTINGS, "seed": seed}, data, num_boost_round=rounds)
    return str(booster.model_to_string())


@lru_cache(maxsize=16)
def booster(text: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=text)


def tree_scores(text: str, encoder: Encoder, columns: Columns, rounds: int = -1) -> Array:
    """Logits of the trees, in chunks so that a million rows need little memory."""
    rows = len(next(iter(columns.values())))
    out = np.empty(rows)
    for a in range(0, rows, CHUNK):
        part = slice(a, a + CHUNK)
        matrix = tree_matrix(encoder, take(columns, part))
        out[part] = booster(text).predict(matrix, raw_score=True, num_iteration=rounds, num_threads=1)
    return out
