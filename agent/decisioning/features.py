"""What aims, weights and scores may look at: an allow-list. Everything else about a customer is not there for them.

Age, country, region, zone, language, names and the pseudonym itself never move a score, a price or a compensation
(PIPA 23, GDPR 22(4), DSA 26(3)); the guard, which has to know the law that holds, sees them all.
"""

from __future__ import annotations

from dataclasses import replace

from agent.domain.customer import AgeAssurance, Snapshot
from agent.domain.ids import CustomerId
from agent.domain.signals import Situation

ALLOWED = (
    "consents",
    "events",
    "history",
    "contacts",
    "cases",
    "products",
    "campaigns",
    "slots",
    "arms",
    "journeys",
    "foreseen",
    "orders",
    "stores",
    "bookings",
    "occasions",
    "credits",
    "duties",
)
"""Fields of the snapshot that features may be made of; of the addresses only which channels there are."""


def blind(situation: Situation) -> Situation:
    """The situation with allowed features only; the signals were computed from these alone."""
    snapshot = situation.snapshot
    seen = Snapshot(
        tenant=snapshot.tenant,
        customer=CustomerId(""),
        version=0,
        ordinal=0,
        country=None,
        zone=None,
        locale="",
        age=AgeAssurance.UNKNOWN,
        reach=tuple(replace(r, region="") if r.region else r for r in snapshot.reach),
        **{name: getattr(snapshot, name) for name in ALLOWED},
    )
    return replace(situation, snapshot=seen)
