"""Rows folded into facts: pure functions that `snapshots.py` applies to what it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from agent.domain.customer import (
    CASE_EVENTS,
    SERVICE_EVENTS,
    AgeAssurance,
    Basis,
    CampaignLeft,
    Case,
    Channel,
    Consent,
    ConsentStatus,
    Contact,
    Event,
    Journey,
    PurchaseHistory,
    Purpose,
    Reach,
)
from agent.domain.ids import AddressRef
from agent.domain.money import Money
from agent.store.journeys import journey_of

VIEWS = ("page_viewed", "product_viewed")
_BY_TIME = attrgetter("occurred_at", "event")
MOST_VIEWS = 30
MOST_OF_A_KIND = 5
_FACTS = ("country", "zone", "locale", "region")


def share(campaign: CampaignLeft, given: int) -> CampaignLeft:
    return campaign if not given else replace(campaign, share_left=max(0, campaign.share - given))


def reach(rows: list[Row[Any]], customers: Sequence[str]) -> tuple[Reach, ...]:
    """One address a channel: the customer's own, else that of somebody they are one with; listed where any is."""
    chosen: dict[str, Row[Any]] = {}
    for row in sorted(rows, key=lambda r: (customers.index(r.customer), r.address_ref)):
        chosen.setdefault(row.channel, row)
    listed = {row.channel for row in rows if row.listed}
    return tuple(
        Reach(
            channel=Channel(r.channel),
            address_ref=AddressRef(r.address_ref),
            region=r.region,
            listed=r.channel in listed,
        )
        for r in sorted(chosen.values(), key=lambda r: r.address_ref)
    )


def facts(rows: Sequence[Row[Any]]) -> SimpleNamespace:
    """What is known of the person: of the first of the customers that says it; a child if any says so."""
    known = {name: next((v for row in rows if (v := getattr(row, name))), None) for name in _FACTS}
    ages = {AgeAssurance(row.age) for row in rows}
    age = AgeAssurance.MINOR if AgeAssurance.MINOR in ages else max(ages, key=list(AgeAssurance).index)
    return SimpleNamespace(**known, age=age)


def history(rows: Sequence[Row[Any]], favourites: Mapping[str, str], currency: str) -> PurchaseHistory | None:
    """What the customers together bought; the favourite is that of whoever ordered most."""
    rows = [row for row in rows if row.orders]
    if not rows:
        return None
    keenest = max(rows, key=lambda r: (r.orders, r.last_at))
    return PurchaseHistory(
        orders=sum(row.orders for row in rows),
        first_at=min(row.first_at for row in rows),
        last_at=max(row.last_at for row in rows),
        net=Money.from_micros(sum(int(row.net) for row in rows), currency),
        favourite=favourites.get(keenest.customer, ""),
    )


def allows_profiling(consent: Consent, at: datetime) -> bool:
    """What a customer has not agreed to have read is not even loaded."""
    return (
        consent.purpose is Purpose.PROFILING
        and consent.basis is Basis.CONSENT
        and consent.status is ConsentStatus.GRANTED
        and (consent.expires_at is None or at < consent.expires_at)
    )


def objection(consents: tuple[Consent, ...]) -> datetime | None:
    """Withdrawing the use of data for marketing is an objection to marketing; agreeing anew lifts it."""
    for consent in consents:
        if consent.purpose is Purpose.MARKETING_PROCESSING and consent.status is ConsentStatus.WITHDRAWN:
            return consent.given_at
    return None


STRONGEST = (
    "complained",
    "unsubscribed",
    "declined",
    "converted",
    "accepted",
    "clicked",
    "bounced",
    "viewed",
    "ignored",
)
"""Of several outcomes of one contact, the one that says most."""


def contacts(rows: list[Row[Any]]) -> tuple[Contact, ...]:
    """One contact a message, with the strongest of its outcomes."""
    strongest: dict[str, Row[Any]] = {}
    for row in rows:
        known = strongest.get(row.contact)
        if known is None or STRONGEST.index(row.outcome) < STRONGEST.index(known.outcome):
            strongest[row.contact] = row
    rows = list(strongest.values())
    return tuple(
        Contact(
            channel=Channel(r.channel),
            action=r.action,
            entity=r.entity,
            kind=r.kind,
            at=r.at,
            contact_id=r.contact,
            outcome=r.outcome or "",
            outcome_at=r.outcome_at,
        )
        for r in sorted(rows, key=lambda r: (r.at, r.contact))
    )


def cases(rows: list[Row[Any]]) -> tuple[Case, ...]:
    """Cases as their events tell them, in whatever order those arrived: opened, closed, opened again."""
    cases: dict[str, Case] = {}
    mine = [row for row in rows if row.kind in CASE_EVENTS]
    for row in sorted(mine, key=lambda r: (r.occurred_at, r.kind == "case_opened", r.event)):
        case = cases.get(row.entity)
        if row.kind == "case_closed":
            if case is not None and case.closed_at is None:
                cases[row.entity] = replace(case, closed_at=row.occurred_at)
        elif case is None or case.closed_at is not None:
            kind = str(row.properties.get("kind", "complaint"))
            cases[row.entity] = Case(case_id=row.entity, kind=kind, opened_at=row.occurred_at)
    return tuple(sorted(cases.values(), key=lambda case: (case.opened_at, case.case_id)))


def journeys(rows: list[Row[Any]]) -> tuple[Journey, ...]:
    return tuple(journey_of(r) for r in sorted(rows, key=lambda r: (r.started_at, r.journey)))


def events(rows: list[Row[Any]], consents: tuple[Consent, ...], at: datetime) -> tuple[Event, ...]:
    """What the customer did, newest last; where they are only if they agreed to that."""
    located = any(
        c.purpose is Purpose.LOCATION
        and c.status is ConsentStatus.GRANTED
        and (c.expires_at is None or at < c.expires_at)
        for c in consents
    )
    kept = recent([r for r in rows if located or r.kind != "located"])
    known: dict[str, Row[Any]] = {row.event: row for row in kept}
    return tuple(Event(kind=r.kind, at=r.occurred_at, entity=r.entity, properties=r.properties) for r in known.values())


def asked(rows: list[Row[Any]]) -> list[Row[Any]]:
    """What customers ask of us is read whatever they agreed to: an answer is owed."""
    return [row for row in rows if row.kind in SERVICE_EVENTS]


def recent(rows: list[Row[Any]]) -> list[Row[Any]]:
    """The newest views, and the newest few of each other kind: no flood of views hides a purchase or an answer."""
    kept: list[Row[Any]] = []
    counts: dict[str, int] = defaultdict(int)
    for row in sorted(rows, key=_BY_TIME, reverse=True):
        kind = row.kind
        counts[kind] += 1
        if counts[kind] <= (MOST_VIEWS if kind in VIEWS else MOST_OF_A_KIND):
            kept.append(row)
    return kept[::-1]
