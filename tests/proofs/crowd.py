"""People for the proofs, as plain facts: lawful from head to foot, at the edges of what is lawful, in twelve places."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.proofs.facts import Person, Statement, Touch

PUSHED = ("email", "sms", "push", "kakao")
DAY = timedelta(days=1)
FIRST, LAST = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
"""All of it happens in these thirty days: one copy of the do-not-call list serves, and two clock changes lie within."""


@dataclass(frozen=True)
class Home:
    """Where somebody lives: country, zone, state, state of the area code, language."""

    country: str
    zone: str
    locale: str
    region: str = ""
    phone_region: str = ""


HOMES = (
    Home("KR", "Asia/Seoul", "ko"),
    Home("KR", "America/New_York", "ko"),
    Home("GB", "Europe/London", "en"),
    Home("GB", "Asia/Seoul", "ko"),
    Home("DE", "Europe/Berlin", "en"),
    Home("IE", "Europe/Dublin", "en"),
    Home("US", "America/Los_Angeles", "en", "US-CA"),
    Home("US", "America/Los_Angeles", "en", "US-CA", "US-FL"),
    Home("US", "America/Chicago", "en", "US-TX", "US-TX"),
    Home("US", "America/New_York", "ko"),
    Home("CA", "America/Toronto", "en"),
    Home("JP", "Asia/Tokyo", "ko"),
)
NAMES = ("서연", "O'Brien", "Anne-Marie", "J.", "민", "Zoë", "D’Arcy", "남궁민수", "Łukasz", "Seán", "", "Mary Jane")
EDGES = (
    "07:59:59",
    "08:00:00",
    "08:04:59",
    "08:05:00",
    "09:00:00",
    "12:00:00",
    "15:30:00",
    "19:59:59",
    "20:49:59",
    "20:59:59",
)
"""Hours on the person's own clock that are worth standing at."""
SIGNED = frozenset({"signed", "names_seller", "not_conditional", "names_kakao"})
SOFT = frozenset({"own_customer", "collected_in_sale", "same_kind", "opt_out_offered"})
DEAL = frozenset({"collected_directly", "own_goods", "same_kind", "own_customer"})


def moment(draw: random.Random, home: Home, edges: tuple[str, ...] = EDGES) -> datetime:
    """An instant within the thirty days at one of the edges of the person's day."""
    day = (FIRST + draw.random() * (LAST - FIRST)).astimezone(ZoneInfo(home.zone)).date()
    return datetime.combine(day, time.fromisoformat(draw.choice(edges)), ZoneInfo(home.zone)).astimezone(UTC)


def person(draw: random.Random, tenant: str, name: str, home: Home, now: datetime) -> Person:
    """Somebody to whom something may lawfully be said at some hour: consents, few contacts, nothing open."""
    agreed = {c for c in PUSHED if draw.random() < 0.6} or {draw.choice(PUSHED)}
    return Person(
        tenant=tenant,
        customer=name,
        country=home.country,
        zone=home.zone,
        locale=home.locale,
        age=draw.choice(("attested", "verified")),
        region=home.region,
        phone_region=home.phone_region,
        ledger=(
            Statement("profiling", "", "granted", _long_ago(draw, now)),
            Statement("marketing_processing", "", "granted", _long_ago(draw, now)),
            Statement("cross_border_model", "", "granted", _long_ago(draw, now)),
            *(_ground(draw, channel, home, now) for channel in sorted(agreed)),
            *(
                Statement("night", channel, "granted", _long_ago(draw, now))
                for channel in sorted(agreed - {"email"})
                if draw.random() < 0.2
            ),
        ),
        touches=_touches(draw, now),
        addresses={channel: f"{channel}-{name}" for channel in PUSHED},
    )


def _long_ago(draw: random.Random, now: datetime) -> datetime:
    """Up to two years less a day, where consent has to be said again."""
    return now - draw.choice((timedelta(days=1), 30 * DAY, 400 * DAY, 728 * DAY))


def _ground(draw: random.Random, channel: str, home: Home, now: datetime) -> Statement:
    """Consent, or where the law knows one, an exception near its edge."""
    if draw.random() < 0.25:
        if home.country in ("GB", "DE", "IE") and channel in ("email", "sms"):
            return Statement("ad_sending", channel, "granted", _long_ago(draw, now), "soft_opt_in", SOFT)
        if home.country in ("KR", "CA"):
            ended = now - draw.choice((3 * DAY, 170 * DAY, 179 * DAY))
            return Statement("ad_sending", channel, "granted", ended, "existing_deal", DEAL, deal_ended_at=ended)
    expires = draw.choice((None, None, now + 2 * DAY, now + 400 * DAY))
    return Statement("ad_sending", channel, "granted", _long_ago(draw, now), conditions=SIGNED, expires_at=expires)


def _touches(draw: random.Random, now: datetime) -> tuple[Touch, ...]:
    """Near the caps and never over them: two offers this week, one of each channel just out of its week."""
    found = []
    if draw.random() < 0.5:
        found.append(Touch("page", "offer_chat", "vase", "offer", now - 2 * DAY, "accepted", now - 2 * DAY))
    if draw.random() < 0.4:
        found.append(Touch("push", "recommend_product", "vase", "offer", now - 5 * DAY, "accepted", now - 5 * DAY))
    if draw.random() < 0.4:
        found.append(Touch("email", "recommend_product", "chair", "offer", now - 7 * DAY, "converted", now - 6 * DAY))
    if draw.random() < 0.3:
        found.append(Touch("sms", "offer_coupon", "cart-old", "offer", now - 7 * DAY, "accepted", now - 6 * DAY))
    if draw.random() < 0.2:
        found.append(Touch("email", "apologise", "k", "reply", now - DAY))
    if draw.random() < 0.2:
        found.append(Touch("email", "offer_coupon", "cart-x", "offer", now - 20 * DAY, "ignored", now - 15 * DAY))
    return tuple(found)


def without(person: Person, purpose: str, channel: str | None = None) -> Person:
    """The same person who never said anything about a purpose (on a channel, or on any)."""
    kept = tuple(s for s in person.ledger if s.purpose != purpose or (channel is not None and s.channel != channel))
    return replace(person, ledger=kept)


def saying(person: Person, *more: Statement) -> Person:
    return replace(person, ledger=(*person.ledger, *more))
