"""Value: what everybody will buy and spend, who is still a customer, who buys unasked, what an order is worth."""

from __future__ import annotations

import numpy as np
import orjson

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, around, believed, prior
from agent.signals.purchases import visits
from agent.signals.table import Table, settled
from agent.signals.telling import Told, micros, millionths, standing_out
from agent.signals.value import blend

LEAST_CUSTOMERS = 50
MONTH = 30
NAMED = ("recency", "days", "per_day", "days_recent", "overdue")


def fit(data: Data) -> Fit:
    """Fewer than `LEAST_CUSTOMERS` who bought: the playbook's belief of who buys unasked, and no more."""
    rows = data.table()
    if len(rows) < LEAST_CUSTOMERS:
        chance, low, high = believed(data.playbook.baseline, rows.who)
        one = Told(omen=Omen.RETURN, who=rows.who, chance=chance, number=chance, low=low, high=high, source="prior")
        return prior(Signal.VALUE, len(rows), [one] if len(rows) else [])
    value = blend.fit(visits(data.purchases), data.cut, data.horizon)
    return Fit(
        signal=Signal.VALUE,
        chosen=value.repeat.kind,
        rows=len(data.purchases.who),
        customers=len(rows),
        figures=value.figures,
        weights=value.weights,
        notes=(*((note, "") for note in value.notes), ("horizon", str(data.horizon))),
        inputs=settled(rows),
        parts={"value": orjson.dumps(value).decode()},
        told=_told(data, rows, value),
    )


def _told(data: Data, rows: Table, value: blend.Value) -> list[Told]:
    """What the blend says of everybody who has bought."""
    worth = blend.predict(value, rows)
    why = standing_out(rows.columns, NAMED)
    returns = blend.within(value, worth.days, MONTH / data.horizon)
    likely = {"low": worth.low * worth.per_day, "high": worth.high * worth.per_day}
    alive_low, alive_high = around(worth.alive, len(rows) / 10)
    back_low, back_high = around(returns, len(rows) / 10)
    ends = np.full(len(rows), float(data.cut + data.horizon))
    everybody = np.full(len(rows), float(returns.mean()))
    told = [
        Told(
            omen=Omen.VALUE,
            who=rows.who,
            number=micros(worth.spend),
            low=micros(np.minimum(likely["low"], worth.spend)),
            high=micros(np.maximum(likely["high"], worth.spend)),
            due=ends,
            why=why,
        ),
        Told(omen=Omen.LIFETIME, who=rows.who, number=micros(blend.lifetime(value, rows, worth)), why=why),
        Told(
            omen=Omen.ALIVE,
            who=rows.who,
            chance=millionths(worth.alive),
            low=millionths(alive_low),
            high=millionths(alive_high),
            why=why,
        ),
        Told(
            omen=Omen.RETURN,
            who=rows.who,
            chance=millionths(returns),
            number=millionths(everybody),
            low=millionths(back_low),
            high=millionths(back_high),
            due=np.full(len(rows), float(data.cut + MONTH)),
            why=why,
        ),
        Told(omen=Omen.BASKET, who=rows.who, number=micros(worth.per_day), why=why),
    ]
    if value.repeat.note == "no_dropout":  # then everybody is alive, and it says nothing
        told = [one for one in told if one.omen is not Omen.ALIVE]
    return told
