"""Replenishment and replacement: when each customer needs each product again, with an interval."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import orjson

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals.data import Data
from agent.signals.fits.churn import figures_of
from agent.signals.fits.fit import Fit, prior
from agent.signals.purchases import Flags, Floats, Ints, rank_within
from agent.signals.replenishment.again import chance_rows, stack_chance
from agent.signals.replenishment.gaps import fit_gap, predict_gap
from agent.signals.replenishment.history import History, build_history, purchases_before
from agent.signals.tabular import model as tabular
from agent.signals.telling import Told, millionths

LEAST_GAPS = 100
MONTH = 30
EACH = 5
LATE, AHEAD = 21, 90
"""What should have been needed longer ago is over; what is further ahead is no news yet."""
DURABLE = 180.0
"""Days from which on a thing is worn out rather than used up."""


def fit(data: Data) -> Fit:
    """Too few products bought again: nothing is foretold."""
    bought = data.purchases.bought()
    history = build_history(bought.who, bought.what, bought.day, bought.quantity)
    again = int((purchases_before(history) > 0).sum())
    if again < LEAST_GAPS:
        return prior(Signal.REPLENISHMENT, len(np.unique(bought.who)), why="few_repeats")
    made = fit_gap(history)
    rows = np.flatnonzero(history.last & (purchases_before(history) >= 1))
    days = predict_gap(made, history, rows)
    chances, figures, model = _chances(history, rows, data.cut)
    due = history.day[rows] + days[:, 1]
    timely = (due > data.cut - LATE) & (due < data.cut + AHEAD)
    worn = days[:, 1] >= DURABLE
    told = [
        _told(data, history, rows, days, chances, timely & ~worn, Omen.REPLENISHMENT),
        _told(data, history, rows, days, chances, timely & worn, Omen.REPLACEMENT),
    ]
    return Fit(
        signal=Signal.REPLENISHMENT,
        chosen="boosted quantiles" if made.boosters else "log-normal, shrunk",
        rows=again,
        customers=len(np.unique(history.customer[rows])),
        figures=figures,
        inputs={"gap": days[:, 1]},
        parts={"gaps": orjson.dumps(asdict(made), option=orjson.OPT_SERIALIZE_NUMPY).decode(), "again": model},
        told=told,
    )


def _chances(history: History, rows: Ints, cut: int) -> tuple[Floats, dict[str, float], str]:
    """The chance of each pair within a month: fitted for pairs with three purchases, the share of all like it for
    two."""
    base = np.full(len(rows), _share_again(history, cut))
    try:
        x, y, who = stack_chance(history, [cut - 2 * MONTH, cut - MONTH])
        made = tabular.fit(x, y, groups=who)
    except ValueError:
        return base, {}, ""
    now, _, (customers, products) = chance_rows(history, cut + 1)
    width = int(history.product.max()) + 1
    keys, wanted = customers * width + products, history.customer[rows] * width + history.product[rows]
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    known = keys[order][at] == wanted
    fitted = tabular.predict(made, now)[order]
    return np.where(known, fitted[at], base), figures_of(made), tabular.dump(made)


def _share_again(history: History, cut: int) -> float:
    """Of pairs with two purchases a month ago, how many were bought again since."""
    then = history.day <= cut - MONTH
    seconds = (purchases_before(history) == 1) & then
    following = np.zeros(len(history), dtype=bool)
    following[:-1] = ~history.last[:-1] & (history.day[1:] > cut - MONTH)
    ended = seconds & (following | history.last)
    return float((following[ended].sum() + 0.5) / (ended.sum() + 2.0))


def _told(data: Data, history: History, rows: Ints, days: Floats, chances: Floats, these: Flags, omen: Omen) -> Told:
    """The likeliest few of each customer."""
    some = np.flatnonzero(these)
    who = history.customer[rows[some]]
    order = some[np.lexsort((history.product[rows[some]], -chances[some], who))]
    rank = rank_within(history.customer[rows[order]])
    kept = order[rank < EACH]
    last = history.day[rows[kept]]
    return Told(
        omen=omen,
        who=history.customer[rows[kept]],
        entity=[data.products[at] for at in history.product[rows[kept]].tolist()],
        chance=millionths(chances[kept]),
        number=np.rint(days[kept, 1]).astype(np.int64),
        low=np.rint(days[kept, 0] - days[kept, 1]).astype(np.int64),
        high=np.rint(days[kept, 2] - days[kept, 1]).astype(np.int64),
        due=last + days[kept, 1],
        why=[
            (("last_bought", float(data.cut - day)), ("usual_gap", float(gap)), ("times", float(n)))
            for day, gap, n in zip(
                last.tolist(), days[kept, 1].tolist(), (purchases_before(history)[rows[kept]] + 1).tolist(), strict=True
            )
        ],
    )
