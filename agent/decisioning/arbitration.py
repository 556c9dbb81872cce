"""The score of every candidate: elementwise, for one customer as for a hundred thousand, ranked on whole micro-units.

`(P(response | act) - P(response | hold)) x value x context weight x lever - cost - fatigue - budget shadow price`

Only +, -, x and / on float64 are used, which IEEE 754 rounds the same way for one element and for many; sums and matrix
products are not. Each part and the total is then rounded to a millionth, so that ranking never depends on the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.decisioning.economics import Row
from agent.domain.action import Candidate, Score
from agent.domain.money import MICROS

Floats = NDArray[np.float64]


def score(rows: Sequence[Row]) -> list[Score]:
    """One score per row, in order. The lift is cut at zero: an action that puts people off earns nothing."""
    if not rows:
        return []
    table = np.array(
        [(r.act_rate, r.hold_rate, r.readiness, r.value, r.weight, r.lever, r.cost, r.fatigue, r.shadow) for r in rows],
        dtype=np.float64,
    )
    act_rate, hold_rate, readiness, value, weight, lever, cost, fatigue, shadow = table.T
    p_act = _moved(act_rate, readiness)
    p_hold = _moved(hold_rate, readiness)
    lift = np.maximum(p_act - p_hold, 0.0)
    total = lift * value * weight * lever - cost - fatigue - shadow
    columns = [_micros(c) for c in (p_act, p_hold, value, weight, lever, cost, fatigue, shadow, total)]
    return [
        Score(p_act=a, p_hold=h, value=v, weight=w, lever=le, cost=c, fatigue=f, shadow=s, total=t)
        for a, h, v, w, le, c, f, s, t in zip(*columns, strict=True)
    ]


def rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Scored candidates, best first. Equal totals: the likelier response, then the higher value, then the name.

    With equal cost, lever, weight, fatigue and shadow price a higher response and a higher value never rank lower.
    """

    def order(candidate: Candidate) -> tuple[int, int, int, str]:
        assert candidate.score is not None
        return (-candidate.score.total, -candidate.score.p_act, -candidate.score.value, candidate.treatment.key)

    return sorted(candidates, key=order)


def _moved(rate: Floats, factor: Floats) -> Floats:
    """A rate whose odds are multiplied by the factor."""
    odds = rate / (1.0 - rate) * factor
    return odds / (1.0 + odds)


def _micros(values: Floats) -> list[int]:
    return [int(v) for v in np.rint(values * MICROS).astype(np.int64).tolist()]
