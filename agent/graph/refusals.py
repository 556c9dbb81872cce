"""Verdicts of our own on what the guard never got to see."""

from __future__ import annotations

from agent.domain.action import HoldReason, Stage
from agent.domain.ids import RuleId
from agent.domain.verdict import Verdict, VerdictKind

EXHAUSTED = RuleId("tactful-exhausted")
NO_WORDS = RuleId("tactful-no-words")


def own_verdict(rule: RuleId, hold: HoldReason, detail: str) -> Verdict:
    return Verdict(
        kind=VerdictKind.DENY, rule=rule, pack="tactful", stage=Stage.GUARD, hold=hold, source="DESIGN 3", detail=detail
    )
