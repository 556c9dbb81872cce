"""When a product is needed again."""

from __future__ import annotations

import numpy as np
import pytest

from agent.signals.replenishment.again import chance_rows
from agent.signals.replenishment.gaps import fit_gap, predict_gap
from agent.signals.replenishment.history import History, build_history, next_gap, purchases_before, subset


def shop(customers: int = 250, days: int = 360, seed: int = 0) -> History:
    """Coffee lasts some 30 days, tea some 60; each customer is faster or slower than others, and a little irregular."""
    draw = np.random.Generator(np.random.Philox(seed))
    who, what, day = [], [], []
    for number in range(customers):
        pace = draw.lognormal(0, 0.25)
        for product, lasts in enumerate((30.0, 60.0)):
            at = 40 * draw.random()
            while at < days:
                who.append(number)
                what.append(product)
                day.append(int(at))
                at += max(1.0, lasts * pace * draw.lognormal(0, 0.15))
    return build_history(np.array(who), np.array(what), np.array(day), np.ones(len(who)))


HISTORY = shop()
MODEL = fit_gap(HISTORY)


def test_the_same_day_counts_once() -> None:
    history = build_history(np.array([1, 1, 1]), np.array([2, 2, 2]), np.array([9, 5, 9]), np.array([1.0, 2.0, 3.0]))
    assert (history.day.tolist(), history.quantity.tolist()) == ([5, 9], [2.0, 4.0])
    assert next_gap(history)[0] == 4
    assert np.isnan(next_gap(history)[1])


def test_a_gap_is_foreseen_within_its_interval() -> None:
    fresh = shop(seed=5)
    newest = np.flatnonzero(~np.isnan(next_gap(fresh)) & (purchases_before(fresh) >= 2))
    low, middle, high = predict_gap(MODEL, fresh, newest).T
    truth = next_gap(fresh)[newest]
    assert np.abs(middle - truth).mean() < 8.0
    assert 0.7 < ((truth >= low) & (truth <= high)).mean() < 0.95
    assert ((low <= middle) & (middle <= high) & (low >= 1)).all()


def test_a_row_knows_nothing_of_what_came_after_it() -> None:
    cut = subset(HISTORY, HISTORY.day <= 200)
    rows = np.flatnonzero(cut.last)
    keys = cut.customer[rows] * 10 + cut.product[rows]
    whole = {
        (int(c), int(p), int(d)): at
        for at, (c, p, d) in enumerate(zip(HISTORY.customer, HISTORY.product, HISTORY.day, strict=True))
    }
    same = np.array(
        [
            whole[int(c), int(p), int(d)]
            for c, p, d in zip(cut.customer[rows], cut.product[rows], cut.day[rows], strict=True)
        ]
    )
    assert len(set(keys.tolist())) == len(rows)
    np.testing.assert_array_equal(predict_gap(MODEL, cut, rows), predict_gap(MODEL, HISTORY, same))


def test_little_history_takes_the_pace_of_product_and_customer() -> None:
    lone = build_history(np.array([900, 901]), np.array([0, 1]), np.array([100, 100]), np.ones(2))
    coffee, tea = predict_gap(MODEL, lone, np.array([0, 1]))
    assert 20 < coffee[1] < 45
    assert 40 < tea[1] < 85


def test_labels_of_bought_again_lie_after_the_cut_alone() -> None:
    columns, label, (customer, product) = chance_rows(HISTORY, 200)
    for row in range(0, len(label), 37):
        mine = (HISTORY.customer == customer[row]) & (HISTORY.product == product[row])
        days = HISTORY.day[mine]
        assert label[row] == ((days >= 200) & (days < 230)).any()
    past, _, _ = chance_rows(subset(HISTORY, HISTORY.day < 200), 200)
    for name, column in columns.items():
        np.testing.assert_array_equal(column, past[name], err_msg=name)


def test_too_few_gaps_leave_the_shrinkage_alone() -> None:
    few = shop(20)
    made = fit_gap(few)
    assert made.boosters == []
    assert np.isfinite(predict_gap(made, few, np.flatnonzero(few.last))).all()


@pytest.mark.parametrize("size", [0, 1])
def test_nobody_and_one_purchase_are_no_fault(size: int) -> None:
    history = build_history(np.arange(size), np.arange(size), np.arange(size), np.ones(size))
    assert len(next_gap(history)) == size
