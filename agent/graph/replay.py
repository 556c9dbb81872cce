"""Replay: the same graph over recorded inputs, with a recorded model and a commit that only listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from agent.decisioning.choice import HashRng
from agent.domain.action import HoldReason
from agent.domain.bundle import Brief, Bundle, Committed, Conflict, Outcome, Proposal
from agent.domain.customer import Snapshot
from agent.domain.decision import Decision
from agent.domain.errors import DeciderError
from agent.domain.guideline import Found, GuidelineQuery, Passage
from agent.domain.ids import CustomerId, PassageId, TenantId
from agent.domain.ports import GuidelineIndex, Toolset
from agent.graph import build
from agent.graph.environment import environment, policy_from
from agent.graph.inputs import Inputs, from_bytes, proposal_from
from agent.graph.refusals import EXHAUSTED, own_verdict
from agent.graph.state import MOST_STEPS, Request


@dataclass(frozen=True, slots=True)
class Replay:
    """The decision made anew, and the names of the fields in which it differs from the record."""

    decision: Decision
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


async def replay(
    recorded: Decision, body: bytes, policy: bytes, toolset: Toolset, index: GuidelineIndex, seed: str
) -> Replay:
    """Decides again on the recorded inputs, playbook, packs and, where a model chose, its recorded proposal."""
    inputs = from_bytes(body)
    playbook, book, binding, words = policy_from(policy)
    recorded_index = _RecordedIndex(inputs, recorded, index)
    env = environment(recorded.tenant, playbook, book, toolset, recorded_index, HashRng(seed), binding, words)
    listener = _Listener(recorded)
    steps = build.Steps(
        env=env,
        snapshots=_OneSnapshot(inputs.snapshot),
        commit_port=listener,
        decider=_decider(recorded),
        refused={
            c.treatment.key: own_verdict(EXHAUSTED, c.hold or HoldReason.BUDGET, "as recorded")
            for c in recorded.candidates
            if c.rule == EXHAUSTED
        },
        deadline=60.0,
    )
    request = Request(customer=recorded.customer, trigger=recorded.trigger, as_of=inputs.now.isoformat())
    await build.build(steps).ainvoke(request, {"recursion_limit": MOST_STEPS})
    assert listener.heard is not None
    anew = listener.heard
    differ = tuple(f.name for f in fields(Decision) if getattr(anew, f.name) != getattr(recorded, f.name))
    return Replay(anew, differ)


class _OneSnapshot:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def snapshots(self, tenant: TenantId, ids: Sequence[CustomerId], at: datetime) -> Iterator[Snapshot]:
        return iter([self._snapshot])


class _RecordedIndex:
    """Answers with the passages that were found then, by id; a passage that is gone since keeps its id alone."""

    def __init__(self, inputs: Inputs, recorded: Decision, today: GuidelineIndex) -> None:
        self._inputs = inputs
        self._version = recorded.versions.guidelines
        self._today = today

    @property
    def version(self) -> str:
        return self._version

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        known = {found.passage.passage_id: found for found in self._today.find(replace(query, limit=50))}
        return tuple(
            known.get(PassageId(name), _gone(name, query, name in self._inputs.specific))
            for name in self._inputs.passages.get(query.action, ())
        )


def _gone(name: str, query: GuidelineQuery, specific: bool) -> Found:
    passage = Passage(
        passage_id=PassageId(name),
        path="",
        brand="",
        locale=query.locale,
        topic="",
        title="",
        text="",
        actions=(query.action,) if specific else (),
    )
    return Found(passage=passage, score=0.0)


class _Listener:
    """A commit that writes nothing, and meets the conflicts that were met then."""

    def __init__(self, recorded: Decision) -> None:
        self.heard: Decision | None = None
        gave_up = recorded.hold.reason is HoldReason.CONFLICT
        self._conflicts = build.RETRIES + 2 if gave_up else build.RETRIES + 1 if recorded.cause == "conflict" else 0

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        decision = bundles[0].decision
        if self._conflicts:
            self._conflicts -= 1
            return [Conflict(customer=decision.customer)]
        self.heard = decision
        return [Committed(decision=decision)]


class _RecordedModel:
    """Says what the model said then, or fails as it failed."""

    def __init__(self, proposal: Proposal | None, cause: str) -> None:
        self._proposal = proposal
        self._cause = cause

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        if self._proposal is None:
            raise DeciderError(self._cause, "as recorded")
        return self._proposal


def _decider(recorded: Decision) -> _RecordedModel | None:
    if recorded.proposal:
        return _RecordedModel(proposal_from(recorded.proposal), "")
    if recorded.degraded and recorded.cause != "conflict":
        return _RecordedModel(None, recorded.cause)
    return None
