"""A learned correction of what a repeat-buying model expects: a small LightGBM Poisson with that as its offset.

It learns a factor, not a level, so that what was learned over one horizon carries over to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from agent.signals.purchases import Floats, ratio
from agent.signals.table import Table

BAGS, ROUNDS = 3, 120
LEAST_ROWS, LEAST_EVENTS = 300, 200
MOST = 1.6
"""The greatest correction, as a logarithm: a factor of five."""
TINY = 1e-12


def inputs(rows: Table, base: Floats) -> Floats:
    """Inputs without a scale: ages as shares of the time recorded, counts as shares of the customer's own."""
    span, count = max(rows.span, 1), rows["days"]
    gap = (rows["tenure"] - rows["recency"]) / np.maximum(count - 1.0, 1.0)
    again = count > 1
    rank = np.argsort(np.argsort(rows["per_day"], kind="stable"), kind="stable") / max(len(count) - 1, 1)
    return np.column_stack(
        [
            (rows["tenure"] + 1.0) / span,
            rows["recency"] / span,
            count,
            np.where(again, gap / span, -1.0),
            np.where(again, rows["recency"] / np.maximum(gap, 1.0), -1.0),
            np.log(base + 1e-3),
            rows["days_eighth"] / count,
            rows["days_quarter"] / count,
            rows["days_half"] / count,
            rank,
        ]
    )


def train(lessons: Sequence[tuple[Table, Floats, Floats]]) -> tuple[str, ...]:
    """Boosters as text, from (rows, expected, what came) of one or two earlier cuts; none where too little came."""
    first = lessons[0]
    if len(first[2]) < LEAST_ROWS or first[2].sum() < LEAST_EVENTS:
        return ()
    import lightgbm

    x = np.vstack([inputs(rows, base) for rows, base, _ in lessons])
    y = np.concatenate([came for _, _, came in lessons])
    level = np.concatenate([base * came.sum() / max(float(base.sum()), TINY) for _, base, came in lessons])
    offset = np.log(np.maximum(level, 1e-3) * max(float(y.sum()), 1.0) / max(float(level.sum()), TINY))
    data = lightgbm.Dataset(x, y, init_score=offset, free_raw_data=False, params={"verbosity": -1})
    settings = {
        "objective": "poisson", "learning_rate": 0.04, "num_leaves": 4, "verbosity": -1, "lambda_l2": 20.0,
        "min_data_in_leaf": max(40, len(y) // 60), "num_threads": 1, "feature_fraction": 0.7, "bagging_fraction": 0.8,
        "bagging_freq": 1, "deterministic": True, "poisson_max_delta_step": 0.3,
    }  # fmt: skip
    made = [lightgbm.train(settings | {"seed": seed}, data, num_boost_round=ROUNDS) for seed in range(BAGS)]
    return tuple(str(booster.model_to_string()) for booster in made)


def corrected(boosters: Sequence[str], rows: Table, base: Floats) -> Floats:
    """What is expected, times what was learned, before its total is set."""
    x = inputs(rows, base)
    raw = sum(_booster(text).predict(x, raw_score=True, num_threads=2) for text in boosters) / len(boosters)
    return np.asarray(base * np.exp(np.clip(raw, -MOST, MOST)))


def level(upper: Floats, lower: Floats) -> float:
    """The factor between two totals."""
    return float(ratio(np.array([upper.sum()]), np.array([lower.sum()]), 1.0)[0])


@lru_cache(maxsize=16)
def _booster(text: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=text)
