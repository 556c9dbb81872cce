"""The ports to what is kept, as one object."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.columns import Columns
from agent.domain.doors import AuditChain, Export, Inbox, Notices
from agent.domain.models import Models
from agent.domain.ports import (
    Bookings,
    Commit,
    Coupons,
    Customers,
    DataQuality,
    Erasure,
    GuidelineVersions,
    Happenings,
    Identities,
    ImportSink,
    Journeys,
    Outcomes,
    Records,
    Snapshots,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The ports to what is kept."""

    snapshots: Snapshots
    commit: Commit
    records: Records
    customers: Customers
    intake: ImportSink
    outcomes: Outcomes
    journeys: Journeys
    bookings: Bookings
    coupons: Coupons
    erasure: Erasure
    identities: Identities
    quality: DataQuality
    happenings: Happenings
    guidelines: GuidelineVersions
    inbox: Inbox
    export: Export
    chain: AuditChain
    notices: Notices
    columns: Columns
    models: Models
