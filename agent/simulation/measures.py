"""What one policy came to, and the difference between two: per customer, with intervals and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agent.domain.playbook import Playbook
from agent.simulation.log import Table, Tables

Floats = NDArray[np.float64]
DAY = 86_400.0
LEVEL = 0.95
ENOUGH_SEEDS = 3
"""From so many seeds on an interval is taken over their means: customers of one run share a budget."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a main unit of revenue earns, and what each action costs to do once."""

    margin: float
    costs: Mapping[str, float]

    @classmethod
    def of(cls, playbook: Playbook, others: Sequence[Playbook] = ()) -> Prices:
        """By the playbook; what only another policy's playbook prices costs what that says."""
        costs = {n: float(terms.cost) for book in (*others, playbook) for n, terms in book.actions.items()}
        return cls(playbook.economy.margin, costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Sums over all customers of one run. Money in main units: `revenue` is net of discounts and returns, `earned` the
    margin before what was spent, `spent` discounts and contacts, `margin` what is left."""

    customers: int
    buyers: int
    purchases: int
    revenue: float
    earned: float
    spent: float
    margin: float
    discounts: float
    coupons: int
    coupons_unneeded: int
    returned: int
    demos: int
    churned: int
    opt_outs: int
    complaints: int
    touches: int
    noticed: int
    unasked: int
    night: int
    many: int
    by_channel: dict[str, int]
    by_action: dict[str, int]


def measure(tables: Tables, prices: Prices, customers: int) -> Measures:
    orders, returns, touches, ended = tables.orders, tables.returns, tables.touches, tables.ended
    value, off = float(orders["value"].sum()), float(orders["off"].sum())
    back, back_off = float(returns["value"].sum()), float(returns["off"].sum())
    earned = prices.margin * (value - back)
    discounts = off - back_off
    spent = discounts + float(_costs(touches, prices).sum())
    what = ended["what"]
    return Measures(
        customers=customers,
        buyers=len(np.unique(orders["who"])),
        purchases=len(orders),
        revenue=value - off - back + back_off,
        earned=earned,
        spent=spent,
        margin=earned - spent,
        discounts=discounts,
        coupons=int(orders["coupon"].sum()),
        coupons_unneeded=int((orders["coupon"].astype(bool) & orders["anyway"].astype(bool)).sum()),
        returned=len(returns),
        demos=int((what == "held").sum()),
        churned=int((what == "left").sum()),
        opt_outs=int((what == "stopped").sum()),
        complaints=int((what == "complained").sum()),
        touches=len(touches),
        noticed=int(touches["noticed"].sum()),
        unasked=int(touches["unasked"].sum()),
        night=int(touches["night"].sum()),
        many=int(touches["many"].sum()),
        by_channel=_counts(touches["channel"]),
        by_action=_counts(touches["action"]),
    )


def together(measures: Sequence[Measures]) -> Measures:
    """The mean over seeds; counts rounded."""
    said: dict[str, Any] = {}
    for name, first in asdict(measures[0]).items():
        values = [getattr(m, name) for m in measures]
        if isinstance(first, dict):
            keys = sorted({key for value in values for key in value})
            said[name] = {key: round(sum(value.get(key, 0) for value in values) / len(values)) for key in keys}
        else:
            mean = sum(values) / len(values)
            said[name] = round(mean) if isinstance(first, int) else mean
    return Measures(**said)


MEASURED = ("purchases", "buyers", "revenue", "margin", "opt_outs", "complaints", "churned", "touches")
Measured = Literal["purchases", "buyers", "revenue", "margin", "opt_outs", "complaints", "churned", "touches"]


def per_customer(tables: Tables, prices: Prices, customers: int, what: str) -> Floats:
    """One of `MEASURED` for each customer, by position."""
    orders, returns, touches, ended = tables.orders, tables.returns, tables.touches, tables.ended

    def by(table: Table, weights: Floats | None = None) -> Floats:
        return np.bincount(table["who"].astype(np.int64), weights, customers).astype(np.float64)

    if what == "purchases":
        return by(orders)
    if what == "buyers":
        return np.minimum(by(orders), 1.0)
    if what == "revenue":
        return by(orders, orders["value"] - orders["off"]) - by(returns, returns["value"] - returns["off"])
    if what == "margin":
        kept = by(orders, prices.margin * orders["value"] - orders["off"])
        back = by(returns, prices.margin * returns["value"] - returns["off"])
        return kept - back - by(touches, _costs(touches, prices))
    if what == "touches":
        return by(touches)
    named = {"opt_outs": "stopped", "complaints": "complained", "churned": "left"}[what]
    return by(ended.where(ended["what"] == named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The mean difference per customer, `arm` minus `against`, with its 95 % interval and standard `error`.

    `base` is what `against` has, `share` the difference as a part of that, None where it is not above zero. `found`
    says whether chance alone explains it badly.
    """

    measure: str
    arm: str
    against: str
    mean: float
    low: float
    high: float
    base: float
    error: float
    share: float | None
    seeds: int
    paired: bool
    found: Literal["more", "less", "none"]


def difference(
    measure_: str, arm: str, against: str, mine: Sequence[Floats], theirs: Sequence[Floats], paired: bool = True
) -> Difference:
    """`mine` and `theirs`: one vector of customers for each seed."""
    means = [float(a.mean() - b.mean()) for a, b in zip(mine, theirs, strict=True)]
    mean = sum(means) / len(means)
    if len(means) >= ENOUGH_SEEDS:
        error = math.sqrt(sum((m - mean) ** 2 for m in means) / (len(means) - 1) / len(means))
        reach = student(len(means) - 1) * error
    else:
        variances = [_variance(a, b, paired) for a, b in zip(mine, theirs, strict=True)]
        error = math.sqrt(sum(variances)) / len(means)
        reach = NormalDist().inv_cdf(0.5 + LEVEL / 2) * error
    base = sum(float(b.mean()) for b in theirs) / len(theirs)
    low, high = mean - reach, mean + reach
    found: Literal["more", "less", "none"] = "more" if low > 0 else "less" if high < 0 else "none"
    return Difference(
        measure=measure_,
        arm=arm,
        against=against,
        mean=mean,
        low=low,
        high=high,
        base=base,
        error=error,
        share=mean / base if base > 0 else None,
        seeds=len(means),
        paired=paired,
        found=found,
    )


def student(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's t (Hill, CACM 13 (1970), algorithm 396, expanded to four terms)."""
    exact = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
    if freedom in exact:
        return exact[freedom]
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3


def _variance(mine: Floats, theirs: Floats, paired: bool) -> float:
    """Of the difference of the means."""
    if paired:
        return float((mine - theirs).var(ddof=1)) / len(mine)
    return float(mine.var(ddof=1)) / len(mine) + float(theirs.var(ddof=1)) / len(theirs)


def _costs(touches: Table, prices: Prices) -> Floats:
    return np.array([prices.costs.get(str(action), 0.0) for action in touches["action"]], dtype=np.float64)


def _counts(column: NDArray[Any]) -> dict[str, int]:
    if not len(column):
        return {}
    names, counts = np.unique(column.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names.tolist(), counts.tolist(), strict=True)}
