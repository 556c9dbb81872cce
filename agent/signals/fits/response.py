"""Response: the chance that a customer takes up an action on a channel, from offers made and what came of them."""

from __future__ import annotations

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals.data import Data
from agent.signals.fits.churn import figures_of, method_of
from agent.signals.fits.fit import Fit, around, prior
from agent.signals.purchases import count, visits
from agent.signals.response import columns
from agent.signals.tabular import drift as drifting
from agent.signals.tabular import model as tabular
from agent.signals.tabular.columns import Array
from agent.signals.telling import Told, millionths

LEAST_OFFERS, LEAST_OF_ARM = 300, 50
ANSWER_DAYS = 7
"""Offers younger than this may still be taken up: they are not learned from."""


def fit(data: Data) -> Fit:
    """Too few offers or answers: nothing is foretold, and the playbook's priors count on."""
    offers, days = data.offers, visits(data.purchases)
    done = offers.day <= data.cut - ANSWER_DAYS
    if done.sum() < LEAST_OFFERS:
        return prior(Signal.RESPONSE, int(done.sum()), why="few_offers")
    x = columns(offers, days, offers.who[done], offers.day[done], offers.arm[done], offers.at[done])
    y = offers.success[done]
    try:
        made = tabular.fit(x, y, in_time=True, groups=offers.who[done])
    except ValueError:
        return prior(Signal.RESPONSE, int(done.sum()), why="few_answers")
    who = np.unique(offers.who)
    trials = count(offers.arm[done], len(offers.arms))
    told = []
    for arm in np.flatnonzero(trials >= LEAST_OF_ARM).tolist():
        action, channel = offers.arms[arm]
        size = len(who)
        at = np.full(size, data.as_of.timestamp())
        now = columns(offers, days, who, np.full(size, data.cut), np.full(size, arm), at)
        chance = tabular.predict(made, now)
        low, high = around(chance, float(trials[arm]) / 10)
        told.append(
            Told(
                omen=Omen.RESPONSE,
                who=who,
                entity=f"{action}:{channel}",
                value=channel,
                chance=millionths(chance),
                number=millionths(np.full(size, float(chance.mean()))),
                low=millionths(low),
                high=millionths(high),
            )
        )
    return Fit(
        signal=Signal.RESPONSE,
        chosen=method_of(made),
        rows=int(done.sum()),
        customers=len(who),
        figures=figures_of(made),
        notes=_moved(made, x, y),
        inputs={name: column for name, column in x.items() if column.dtype.kind == "f"},
        parts={"model": tabular.dump(made)},
        told=told,
    )


def _moved(made: tabular.Model, x: dict[str, Array], y: Array) -> tuple[tuple[str, str], ...]:
    """Whether the last fifth of the offers is unlike the rest."""
    late = slice(int(len(y) * 0.8), None)
    recent = {name: column[late] for name, column in x.items()}
    found = drifting.drift(made.reference, made.encoder, recent, tabular.predict(made, recent), y[late])
    return (("drift", ", ".join(found.causes)),) if found.raised else ()
