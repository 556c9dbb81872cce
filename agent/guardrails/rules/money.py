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
    for campaign in case.situation.snapshot.campaigns:
        room = campaign.budget_left.micros >= campaign.face_value.micros and campaign.share_left > 0
        if room and campaign.ends_at > case.situation.now:
            return None
    return Breach(detail="no campaign with budget left")


@dataclass(frozen=True, slots=True)
class Greatest:
    percent: Annotated[int, Ge(0), Le(100)]


def coupon_limit(case: TextCase, rule: Greatest) -> Breach | None:
    """A discount above the owner's limit needs a person. The playbook may lower the limit, never raise it."""
    limit = min(rule.percent, case.playbook.limits.coupon_percent)
    given = [int(slot.value) for slot in case.draft.payload.slots.values() if slot.kind is SlotKind.PERCENT]
    return Breach(detail=f"{max(given)} % over {limit} %") if given and max(given) > limit else None
