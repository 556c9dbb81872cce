"""Tables of named columns, and how each enters a model: numbers clipped and standardised, names as levels.

A column is an array of floats (NaN is missing) or of strings (None or "" is missing). Nothing is learned from rows that
are only scored; a level never seen before counts as other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Columns = Mapping[str, Array]

OTHER, MISSING = "\x00other", "\x00missing"


def parse_column(values: Sequence[object], numeric_share: float = 0.95) -> Array:
    """Floats if nearly all filled values read as numbers, else strings; blanks are missing."""
    array = np.asarray(values)
    if array.dtype.kind in "fiub":
        return array.astype(float)
    texts = ["" if v is None or v != v else str(v).strip() for v in values]
    numbers = np.array([_number(t) for t in texts])
    filled = np.array([t != "" for t in texts])
    if filled.any() and np.isfinite(numbers[filled]).mean() >= numeric_share:
        return numbers
    return np.array(texts, dtype=object)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def drop_columns(columns: Columns, names: Sequence[str]) -> dict[str, Array]:
    """The table without the named (for instance protected) columns; an unknown name is an error."""
    unknown = [n for n in names if n not in columns]
    if unknown:
        raise KeyError(f"no such column: {unknown}")
    return {n: v for n, v in columns.items() if n not in names}


def take(columns: Columns, rows: Array | slice) -> dict[str, Array]:
    """The same columns, only these rows."""
    return {n: v[rows] for n, v in columns.items()}


@dataclass
class Numeric:
    """How a numeric column enters: clipped, standardised, missing as its own indicator."""

    mean: float
    scale: float
    low: float
    high: float
    edges: list[float]  # inner bin edges for the drift check
    has_missing: bool


@dataclass
class Categorical:
    """How a categorical column enters: frequent levels, the rest pooled, missing as a level."""

    levels: list[str]


Encoder = dict[str, Numeric | Categorical]


def fit_encoder(columns: Columns, rare: int = 10, most: int = 100) -> Encoder:
    """Learn means, scales, clip limits and levels from training rows."""
    numeric = {name for name, values in columns.items() if values.dtype.kind in "fiub"}
    return {
        name: _fit_numeric(values.astype(float)) if name in numeric else _fit_categorical(values, rare, most)
        for name, values in columns.items()
    }


def _fit_numeric(values: Array) -> Numeric:
    filled = values[np.isfinite(values)]
    if filled.size == 0:
        return Numeric(0.0, 1.0, 0.0, 0.0, [], True)
    low, high = np.quantile(filled, [0.001, 0.999])
    room = high - low  # a trend may run on, a typing error may not
    clipped = np.clip(filled, low - room, high + room)
    scale = float(clipped.std())
    edges = np.unique(np.quantile(filled, np.linspace(0, 1, 11)[1:-1]))
    return Numeric(
        float(clipped.mean()),
        scale if scale > 1e-12 else 1.0,
        float(low - room),
        float(high + room),
        [float(e) for e in edges],
        bool(filled.size < values.size),
    )


def _fit_categorical(values: Array, rare: int, most: int) -> Categorical:
    counts: dict[str, int] = {}
    for value in values.tolist():
        key = value if value else MISSING
        counts[key] = counts.get(key, 0) + 1
    frequent = sorted((k for k, c in counts.items() if c >= rare), key=lambda k: (-counts[k], k))[:most]
    return Categorical([OTHER, *sorted(frequent)])


def codes(spec: Categorical, values: Array) -> Array:
    """Level numbers; unseen and rare levels are 0 (`OTHER`)."""
    table: dict[object, int] = {level: i for i, level in enumerate(spec.levels)}
    missing = table.get(MISSING, 0)
    table[None] = table[""] = missing
    get = table.get
    return np.fromiter((get(v, 0) for v in values.tolist()), dtype=np.int32, count=len(values))


def standardise(spec: Numeric, values: Array) -> Array:
    """Clipped z-values; a missing value is 0, the mean."""
    values = np.asarray(values, dtype=float)
    z = (np.clip(values, spec.low, spec.high) - spec.mean) / spec.scale
    return np.where(np.isfinite(values), z, 0.0)


def width(spec: Numeric | Categorical) -> int:
    return 2 if isinstance(spec, Numeric) else len(spec.levels)


def design(encoder: Encoder, columns: Columns) -> Array:
    """The dense matrix for fitting the logistic: (z, missing) per numeric, one 0/1 per level."""
    rows = len(next(iter(columns.values())))
    matrix = np.zeros((rows, sum(width(s) for s in encoder.values())))
    at = 0
    for name, spec in encoder.items():
        if isinstance(spec, Numeric):
            matrix[:, at] = standardise(spec, columns[name])
            matrix[:, at + 1] = ~np.isfinite(columns[name])
        else:
            matrix[np.arange(rows), at + codes(spec, columns[name])] = 1.0
        at += width(spec)
    return matrix


def tree_matrix(encoder: Encoder, columns: Columns) -> Array:
    """The matrix for the trees: raw numbers (NaN kept) and level numbers."""
    rows = len(next(iter(columns.values())))
    matrix = np.empty((rows, len(encoder)))
    for j, (name, spec) in enumerate(encoder.items()):
        matrix[:, j] = columns[name] if isinstance(spec, Numeric) else codes(spec, columns[name])
    return matrix
