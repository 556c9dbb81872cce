"""When somebody is there: hour and weekday of each customer, shrunk to everybody's.

A customer's counts are mixed with everybody's shares as if those had been seen `strength` times (the mean of a
Dirichlet posterior); the strength is the one under which later visits were likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.signals.purchases import Floats, Ints, count

STRENGTHS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1e6)
"""The last stands for: nobody differs from everybody."""
HOURS, WEEKDAYS = 24, 7
SMOOTHED = np.array([0.25, 0.5, 0.25])
"""A visit at 19:00 says something of 18:00 and 20:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Shares over the cells of a circle (hours of a day, days of a week): everybody's, and how sure they are.

    `gain` is how much likelier later visits were under own shares than under everybody's (mean log-likelihood, nats).
    """

    everybody: Floats
    strength: float
    gain: float


def fit(who: Ints, cell: Ints, customers: int, cells: int) -> Habit:
    """From visits, oldest first: the strength is chosen on the later fifth of them."""
    cut = int(len(who) * 0.8)
    everybody = shares(cell[:cut], cells)
    base = float(np.mean(np.log(everybody[cell[cut:]]))) if cut < len(who) else 0.0
    own = counts(who[:cut], cell[:cut], customers, cells)
    best, gain = STRENGTHS[-1], 0.0
    for strength in STRENGTHS if cut < len(who) else ():
        found = posterior(own, everybody, strength)[who[cut:], cell[cut:]]
        better = float(np.mean(np.log(found))) - base
        if better > gain + 1e-9:
            best, gain = strength, better
    return Habit(everybody=shares(cell, cells), strength=best, gain=gain)


def shares(cell: Ints, cells: int) -> Floats:
    seen = _smooth(count(cell, cells)[None, :], cells)[0] + 0.5
    return np.asarray(seen / seen.sum())


def counts(who: Ints, cell: Ints, customers: int, cells: int) -> Floats:
    """Customers x cells, smoothed around the clock; the days of a week stand for themselves."""
    return _smooth(count(who * cells + cell, customers * cells).reshape(customers, cells), cells)


def _smooth(seen: Floats, cells: int) -> Floats:
    if cells != HOURS:
        return seen
    before, after = np.roll(seen, 1, axis=1), np.roll(seen, -1, axis=1)
    return np.asarray(SMOOTHED[0] * before + SMOOTHED[1] * seen + SMOOTHED[2] * after)


def posterior(own: Floats, everybody: Floats, strength: float) -> Floats:
    """Customers x cells: the shares of each, which sum to one."""
    seen = own.sum(axis=1, keepdims=True)
    return np.asarray((own + strength * everybody[None, :]) / (seen + strength))


def best(habit: Habit, own: Floats) -> tuple[Ints, Floats]:
    """(the likeliest cell, its share) for each customer."""
    found = posterior(own, habit.everybody, habit.strength)
    cell = np.argmax(found, axis=1)
    return cell, found[np.arange(len(found)), cell]
