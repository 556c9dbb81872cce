"""Churn: who of those who bought lately does not buy again within the horizon."""

from __future__ import annotations

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals.churn import active, inputs, lessons
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, around, believed, prior
from agent.signals.table import settled
from agent.signals.tabular import model as tabular
from agent.signals.tabular.columns import Array
from agent.signals.telling import Told, Why, millionths


def fit(data: Data) -> Fit:
    """Too few who stopped, or went on: the playbook's belief."""
    rows = data.table()
    now = active(rows, data.horizon)
    learned = lessons(data.purchases, data.cut, data.horizon, data.deeds)
    ends = np.full(len(now), float(data.cut + data.horizon))
    try:
        made = tabular.fit(learned.inputs, learned.stopped, in_time=True, groups=learned.who, blocks=learned.lesson)
    except ValueError:
        chance, low, high = believed(data.playbook.foresight.churn, now.who)
        told = Told(omen=Omen.CHURN, who=now.who, chance=chance, low=low, high=high, due=ends, source="prior")
        return prior(Signal.CHURN, len(now), [told] if len(now) else [])
    columns = inputs(now)
    chances = tabular.predict(made, columns)
    low_, high_ = around(chances, len(learned.stopped) / 10)
    told = Told(
        omen=Omen.CHURN,
        who=now.who,
        chance=millionths(chances),
        low=millionths(low_),
        high=millionths(high_),
        due=ends,
        why=reasons_of(made, columns, now.columns),
    )
    return Fit(
        signal=Signal.CHURN,
        chosen=method_of(made),
        rows=len(learned.stopped),
        customers=len(now),
        figures=figures_of(made),
        notes=(("horizon", str(data.horizon)),),
        inputs=settled(rows),
        parts={"model": tabular.dump(made)},
        told=[told],
    )


def method_of(made: tabular.Model) -> str:
    return "logistic" if made.share == 0 else "trees" if made.share == 1 else "logistic and trees"


def figures_of(made: tabular.Model) -> dict[str, float]:
    """Means over the held-out stretches: of what was chosen, and of the plain logistic beside it."""
    found = {"rate": float(made.report["rate"])}
    for name in ("chosen", "logistic"):
        held = np.array(made.report["validation"][name])
        known = held[~np.isnan(held).any(axis=1)] if held.size else held  # a stretch with one label alone has no AUC
        if known.size:
            found |= {f"auc_{name}": float(known[:, 0].mean()), f"logloss_{name}": float(known[:, 1].mean())}
    return found


def reasons_of(made: tabular.Model, columns: dict[str, Array], shown: dict[str, Array]) -> list[Why]:
    """The inputs that move each chance most, with the values a reader knows."""
    found = tabular.reasons(made, columns)
    return [tuple((name, float(shown[name][row])) for name, _, _ in some) for row, some in enumerate(found)]
