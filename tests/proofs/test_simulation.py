"""The simulator does not flatter: no alarms where nothing works, silence wins where contact harms, an oracle wins where
something can be won."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.playbooks import load_playbook
from agent.simulation.measures import Difference, Prices, difference, per_customer
from agent.simulation.plan import Plan
from agent.simulation.play import run
from prompts.loading import STARTER
from tests.conftest import SOAK
from tests.support.simulated import MONDAY

PLAYBOOK = STARTER / "en" / "playbook.yaml"
PRICES = Prices.of(load_playbook(PLAYBOOK))
RUNS, FEWEST, MOST = (200, 4, 17) if SOAK else (60, 0, 8)
"""At 5 % so many alarms come by chance alone (binomial, 99 %)."""
PLAN = Plan(
    world="null",
    playbook=PLAYBOOK,
    begins=MONDAY,
    days=14,
    customers=500,
    seeds=tuple(range(RUNS)),
    policies=("everyone", "nobody"),
    shared=False,
)


def held_against(plan: Plan, what: str) -> list[Difference]:
    """The difference between the plan's two policies, on each seed alone."""
    played = {(p.policy, p.seed): p.tables for p in run(plan, processes=0)}
    mine, theirs = plan.policies
    return [
        difference(
            what,
            mine,
            theirs,
            [per_customer(played[mine, seed], PRICES, plan.customers, what)],
            [per_customer(played[theirs, seed], PRICES, plan.customers, what)],
            plan.shared,
        )
        for seed in plan.seeds
    ]


def alarms(found: list[Difference]) -> int:
    return sum(one.found != "none" for one in found)


def test_a_world_in_which_nothing_works_raises_few_alarms() -> None:
    assert FEWEST <= alarms(held_against(PLAN, "purchases")) <= MOST


@pytest.mark.soak
def test_the_product_itself_raises_few_alarms_where_nothing_works() -> None:
    found = held_against(replace(PLAN, policies=("agent", "nobody")), "purchases")
    assert FEWEST <= alarms(found) <= MOST


def test_the_same_dice_for_both_would_prove_nothing_here() -> None:
    """Where no message does anything, two policies on the same dice differ in nothing: hence dice of their own."""
    found = held_against(replace(PLAN, shared=True, seeds=(1, 2, 3)), "purchases")
    assert [one.mean for one in found] == [0, 0, 0]


@pytest.mark.parametrize("policy", ["everyone", "rules", pytest.param("agent", marks=pytest.mark.soak)])
def test_silence_wins_where_contact_harms(policy: str) -> None:
    many = 4_000 if SOAK else 2_500
    plan = replace(PLAN, world="fragile", policies=("nobody", policy), shared=True, seeds=(3,), customers=many, days=28)
    (found,) = held_against(plan, "margin")
    assert found.found == "more", found


@pytest.mark.parametrize("world", ["shop", "subscription", "services"])
@pytest.mark.parametrize("other", ["nobody", *(pytest.param(x, marks=pytest.mark.soak) for x in ("everyone", "agent"))])
def test_an_oracle_wins_where_something_can_be_won(world: str, other: str) -> None:
    many = 4_000 if other == "agent" or not SOAK else 10_000
    plan = replace(PLAN, world=world, policies=("oracle", other), shared=True, seeds=(5,), customers=many, days=30)
    (found,) = held_against(plan, "margin")
    assert found.found == "more", found


@pytest.mark.parametrize("world", ["null", "fragile"])
def test_an_oracle_does_nothing_where_nothing_can_be_won(world: str) -> None:
    plan = replace(PLAN, world=world, policies=("oracle", "nobody"), shared=True, seeds=(5,), customers=2_000, days=14)
    (found,) = held_against(plan, "purchases")
    assert found.mean == 0
