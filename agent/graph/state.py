"""What flows through the decision graph: each node reads what came before and adds its own part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from agent.domain.action import HoldReason
from agent.domain.bundle import Brief, Committed, Draft, Proposal
from agent.domain.guideline import Passage
from agent.domain.signals import Situation
from agent.domain.verdict import Ruling, Verdict
from agent.graph.weigh import Weighing

MOST_STEPS = 600
"""A run longer than this is a fault: each way back removes a candidate or counts a conflict."""


class Request(TypedDict):
    """What starts a decision, JSON-plain: the pseudonym, the trigger's key, the instant (ISO 8601, with a zone)."""

    customer: str
    trigger: str
    as_of: str


class Answer(TypedDict, total=False):
    """What a graph run shows outside: the decision's id, its action and, for a hold, the reason."""

    decision_id: str
    action: str
    reason: str | None


class Step(Answer, total=False):
    """What a node may add."""

    situation: Situation
    passages: Mapping[str, tuple[Passage, ...]]
    weighing: Weighing
    brief: Brief
    proposal: Proposal | None
    ends: float
    draft: Draft
    ruling: Ruling
    taken_back: Mapping[str, Verdict]
    engine_only: str
    conflicts: int
    shorter_by: int
    shortened: int
    gave_up: HoldReason | None
    committed: Committed | None


class State(Request, Step):
    """All of it."""
