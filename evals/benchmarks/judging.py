"""How two predictions are compared: on the same rows, with an interval from drawing these rows (or their customers)
again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import numpy as np

from agent.signals.purchases import Floats, Ints

Row = tuple[str, str, str]
"""What is measured, the figure, and the figure to beat."""


def peer(name: str) -> Any | None:
    """A peer's module; None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def absent(name: str) -> Row:
    return f"{name}, a peer", "not installed", "left out"


def interval(figure: Callable[[Ints], float], rows: int, times: int = 500) -> tuple[float, float]:
    """The middle 95 % of a figure over samples of rows drawn with replacement, always the same ones."""
    draw = np.random.default_rng(0)
    found = [figure(draw.integers(0, rows, rows)) for _ in range(times)]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def said(difference: float, ends: tuple[float, float], places: int = 4) -> str:
    """A difference with its interval, for instance: -0.0012 [-0.0020, -0.0004]."""
    return f"{difference:+.{places}f} [{ends[0]:+.{places}f}, {ends[1]:+.{places}f}]"


def of_rows(difference: Floats, places: int = 4, times: int = 500) -> str:
    """The mean of what each row differs by, with its interval."""
    ends = interval(lambda rows: float(difference[rows].mean()), len(difference), times)
    return said(float(difference.mean()), ends, places)


def of_customers(difference: Floats, customer: Ints, places: int = 4, times: int = 1_000) -> str:
    """The same where rows of one customer hang together: customers are drawn, with all of theirs."""
    code = np.unique(customer, return_inverse=True)[1]
    total, size = np.bincount(code, weights=difference), np.bincount(code)
    ends = interval(lambda some: float(total[some].sum() / size[some].sum()), len(total), times)
    return said(float(difference.mean()), ends, places)


def best(figures: Iterable[tuple[str, float]], greatest: bool = False) -> str:
    """The name of the least figure, or of the greatest."""
    listed = list(figures)
    return (max if greatest else min)(listed, key=lambda pair: pair[1])[0]
