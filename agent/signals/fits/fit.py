"""What fitting one signal gives: how it was done and how good it is, the numbers to keep, and what it says of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import beta

from agent.domain.models import Signal
from agent.domain.playbook import Prior
from agent.signals.keeping import Kept
from agent.signals.purchases import Floats, Ints
from agent.signals.telling import ONE, Told

MIDDLE = 0.8
"""Intervals hold four fifths."""
Z = 1.2816
TENTHS = np.linspace(0, 1, 11)[1:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """`inputs` are the columns it was fitted on: drift is measured against them."""

    signal: Signal
    chosen: str
    source: str = "model"
    rows: int = 0
    customers: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    segments: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Floats] = field(default_factory=dict)
    parts: Kept = field(default_factory=dict)
    told: Sequence[Told] = ()


def prior(signal: Signal, customers: int, told: Sequence[Told] = (), why: str = "few_data") -> Fit:
    """For want of data: what the playbook believes."""
    note = ((why, str(customers)),)
    return Fit(signal=signal, chosen="prior", source="prior", customers=customers, notes=note, told=told)


def believed(given: Prior, who: Ints) -> tuple[Ints, Ints, Ints]:
    """(chance, low, high) of a prior for each, in millionths: its mean and the middle of its Beta distribution."""
    a, b = given.rate * given.strength, (1.0 - given.rate) * given.strength
    ends = beta.ppf([(1 - MIDDLE) / 2, (1 + MIDDLE) / 2], a, b)
    chance, low, high = (np.full(len(who), round(float(value) * ONE)) for value in (given.rate, *ends))
    return chance, low, high


def around(chance: Floats, alike: float) -> tuple[Floats, Floats]:
    """The interval of a share seen among so many who were scored alike (Wilson, 1927)."""
    n = max(1.0, alike)
    middle = (chance + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(chance * (1 - chance) / n + Z * Z / (4 * n * n))
    return np.asarray(np.maximum(0.0, middle - half)), np.asarray(np.minimum(1.0, middle + half))
