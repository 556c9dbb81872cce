"""The record of one decision: pseudonymous, complete, replayable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.action import Candidate, Fate, HoldReason, Treatment
from agent.domain.ids import CustomerId, DecisionId, EffectId, TenantId, TriggerKey
from agent.domain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What the decision was made with; hashes are 12 hex digits."""

    packs: str
    playbook: str
    signals: str
    guidelines: str
    tools: str
    model: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What chance did. `propensity` is the probability of the choice in millionths, None for a model's free choice.

    `arm` is `holdout`, `near_tie`, `best` or, where nothing could be drawn, `none`.
    """

    arm: str
    propensity: int | None
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Silence as a candidate: it scores zero by definition, since every score is a gain over holding.

    `p_buy` is the chance, in millionths, that the customer buys without any contact; 0 where nothing was weighed.
    """

    fate: Fate
    reason: HoldReason | None
    p_buy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision as recorded. `chosen` is None for a hold, whose reason `hold` then gives."""

    decision_id: DecisionId
    tenant: TenantId
    customer: CustomerId
    trigger: TriggerKey
    as_of: datetime
    chosen: Treatment | None
    hold: Hold
    chooser: str
    degraded: bool
    cause: str
    draws: Draws
    candidates: tuple[Candidate, ...]
    verdicts: tuple[Verdict, ...]
    passages: tuple[str, ...]
    findings: tuple[str, ...]
    versions: Versions
    proposal: str
    inputs: str
    policy: str
    effects: tuple[EffectId, ...] = ()
    because: str = ""
    """The aim of what was chosen, in one typed word; '' for a hold."""
