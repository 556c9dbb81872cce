"""Customer value as a blend that a later stretch of time has chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agent.signals.purchases import Visits, visits_of
from agent.signals.table import Table, counts
from agent.signals.value import blend

CUT, HORIZON = 300, 90


def crowd(size: int = 600, seed: int = 3) -> Visits:
    draw = np.random.Generator(np.random.Philox(seed))
    who, day, spend = [], [], []
    for number in range(size):
        rate, basket, at = draw.gamma(1.0, 1 / 30), draw.lognormal(3, 0.5), 120 * draw.random()
        ends = at + draw.exponential(200)
        while at < min(CUT + HORIZON, ends):
            who.append(number)
            day.append(int(at) + 1)
            spend.append(basket * draw.lognormal(0, 0.3))
            at += draw.exponential(1 / max(rate, 1e-6))
    return visits_of(np.array(who), np.array(day), np.array(spend), size)


VISITS = crowd()
VALUE = blend.fit(VISITS, CUT, HORIZON)
ROWS = counts(VISITS, CUT, HORIZON)


def test_weights_are_shares_and_predictions_are_possible() -> None:
    worth = blend.predict(VALUE, ROWS)
    assert sum(VALUE.weights.values()) == pytest.approx(1.0)
    assert min(VALUE.weights.values()) >= 0
    for column in (worth.days, worth.spend, worth.per_day, worth.low, worth.high):
        assert np.isfinite(column).all()
        assert (column >= 0).all()
    assert (worth.low <= worth.high).all()
    assert ((worth.active >= 0) & (worth.active <= 1) & (worth.alive >= 0) & (worth.alive <= 1)).all()


def test_it_beats_predicting_the_same_for_everyone_and_hits_the_total() -> None:
    after = VISITS.between(CUT + 1, CUT + HORIZON)
    came = np.bincount(after.who, minlength=VISITS.customers)[ROWS.who].astype(float)
    days = blend.predict(VALUE, ROWS).days
    assert blend.deviance(came, days).mean() < 0.8 * blend.deviance(came, np.full(len(came), came.mean())).mean()
    assert abs(days.sum() / came.sum() - 1) < 0.35


def test_what_comes_after_the_cut_is_never_read() -> None:
    known = VISITS.between(0, CUT)
    assert blend.fit(known, CUT, HORIZON) == VALUE
    planted = replace(VISITS, spend=np.where(VISITS.day > CUT, 1e6, VISITS.spend))
    assert blend.fit(planted, CUT, HORIZON) == VALUE


def test_the_same_data_give_the_same_model() -> None:
    assert blend.fit(VISITS, CUT, HORIZON) == VALUE


def test_some_are_scored_as_all_are_but_for_the_rank_of_their_spend() -> None:
    without = replace(VALUE, weights={name: w for name, w in VALUE.weights.items() if name != "boosted"})
    some = Table(who=ROWS.who[:7], columns={k: v[:7] for k, v in ROWS.columns.items()}, span=ROWS.span, horizon=HORIZON)
    alone, among = blend.predict(without, some), blend.predict(without, ROWS)
    assert alone.days.tolist() == among.days[:7].tolist()
    assert alone.spend.tolist() == among.spend[:7].tolist()


def test_a_longer_life_is_worth_more() -> None:
    worth = blend.predict(VALUE, ROWS)
    one, three = (blend.lifetime(VALUE, ROWS, worth, years) for years in (1, 3))
    assert (three >= one).all()
    assert (blend.lifetime(VALUE, ROWS, worth, 3, discount=0.5) <= three).all()


def test_a_single_purchase_is_enough_to_say_something() -> None:
    alone = visits_of(np.array([0]), np.array([5]), np.array([20.0]), 1)
    value = blend.fit(alone, 20, 7)
    assert "short_history" in value.notes
    assert np.isfinite(blend.predict(value, counts(alone, 20, 7)).spend).all()


def test_nobody_at_all_is_an_error_that_says_so() -> None:
    nobody = visits_of(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0), 0)
    with pytest.raises(ValueError, match="nobody"):
        blend.fit(nobody, 20, 7)
