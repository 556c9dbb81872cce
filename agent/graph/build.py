"""The decision graph: sense, recall, weigh, propose, act, guard, commit.

Nodes are thin: the steps themselves are the plain functions of `nodes.py`. All nodes are async so that none is sent to
a thread; the store's calls are short. No checkpointer: a run that dies is run again from its trigger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.domain.action import HoldReason, Kind
from agent.domain.bundle import Brief, Committed, Exhausted, Proposal
from agent.domain.errors import DeciderError, NotFound
from agent.domain.ids import CustomerId, TriggerKey
from agent.domain.instants import as_present, instant
from agent.domain.ports import Clock, Commit, Decider, Snapshots
from agent.domain.verdict import Verdict
from agent.graph import nodes
from agent.graph.deciders.engine import EngineDecider
from agent.graph.environment import Environment
from agent.graph.refusals import EXHAUSTED, NO_WORDS, own_verdict
from agent.graph.state import Answer, Request, State, Step

RETRIES = 2
"""Conflicts after which the engine decides; one more, and the decision is a hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The graph's nodes, bound to a brand's environment and to the ports."""

    env: Environment
    snapshots: Snapshots
    commit_port: Commit
    decider: Decider | None
    deadline: float
    refused: Mapping[str, Verdict] = field(default_factory=dict)
    """Treatments known from the start to be unavailable: for replay."""
    clock: Clock | None = None
    """Tells the present after a conflict; None where the decision's instant is all there is, as in a replay."""

    async def sense(self, state: State) -> Step:
        now = self._moment(state)
        found = next(self.snapshots.snapshots(self.env.tenant, [CustomerId(state["customer"])], now), None)
        if found is None:
            raise NotFound(
                "no customer of this id", next_step="Import the customer first: tactful import customers FILE."
            )
        return {"situation": nodes.sense(self.env, found, now)}

    def _moment(self, state: State) -> datetime:
        """The decision's instant; after a conflict the present one, or what happened meanwhile would not be seen."""
        asked = instant(state["as_of"])
        if not state.get("conflicts") or self.clock is None:
            return asked
        return as_present(asked, self.clock.now())

    async def recall(self, state: State) -> Step:
        return {"passages": nodes.recall(self.env, state["situation"])}

    async def weigh(self, state: State) -> Step:
        weighing = nodes.weigh(self.env, state["situation"], state.get("taken_back", self.refused))
        return {"weighing": weighing, "shorter_by": 0, "shortened": 0}

    async def propose(self, state: State) -> Step:
        """The decider's choice and words; the engine's where there is no decider, or it failed, or was refused.

        A model words offers. A reply is owed: it is said in the brand's own templates.
        """
        chosen = state["weighing"].chosen
        assert chosen is not None
        shorter_by = state.get("shorter_by", 0)
        brief = nodes.brief(self.env, state["weighing"], state["passages"], shorter_by)
        cause = state.get("engine_only", "")
        asks = self.decider is not None and chosen.kind is Kind.OFFER
        if asks and not cause:
            abroad = self.env.guard.may_ask_model(state["weighing"].survey.screen)
            cause = f"denied:{abroad.rule}" if abroad else ""
        ends = state.get("ends") or asyncio.get_running_loop().time() + self.deadline
        if self.decider is not None and asks and not cause:
            try:
                proposal = await _ask(self.decider, brief, ends)
                return {"brief": brief, "proposal": proposal, "ends": ends, "shortened": shorter_by}
            except DeciderError as error:
                cause = error.cause
        kept: Step = {"brief": brief, "engine_only": cause, "ends": ends, "shortened": shorter_by}
        try:
            worded = await EngineDecider(self.env.wording).propose(brief, self.deadline)
        except DeciderError as error:
            verdict = own_verdict(NO_WORDS, HoldReason.INELIGIBLE, str(error))
            return kept | {"proposal": None, "taken_back": _with(self, state, brief.lines[0].treatment.key, verdict)}
        return kept | {"proposal": replace(worded, degraded=bool(cause), cause=cause)}

    async def act(self, state: State) -> Step:
        return {"draft": nodes.act(self.env, state["weighing"], state["brief"], _proposal(state))}

    async def guard(self, state: State) -> Step:
        """Judges; what is refused goes back: words that are too long once to whoever wrote them, a model's other words
        to the engine, the engine's to the next candidate."""
        ruling = nodes.guard(self.env, state["weighing"], state["draft"])
        verdict = ruling.forbidding
        if verdict is None:
            return {"ruling": ruling}
        if ruling.too_long_by and not state.get("shorter_by"):
            return {"ruling": ruling, "shorter_by": ruling.too_long_by}
        if _proposal(state).chooser == "model":
            return {"ruling": ruling, "engine_only": f"denied:{verdict.rule}"}
        return {"ruling": ruling, "taken_back": _with(self, state, state["draft"].treatment.key, verdict)}

    async def commit(self, state: State) -> Step:
        weighing = state["weighing"]
        proposal = state.get("proposal") if weighing.chosen is not None else None
        acts = proposal is not None and not nodes.model_held(proposal)
        bundle = nodes.bundle(
            self.env,
            TriggerKey(state["trigger"]),
            weighing,
            state["passages"],
            proposal,
            state["draft"] if acts else None,
            state["ruling"] if acts else None,
            gave_up=state.get("gave_up"),
        )
        outcome = self.commit_port.commit([bundle])[0]
        if isinstance(outcome, Committed):
            chosen = outcome.decision.chosen
            return {
                "committed": outcome,
                "decision_id": outcome.decision.decision_id,
                "action": chosen.action if chosen else "hold",
                "reason": outcome.decision.hold.reason,
            }
        slots = {r.resource for r in bundle.reservations if r.kind == "slot"}
        if isinstance(outcome, Exhausted) and outcome.resource not in slots:
            verdict = own_verdict(EXHAUSTED, HoldReason.BUDGET, outcome.resource)
            return {"committed": None, "taken_back": _with(self, state, state["draft"].treatment.key, verdict)}
        return _after_conflict(state) | {"committed": None}


