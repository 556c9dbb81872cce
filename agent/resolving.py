"""Identity resolution as its faces call it: find who is one person, join them, take a join back."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.errors import InputError
from agent.domain.identity import Merge, Resolution, resolve
from agent.domain.ids import ExternalId, TenantId
from agent.domain.ports import Customers, Identities


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolving:
    """Who is who among one tenant's customers."""

    tenant: TenantId
    identities: Identities
    customers: Customers

    def find(self) -> Resolution:
        """Customers that are one person by their addresses and names, and those who only share an address.

        What somebody took back is not proposed again.
        """
        undone = {frozenset((m.kept, m.joined)) for m in self.identities.merges(self.tenant) if m.undone_at is not None}
        return resolve(self.identities.known(self.tenant), undone)

    def resolve(self, by: str) -> list[Merge]:
        """Joins everybody whom `find` matches; each join is a merge that can be undone."""
        merged = []
        for match in self.find().matches:
            kept, *others = match.customers
            evidence = "same " + ", ".join(match.evidence)
            merged += [self.identities.merge(self.tenant, kept, joined, evidence, by) for joined in others]
        return merged

    def merge(self, kept: str, joined: str, by: str) -> Merge:
        """Joins two customers on a person's word. Raises NotFound, InputError."""
        if not by.strip():
            raise InputError("a merge has an author", place="--by", next_step="Say who decided it.")
        one, other = (self.customers.find(self.tenant, ExternalId(name)) for name in (kept, joined))
        return self.identities.merge(self.tenant, one, other, "said by a person", by)

    def undo(self, merge_id: str, by: str) -> int:
        """Takes a merge back; how many refusals were noted on both so that none is lost. Raises NotFound."""
        return self.identities.undo(self.tenant, merge_id, by)

    def merges(self) -> list[Merge]:
        return self.identities.merges(self.tenant)
