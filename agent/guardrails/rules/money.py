"""Rules about what may be given away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from agent.domain.bundle import SlotKind
from agent.guardrails.cases import ActionCase, Breach, Nothing, TextCase


def coupon_budget(case: ActionCase, rule: Nothing) -> Breach | None:
    """A coupon needs a running campaign with budget for it and a share left for this customer."""
    if not case.action.uses_campaign:
        return None
    campaign = case.situation.snapshot.campaign(case.situation.now)
    if campaign and campaign.share_left > 0 and campaign.budget_left.micros >= campaign.face_value.micros:
        return None
    return Breach(detail="no campaign with budget left")


def valid_when_due(case: TextCase, rule: Nothing) -> Breach | None:
    """What ends before it would be said is not said: a coupon over, a demo begun."""
    return Breach(detail="over before it is due") if case.draft.expires_at <= case.draft.treatment.at else None


@dataclass(frozen=True, slots=True)
class Greatest:
    percent: Annotated[int, Ge(0), Le(100)]


def coupon_limit(case: TextCase, rule: Greatest) -> Breach | None:
    """A discount above the owner's limit needs a person. The playbook may lower the limit, never raise it."""
    limit = min(rule.percent, case.playbook.limits.coupon_percent)
    given = [int(slot.value) for slot in case.draft.payload.slots.values() if slot.kind is SlotKind.PERCENT]
    return Breach(detail=f"{max(given)} % over {limit} %") if given and max(given) > limit else None
