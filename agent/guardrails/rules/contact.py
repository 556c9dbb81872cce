"""Rules about how often, and about people who have a worry open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le

from agent.guardrails.cases import ActionCase, Breach, CustomerCase


@dataclass(frozen=True, slots=True)
class Cap:
    contacts: Annotated[int, Ge(0)]
    days: Annotated[int, Ge(1), Le(365)]


def contact_cap(case: CustomerCase, rule: Cap) -> Breach | None:
    """Offers on all surfaces together; a playbook may lower the cap, never raise it. Reserved contacts count."""
    cap = min(rule.contacts, case.playbook.limits.weekly_contacts)
    since = case.situation.now - timedelta(days=rule.days)
    made = sum(1 for contact in case.situation.snapshot.contacts if contact.kind == "offer" and contact.at > since)
    return Breach(detail=f"{made} of {cap} in {rule.days} days") if made >= cap else None


@dataclass(frozen=True, slots=True)
class Days:
    days: Annotated[int, Ge(0), Le(3650)]


def same_offer_again(case: ActionCase, rule: Days) -> Breach | None:
    """The same offer about the same thing is made once, not again and again."""
    if case.aim is None:
        return None
    since = case.situation.now - timedelta(days=rule.days)
    for contact in case.situation.snapshot.contacts:
        if contact.action == case.action.name and contact.entity == case.aim.entity and contact.at > since:
            return Breach(detail=f"offered within {rule.days} days")
    return None


def open_case(case: CustomerCase, rule: Days) -> Breach | None:
    """While a complaint, refund, outage, fraud, bereavement or debt case is open, and `days` after, nothing is sold."""
    now = case.situation.now
    for known in case.situation.snapshot.cases:
        mute_ends = known.closed_at + timedelta(days=rule.days) if known.closed_at else None
        if known.opened_at <= now and (mute_ends is None or now < mute_ends):
            return Breach(detail=f"{known.kind} case")
    return None
