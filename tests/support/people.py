"""Customers and brands for tests: built from the domain's own types, with everything in order unless said otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.domain.customer import (
    PUSHED,
    AgeAssurance,
    CampaignLeft,
    Channel,
    Consent,
    ConsentStatus,
    Event,
    Product,
    Purpose,
    Reach,
    Snapshot,
)
from agent.domain.ids import AddressRef, CustomerId, TenantId
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.strict_yaml import read
from prompts.loading import STARTER

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""Friday noon in Seoul."""
TENANT = TenantId("acme")
LAMP = Product(product_id="lamp", name="Blue Lamp", price=Money(Decimal("40.00"), "GBP"))


def playbook(locale: str = "ko") -> Playbook:
    return read(STARTER / locale / "playbook.yaml", Playbook)


def starter(locale: str) -> Path:
    return STARTER / locale / "playbook.yaml"


def granted(purpose: Purpose, channel: Channel | None = None, at: datetime = NOON - timedelta(days=90)) -> Consent:
    return Consent(purpose=purpose, channel=channel, status=ConsentStatus.GRANTED, given_at=at)


def withdrawn(purpose: Purpose, channel: Channel | None = None, at: datetime = NOON - timedelta(days=1)) -> Consent:
    return Consent(purpose=purpose, channel=channel, status=ConsentStatus.WITHDRAWN, given_at=at)


def all_consents(channels: tuple[Channel, ...] = PUSHED) -> tuple[Consent, ...]:
    return (
        granted(Purpose.PROFILING),
        granted(Purpose.MARKETING_PROCESSING),
        granted(Purpose.CROSS_BORDER_MODEL),
        *(granted(Purpose.AD_SENDING, channel) for channel in channels),
    )


def reach(*channels: Channel) -> tuple[Reach, ...]:
    return tuple(Reach(channel=c, address_ref=AddressRef(f"a_{c}")) for c in channels or PUSHED)


def cart(at: datetime, value: float = 120_000.0) -> Event:
    return Event(kind="cart_updated", at=at, entity="cart-1", properties={"value": value})


def views(at: datetime, product: str = "lamp", times: int = 3, seconds: float = 70.0) -> tuple[Event, ...]:
    return tuple(
        Event(
            kind="product_viewed",
            at=at - timedelta(minutes=2 * n),
            entity=product,
            properties={"dwell_seconds": seconds},
        )
        for n in range(times)
    )


def campaign(currency: str, percent: int = 10) -> CampaignLeft:
    """A running coupon campaign with plenty of budget."""
    unit = {"KRW": 1000, "GBP": 1}[currency]

    def money(amount: int) -> Money:
        return Money(Decimal(amount * unit), currency)

    return CampaignLeft(
        campaign="spring",
        percent=percent,
        minimum_spend=money(50),
        budget=money(100_000),
        budget_left=money(90_000),
        face_value=money(14),
        ends_at=NOON + timedelta(days=30),
        share=1,
        share_left=1,
    )


def customer(now: datetime = NOON, **changes: Any) -> Snapshot:
    """A Korean adult with every consent and address, and no event."""
    found = Snapshot(
        tenant=TENANT,
        customer=CustomerId("c_1"),
        version=1,
        ordinal=0,
        country="KR",
        zone="Asia/Seoul",
        locale="ko",
        age=AgeAssurance.ATTESTED,
        reach=reach(),
        consents=all_consents(),
        products=(LAMP,),
        campaigns=(campaign("KRW"),),
    )
    return replace(found, **changes)


def briton(now: datetime = NOON, **changes: Any) -> Snapshot:
    london = {"country": "GB", "zone": "Europe/London", "locale": "en", "campaigns": (campaign("GBP"),)}
    return customer(now, **(london | changes))
