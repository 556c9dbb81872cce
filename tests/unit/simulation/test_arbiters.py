"""Other ways of choosing, and what is counted of choices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from agent.decisioning.choice import Arbiter, HashRng, arbitrate
from agent.domain.action import Candidate, Fate, HoldReason, Kind, Score, Stage, Treatment, When
from agent.domain.bundle import Bundle, Committed
from agent.domain.customer import Channel
from agent.domain.decision import Decision, Draws, Hold, Versions
from agent.domain.ids import CustomerId, DecisionId, TenantId, TriggerKey
from agent.domain.money import MICROS
from agent.simulation.arbiters import no_levers, propensity_only, random_allowed
from agent.simulation.tally import FACTORS, LookingOn, Tally
from tests.support.people import NOON, customer

RNG = HashRng("test")


def candidate(name: str, p_act: float, value: float = 10.0, *, lever: float = 1.0, cost: float = 0.0) -> Candidate:
    parts = {"p_act": p_act, "p_hold": 0.1, "value": value, "weight": 1.0, "lever": lever, "cost": cost}
    total = max(p_act - 0.1, 0) * value * lever - cost
    micros = {key: round(number * MICROS) for key, number in (parts | {"total": total}).items()}
    score = Score(fatigue=0, shadow=0, **micros)
    treatment = Treatment(action=name, channel=Channel.EMAIL, when=When.NOW, at=NOON, entity="")
    return Candidate(treatment=treatment, kind=Kind.OFFER, fate=Fate.LOST, stage=Stage.ARBITRATION, score=score)


LIKELY = candidate("likely", 0.6, 2.0)
WORTHY = candidate("worthy", 0.3, 10.0)
PUSHED = candidate("pushed", 0.2, 10.0, lever=3.0)
DEAR = candidate("dear", 0.9, 1.0, cost=5.0)


def chosen(arbiter: Arbiter, *scored: Candidate) -> str:
    _, choice = arbiter(scored, customer(), 0.0, RNG)
    return choice.candidate.treatment.action if choice.candidate else "hold"


@pytest.mark.parametrize(
    ("arbiter", "winner"),
    [(arbitrate, "pushed"), (no_levers, "worthy"), (propensity_only, "dear")],
)
def test_each_way_of_choosing_looks_at_what_it_says(arbiter: Arbiter, winner: str) -> None:
    assert chosen(arbiter, LIKELY, WORTHY, PUSHED, DEAR) == winner


def test_any_allowed_offer_and_silence_come_up_alike_often() -> None:
    counts: Counter[str] = Counter()
    for number in range(3_000):
        who = replace(customer(), customer=CustomerId(f"c{number}"))
        _, choice = random_allowed([LIKELY, WORTHY, PUSHED], who, 5.0, RNG)
        counts[choice.candidate.treatment.action if choice.candidate else "hold"] += 1
        assert choice.draws.propensity == MICROS // 4
    assert set(counts) == {"likely", "worthy", "pushed", "hold"}
    assert all(count == pytest.approx(750, abs=110) for count in counts.values())


@pytest.mark.parametrize("arbiter", [random_allowed, propensity_only, no_levers])
def test_with_nothing_allowed_there_is_nothing_to_choose(arbiter: Arbiter) -> None:
    assert chosen(arbiter) == "hold"


def decision(winner: str, *candidates: Candidate) -> Decision:
    won = next((c for c in candidates if c.treatment.action == winner), None)
    final = tuple(replace(c, fate=Fate.WON) if c is won else c for c in candidates)
    return Decision(
        decision_id=DecisionId("d_1"),
        tenant=TenantId("acme"),
        customer=CustomerId("c_1"),
        trigger=TriggerKey("t"),
        as_of=NOON,
        chosen=won.treatment if won else None,
        hold=Hold(fate=Fate.LOST if won else Fate.WON, reason=None if won else HoldReason.LOW_VALUE, p_buy=0),
        chooser="engine",
        degraded=False,
        cause="",
        draws=Draws(arm="best" if won else "none", propensity=MICROS, seed="s"),
        candidates=final,
        verdicts=(),
        passages=(),
        findings=("x",),
        versions=Versions(packs="", playbook="", signals="", guidelines="", tools=""),
        proposal="",
        inputs="",
        policy="",
    )


def test_a_factor_that_decides_is_seen_to_and_one_that_does_not_is_not() -> None:
    tally = Tally()
    tally.add(decision("pushed", LIKELY, WORTHY, PUSHED))
    assert tally.weighed == 1
    assert tally.changed["lever"] == 1
    assert tally.changed["fatigue"] == 0
    assert set(tally.changed) <= set(FACTORS)


def test_silence_that_a_cost_brought_about_is_put_down_to_it() -> None:
    tally = Tally()
    tally.add(decision("", DEAR))
    assert (tally.changed["cost"], tally.changed["lever"]) == (1, 0)
    assert tally.held == {"low_value": 1}


def test_who_looks_on_changes_nothing_but_keeps_whole_records_only_of_whom_is_told() -> None:
    kept: list[Bundle] = []

    class Store:
        def commit(self, bundles: list[Bundle]) -> list[Committed]:
            kept.extend(bundles)
            return [Committed(decision=bundle.decision) for bundle in bundles]

    tally = Tally()
    made = decision("worthy", WORTHY)
    bundle = Bundle(decision=made, inputs=b"", policy=b"", version=1)
    for told in ({"c_1"}, set[str]()):
        LookingOn(Store(), tally, told).commit([bundle])  # type: ignore[arg-type]
    assert [len(b.decision.candidates) for b in kept] == [1, 0]
    assert all(b.decision.chosen == made.chosen for b in kept)
    assert tally.acted == {"worthy": 2}
