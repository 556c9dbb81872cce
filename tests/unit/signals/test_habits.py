"""Affinity, timing, segments and demand: each finds what was put there, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from agent.signals import affinity, demand, segments, timing
from agent.signals.purchases import Purchases
from agent.signals.table import Table

CUT = 400


def bought(rows: list[tuple[int, int, int]], customers: int, products: int) -> Purchases:
    """(customer, day, product), one piece each; a customer's day is one order."""
    rows = sorted(rows, key=lambda row: row[1])
    orders = {key: at for at, key in enumerate(dict.fromkeys((who, day) for who, day, _ in rows))}
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    ones = np.ones(len(rows))
    return Purchases(
        customers=customers,
        products=products,
        who=columns[0],
        what=columns[2],
        order=np.array([orders[who, day] for who, day, _ in rows], dtype=np.int64),
        at=np.asarray(columns[1] * 86_400.0, dtype=np.float64),
        day=columns[1],
        hour=np.full(len(rows), 10, dtype=np.int64),
        quantity=ones,
        amount=10.0 * ones,
    )


def shop(customers: int = 150, seed: int = 0) -> Purchases:
    """Products 0 and 1 are always bought together; each customer repeats a product of their own among 4 to 13."""
    draw = np.random.Generator(np.random.Philox(seed))
    rows = []
    for who in range(customers):
        for day in range(int(draw.integers(30)), CUT + 1, 20 + who % 10):
            rows.append((who, day, 4 + who % 10))
            if draw.random() < 0.4:
                rows += [(who, day, 0), (who, day, 1)]
            if draw.random() < 0.3:
                rows.append((who, day, int(draw.integers(2, 4))))
    return bought(rows, customers, 14)


def test_what_is_bought_together_is_nearest() -> None:
    made = affinity.fit(shop(), CUT)
    nearest = made.together[0].toarray()[0]
    assert int(np.argmax(nearest)) == 1
    assert nearest[0] == 0.0


def test_own_repeats_come_first_in_the_next_basket() -> None:
    purchases = shop()
    made = affinity.fit(purchases, CUT)
    mine, near, popular = affinity.parts(purchases, CUT, made.similar)
    who = np.arange(20)
    found = affinity.scores(mine, near, popular, made.mix, who)
    top = np.argsort(-found, axis=1)[:, :4]
    assert np.mean([4 + n % 10 in row for n, row in zip(who, top, strict=True)]) > 0.9
    assert made.recall > made.popular_recall
    chances = affinity.chance(made, found)
    assert ((chances >= 0) & (chances <= 1)).all()


def test_the_mix_is_not_chosen_on_what_comes_after_the_cut() -> None:
    purchases = shop()
    before = list(zip(purchases.who.tolist(), purchases.day.tolist(), purchases.what.tolist(), strict=True))
    later = bought([*before, *[(0, CUT + 5, 2)] * 50], 150, 14)
    one, two = affinity.fit(purchases, CUT), affinity.fit(later, CUT)
    assert (one.mix, one.recall, one.slope) == (two.mix, two.recall, two.slope)


def test_a_habit_is_found_where_there_is_one() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    who = np.tile(np.arange(60), 40)
    own = np.where(who % 2 == 0, 9, 20)
    hour = np.where(draw.random(len(who)) < 0.7, own, draw.integers(0, 24, len(who)))
    habit = timing.fit(who, hour, 60, timing.HOURS)
    best, share = timing.best(habit, timing.counts(who, hour, 60, timing.HOURS))
    assert habit.gain > 0.1
    assert np.abs(best - np.where(np.arange(60) % 2 == 0, 9, 20)).max() <= 1
    assert (share > 0.2).all()


def test_no_habit_is_found_where_there_is_none() -> None:
    draw = np.random.Generator(np.random.Philox(1))
    who, hour = draw.integers(0, 60, 2_400), draw.integers(0, 24, 2_400)
    habit = timing.fit(who, hour, 60, timing.HOURS)
    assert habit.gain < 0.005
    shares = timing.posterior(timing.counts(who, hour, 60, timing.HOURS), habit.everybody, habit.strength)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def groups(size: int = 400, seed: int = 0, rate: float = 20.0) -> Table:
    """Regulars, weekend shoppers and bargain hunters."""
    draw = np.random.Generator(np.random.Philox(seed))
    kind = draw.integers(0, 3, size)
    columns = {name: np.abs(draw.normal(1.0, 0.05, size)) for name in segments.INPUTS}
    columns["days"] = np.where(kind == 0, rate, 3.0) * draw.lognormal(0, 0.1, size)
    columns["weekends"] = np.where(kind == 1, 0.9, 0.1) + draw.normal(0, 0.02, size)
    columns["reduced"] = np.where(kind == 2, 0.8, 0.1) + draw.normal(0, 0.02, size)
    return Table(who=np.arange(size), columns=columns)


def test_segments_are_named_after_what_sets_them_apart() -> None:
    made = segments.fit(groups())
    assert made is not None
    said = " ".join(made.names)
    assert "days_high" in said
    assert "weekends_high" in said
    assert "reduced_high" in said
    assert len(set(made.names)) == len(made.names)


def test_ids_outlive_a_refit_and_new_groups_get_new_ones() -> None:
    first = segments.fit(groups())
    assert first is not None
    second = segments.fit(groups(seed=1), first)
    assert second is not None
    mine, theirs = segments.assign(first, groups(seed=2)), segments.assign(second, groups(seed=2))
    same = [first.ids[a] == second.ids[b] for a, b in zip(mine.tolist(), theirs.tolist(), strict=True)]
    assert np.mean(same) > 0.85
    grown = segments.fit(groups(seed=3, rate=5_000.0), first)
    assert grown is not None
    assert len(set(grown.ids)) == len(grown.ids)


def test_too_few_are_not_grouped() -> None:
    assert segments.fit(groups(50)) is None


def test_demand_follows_what_is_sold() -> None:
    draw = np.random.Generator(np.random.Philox(4))
    rows = []
    for day in range(CUT - 182, CUT + 1):
        rows += [(who, day, 0) for who in range(int(draw.poisson(2)))]
        rows += [(10, day, 1)] * int(draw.poisson(0.2 + max(0, day - CUT + 60) / 30))
    made = demand.fit(bought(rows, 11, 2), np.zeros(11, dtype=np.int64), CUT)
    assert made is not None
    steady, rising = (int(np.flatnonzero(made.product == product)[0]) for product in (0, 1))
    assert made.expected[steady] == pytest.approx(56, rel=0.3)
    assert made.expected[rising] > 15
    assert ((made.low <= made.expected) & (made.expected <= made.high)).all()
    assert made.error <= made.plain_error


def test_too_short_a_time_foretells_no_demand() -> None:
    assert demand.fit(bought([(0, CUT, 0)], 1, 1), np.zeros(1, dtype=np.int64), CUT) is None