async def _ask(decider: Decider, brief: Brief, ends: float) -> Proposal:
    """The decider's proposal, by the loop's time `ends`, and checked. Raises DeciderError, whatever went wrong."""
    try:
        async with asyncio.timeout_at(ends):
            proposal = await decider.propose(brief, ends - asyncio.get_running_loop().time())
    except TimeoutError as error:
        raise DeciderError("timeout", "no proposal in time") from error
    except DeciderError:
        raise
    except Exception as error:
        raise DeciderError("failed", f"the decider failed ({type(error).__name__})") from error
    return nodes.checked(brief, proposal)


def _proposal(state: State) -> Proposal:
    proposal = state["proposal"]
    assert proposal is not None
    return proposal


def _with(steps: Steps, state: State, key: str, verdict: Verdict) -> dict[str, Verdict]:
    return {**state.get("taken_back", steps.refused), key: verdict}


def _after_conflict(state: State) -> Step:
    """Two retries, then the engine, then a hold. A slot that went meanwhile counts too: the next reading has others."""
    count = state.get("conflicts", 0) + 1
    if count > RETRIES + 1:
        return {"conflicts": count, "gave_up": HoldReason.CONFLICT}
    if count > RETRIES:
        return {"conflicts": count, "engine_only": "conflict"}
    return {"conflicts": count}


def _after_weigh(state: State) -> str:
    return "commit" if state["weighing"].chosen is None else "propose"


def _after_propose(state: State) -> str:
    proposal = state["proposal"]
    if proposal is None:
        return "weigh"
    return "commit" if nodes.model_held(proposal) else "act"


def _after_guard(state: State) -> str:
    if state["ruling"].forbidding is None:
        return "commit"
    to_shorten = state.get("shorter_by", 0) != state.get("shortened", 0)
    return "propose" if to_shorten or _proposal(state).chooser == "model" else "weigh"


def _after_commit(state: State) -> str:
    if state.get("committed") is not None:
        return END
    return "commit" if state.get("gave_up") else "sense"


def build(steps: Steps) -> CompiledStateGraph[State, None, Request, Answer]:
    """The compiled graph: takes a `Request`, gives an `Answer`."""
    graph: StateGraph[State, None, Request, Answer] = StateGraph(State, input_schema=Request, output_schema=Answer)
    for name in ("sense", "recall", "weigh", "propose", "act", "guard", "commit"):
        node: Any = getattr(steps, name)
        graph.add_node(name, node)
    graph.add_edge(START, "sense")
    graph.add_edge("sense", "recall")
    graph.add_edge("recall", "weigh")
    graph.add_conditional_edges("weigh", _after_weigh, ["propose", "commit"])
    graph.add_conditional_edges("propose", _after_propose, ["act", "commit", "weigh"])
    graph.add_edge("act", "guard")
    graph.add_conditional_edges("guard", _after_guard, ["commit", "propose", "weigh"])
    graph.add_conditional_edges("commit", _after_commit, ["sense", "commit", END])
    return graph.compile()
