"""One decision, two speeds, one logic: bulk and graph decide alike, and every candidate is accounted for."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent import service
from agent.domain.action import Fate, HoldReason, Stage
from agent.domain.bundle import EffectState
from agent.domain.decision import Decision
from agent.domain.ids import CustomerId
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import SOAK, CountingIds, StoppedClock
from tests.support.brand import database_of, product
from tests.support.crowd import crowd
from tests.support.people import NOON

Twice = tuple[dict[CustomerId, Decision], dict[CustomerId, Decision]]
SIZE = 2_000
SEEDS = [11, 12, 13, 14, 15] if SOAK else [11]
"""Crowds of one size, so that budgets last: what is scarce goes to who comes first, on either path."""


def build(folder: Path) -> Tactful:
    folder.mkdir()
    return product(folder, Database(f"sqlite:///{folder}/t.db"), StoppedClock(), CountingIds())


@pytest.fixture(scope="module", params=SEEDS)
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """The same crowd decided through the bulk path and through the graph, in two databases."""
    folder = tmp_path_factory.mktemp("logic")
    bulk, graph = build(folder / "bulk"), build(folder / "graph")
    names, rows = crowd(SIZE, seed=request.param, now=NOON)
    for tactful in (bulk, graph):
        tactful.take(rows)
    swept = {d.customer: d for d in bulk.decide_all(as_of=NOON)}
    trigger = next(iter(swept.values())).trigger

    async def one_by_one() -> dict[CustomerId, Decision]:
        return {d.customer: d for d in [await graph.decide(name, trigger=trigger, as_of=NOON) for name in names]}

    return swept, asyncio.run(one_by_one())


def test_bulk_and_graph_make_equal_decisions(twice: Twice) -> None:
    swept, single = twice
    assert len(swept) == SIZE
    assert swept.keys() == single.keys()
    # The inputs also say how much budget and which slots were left, which moves with every commit; the decision, with
    # all candidates, scores, draws and verdicts, does not, but for scarce things: they go to who comes first.
    different = [name for name in swept if replace(swept[name], inputs="") != replace(single[name], inputs="")]
    assert [n for n in different if not _scarce(swept[n]) and not _scarce(single[n])] == []
    assert len(different) <= SIZE // 50


def _scarce(decision: Decision) -> bool:
    return any(
        c.treatment.action == "book_demo" and c.fate in (Fate.WON, Fate.LOST) for c in decision.candidates
    ) or any(c.rule == "tactful-exhausted" for c in decision.candidates)


def test_conservation_every_candidate_has_one_disposition_and_one_winner(
    twice: Twice,
) -> None:
    for decision in twice[0].values():
        fates = Counter(c.fate for c in decision.candidates)
        won = fates[Fate.WON] + (decision.hold.fate is Fate.WON)
        assert won == 1, decision.decision_id
        keys = [c.treatment.key for c in decision.candidates]
        assert len(set(keys)) == len(keys)
        for c in decision.candidates:
            assert (c.rule is not None) is (c.fate in (Fate.REMOVED, Fate.OUT_OF_SCOPE))
            assert (c.hold is not None) is (c.fate is Fate.REMOVED)
            assert (c.score is not None) is (c.stage >= Stage.HOLDOUT) or c.kind.value != "offer"
        covered = {(c.treatment.action, c.treatment.channel) for c in decision.candidates}
        assert len(covered) == 78
        if decision.hold.fate is Fate.WON:
            assert decision.hold.reason is not None
            assert decision.effects == ()
        else:
            assert decision.hold.reason is None
            assert len(decision.effects) == 1


def test_the_crowd_reaches_every_ending_worth_testing(twice: Twice) -> None:
    """Guards the guards: a crowd in which nothing happens would prove nothing."""
    decisions = twice[0].values()
    reasons = {d.hold.reason for d in decisions if d.hold.reason}
    assert reasons >= {HoldReason.NO_CONSENT, HoldReason.INELIGIBLE, HoldReason.NO_SIGNAL, HoldReason.HOLDOUT}
    actions = {d.chosen.action for d in decisions if d.chosen}
    assert actions == {
        "offer_chat",
        "book_demo",
        "offer_coupon",
        "recommend_product",
        "remind_cart",
        "win_back",
        "apologise",
        "ask_consent",
    }
    assert {d.draws.arm for d in decisions} == {"none", "best", "near_tie", "holdout"}
    assert {d.chosen.when for d in decisions if d.chosen} >= {"now", "next_lawful"}


def test_deciding_again_as_of_the_same_instant_repeats_the_record(tmp_path: Path) -> None:
    tactful = build(tmp_path / "again")
    _, rows = crowd(60, seed=3, now=NOON)
    tactful.take(rows)
    first = list(tactful.decide_all(as_of=NOON))
    assert list(tactful.decide_all(as_of=NOON)) == first
    later = list(tactful.decide_all(as_of=NOON + timedelta(hours=1)))
    assert {d.decision_id for d in later}.isdisjoint(d.decision_id for d in first)


def test_every_decision_replays_to_itself(tmp_path: Path) -> None:
    tactful = build(tmp_path / "replay")
    _, rows = crowd(150, seed=5, now=NOON)
    tactful.take(rows)
    for decision in list(tactful.decide_all(as_of=NOON)):
        again = tactful.replay(decision.decision_id)
        assert again.same, (decision.decision_id, again.differences)


def test_replay_tells_a_record_that_was_tampered_with(tmp_path: Path) -> None:
    from agent.store import schema as t
    from agent.store.codec import decision_bytes
    from agent.store.rows import pack

    tactful = build(tmp_path / "tamper")
    _, rows = crowd(40, seed=6, now=NOON)
    tactful.take(rows)
    decision = next(d for d in tactful.decide_all(as_of=NOON) if d.effects)
    forged = replace(decision, draws=replace(decision.draws, propensity=1))
    database = database_of(tactful)
    with database.writing() as connection:
        connection.execute(
            t.decisions.update()
            .where(t.decisions.c.decision == decision.decision_id)
            .values(record=pack(decision_bytes(forged)))
        )
    again = tactful.replay(decision.decision_id)
    assert again.differences == ("draws",)


def test_a_sweep_that_takes_long_stays_in_the_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided late in a sweep is as live as what was decided first."""
    monkeypatch.setattr(service, "PAGE", 40)
    tactful = build(tmp_path / "long")
    _, rows = crowd(120, seed=8, now=NOON)
    tactful.take(rows)
    clock = tactful._clock
    assert isinstance(clock, StoppedClock)
    states = []
    for decision in tactful.decide_all():
        states += [effect.state for effect in tactful.effects(decision)]
        clock.at += timedelta(seconds=20)
    assert len(states) > 20
    assert set(states) == {EffectState.PENDING}
