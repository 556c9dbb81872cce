"""Goals: sample sizes and stop rules held against figures worked out by other means."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.errors import InputError
from agent.simulation.goals import Goal, Guardrail, likely, read_goal, sample_size, stop_at, weigh
from agent.simulation.measures import Difference, Measures
from agent.simulation.result import Result

EMPTY = Measures(
    customers=1_000, buyers=100, purchases=120, revenue=5_000.0, earned=2_000.0, spent=100.0, margin=1_900.0,
    discounts=0.0, coupons=0, coupons_unneeded=0, returned=0, demos=0, churned=50, opt_outs=3, complaints=0, touches=0,
    noticed=0, unasked=0, night=0, many=0, by_channel={}, by_action={},
)  # fmt: skip


def difference(mean: float, error: float, base: float = 0.05, what: str = "churned") -> Difference:
    reach = 1.96 * error
    return Difference(
        measure=what, arm="agent", against="rules", mean=mean, low=mean - reach, high=mean + reach, base=base,
        error=error, share=mean / base if base > 0 else None, seeds=1, paired=True, found="none",
    )  # fmt: skip


def result(found: Difference, **more: Any) -> Result:
    blank = {f: None for f in Result.__dataclass_fields__}
    made = {
        "policies": ("agent", "rules"), "customers": 1_000, "days": 30, "played_days": 30.0, "seeds": (7,),
        "currency": "GBP", "measures": {"agent": EMPTY, "rules": EMPTY}, "differences": [found],
    }  # fmt: skip
    return Result(**(blank | made | more))  # type: ignore[arg-type]


GOAL = Goal(
    name="cut churn", measure="churned", change=-0.10, days=90, keep=(Guardrail(measure="opt_outs", below=0.005),)
)


def test_the_sample_is_that_of_the_textbook_for_two_shares() -> None:
    """10 % against 12 %, 80 % power, 5 % risk: 3,839 or so in each group (two-proportion z test, unpooled)."""
    goal = replace(GOAL, measure="buyers", change=0.2)
    assert sample_size(goal, result(difference(0, 0)), 0.10) == pytest.approx(3_839, abs=3)


@given(st.floats(0.001, 0.2), st.integers(20, 3_000))
def test_a_stop_rule_is_reached_by_chance_in_no_more_runs_than_the_risk(limit: float, customers: int) -> None:
    count = stop_at(limit, customers, 0.05)

    def at_least(k: int) -> float:
        below = sum(math.exp(_log_binomial(customers, j, limit)) for j in range(k))
        return 1.0 - below

    assert at_least(count) <= 0.05 + 1e-9
    assert count == 1 or at_least(count - 1) > 0.05 - 1e-9


def _log_binomial(n: int, k: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return choose + k * math.log(p) + (n - k) * math.log1p(-p)


def test_a_large_pilot_has_a_stop_rule_too() -> None:
    assert 1_000 < stop_at(0.1, 10_000, 0.05) < 1_100


def test_a_tie_is_weighed_like_any_other_result() -> None:
    assert weigh(GOAL, result(difference(0.0, 0.004)), "en").likely < 0.5


def test_a_run_that_was_stopped_counts_for_the_days_it_played() -> None:
    whole, part = (weigh(GOAL, result(difference(-0.004, 0.003), played_days=d), "en") for d in (30.0, 3.0))
    assert part.kept[0][2] == pytest.approx(10 * whole.kept[0][2])


@pytest.mark.parametrize(
    ("mean", "wanted", "chance"), [(-0.010, -0.005, 0.99), (-0.005, -0.005, 0.5), (0.0, -0.005, 0.01)]
)
def test_how_likely_a_goal_is_follows_from_the_interval(mean: float, wanted: float, chance: float) -> None:
    assert likely(difference(mean, 0.00215), wanted) == pytest.approx(chance, abs=0.01)


def test_a_goal_says_all_that_is_needed_to_start_and_to_stop_in_both_languages() -> None:
    found = difference(-0.004, 0.003)
    for lang in ("en", "ko"):
        weighed = weigh(GOAL, result(found), lang)
        assert weighed.pilot == 11_250  # five cases in its eight days, were the limit just kept
        assert [stage.share for stage in weighed.ramp] == [0.01, 0.05, 0.2, 0.5, 1.0]
        assert sum(stage.days for stage in weighed.ramp) == pytest.approx(90, abs=2)
        ((what, limit, count),) = weighed.stops
        assert (what, count) == ("opt_outs", 10)
        assert limit == pytest.approx(0.005 * 8 / 90)
        assert weighed.kept[0][2] == pytest.approx(0.003 * 3)
        assert len(weighed.lines) == 7
        assert any("0.90%" in line for line in weighed.lines)


def test_a_goal_against_a_policy_that_was_not_played_says_how_to_play_it() -> None:
    with pytest.raises(InputError, match="everyone was not played") as caught:
        weigh(replace(GOAL, against="everyone"), result(difference(0, 0)), "en")
    assert "--against everyone" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: x\nmeasure: joy\nchange: -0.1\ndays: 90\n", "goal.yaml:2"),
        ("name: x\nmeasure: churned\nchange: -0.1\n", "days"),
        ("name: x\nmeasure: churned\nchange: 0\ndays: 9\n", "change"),
        ("name: x\nmeasure: churned\nchange: -0.1\ndays: 9\nwish: more\n", "wish"),
    ],
)
def test_a_bad_goal_file_names_the_place(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "goal.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_goal(path)
    assert named in str(caught.value)


def test_a_goal_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml"):
        read_goal(tmp_path / "none.yaml")
