"""Audits over all that was decided: who got offers, and who did not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.decisioning.fairness import Report, Seen, audit
from agent.domain.action import Kind
from agent.domain.decision import Decision
from agent.domain.ids import TenantId
from agent.domain.ports import Customers, Records
from agent.importing.attributes import read_attributes


@dataclass(frozen=True, slots=True)
class Auditing:
    """One tenant's decisions, looked back on."""

    tenant: TenantId
    customers: Customers
    records: Records

    def fairness(self, attributes: Path) -> Report:
        """Offers, holds and amounts between the groups of an attribute file, by each customer's newest decision.

        The file is read and forgotten. Raises InputError where it cannot be read.
        """
        known = {person.external_id: person.customer for person in self.customers.everyone(self.tenant)}
        columns = read_attributes(attributes, known)
        newest = {decision.customer: decision for decision in self.records.decisions(self.tenant)}
        return audit([self._got(decision) for decision in newest.values()], columns)

    def _got(self, decision: Decision) -> Seen:
        offers = {c.treatment.key for c in decision.candidates if c.kind is Kind.OFFER}
        offered = decision.chosen is not None and decision.chosen.key in offers
        amount = 0.0
        for effect in self.records.effects(self.tenant, decision.decision_id) if offered else ():
            slot = effect.payload.slots.get("coupon.greatest")
            amount = max(amount, float(slot.value) if slot else 0.0)
        return Seen(customer=decision.customer, offered=offered, amount=amount)
