"""What a policy came to, and what may be said of a difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.simulation.log import Ended, Log, Order, Returned, Tables, Touched
from agent.simulation.measures import MEASURED, Prices, difference, measure, per_customer, student, together

PRICES = Prices(margin=0.4, costs={"offer_coupon": 0.5})


def order(who: int, value: float = 100.0, **more: object) -> Order:
    made = {"at": 10.0, "off": 0.0, "anyway": False, "coupon": False, "touched": False, "renewal": False}
    return Order(**({"who": who, "value": value} | made | more))  # type: ignore[arg-type]


def touched(who: int, action: str = "offer_coupon", channel: str = "email", at: float = 5.0) -> Touched:
    return Touched(who, at, action, channel, "offer", 10, 0, True, True, False, False, False)


def tables(**rows: list[object]) -> Tables:
    return Tables.of(Log(**rows))  # type: ignore[arg-type]


def test_margin_is_what_orders_earn_less_discounts_returns_and_contacts() -> None:
    found = measure(
        tables(
            orders=[order(0, 100.0, off=10.0, coupon=True, anyway=True), order(0, 50.0), order(2, 20.0)],
            returns=[Returned(2, 90.0, 20.0, 0.0)],
            touches=[touched(0), touched(1), touched(1, "remind_cart", "push")],
            ended=[Ended(1, 7.0, "stopped", "email"), Ended(1, 8.0, "left", "")],
        ),
        PRICES,
        4,
    )
    assert (found.purchases, found.buyers, found.returned) == (3, 2, 1)
    assert found.revenue == 100 - 10 + 50
    assert found.earned == pytest.approx(0.4 * 150)
    assert found.spent == pytest.approx(10 + 2 * 0.5)
    assert found.margin == pytest.approx(60 - 11)
    assert (found.coupons, found.coupons_unneeded) == (1, 1)
    assert (found.opt_outs, found.churned, found.touches) == (1, 1, 3)
    assert found.by_channel == {"email": 2, "push": 1}


@pytest.mark.parametrize("what", MEASURED)
def test_what_customers_have_adds_up_to_the_whole(what: str) -> None:
    rng = np.random.default_rng(4)
    mine = tables(
        orders=[order(int(w), 30.0 + w, off=1.0) for w in rng.integers(0, 9, 40)],
        returns=[Returned(3, 1.0, 33.0, 1.0)],
        touches=[touched(int(w)) for w in rng.integers(0, 9, 60)],
        ended=[
            Ended(int(w), 2.0, kind, "")
            for w, kind in zip(range(9), ("stopped", "left", "complained") * 3, strict=True)
        ],
    )
    total = measure(mine, PRICES, 9)
    assert per_customer(mine, PRICES, 9, what).sum() == pytest.approx(getattr(total, what))


def test_nothing_happened_is_nothing() -> None:
    found = measure(tables(), PRICES, 3)
    assert (found.purchases, found.margin, found.by_action) == (0, 0, {})
    assert together([found, found]) == found


def test_a_run_that_was_stopped_counts_up_to_where_it_came() -> None:
    whole = tables(orders=[order(0, at=5.0), order(1, at=50.0)], touches=[touched(0, at=60.0)])
    assert (len(whole.until(10.0).orders), len(whole.until(10.0).touches)) == (1, 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_a_policy_held_against_itself_differs_in_nothing(values: list[float]) -> None:
    mine = [np.array(values)]
    found = difference("margin", "a", "a", mine, mine)
    assert (found.mean, found.low, found.high, found.found) == (0, 0, 0, "none")


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=40), st.floats(0.5, 50))
def test_a_shift_for_everybody_is_found_whatever_their_spread(values: list[float], shift: float) -> None:
    mine, theirs = [np.array(values) + shift], [np.array(values)]
    assert difference("margin", "a", "b", mine, theirs).found == "more"
    assert difference("margin", "b", "a", theirs, mine).found == "less"


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    runs = 1_500
    for seeds, paired in ((1, True), (1, False), (5, False)):
        covered = 0
        for _ in range(runs):
            common = rng.normal(0, 1, (seeds, 60)) if paired else 0.0
            mine = list(common + rng.normal(0.3, 1, (seeds, 60)))
            theirs = list(common + rng.normal(0.0, 1, (seeds, 60)))
            found = difference("margin", "a", "b", mine, theirs, paired)
            covered += found.low <= 0.3 <= found.high
        assert covered / runs == pytest.approx(0.95, abs=0.02), (seeds, paired)


def test_paired_customers_tell_more_than_strangers_do() -> None:
    rng = np.random.default_rng(5)
    common = rng.normal(0, 10, 500)
    mine, theirs = [common + 0.2 + rng.normal(0, 0.5, 500)], [common]
    assert difference("margin", "a", "b", mine, theirs, paired=True).found == "more"
    assert difference("margin", "a", "b", mine, theirs, paired=False).found == "none"


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.706), (2, 4.303), (4, 2.776), (5, 2.571), (9, 2.262), (19, 2.093), (49, 2.010), (199, 1.972)],
)
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, abs=0.0055)
    assert math.isfinite(student(freedom))
