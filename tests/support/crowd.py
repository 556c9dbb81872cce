"""A seeded crowd for property tests: every kind of customer, as rows to import."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from agent.domain.customer import AgeAssurance, Channel, ConsentStatus, Purpose
from agent.domain.imports import CustomerRow, Row
from tests.support.brand import consent, event, order

COUNTRIES = (
    ("GB", "Europe/London"),
    ("KR", "Asia/Seoul"),
    ("GB", "Asia/Seoul"),
    ("KR", "America/New_York"),
    ("DE", "Europe/Berlin"),
    (None, None),
)
CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.KAKAO)
PRODUCTS = ("lamp", "vase", "chair")


def crowd(size: int, seed: int, now: datetime) -> tuple[list[str], list[Row]]:
    """Names and rows: mixed countries, ages, consents, purchases, sessions, carts, cases."""
    draw = random.Random(seed)
    names = [f"p{seed}-{n}" for n in range(size)]
    rows: list[Row] = [order(None, f"c-{p}", now - timedelta(days=300), product_id=p) for p in PRODUCTS]
    for name in names:
        rows += _one(draw, name, now)
    return names, rows


def _one(draw: random.Random, name: str, now: datetime) -> list[Row]:
    country, zone = draw.choice(COUNTRIES)
    rows: list[Row] = [
        CustomerRow(
            key=f"who-{name}",
            external_id=name,
            first_name="Kim",
            country=country,
            zone=zone,
            locale=draw.choice(("ko", "en")),
            age=draw.choice([*AgeAssurance, AgeAssurance.ATTESTED, AgeAssurance.VERIFIED, AgeAssurance.ATTESTED]),
            addresses={c: f"{c}-{name}" for c in CHANNELS if draw.random() < 0.7},
        )
    ]
    rows += _consents(draw, name, now)
    for number in range(draw.choice((0, 0, 1, 2, 5))):
        at = now - timedelta(days=draw.uniform(1, 250))
        rows.append(
            order(name, f"o-{name}-{number}", at, price=str(draw.randint(1, 900)), product_id=draw.choice(PRODUCTS))
        )
    rows += _events(draw, name, now)
    return rows


def _consents(draw: random.Random, name: str, now: datetime) -> list[Row]:
    rows: list[Row] = []
    wanted: list[tuple[Purpose, Any]] = [(Purpose.PROFILING, None), (Purpose.MARKETING_PROCESSING, None)]
    if draw.random() < 0.9:  # the others were never asked
        wanted += [(Purpose.AD_SENDING, c) for c in CHANNELS] + [(Purpose.NIGHT, c) for c in CHANNELS[1:]]
    for purpose, channel in wanted:
        if draw.random() < (0.85 if channel is None else 0.6):
            rows.append(consent(name, purpose, channel))
            if draw.random() < 0.1:
                rows.append(
                    consent(name, purpose, channel, ConsentStatus.WITHDRAWN, now - timedelta(days=draw.uniform(0, 9)))
                )
    return rows


def _events(draw: random.Random, name: str, now: datetime) -> list[Row]:
    rows: list[Row] = []
    if draw.random() < 0.5:
        product = draw.choice(PRODUCTS)
        for n in range(draw.randint(1, 5)):
            at = now - timedelta(minutes=draw.uniform(0, 9) + 9 * n)
            rows.append(event(name, "product_viewed", at, product, dwell_seconds=draw.randint(1, 200)))
    if draw.random() < 0.4:
        rows.append(
            event(
                name,
                "cart_updated",
                now - timedelta(hours=draw.uniform(0, 100)),
                f"cart-{name}",
                value=draw.randint(1, 400),
            )
        )
    for kind, share in (("chat_accepted", 0.1), ("chat_declined", 0.05), ("purchased", 0.07), ("case_opened", 0.08)):
        if draw.random() < share:
            rows.append(event(name, kind, now - timedelta(minutes=draw.uniform(0, 40)), f"{kind}-{name}"))
    return rows
