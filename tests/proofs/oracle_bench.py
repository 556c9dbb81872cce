"""What the oracle's own tests stand on: one lawful message per channel and country, and a way to change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.proofs.facts import Coupon, House, Message, Person, Statement, Touch
from tests.proofs.oracle import breaches
from tests.proofs.oracle_law import LAW

NY, CHI, LA = "America/New_York", "America/Chicago", "America/Los_Angeles"
PUSHED = ("email", "sms", "push", "kakao")
COUNTRIES = {
    "KR": "Asia/Seoul",
    "DE": "Europe/Berlin",
    "GB": "Europe/London",
    "US": "America/New_York",
    "CA": "America/Toronto",
    "JP": "Asia/Tokyo",
}
TERMS = frozenset({"signed", "names_seller", "not_conditional"})
DEAL = frozenset({"collected_directly", "own_goods", "same_kind"})
SOFT = frozenset({"own_customer", "collected_in_sale", "same_kind", "opt_out_offered"})
HEADERS = {
    "List-Unsubscribe": "<https://moa.example/u/abcdefghijklmnopqrstuv>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
FOOT = "This is an advertisement of Moa, 1 Long Lane, Seoul. Stop: https://moa.example/u or reply STOP. AI wrote this."
BODY = f"(광고) Moa 02-555-0100\nA new bag. {FOOT}\n무료수신거부 080-555-0100"
CAMPAIGN = Coupon("autumn", 20, Decimal(30000), Decimal(10000), Decimal(9999999), date(2026, 11, 30))
COUPON_BODY = BODY.replace("A new bag.", "20% 할인, 30,000원 이상, 최대 1만원, 11월 30일까지.")


def on(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def kst(text: str) -> datetime:
    return on("Asia/Seoul", text)


def said(purpose: str, channel: str = "", at: str = "2026-03-01", status: str = "granted", **more: Any) -> Statement:
    return Statement(purpose, channel, status, kst(at), **more)


def bought(ended: str) -> Statement:
    return said("ad_sending", "sms", ended, basis="existing_deal", conditions=DEAL, deal_ended_at=kst(ended))


BASE = (said("profiling"), said("marketing_processing"))
YES = (*BASE, *(said("ad_sending", channel, conditions=TERMS) for channel in PUSHED))


def judge(
    channel: str = "sms",
    country: str = "KR",
    at: datetime | None = None,
    person: dict[str, Any] | None = None,
    house: dict[str, Any] | None = None,
    message: dict[str, Any] | None = None,
) -> list[str]:
    """Judge a message that is lawful but for what is given."""
    zone = COUNTRIES[country]
    leaves = at or on(zone, "2026-11-24 14:00")
    somebody = Person(
        "moa", "c1", country, zone, "en" if country != "KR" else "ko", "verified", ledger=YES,
        region="US-NY" if country == "US" else "", addresses={each: f"{each}-of-c1" for each in PUSHED},
    )  # fmt: skip
    brand = House(
        "moa", "Moa", country, zone, "KRW", "02-555-0100", "080-555-0100", "https://moa.example/u",
        frozenset(LAW["packs"]),
        postal_address="1 Long Lane, Seoul", vendor_in_house=True, registers={"us-dnc": leaves - timedelta(days=1)},
        coupons=(CAMPAIGN,),
    )  # fmt: skip
    sent = Message(
        "moa", "c1", f"{channel}-of-c1", channel, "offer", "show", "bag", leaves, "(광고) Moa", BODY, "",
        headers=HEADERS if channel == "email" else {},
    )  # fmt: skip
    if channel == "chat":
        sent = replace(sent, subject="", body="AI가 응대합니다. 새 가방이 나왔어요.")
    return breaches(
        replace(somebody, **(person or {})), replace(brand, **(house or {})), replace(sent, **(message or {}))
    )


def check(found: Sequence[str], expected: str) -> None:
    """`expected` is one id that has to be among those found, or '' for a lawful message."""
    assert (expected in found) if expected else not found, found


def touch(
    days: float, action: str = "other", entity: str = "cup", channel: str = "page", kind: str = "offer", **more: Any
) -> Touch:
    return Touch(channel, action, entity, kind, kst("2026-11-24 14:00") - timedelta(days=days), **more)
