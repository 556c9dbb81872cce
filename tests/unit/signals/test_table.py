"""The prepared table: thirty numbers a customer, of nothing but what was known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.signals.purchases import Purchases, calendar, visits
from agent.signals.table import COLUMNS, Deeds, counts, table

CUT = 20_000


def purchases(rows: Sequence[tuple[int, int, int, float, float]], customers: int = 4, products: int = 3) -> Purchases:
    """From (customer, day, product, quantity, amount): one order for each customer and day."""
    rows = sorted(rows, key=lambda row: row[1])
    orders = {key: at for at, key in enumerate(dict.fromkeys((who, day) for who, day, *_ in rows))}
    who, day, what, quantity, amount = (np.array(column) for column in zip(*rows, strict=True))
    return Purchases(
        customers=customers,
        products=products,
        who=who.astype(np.int64),
        what=what.astype(np.int64),
        order=np.array([orders[row[0], row[1]] for row in rows], dtype=np.int64),
        at=day * 86_400.0,
        day=day.astype(np.int64),
        hour=np.full(len(rows), 10, dtype=np.int64),
        quantity=quantity.astype(float),
        amount=amount.astype(float),
    )


LINES = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(CUT - 200, CUT + 60), st.integers(0, 2), st.integers(1, 5), st.floats(1.0, 500.0)
    ),
    min_size=1,
    max_size=40,
)


@given(LINES)
def test_counts_are_those_of_a_plain_loop(lines: list[tuple[int, int, int, float, float]]) -> None:
    made = counts(visits(purchases(lines)), CUT, 30)
    known = [line for line in lines if line[1] <= CUT]
    assert made.who.tolist() == sorted({line[0] for line in known})
    for row, who in enumerate(made.who.tolist()):
        days = sorted({line[1] for line in known if line[0] == who})
        assert made["days"][row] == len(days)
        assert (made["recency"][row], made["tenure"][row]) == (CUT - days[-1], CUT - days[0])
        assert made["days_recent"][row] == sum(day > CUT - 30 for day in days)
        assert made["spend"][row] == pytest.approx(sum(line[4] for line in known if line[0] == who))
        assert made["spend_before"][row] == pytest.approx(
            sum(line[4] for line in known if line[0] == who and CUT - 60 < line[1] <= CUT - 30)
        )
        gaps = [later - earlier for earlier, later in pairwise(days)]
        assert made["gap_mean"][row] == pytest.approx(sum(gaps) / len(gaps) if gaps else max(CUT - days[0], 1))


@given(LINES)
def test_what_comes_after_the_cut_changes_nothing(lines: list[tuple[int, int, int, float, float]]) -> None:
    known = [line for line in lines if line[1] <= CUT]
    if known:
        whole, cut_off = table(purchases(lines), CUT, 30), table(purchases(known), CUT, 30)
        assert whole.who.tolist() == cut_off.who.tolist()
        for name in COLUMNS:
            np.testing.assert_array_equal(whole[name], cut_off[name], err_msg=name)


def test_there_are_thirty_columns_and_none_says_who_somebody_is() -> None:
    assert len(COLUMNS) == 30
    forbidden = ("age", "sex", "gender", "country", "region", "zone", "locale", "name", "address")
    assert not [name for name in COLUMNS for word in forbidden if name == word or name.startswith(f"{word}_")]


def test_what_was_sent_back_and_given_away_is_no_purchase() -> None:
    made = table(purchases([(0, CUT - 9, 0, 1, 10.0), (0, CUT - 5, 0, -1, -10.0), (0, CUT - 4, 1, 1, 0.0)]), CUT, 30)
    assert (made["days"].tolist(), made["spend"].tolist(), made["returned"].tolist()) == ([1.0], [10.0], [0.5])


def test_a_price_a_tenth_under_the_usual_is_reduced() -> None:
    lines = [(0, CUT - 9, 0, 1, 10.0), (1, CUT - 8, 0, 1, 10.0), (2, CUT - 7, 0, 1, 8.0), (3, CUT - 6, 0, 1, 9.5)]
    assert table(purchases(lines), CUT, 30)["reduced"].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_deeds_count_within_their_days() -> None:
    deeds = Deeds(who=np.array([0, 0, 0]), day=np.array([CUT - 29, CUT - 30, CUT + 1]), kind=np.array([0, 0, 0]))
    assert table(purchases([(0, CUT - 9, 0, 1, 10.0)]), CUT, 30, deeds)["views_30"].tolist() == [1.0]


def test_days_and_hours_are_the_sellers_own() -> None:
    before_midnight = np.array([1_763_564_399.0, 1_763_564_400.0])  # 2025-11-19 23:59:59 and 24:00 in Seoul
    day, hour = calendar(before_midnight, "Asia/Seoul")
    assert (np.diff(day).tolist(), hour.tolist()) == ([1], [23, 0])
    summer = np.array([1_743_296_400.0])  # 2025-03-30 01:00 UTC: London's clocks go forward
    assert calendar(summer, "Europe/London")[1].tolist() == [2]
