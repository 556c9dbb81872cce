"""The compiled graph as others call it: JSON in, JSON out; and its ways back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.bootstrap import decision_graph
from agent.domain.bundle import Brief, Bundle, Committed, Conflict, EffectState, Exhausted, Outcome, Proposal, Words
from agent.domain.customer import Case, Channel, Contact
from agent.domain.errors import DeciderError, PackError
from agent.domain.ids import CustomerId
from agent.domain.playbook import Playbook
from agent.graph.build import Steps, build
from agent.graph.state import MOST_STEPS, Request
from agent.guardrails.rulebook import RuleBook, shipped
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import product, regular
from tests.support.decide import OneSnapshot, decide, env
from tests.support.people import NOON, cart, customer, playbook, views

SHOPPER = customer(events=(cart(NOON - timedelta(hours=2), 164_000.0), *views(NOON)))


def test_the_factory_of_langgraph_json_gives_a_graph_that_speaks_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTFUL_HOME", str(tmp_path / "home"))
    database = Database(f"sqlite:///{tmp_path}/home/tactful.db")
    tactful = product(tmp_path / "home", database, StoppedClock(), CountingIds(), tenant="default")
    tactful.take(list(regular("ann")))
    request = {"customer": tactful.find("ann"), "trigger": "lg", "as_of": NOON.isoformat()}
    answer = asyncio.run(decision_graph().ainvoke(request))
    assert json.loads(json.dumps(answer)) == answer
    assert answer["decision_id"] == tactful.decision("ann").decision_id
    spec = json.loads((Path(__file__).parents[2] / "langgraph.json").read_text(encoding="utf-8"))
    assert spec["graphs"]["decision"].endswith("bootstrap.py:decision_graph")


class Stubborn:
    """A commit that refuses some times, in some way, and then takes what it is given."""

    def __init__(self, refusals: Sequence[type[Outcome]]) -> None:
        self.refusals = list(refusals)
        self.seen: list[Bundle] = []

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        (bundle,) = bundles
        self.seen.append(bundle)
        if self.refusals and (bundle.effects or self.refusals[0] is Conflict):
            kind = self.refusals.pop(0)
            who = CustomerId(bundle.decision.customer)
            return [Exhausted(customer=who, resource="spring") if kind is Exhausted else Conflict(customer=who)]
        return [Committed(decision=bundle.decision)]


class Counting:
    """A model that words the first line, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        self.asked += 1
        line = brief.lines[0]
        return Proposal(
            action=line.treatment.action, ref=line.ref, words=Words(body="안녕하세요."), chooser="model", model="m"
        )


def run(commit: Stubborn, decider: Counting | None = None) -> Bundle:
    steps = Steps(env=env(), snapshots=OneSnapshot(SHOPPER), commit_port=commit, decider=decider, deadline=5.0)
    request = Request(customer=SHOPPER.customer, trigger="t", as_of=NOON.isoformat())
    asyncio.run(build(steps).ainvoke(request, {"recursion_limit": MOST_STEPS}))
    return commit.seen[-1]


def test_a_conflict_is_tried_twice_again_then_by_the_engine_then_held() -> None:
    model, commit = Counting(), Stubborn([Conflict] * 4)
    last = run(commit, model)
    assert model.asked == 3
    assert [b.decision.cause for b in commit.seen] == ["", "", "", "conflict", "conflict"]
    assert last.decision.hold.reason == "conflict"
    assert (last.effects, last.reservations, last.version) == ((), (), None)


def test_two_conflicts_leave_the_model_its_say() -> None:
    last = run(Stubborn([Conflict] * 2), Counting())
    assert last.decision.chooser == "model"
    assert last.effects


def test_what_is_used_up_makes_room_for_the_next_candidate() -> None:
    commit = Stubborn([Exhausted, Exhausted])
    last = run(commit)
    chosen = [b.decision.chosen for b in commit.seen]
    keys = [c.key for c in chosen if c]
    assert len(set(keys)) == 3
    gone = {c.treatment.key: c.rule for c in last.decision.candidates if c.rule == "tactful-exhausted"}
    assert set(gone) == set(keys[:2])


def test_when_everything_is_used_up_the_decision_is_a_hold_for_budget() -> None:
    last = run(Stubborn([Exhausted] * 50))
    assert last.effects == ()
    assert last.decision.hold.reason == "budget"


class Slow:
    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        try:
            async with asyncio.timeout(deadline):
                await asyncio.sleep(60)
        except TimeoutError as error:
            raise DeciderError("timeout", "too slow") from error
        raise AssertionError


def test_a_slow_model_costs_no_more_than_the_deadline() -> None:
    found = decide(SHOPPER, NOON, decider=Slow(), deadline=0.05)
    assert (found.decision.degraded, found.decision.cause) == (True, "timeout")
    assert found.effects


def test_a_model_that_names_what_it_was_not_asked_about_changes_nothing() -> None:
    class Forger:
        async def propose(self, brief: Brief, deadline: float) -> Proposal:
            return Proposal(action="offer_coupon", ref="c99", words=Words(body="x"), chooser="model", model="m")

    found = decide(SHOPPER, NOON, decider=Forger())
    assert found.decision.degraded
    assert found.decision.cause == "not_offered"


COMPLAINER = customer(
    consents=(), events=(), cases=(Case(case_id="k", kind="complaint", opened_at=NOON - timedelta(hours=1)),)
)


def test_a_reply_is_said_in_the_brands_own_words_whatever_a_model_would_say() -> None:
    model = Counting()
    found = decide(COMPLAINER, NOON, decider=model)
    assert model.asked == 0
    assert found.decision.chosen is not None
    assert found.decision.chosen.action == "apologise"
    assert not found.decision.degraded


