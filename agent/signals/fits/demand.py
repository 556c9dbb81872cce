"""Demand: what will be wanted in which region, told of one customer there who buys it, so that operations hear of
it."""

from __future__ import annotations

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals import demand
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, prior
from agent.signals.purchases import Ints
from agent.signals.telling import Told

TOLD = 50
"""Rises that operations hear of: the greatest."""
RISE = 1.2
"""From a fifth more than in the last four weeks on, stock has to be moved."""


def fit(data: Data) -> Fit:
    """No region known, or too short a time: nothing is foretold."""
    made = demand.fit(data.purchases, data.region, data.cut) if (data.region >= 0).any() else None
    if made is None:
        return prior(Signal.DEMAND, int((data.region >= 0).sum()), why="short_history")
    more = made.expected - made.lately
    rising = np.flatnonzero((made.expected >= RISE * np.maximum(made.lately, 1.0)) & (more >= 1.0))
    best = rising[np.argsort(-more[rising], kind="stable")][:TOLD]
    buyers = [_buyer(data, int(made.region[at]), int(made.product[at])) for at in best.tolist()]
    return Fit(
        signal=Signal.DEMAND,
        chosen=made.chosen,
        rows=len(made.expected),
        customers=int((data.region >= 0).sum()),
        figures={"wape": made.error, "wape_last_4_weeks": made.plain_error},
        inputs={"lately": made.lately},
        parts={"expected": made.expected, "region": made.region, "product": made.product},
        told=[
            Told(
                omen=Omen.DEMAND,
                who=np.array(buyers, dtype=np.int64),
                entity=[data.products[at] for at in made.product[best].tolist()],
                value=[data.regions[at] for at in made.region[best].tolist()],
                number=np.rint(made.expected[best]).astype(np.int64),
                low=np.floor(made.low[best]).astype(np.int64),
                high=np.ceil(made.high[best]).astype(np.int64),
                due=np.full(len(best), float(data.cut + 7 * demand.AHEAD)),
                why=[(("lately", float(n)),) for n in made.lately[best].tolist()],
            )
        ],
    )


def _buyer(data: Data, region: int, product: int) -> int:
    """Who bought most of it there: the note to operations is filed under them."""
    bought = data.purchases.bought()
    these: Ints = np.flatnonzero((bought.what == product) & (data.region[bought.who] == region))
    units = np.bincount(bought.who[these], weights=bought.quantity[these])
    return int(np.argmax(units))
