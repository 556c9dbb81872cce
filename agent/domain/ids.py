"""Typed names of things. All are opaque strings; none carries personal data except `ExternalId`."""

from __future__ import annotations

from hashlib import blake2b
from typing import NewType

TenantId = NewType("TenantId", str)
CustomerId = NewType("CustomerId", str)
"""A pseudonym: a keyed hash, meaningless without the tenant's secret."""
PersonId = NewType("PersonId", str)
ExternalId = NewType("ExternalId", str)
"""The customer's number in the caller's system: personal data."""
DecisionId = NewType("DecisionId", str)
EffectId = NewType("EffectId", str)
AddressRef = NewType("AddressRef", str)
PassageId = NewType("PassageId", str)
RuleId = NewType("RuleId", str)
TriggerKey = NewType("TriggerKey", str)


def digest(*parts: str, size: int = 10) -> str:
    """A stable hex name of `2 * size` characters for the given parts, unambiguous in their borders."""
    hashed = blake2b(digest_size=size)
    for part in parts:
        raw = part.encode()
        hashed.update(len(raw).to_bytes(4, "big"))
        hashed.update(raw)
    return hashed.hexdigest()


def decision_id(tenant: TenantId, customer: CustomerId, trigger: TriggerKey) -> DecisionId:
    """A decision is keyed by its trigger: the same trigger names the same decision."""
    return DecisionId("d_" + digest(tenant, customer, trigger))