def test_a_bereavement_gets_neither_an_offer_nor_an_apology_but_a_person() -> None:
    case = Case(case_id="k", kind="bereavement", opened_at=NOON - timedelta(hours=1))
    found = decide(replace(SHOPPER, cases=(case,)), NOON)
    assert [(effect.action, effect.kind) for effect in found.effects] == [("hand_off", "reply")] * 2
    assert [effect.channel for effect in found.effects] == [Channel.CHAT, Channel.DESK]


def test_a_model_cannot_hold_what_chance_has_drawn() -> None:
    class Silent:
        async def propose(self, brief: Brief, deadline: float) -> Proposal:
            return Proposal(action="hold", ref="", words=Words(body=""), chooser="model", model="m")

    drawn = [replace(SHOPPER, customer=CustomerId(f"c_{n}")) for n in range(400)]
    arms = {decide(s, NOON).decision.draws.arm: s for s in drawn}
    found = decide(arms["near_tie"], NOON, decider=Silent())
    assert (found.decision.degraded, found.decision.cause) == (True, "held_fixed")
    assert found.effects
    free = decide(arms["best"], NOON, decider=Silent())
    assert free.effects == ()
    assert free.decision.draws.propensity is None


def test_a_decider_that_breaks_or_claims_to_be_the_engine_gains_nothing() -> None:
    class Broken:
        async def propose(self, brief: Brief, deadline: float) -> Proposal:
            raise KeyError("oops")

    class Pretender:
        async def propose(self, brief: Brief, deadline: float) -> Proposal:
            line = brief.lines[0]
            words = Words(body="안녕하세요. 편하게 둘러보세요.")
            return Proposal(
                action=line.treatment.action, ref=line.ref, words=words, chooser="engine", cites=("made-up",)
            )

    assert decide(SHOPPER, NOON, decider=Broken()).decision.cause == "failed"
    found = decide(SHOPPER, NOON, decider=Pretender())
    assert (found.decision.chooser, found.decision.draws.propensity) == ("model", None)
    assert found.decision.passages == ()


@pytest.mark.parametrize("action", ["offer_chat", "offer_coupon", "recommend_product"])
def test_a_model_that_says_anything_at_all_gets_nothing_forbidden_out(action: str) -> None:
    """Whatever is said, what leaves was allowed: here the engine's own words, since all of these are not."""
    said = (
        "무료!",
        "50% 할인",
        "{{customer.name|50%/50%}}",
        "",
        "   ",
        "www.evil.com",
        "x" * 200_000,
        "{{no.such}}",
        "(광고) 안내",
    )
    for body in said:

        class Liar:
            async def propose(self, brief: Brief, deadline: float, body: str = body) -> Proposal:
                line = next((x for x in brief.lines if x.treatment.action == action), brief.lines[0])
                return Proposal(action=line.treatment.action, ref=line.ref, words=Words(body=body), chooser="model")

        found = decide(SHOPPER, NOON, decider=Liar())
        assert found.decision.cause.startswith("denied:"), body[:30]
        assert found.effects[0].payload.words.body != body


def test_ethics_stand_whatever_packs_a_playbook_names() -> None:
    assert {c.pack for c in shipped(("kr",)).clauses} == {"kr", "ethics", "transport"}


def test_a_review_by_a_rule_about_the_customer_holds_the_effect() -> None:
    texts = dict(shipped(("kr", "uk", "ethics")).texts)
    before = "verdict: deny\n    hold: open_complaint"
    assert before in texts["ethics"]
    texts["ethics"] = texts["ethics"].replace(before, "verdict: review\n    hold: open_complaint")
    case = Case(case_id="k", kind="fraud", opened_at=NOON - timedelta(hours=1))
    told = Contact(channel=Channel.CHAT, action="hand_off", entity="k", kind="reply", at=NOON - timedelta(hours=1))
    found = decide(replace(SHOPPER, cases=(case,), contacts=(told,)), NOON, env(RuleBook(texts)))
    assert found.effects[0].state is EffectState.HELD


@pytest.mark.parametrize(
    ("rule", "verb"), [("eth-open-complaint", "amend"), ("eth-night", "review"), ("eth-facts-in-slots", "defer")]
)
def test_a_verdict_that_a_rule_cannot_lead_to_is_refused_at_load(rule: str, verb: str) -> None:
    text = shipped(("ethics",)).texts["ethics"]
    start = text.index(f"id: {rule}\n")
    at = text.index("verdict: ", start)
    broken = text[:at] + f"verdict: {verb}" + text[text.index("\n", at) :]
    with pytest.raises(PackError, match="can only"):
        RuleBook({"ethics": broken})


def priced(cost: int, baseline: float) -> Playbook:
    """The Korean starter brand, with other costs and another chance of buying anyway."""
    brand = playbook("ko")
    actions = {name: replace(terms, cost=Decimal(cost)) for name, terms in brand.actions.items()}
    return replace(brand, actions=actions, baseline=replace(brand.baseline, rate=baseline))


@pytest.mark.parametrize(("baseline", "reason"), [(0.02, "low_value"), (0.9, "would_buy_anyway")])
def test_an_offer_that_costs_more_than_it_brings_is_not_made(baseline: float, reason: str) -> None:
    found = decide(SHOPPER, NOON, env(brand=priced(10**6, baseline)))
    assert found.effects == ()
    assert found.decision.hold.reason == reason
    assert found.decision.draws.propensity == 1_000_000
    assert {c.fate for c in found.decision.candidates if c.score} == {"lost"}
