"""Fairness: what the audit flags, what it leaves alone, and what it refuses to judge."""

from __future__ import annotations

import random

import pytest

from agent.decisioning.fairness import Report, Seen, audit


def crowd(rates: dict[str, float], each: int, seed: int = 1) -> tuple[list[Seen], dict[str, dict[str, str]]]:
    draw = random.Random(seed)
    seen, groups = [], {}
    for group, rate in rates.items():
        for n in range(each):
            name = f"{group}{n}"
            seen.append(Seen(customer=name, offered=draw.random() < rate))
            groups[name] = group
    return seen, {"group": groups}


def finding(report: Report, value: str, measure: str = "offers") -> str:
    return next(x.finding for x in report.lines if x.value == value and x.measure == measure)


def test_a_group_offered_half_as_often_is_flagged() -> None:
    report = audit(*crowd({"a": 0.6, "b": 0.3}, 400))
    assert finding(report, "b") == "flag"
    line = next(x for x in report.lines if x.value == "b" and x.measure == "offers")
    assert line.ratio is not None
    assert 0.4 < line.ratio < 0.6
    assert line.p is not None
    assert line.p < 0.001


def test_groups_treated_alike_are_not_flagged_more_than_chance_allows() -> None:
    flagged = sum(audit(*crowd({"a": 0.5, "b": 0.5, "c": 0.5}, 200, seed)).flagged > 0 for seed in range(200))
    assert flagged <= 14  # five in a hundred, and the noise of two hundred tries


def test_a_small_difference_in_a_great_crowd_is_no_flag() -> None:
    assert audit(*crowd({"a": 0.50, "b": 0.45}, 20_000)).flagged == 0


def test_groups_under_thirty_are_not_judged() -> None:
    seen, groups = crowd({"a": 0.9, "b": 0.1}, 29)
    assert {x.finding for x in audit(seen, groups).lines} == {"too few"}


def test_a_rule_that_never_offers_a_group_anything_is_flagged() -> None:
    report = audit(*crowd({"a": 0.5, "b": 0.0}, 100))
    assert finding(report, "b") == "flag"
    assert finding(report, "b", "holds") == "flag"


def test_smaller_amounts_are_seen() -> None:
    seen = [Seen(customer=f"a{n}", offered=True, amount=10 + n % 3) for n in range(60)]
    seen += [Seen(customer=f"b{n}", offered=True, amount=5 + n % 3) for n in range(60)]
    report = audit(seen, {"group": {s.customer: s.customer[0] for s in seen}})
    assert finding(report, "b", "amounts") == "flag"
    assert finding(report, "b", "offers") == "even"


@pytest.mark.parametrize(("slope", "said"), [(0.0, "even"), (0.01, "flag")])
def test_a_numeric_attribute_is_judged_by_its_gini(slope: float, said: str) -> None:
    draw = random.Random(4)
    ages = {f"c{n}": 20 + n % 60 for n in range(2_000)}
    seen = [Seen(customer=c, offered=draw.random() < 0.2 + slope * (age - 20)) for c, age in ages.items()]
    (spread,) = audit(seen, {"age": {c: str(age) for c, age in ages.items()}}).spreads
    assert spread.finding == said
    assert spread.gini is not None
    assert 0 <= spread.gini <= 1


def test_customers_without_a_value_are_left_out() -> None:
    seen, groups = crowd({"a": 0.5, "b": 0.5}, 50)
    groups["group"] |= {f"a{n}": "" for n in range(25)}
    line = next(x for x in audit(seen, groups).lines if x.value == "a")
    assert (line.group, line.others) == (25, 50)
