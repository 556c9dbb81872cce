"""Rules about who the customer is."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.customer import AgeAssurance
from agent.guardrails.cases import Breach, CustomerCase, Nothing


@dataclass(frozen=True, slots=True)
class AcceptedAges:
    accepted: tuple[AgeAssurance, ...]

    def tighter_than(self, law: AcceptedAges) -> bool:
        return set(self.accepted) <= set(law.accepted)


def of_age(case: CustomerCase, rule: AcceptedAges) -> Breach | None:
    """Unknown age counts as a minor's, unless the tenant attests that all its accounts are adults."""
    age = case.situation.snapshot.age
    attested = case.playbook.attestations.adults_only
    if age is AgeAssurance.UNKNOWN and attested is not None and attested <= case.situation.now.date():
        return None
    return None if age in rule.accepted else Breach(detail=f"age {age}")


def zone_known(case: CustomerCase, rule: Nothing) -> Breach | None:
    """Without the customer's zone no hour is known to be lawful."""
    return None if case.situation.snapshot.zone else Breach(detail="time zone unknown")
