"""Laws of the score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.decisioning.arbitration import rank, score
from agent.decisioning.economics import Row, posterior
from agent.domain.action import Candidate, Fate, Kind, Stage, Treatment, When
from agent.domain.customer import Channel
from agent.domain.playbook import Prior
from tests.support.people import NOON

rates = st.floats(0.0001, 0.9999)
amounts = st.floats(0, 1e7)
ROWS = st.builds(
    Row,
    act_rate=rates,
    hold_rate=rates,
    readiness=st.floats(0.01, 50),
    value=amounts,
    weight=st.floats(0.01, 4),
    lever=st.floats(0.1, 10),
    cost=st.floats(0, 1e4),
    fatigue=st.floats(0, 1e4),
    shadow=st.floats(0, 1e4),
)


def candidate(row: Row, name: str) -> Candidate:
    treatment = Treatment(action=name, channel=Channel.EMAIL, when=When.NOW, at=NOON, entity="")
    return Candidate(
        treatment=treatment, kind=Kind.OFFER, fate=Fate.LOST, stage=Stage.ARBITRATION, score=score([row])[0]
    )


@settings(max_examples=500)
@given(ROWS, rates, amounts)
def test_dominance_a_higher_response_and_value_never_rank_lower(
    row: Row, other_rate: float, other_value: float
) -> None:
    better = replace(row, act_rate=max(row.act_rate, other_rate), value=max(row.value, other_value))
    worse = replace(row, act_rate=min(row.act_rate, other_rate), value=min(row.value, other_value))
    for names in (("a", "b"), ("b", "a")):
        strong, weak = candidate(better, names[0]), candidate(worse, names[1])
        first, second = rank([weak, strong])
        assert strong.score is not None
        assert weak.score is not None
        assert strong.score.total >= weak.score.total
        ties = (strong.score.total, strong.score.p_act, strong.score.value) == (
            weak.score.total,
            weak.score.p_act,
            weak.score.value,
        )
        assert ties or (first, second) == (strong, weak)


@settings(max_examples=200)
@given(st.lists(ROWS, min_size=1, max_size=300))
def test_one_at_a_time_and_all_at_once_agree_to_the_last_unit(rows: list[Row]) -> None:
    assert score(rows) == [score([row])[0] for row in rows]


def test_a_million_rows_agree_with_single_ones_wherever_they_stand() -> None:
    drawn = np.random.default_rng(7)
    rows = [
        Row(*values)
        for values in np.column_stack(
            [
                drawn.uniform(0.001, 0.999, 20_000),
                drawn.uniform(0.001, 0.999, 20_000),
                drawn.uniform(0.01, 40, 20_000),
                drawn.uniform(0, 1e6, 20_000),
                drawn.uniform(0.1, 4, 20_000),
                drawn.uniform(0.1, 10, 20_000),
                drawn.uniform(0, 100, 20_000),
                drawn.uniform(0, 100, 20_000),
                drawn.uniform(0, 100, 20_000),
            ]
        ).tolist()
    ]
    swept = score(rows)
    for at in range(0, 20_000, 97):
        assert swept[at] == score([rows[at]])[0]


@given(ROWS)
def test_an_action_that_lowers_the_chance_to_buy_earns_nothing(row: Row) -> None:
    harmful = replace(row, act_rate=min(row.act_rate, row.hold_rate), hold_rate=max(row.act_rate, row.hold_rate))
    (found,) = score([harmful])
    costs = harmful.cost + harmful.fatigue + harmful.shadow
    assert abs(found.total + round(costs * 1e6)) <= 2


@given(ROWS)
def test_readiness_raises_both_chances_and_keeps_them_chances(row: Row) -> None:
    (calm,), (ready,) = score([row]), score([replace(row, readiness=row.readiness * 2)])
    assert 0 <= calm.p_act <= ready.p_act <= 1_000_000
    assert 0 <= calm.p_hold <= ready.p_hold <= 1_000_000


def test_a_prior_counts_as_many_observations_as_its_strength() -> None:
    prior = Prior(rate=0.1, strength=100)
    assert posterior(prior) == 0.1
    assert posterior(prior, trials=100, successes=30) == 0.2
    assert abs(posterior(prior, trials=10**6, successes=500_000) - 0.5) < 1e-3
