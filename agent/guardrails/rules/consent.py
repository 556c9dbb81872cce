"""Rules about what the customer agreed to, refused or objected to."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.customer import Purpose
from agent.guardrails.cases import Breach, ChannelCase, CustomerCase, Nothing, TreatmentCase


@dataclass(frozen=True, slots=True)
class ForPurpose:
    purpose: Purpose


def consent_to(case: CustomerCase, rule: ForPurpose) -> Breach | None:
    """Consent to one purpose must be on file; unknown is no."""
    if case.situation.snapshot.granted(rule.purpose, None, case.situation.now):
        return None
    return Breach(detail=f"no {rule.purpose} consent")


def consent_to_ads(case: ChannelCase, rule: Nothing) -> Breach | None:
    """Consent to advertising must be on file for this very channel."""
    if case.situation.snapshot.granted(Purpose.AD_SENDING, case.channel, case.situation.now):
        return None
    return Breach(detail=f"no ad consent for {case.channel}")


def ad_consent_lasts(case: TreatmentCase, rule: Nothing) -> Breach | None:
    """Consent to advertising must still stand when the message leaves, not only when it is decided."""
    if case.situation.snapshot.granted(Purpose.AD_SENDING, case.channel, case.at):
        return None
    return Breach(detail="consent ends before it is due")


def opted_out(case: ChannelCase, rule: Nothing) -> Breach | None:
    """A refusal of this channel, by whatever route, stops it at once."""
    if case.situation.snapshot.withdrawn(Purpose.AD_SENDING, case.channel):
        return Breach(detail=f"{case.channel} refused")
    return None


def objected(case: CustomerCase, rule: Nothing) -> Breach | None:
    """An objection to direct marketing is absolute: no balancing, no date at which it ends."""
    return Breach(detail="objection on file") if case.situation.snapshot.objected_at else None
