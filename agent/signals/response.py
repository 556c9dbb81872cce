"""Who takes up what: each offer that was made, with what was known of the customer when it was made."""

from __future__ import annotations

import numpy as np

from agent.signals.data import Offers
from agent.signals.purchases import Floats, Ints, Visits
from agent.signals.tabular.columns import Array

WIDE = 1 << 20
"""More than any day number."""
NEVER = 999.0


def columns(offers: Offers, visits: Visits, who: Ints, day: Ints, arm: Ints, at: Floats) -> dict[str, Array]:
    """Inputs for offers to these customers at these instants: nothing of the day itself or later is read."""
    bought = np.sort(visits.who * WIDE + visits.day)
    order = np.lexsort((offers.at, offers.who))
    made = offers.who[order] * float(1 << 40) + offers.at[order]
    answered = ~np.isnan(offers.reached)
    taken = np.sort(offers.who[answered] * float(1 << 40) + offers.reached[answered])
    first = np.searchsorted(made, who * float(1 << 40))
    before = np.searchsorted(made, who * float(1 << 40) + at)
    tried = (before - first).astype(np.float64)
    last = np.where(before > first, (at - offers.at[order][np.maximum(before - 1, 0)]) / 86_400, NEVER)
    begins, ends = np.searchsorted(bought, who * WIDE), np.searchsorted(bought, who * WIDE + day)
    orders = (ends - begins).astype(np.float64)
    since = (
        np.where(orders > 0, day - bought[np.maximum(ends - 1, 0)] % WIDE, NEVER) if len(bought) else tried * 0 + NEVER
    )
    names = np.array([f"{action}:{channel}" for action, channel in offers.arms], dtype=object)
    return {
        "arm": names[arm],
        "channel": np.array([channel for _, channel in offers.arms], dtype=object)[arm],
        "orders": np.log1p(orders),
        "recency": np.log1p(since),
        "offers": np.log1p(tried),
        "taken_share": (_between(taken, who, at) + 0.5) / (tried + 5.0),
        "since_offer": np.log1p(last),
    }


def _between(sorted_keys: Floats, who: Ints, at: Floats) -> Floats:
    """How many entries of each customer lie before an instant."""
    begins = np.searchsorted(sorted_keys, who * float(1 << 40))
    return (np.searchsorted(sorted_keys, who * float(1 << 40) + at) - begins).astype(np.float64)
