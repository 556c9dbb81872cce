"""What a consent banner's categories mean for the ledger: denials count at once, silence changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from agent.domain.consent import Entry, Proof
from agent.domain.customer import Consent, ConsentStatus, Purpose

Categories = Mapping[str, tuple[Purpose, ...]]

DEFAULT: Categories = {
    "advertising": (Purpose.PROFILING,),
    "targeting": (Purpose.PROFILING,),
    "personalization": (Purpose.PROFILING,),
    "personalisation": (Purpose.PROFILING,),
    "marketing": (Purpose.MARKETING_PROCESSING,),
}
"""Common names of categories; a playbook's `consent_categories` replaces or adds. No banner grants ads on a channel."""


def entries(
    choices: Mapping[str, bool], gpc: bool, categories: Categories, at: datetime, method: str
) -> tuple[Entry, ...]:
    """The ledger entries that a banner's report amounts to, each only where it changes something.

    One denial of a purpose outweighs any category that allows it. Global Privacy Control denies profiling
    (W3C GPC; CCPA regulations section 7025; GDPR 21(5)).
    """
    known = {**DEFAULT, **{name.lower(): purposes for name, purposes in categories.items()}}
    said: dict[Purpose, bool] = {}
    for name, allowed in choices.items():
        for purpose in known.get(name.lower(), ()):
            said[purpose] = allowed and said.get(purpose, True)
    if gpc:
        said[Purpose.PROFILING] = False
    return tuple(
        Entry(
            consent=Consent(
                purpose=purpose,
                channel=None,
                status=ConsentStatus.GRANTED if allowed else ConsentStatus.WITHDRAWN,
                given_at=at,
            ),
            proof=Proof(method="gpc" if gpc and purpose is Purpose.PROFILING else method),
            if_changed=True,
        )
        for purpose, allowed in sorted(said.items())
    )
