"""Timing: each customer's best hour, day of the week and channel, shrunk to everybody's."""

from __future__ import annotations

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals import timing
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, prior
from agent.signals.purchases import Floats, Ints, calendar, count
from agent.signals.telling import Told, millionths

LEAST_VISITS, LEAST_OFFERS = 200, 200
THURSDAY = 3
"""The first day of 1970 was one; Monday is 0."""


def fit(data: Data) -> Fit:
    """Too few visits: nothing is foretold, and the playbook's hours hold."""
    who, day, hour = visits(data)
    if len(who) < LEAST_VISITS:
        return prior(Signal.TIMING, len(np.unique(who)), why="few_visits")
    told: list[Told] = []
    figures: dict[str, float] = {}
    weights: dict[str, float] = {}
    for name, omen, cell, cells in (
        ("hour", Omen.HOUR, hour, timing.HOURS),
        ("weekday", Omen.WEEKDAY, (day + THURSDAY) % 7, timing.WEEKDAYS),
    ):
        habit = timing.fit(who, cell, len(data.customers), cells)
        figures |= {f"gain_{name}": habit.gain}
        weights |= {f"strength_{name}": habit.strength}
        some = np.unique(who)
        best, share = timing.best(habit, timing.counts(who, cell, len(data.customers), cells)[some])
        seen = count(who, len(data.customers))[some]
        if not habit.gain > 0:
            continue
        told.append(
            Told(
                omen=omen,
                who=some,
                number=best,
                chance=millionths(share),
                why=[(("visits", float(n)),) for n in seen.tolist()],
            )
        )
    told += _channels(data)
    return Fit(
        signal=Signal.TIMING,
        chosen="own habits" if any(figures.values()) else "everybody's habits",
        rows=len(who),
        customers=len(np.unique(who)),
        figures=figures,
        weights=weights,
        inputs={"hour": hour.astype(np.float64), "weekday": ((day + THURSDAY) % 7).astype(np.float64)},
        told=told,
    )


def visits(data: Data) -> tuple[Ints, Ints, Ints]:
    """(customer, day, hour) of orders and of everything done on the site: each hour once, oldest first."""
    seen, at = data.seen_at
    on, hour = calendar(at, data.playbook.brand.zone)
    bought = data.purchases.bought()
    who = np.concatenate([bought.who, seen])
    hours = np.concatenate([bought.day * 24 + bought.hour, on * 24 + hour])
    keys = np.unique(hours * max(1, len(data.customers)) + who)
    stamp, owner = keys // max(1, len(data.customers)), keys % max(1, len(data.customers))
    return owner, stamp // 24, stamp % 24


def _channels(data: Data) -> list[Told]:
    """The channel that each answers on most: answers against offers there, shrunk to everybody's on that channel."""
    offers = data.offers
    if len(offers.who) < LEAST_OFFERS or not offers.success.any():
        return []
    names = sorted({channel for _, channel in offers.arms})
    code = np.array([names.index(channel) for _, channel in offers.arms], dtype=np.int64)[offers.arm]
    size, many = len(data.customers), len(names)
    tried = count(offers.who * many + code, size * many).reshape(size, many)
    taken = count(offers.who * many + code, size * many, offers.success).reshape(size, many)
    everybody: Floats = (taken.sum(axis=0) + 0.5) / (tried.sum(axis=0) + 10.0)
    rate = (taken + 20.0 * everybody) / (tried + 20.0)
    who = np.unique(offers.who)
    best = np.argmax(rate[who], axis=1)
    return [
        Told(
            omen=Omen.CHANNEL,
            who=who,
            value=[names[at] for at in best.tolist()],
            chance=millionths(rate[who, best]),
            number=millionths(everybody[best]),
            why=[(("offers", float(n)),) for n in tried[who, best].tolist()],
        )
    ]
