"""What moved a choice: the recorded inputs are weighed again, each time without one of the signals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from agent.decisioning.choice import HashRng
from agent.domain.action import Candidate
from agent.domain.customer import Snapshot
from agent.domain.decision import Decision
from agent.domain.facts import Omen
from agent.domain.ports import GuidelineIndex, Toolset
from agent.graph import nodes
from agent.graph.environment import Environment, environment, policy_from
from agent.graph.inputs import from_bytes

SESSION, PURCHASES, CASES = "session", "purchases", "cases"
"""Signals that are no omens: what they do now, what they bought, what they complained of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One signal: what code would have chosen without it ('' for silence), and by how many micro-units of score the
    choice itself would have been worth less. `turned` says that the choice would have been another."""

    signal: str
    otherwise: str
    worth: int
    turned: bool


def moved(
    recorded: Decision, body: bytes, policy: bytes, toolset: Toolset, index: GuidelineIndex, seed: str
) -> tuple[Moved, ...]:
    """Signals without which the choice would have been another, or worth less or more; the strongest first.

    What is compared is the choice of code on both sides: a model's own taste is not weighed again.
    """
    inputs = from_bytes(body)
    playbook, book, binding, words = policy_from(policy)
    env = environment(recorded.tenant, playbook, book, toolset, index, HashRng(seed), binding, words)
    chosen, scores = _weighed(env, inputs.snapshot, inputs.now)
    found = []
    for name, without in _without(inputs.snapshot):
        other, others = _weighed(env, without, inputs.now)
        key = _name(chosen)
        worth = scores.get(key, 0) - others.get(key, 0)
        turned = _about(other) != _about(chosen)
        if turned or worth:
            entity = f" ({other.treatment.entity})" if other is not None and _name(other) == key else ""
            found.append(Moved(signal=name, otherwise=_name(other) + entity, worth=worth, turned=turned))
    return tuple(sorted(found, key=lambda one: (not one.turned, -abs(one.worth), one.signal)))


def _weighed(env: Environment, snapshot: Snapshot, now: datetime) -> tuple[Candidate | None, dict[str, int]]:
    weighing = nodes.weigh(env, nodes.sense(env, snapshot, now), {})
    scores = {c.treatment.key: c.score.total for c in weighing.ranked if c.score is not None}
    return weighing.chosen, scores


def _without(snapshot: Snapshot) -> list[tuple[str, Snapshot]]:
    """The snapshot without each signal that it holds."""
    kinds = dict.fromkeys(omen.omen for omen in snapshot.foreseen)
    variants: list[tuple[str, Snapshot]] = [
        (str(kind), replace(snapshot, foreseen=tuple(f for f in snapshot.foreseen if f.omen is not Omen(kind))))
        for kind in kinds
    ]
    if snapshot.events:
        variants.append((SESSION, replace(snapshot, events=())))
    if snapshot.history is not None:
        variants.append((PURCHASES, replace(snapshot, history=None)))
    if snapshot.cases:
        variants.append((CASES, replace(snapshot, cases=())))
    return variants


def _name(candidate: Candidate | None) -> str:
    return candidate.treatment.key if candidate else ""


def _about(candidate: Candidate | None) -> tuple[str, ...]:
    """Action, channel, entity and hour: what makes a choice another."""
    if candidate is None:
        return ()
    treatment = candidate.treatment
    return (treatment.action, treatment.channel, treatment.entity, treatment.at.isoformat())
