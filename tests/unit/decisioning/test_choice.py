"""What chance decides, and that the recorded probability is the true one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.decisioning.choice import HashRng, choose
from agent.domain.action import Candidate, Fate, Kind, Score, Stage, Treatment, When
from agent.domain.customer import Channel
from agent.domain.ids import CustomerId
from tests.support.people import NOON, customer

RNG = HashRng("test")


def scored(name: str, total: int) -> Candidate:
    treatment = Treatment(action=name, channel=Channel.EMAIL, when=When.NOW, at=NOON, entity="")
    parts = Score(p_act=0, p_hold=0, value=0, weight=0, lever=0, cost=0, fatigue=0, shadow=0, total=total)
    return Candidate(treatment=treatment, kind=Kind.OFFER, fate=Fate.LOST, stage=Stage.ARBITRATION, score=parts)


RANKED = [scored("a", 1000), scored("b", 980), scored("c", 960), scored("d", 500)]
PEOPLE = 60_000


def test_recorded_propensities_match_how_often_each_is_drawn() -> None:
    drawn: Counter[str] = Counter()
    stated: dict[str, set[int | None]] = {}
    for number in range(PEOPLE):
        choice = choose(RANKED, replace(customer(), customer=CustomerId(f"c_{number}")), 5.0, RNG)
        name = choice.candidate.treatment.action if choice.candidate else "hold"
        drawn[name] += 1
        stated.setdefault(name, set()).add(choice.draws.propensity)
    assert set(drawn) == {"a", "b", "c", "hold"}
    for name, propensities in stated.items():
        (propensity,) = propensities
        assert propensity is not None
        expected = propensity / 1e6
        error = 4 * (expected * (1 - expected) / PEOPLE) ** 0.5
        assert abs(drawn[name] / PEOPLE - expected) < error, name
    assert abs(sum(p for (p,) in stated.values() if p) - 1_000_000) <= len(stated)


def test_the_holdout_is_stable_per_customer_and_exploration_is_not() -> None:
    def arms(person: str) -> set[str]:
        return {
            choose(RANKED, replace(customer(), customer=CustomerId(person), ordinal=n), 5.0, RNG).draws.arm
            for n in range(400)
        }

    kinds = [arms(f"c_{n}") for n in range(60)]
    assert {"holdout"} in kinds
    assert all(kind == {"holdout"} or "holdout" not in kind for kind in kinds)
    assert {"best", "near_tie"} in kinds


def test_without_an_allowed_offer_there_is_no_holdout_and_a_hold_is_certain() -> None:
    for number in range(200):
        choice = choose([], replace(customer(), customer=CustomerId(f"c_{number}")), 50.0, RNG)
        assert (choice.draws.arm, choice.draws.propensity) == ("none", 1_000_000)


def test_a_worthless_best_offer_is_a_certain_hold_in_every_arm() -> None:
    worthless = [scored("a", 0), scored("b", -5)]
    for number in range(200):
        choice = choose(worthless, replace(customer(), customer=CustomerId(f"c_{number}")), 50.0, RNG)
        assert choice.candidate is None
        assert choice.draws.propensity == 1_000_000


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_draw_depends_on_its_key_alone(key: list[str]) -> None:
    assert 0 <= HashRng("s").uniform(*key) < 1
    assert HashRng("s").uniform(*key) == HashRng("s").uniform(*key)
    assert HashRng("s").uniform(*key) != HashRng("other").uniform(*key)
