"""Rules about what may be given away, and about prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_types import Ge, Le

from agent.domain.bundle import SlotKind
from agent.guardrails.cases import ActionCase, Breach, Nothing, TextCase
from agent.guardrails.words import slots_in


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

    def tighter_than(self, law: Greatest) -> bool:
        return self.percent <= law.percent


def needs_approval(case: TextCase, rule: Greatest) -> Breach | None:
    """A discount above the owner's limits, or an action the owner wants to see, needs a person.

    The playbook may lower the limit, never raise it.
    """
    limits = case.playbook.limits
    if case.action.name in limits.review:
        return Breach(detail=f"{case.action.name} is approved each time")
    limit = min(rule.percent, limits.coupon_percent)
    given = max((int(s.value) for s in case.draft.payload.slots.values() if s.kind is SlotKind.PERCENT), default=0)
    if given > limit:
        return Breach(detail=f"{given} % over {limit} %")
    most = limits.coupon_amount
    if most is not None and any(r.amount.amount > most for r in case.draft.reservations if r.amount is not None):
        return Breach(detail=f"an amount over {most}")
    return None


REDUCTIONS = ("product.reduction", "product.price_before")
"""Slots that announce a lower price."""


def prior_price_shown(case: TextCase, rule: Nothing) -> Breach | None:
    """A reduction is announced beside the lowest price of the last thirty days, and computed from it."""
    words, slots = case.draft.payload.words, case.draft.payload.slots
    shown = set(slots_in(words.subject + words.body))
    if not shown & set(REDUCTIONS):
        return None
    product = case.situation.snapshot.product(case.draft.treatment.entity)
    before = slots.get("product.price_before")
    if product is None or product.lowest_price is None:
        return Breach(detail="no price history of thirty days")
    if before is None or "product.price_before" not in shown:
        return Breach(detail="prior price not shown")
    return None if Decimal(before.value) == product.lowest_price.amount else Breach(detail="not the lowest prior price")
