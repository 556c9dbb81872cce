"""Audits over all that was decided: who got offers and who did not; and that nobody has changed the books since."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from agent.decisioning.fairness import Report, Seen, audit
from agent.domain.action import Kind
from agent.domain.audit import Anchor, Verified
from agent.domain.decision import Decision
from agent.domain.doors import AuditChain
from agent.domain.errors import InputError, StoreError
from agent.domain.ids import TenantId
from agent.domain.instants import instant
from agent.domain.ports import Customers, Records
from agent.importing.attributes import read_attributes


@dataclass(frozen=True, slots=True)
class Auditing:
    """One tenant's decisions, looked back on."""

    tenant: TenantId
    customers: Customers
    records: Records
    chain: AuditChain
    anchors: Path
    """A file that grows by one line at a time. It belongs where whoever can write the database cannot."""

    def link(self) -> int:
        """Links what was written since into the chain; how many rows."""
        total = 0
        while linked := self.chain.extend(self.tenant):
            total += linked
        return total

    def anchor(self) -> Anchor | None:
        """Writes down where the chain ends, unless it stands there already; None where nothing was new. Raises
        StoreError where the chain is not what was written down: that must not be covered up by a new line."""
        head = self.chain.head(self.tenant)
        known = self.anchored()
        if known and not self.chain.holds(self.tenant, known[-1]):
            raise StoreError("the audit is not what its last anchor says", next_step="Run `tactful audit verify`.")
        if head.position == (known[-1].position if known else 0):
            return None
        self.anchors.parent.mkdir(parents=True, exist_ok=True)
        line = orjson.dumps({"at": head.at, "position": head.position, "chain": head.chain}) + b"\n"
        torn = self.anchors.exists() and not self.anchors.read_bytes().endswith(b"\n")
        with self.anchors.open("ab") as file:
            file.write(b"\n" + line if torn else line)
            file.flush()
            os.fsync(file.fileno())
        return head

    def anchored(self) -> list[Anchor]:
        """All anchors, oldest first; a line that a crash has torn is passed over. Raises InputError for one that is
        whole and no anchor."""
        if not self.anchors.exists():
            return []
        found = []
        for number, line in enumerate(self.anchors.read_bytes().splitlines(), start=1):
            if not line.endswith(b"}"):
                continue
            try:
                said = orjson.loads(line)
                at = instant(said["at"], "at")
                found.append(Anchor(at=at, position=int(said["position"]), chain=str(said["chain"])))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, InputError):
                raise InputError(
                    "not an anchor", place=f"{self.anchors.name}:{number}", next_step="Restore the file from its copy."
                ) from None
        return found

    def verify(self) -> Verified:
        """Holds the whole audit against its hashes, its chain and its anchors."""
        return self.chain.verify(self.tenant, self.anchored())

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
