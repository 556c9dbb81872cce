"""The oracle says yes and no: one lawful message per channel and country, and what turns each of them unlawful."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.proofs.facts import Coupon, House, Message, Person, Statement, Touch, Trouble
from tests.proofs.oracle import breaches
from tests.proofs.oracle_law import LAW

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


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("channel", [*PUSHED, "chat", "page"])
def test_plain_offer_is_lawful(channel: str, country: str) -> None:
    at = kst("2026-11-24 14:00") if channel == "kakao" else None
    person = {"zone": "Asia/Seoul"} if channel == "kakao" else {}
    assert not judge(channel, country, at=at, person=person)


@pytest.mark.parametrize("channel", [*PUSHED, "chat", "page"])
@pytest.mark.parametrize("kind", ["reply", "duty"])
def test_owed_messages_need_no_consent_hour_or_cap(channel: str, kind: str) -> None:
    body = {"kind": kind, "body": "AI: your parcel left today.", "subject": "Your parcel", "headers": {}}
    person = {"ledger": (), "age": "minor", "troubles": (Trouble("complaint", kst("2026-11-01")),)}
    assert not judge(channel, at=kst("2026-11-24 03:00"), person=person, message=body)


@pytest.mark.parametrize("kind", ["offer", "reply", "duty"])
def test_voice_is_never_lawful(kind: str) -> None:
    assert judge("voice", message={"kind": kind}) == ["voice"]


def test_unknown_channels_are_an_error() -> None:
    with pytest.raises(ValueError, match="fax"):
        judge("fax")


@pytest.mark.parametrize(
    ("person", "house", "message", "expected"),
    [
        ({}, {}, {"address": "sms-of-c2"}, "recipient"),
        ({"addresses": {}}, {}, {"address": ""}, "recipient"),
        ({}, {}, {"customer": "c2"}, "recipient"),
        ({}, {}, {"tenant": "other"}, "recipient"),
        ({}, {"tenant": "other"}, {}, "recipient"),
        ({}, {}, {"kind": "duty", "address": "elsewhere", "body": "Your parcel left."}, "recipient"),
        ({"country": "BR"}, {}, {}, "no-pack"),
        ({"country": ""}, {}, {}, "no-pack"),
        ({}, {"country": "BR"}, {}, "no-pack"),
        ({"country": "NO"}, {"packs": frozenset({"kr"})}, {}, "no-pack"),
        ({"country": "NO"}, {"packs": frozenset({"kr", "eu"})}, {}, ""),
        ({"age": "attested"}, {}, {}, ""),
        ({"age": "unknown"}, {}, {}, "kr-under14"),
        ({"age": "unknown"}, {"adults_only_since": date(2026, 11, 24)}, {}, ""),
        ({"age": "unknown"}, {"adults_only_since": date(2026, 11, 25)}, {}, "kr-under14"),
        ({"age": "minor"}, {"adults_only_since": date(2020, 1, 1)}, {}, "kr-under14"),
        ({}, {"illegal": frozenset({"bag"})}, {}, "kr-illegal-goods-ad"),
        ({}, {"illegal": frozenset({"cup"})}, {}, ""),
        ({}, {"sensitive": frozenset({"bag"})}, {}, "kr-sensitive-no-target"),
        ({"ledger": (*YES, said("sensitive"))}, {"sensitive": frozenset({"bag"})}, {}, ""),
        ({"listed": frozenset({"us-dnc"})}, {}, {}, "kr-ad-optout-stop"),
    ],
)
def test_who_and_what(person: dict[str, Any], house: dict[str, Any], message: dict[str, Any], expected: str) -> None:
    check(judge(person=person, house=house, message=message), expected)


def test_age_and_sensitive_goods_are_named_after_the_law() -> None:
    check(judge("email", "US", person={"age": "minor"}), "us-coppa")
    check(judge("email", "JP", person={"age": "minor"}), "age")
    check(judge("page", "DE", house={"sensitive": frozenset({"bag"})}), "eu-gdpr-special-data")


SMS = [one for one in YES if one.channel != "sms"]


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (SMS, "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "email")], "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "sms", "2026-11-24 14:00:00")], ""),
        ([*SMS, said("ad_sending", "sms", "2026-11-24 14:00:01")], "kr-ad-prior-consent"),
        ([*YES, said("ad_sending", "sms", "2026-11-24", "withdrawn")], "kr-ad-optout-stop"),
        ([*YES, said("ad_sending", "", "2026-11-24", "withdrawn")], "kr-ad-optout-stop"),
        ([*YES, said("ad_sending", "sms", "2026-11-25", "withdrawn")], ""),
        ([*YES, said("ad_sending", "email", "2026-11-24", "withdrawn")], ""),
        ([said("ad_sending", "sms", status="withdrawn"), *YES], "kr-ad-optout-stop"),
        ([said("ad_sending", "sms", "2026-02-28", "withdrawn"), *YES], ""),
        (
            [
                *SMS,
                said("ad_sending", "sms", "2026-04-01", "withdrawn"),
                bought("2026-10-01"),
            ],
            "kr-ad-optout-stop",
        ),
        ([*SMS, said("ad_sending", "sms", expires_at=kst("2026-11-24 14:00:00"))], "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "sms", expires_at=kst("2026-11-24 14:00:01"))], ""),
        ([one for one in YES if one.purpose != "profiling"], "eth-profiling-consent"),
        ([one for one in YES if one.purpose != "marketing_processing"], "kr-marketing-consent-separate"),
        ([*YES, said("marketing_processing", "", "2026-11-01", "withdrawn")], "kr-withdrawal-effect"),
    ],
)  # fmt: skip
def test_ledger(ledger: list[Statement], expected: str) -> None:
    check(judge(person={"ledger": tuple(ledger)}), expected)


@pytest.mark.parametrize(
    ("said_last", "expected"),
    [
        (said("profiling", at="2026-11-01", status="withdrawn"), "eth-profiling-consent"),
        (said("marketing_processing", at="2026-11-01", status="withdrawn"), "eu-gdpr-dm-objection"),
        (said("ad_sending", "email", at="2026-11-01", status="withdrawn"), ""),
    ],
)
def test_objections_reach_the_page_too(said_last: Statement, expected: str) -> None:
    check(judge("page", "DE", person={"ledger": (*BASE, said_last)}), expected)


@pytest.mark.parametrize(
    ("country", "channel", "basis", "conditions", "ended", "expected"),
    [
        ("KR", "email", "existing_deal", DEAL, "2026-05-24 14:00:01", ""),
        ("KR", "email", "existing_deal", DEAL, "2026-05-24 14:00:00", "kr-ad-existing-deal-exception"),
        ("KR", "push", "existing_deal", DEAL - {"own_goods"}, "2026-11-01", "kr-ad-existing-deal-exception"),
        ("KR", "email", "existing_deal", DEAL, "", "kr-ad-existing-deal-exception"),
        ("KR", "email", "soft_opt_in", SOFT, "", "kr-ad-prior-consent"),
        ("DE", "email", "soft_opt_in", SOFT, "", ""),
        ("DE", "sms", "soft_opt_in", SOFT - {"opt_out_offered"}, "", "eu-eprivacy-soft-optin"),
        ("DE", "push", "soft_opt_in", SOFT, "", "eu-eprivacy-soft-optin"),
        ("DE", "email", "existing_deal", DEAL | SOFT, "2026-11-01", "eu-eprivacy-optin"),
        ("GB", "sms", "soft_opt_in", SOFT, "", ""),
        ("GB", "sms", "soft_opt_in", SOFT - {"same_kind"}, "", "uk-soft-optin"),
        ("US", "sms", "consent", TERMS, "", ""),
        ("US", "sms", "consent", TERMS - {"signed"}, "", "us-tcpa-pewc"),
        ("US", "email", "none", frozenset(), "", ""),
        ("CA", "push", "existing_deal", frozenset({"own_customer"}), "2024-11-26", ""),
        ("CA", "email", "existing_deal", frozenset({"own_customer"}), "2024-11-24", "ca-casl-implied"),
        ("CA", "email", "existing_deal", frozenset(), "2026-11-01", "ca-casl-implied"),
        ("CA", "email", "inquiry", frozenset(), "2026-05-26", ""),
        ("CA", "email", "inquiry", frozenset(), "2026-05-24", "ca-casl-implied"),
        ("JP", "email", "existing_deal", frozenset({"own_customer"}), "", ""),
        ("JP", "sms", "existing_deal", frozenset(), "", "jp-optin"),
    ],
)
def test_grounds(
    country: str, channel: str, basis: str, conditions: frozenset[str], ended: str, expected: str
) -> None:  # fmt: skip
    deal = kst(ended) if ended else None
    word = said("ad_sending", channel, basis=basis, conditions=conditions, deal_ended_at=deal)
    check(judge(channel, country, person={"ledger": (*BASE, word)}), expected)


@pytest.mark.parametrize(
    ("country", "channel", "expected"),
    [
        ("US", "email", "us-canspam-optout"),
        ("US", "sms", "us-tcpa-revoke"),
        ("CA", "email", "ca-casl-unsub"),
        ("JP", "push", "jp-optout"),
        ("GB", "email", "eu-gdpr-dm-objection"),
        ("KR", "chat", "kr-ad-optout-stop"),
    ],
)
def test_a_refusal_binds_everywhere(country: str, channel: str, expected: str) -> None:
    refused = said("ad_sending", channel, at="2026-11-01", status="withdrawn")
    check(judge(channel, country, person={"ledger": (*YES, refused)}), expected)


def test_the_law_of_the_brand_applies_too() -> None:
    soft = said("ad_sending", "email", basis="soft_opt_in", conditions=SOFT)
    check(judge("email", "DE", person={"ledger": (*BASE, soft)}), "")
    check(judge("email", "DE", person={"ledger": (*BASE, soft)}, house={"country": "KR"}), "kr-ad-prior-consent")


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        ([said("ad_sending", "sms", "2024-11-25 00:00")], ""),
        ([said("ad_sending", "sms", "2024-11-24 23:59")], "kr-reconfirm-overdue"),
        ([said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "sms", "2024-11-25", "reconfirmed")], ""),
        (
            [said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "sms", "2024-11-24", "reconfirmed")],
            "kr-reconfirm-overdue",
        ),
        (
            [said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "email", "2026-01-01", "reconfirmed")],
            "kr-reconfirm-overdue",
        ),
        ([said("ad_sending", "sms"), said("night", "sms", "2024-11-24")], "kr-reconfirm-overdue"),
        ([said("ad_sending", "sms"), said("night", "push", "2024-11-24")], ""),
    ],
)
def test_reconfirmation(ledger: list[Statement], expected: str) -> None:
    check(judge(person={"ledger": (*BASE, *ledger)}), expected)
    assert "kr-reconfirm-overdue" not in judge("page", person={"ledger": (*BASE, *ledger)})


@pytest.mark.parametrize(
    ("clock", "channel", "expected"),
    [
        ("20:49:59", "sms", ""),
        ("20:50:00", "sms", "kr-night-margin"),
        ("20:59:59", "sms", "kr-night-margin"),
        ("21:00:00", "sms", "kr-night-block"),
        ("07:59:59", "push", "kr-night-block"),
        ("08:00:00", "push", "kr-night-margin"),
        ("08:05:00", "push", ""),
        ("21:00:00", "email", ""),
        ("07:59:59", "email", ""),
        ("03:00:00", "page", ""),
        ("20:50:00", "kakao", "kr-kakao-hours"),
        ("20:49:59", "kakao", ""),
    ],
)
def test_korean_night(clock: str, channel: str, expected: str) -> None:
    check(judge(channel, at=kst(f"2026-11-24 {clock}")), expected)


@pytest.mark.parametrize(
    ("clock", "channel", "expected"),
    [
        ("20:59:59", "sms", ""),
        ("08:00:00", "push", ""),
        ("21:00:00", "sms", "eth-night"),
        ("07:59:59", "sms", "eth-night"),
        ("20:50:00", "kakao", "kr-kakao-hours"),
    ],
)
def test_night_consent_lifts_the_law_but_not_the_house(clock: str, channel: str, expected: str) -> None:
    night = said("night", channel)
    found = judge(channel, at=kst(f"2026-11-24 {clock}"), person={"ledger": (*YES, night)})
    check(found, expected)
    assert not [rule for rule in found if rule.startswith("kr-night")]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("19:59:59", ""),
        ("20:00:00", "kr-kakao-friendtalk-hours"),
        ("08:05:00", ""),
        ("07:59:59", "kr-kakao-friendtalk-hours"),
    ],
)
def test_friend_talk_hours(clock: str, expected: str) -> None:
    check(judge("kakao", at=kst(f"2026-11-24 {clock}"), house={"kakao_product": "friend_talk"}), expected)


def test_koreans_abroad_have_two_nights() -> None:
    check(judge(at=kst("2026-11-24 12:00"), person={"zone": "America/New_York"}), "kr-night-timezone")
    check(judge(at=kst("2026-11-24 12:00"), person={"zone": "Asia/Kolkata"}), "")
    check(judge(at=kst("2026-11-24 11:30"), person={"zone": "Asia/Kolkata"}), "kr-night-margin")
    check(judge(at=kst("2026-11-24 12:00"), person={"zone": ""}), "eth-night")


NY, CHI, LA = "America/New_York", "America/Chicago", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("zone", "region", "phone", "clock", "expected"),
    [
        (NY, "US-NY", "", "2026-11-24 08:00:00", ""),
        (NY, "US-NY", "", "2026-11-24 20:59:59", ""),
        (NY, "US-NY", "", "2026-11-24 21:00:00", "us-tcpa-hours"),
        (NY, "US-NY", "", "2026-11-24 07:59:59", "us-tcpa-hours"),
        (NY, "US-FL", "", "2026-11-24 19:59:59", ""),
        (NY, "US-FL", "", "2026-11-24 20:00:00", "us-fl"),
        (LA, "US-CA", "US-FL", "2026-11-24 20:00:00", "us-fl"),
        (CHI, "US-OK", "", "2026-11-24 20:00:00", "us-ok"),
        (CHI, "US-TX", "", "2026-11-24 08:59:59", "us-tx"),
        (CHI, "US-TX", "", "2026-11-24 20:59:59", ""),
        (CHI, "US-TX", "", "2026-11-22 11:59:59", "us-tx"),
        (CHI, "US-TX", "", "2026-11-22 12:00:00", ""),
        (NY, "", "", "2026-11-24 08:59:59", "us-strict-default"),
        (NY, "", "", "2026-11-24 20:00:00", "us-strict-default"),
        (NY, "", "", "2026-11-22 11:59:59", "us-strict-default"),
        (NY, "", "", "2026-11-22 12:00:00", ""),
        (NY, "", "US-NY", "2026-11-24 20:00:00", ""),
    ],
)
def test_us_text_hours(zone: str, region: str, phone: str, clock: str, expected: str) -> None:
    person = {"zone": zone, "region": region, "phone_region": phone}
    check(judge("sms", "US", at=on(zone, clock), person=person), expected)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-10-31T12:00:00+00:00", ""),  # 08:00 in summer time
        ("2026-11-01T12:00:00+00:00", "us-tcpa-hours"),  # the clocks went back: 07:00
        ("2026-11-01T13:00:00+00:00", ""),
        ("2026-03-07T12:30:00+00:00", "us-tcpa-hours"),
        ("2026-03-08T12:30:00+00:00", ""),  # the clocks went forward: 08:30
    ],
)
def test_hours_follow_summer_time(instant: str, expected: str) -> None:
    check(judge("sms", "US", at=datetime.fromisoformat(instant)), expected)


@pytest.mark.parametrize(
    ("touches", "channel", "house", "expected"),
    [
        ([touch(1), touch(2)], "page", {}, ""),
        ([touch(1), touch(2), touch(6.9)], "page", {}, "eth-contact-cap"),
        ([touch(1), touch(2), touch(7)], "page", {}, ""),
        ([touch(1), touch(2), touch(-1)], "page", {}, ""),
        ([touch(1), touch(2), touch(3, kind="reply")], "page", {}, ""),
        ([touch(1)] * 4, "page", {"weekly_contacts": 9}, "eth-contact-cap"),
        ([touch(1)] * 3, "page", {"weekly_contacts": 9}, ""),
        ([touch(1, channel="sms")], "sms", {}, "eth-contact-cap"),
        ([touch(1, channel="sms")], "email", {}, ""),
        ([touch(1, channel="sms")], "sms", {"weekly_by_channel": {"sms": 2}}, ""),
        (
            [touch(1, channel="sms")] * 3,
            "sms",
            {"weekly_by_channel": {"sms": 9}, "weekly_contacts": 4},
            "eth-contact-cap",
        ),
        ([touch(1, "show", "bag")], "page", {}, "eth-same-offer"),
        ([touch(7, "show", "bag")], "page", {}, ""),
        ([touch(1, "show", "cup")], "page", {}, ""),
        ([touch(8, "show", "bag"), touch(36, "show", "bag")], "page", {}, "eth-ignore-cooldown"),
        ([touch(8, "show", "bag"), touch(39, "show", "bag")], "page", {}, ""),
        ([touch(66, "show", "bag"), touch(67, "show", "bag")], "page", {}, "eth-ignore-cooldown"),
        ([touch(67, "show", "bag"), touch(68, "show", "bag")], "page", {}, ""),
        ([touch(8, "show", "bag"), touch(9, "show", "bag", outcome="clicked")], "page", {}, ""),
        ([touch(8, "show", "bag"), touch(9, "show", "cup")], "page", {}, ""),
        ([touch(89.9, "show", outcome="declined")], "page", {}, "eth-reject-cooldown"),
        ([touch(90, "show", outcome="declined")], "page", {}, ""),
        ([touch(8, "other", outcome="declined")], "page", {}, ""),
        ([touch(95, "show", outcome="declined", outcome_at=kst("2026-11-01"))], "page", {}, "eth-reject-cooldown"),
    ],
)
def test_caps_and_rests(touches: list[Touch], channel: str, house: dict[str, Any], expected: str) -> None:
    check(judge(channel, person={"touches": tuple(touches)}, house=house), expected)


@pytest.mark.parametrize(("days", "expected"), [(89, "eth-reject-cooldown"), (90, "")])
def test_no_chat_after_a_declined_chat(days: int, expected: str) -> None:
    person = {"declined_chat_at": kst("2026-11-24 14:00") - timedelta(days=days)}
    check(judge("page", person=person, message={"action": "offer_chat", "entity": ""}), expected)
    check(judge("page", person=person), "")


@pytest.mark.parametrize(
    ("region", "expected"), [("US-FL", "us-fl"), ("US-OK", "us-ok"), ("", "us-strict-default"), ("US-NY", "")]
)
def test_us_texts_a_day(region: str, expected: str) -> None:
    touches = tuple(Touch("sms", "other", "cup", "offer", on(NY, "2026-11-23 15:00")) for _ in range(3))
    found = judge("sms", "US", person={"region": region, "touches": touches})
    assert expected in found if expected else not [rule for rule in found if rule.startswith("us-")]
    assert "us-fl" not in judge("sms", "US", person={"region": "US-FL", "touches": touches[:2]})


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (Trouble("complaint", kst("2026-01-01")), "eth-open-complaint"),
        (Trouble("vulnerability", kst("2026-01-01")), "eth-vulnerable"),
        (Trouble("refund", kst("2026-11-01"), kst("2026-11-11 14:00")), "eth-open-complaint"),
        (Trouble("refund", kst("2026-11-01"), kst("2026-11-10 14:00:01")), "eth-open-complaint"),
        (Trouble("refund", kst("2026-11-01"), kst("2026-11-10 14:00:00")), ""),
        (Trouble("refund", kst("2026-11-01"), kst("2026-11-09 14:00")), ""),
        (Trouble("outage", kst("2026-11-25")), ""),
    ],
)
def test_open_cases(trouble: Trouble, expected: str) -> None:
    check(judge("page", person={"troubles": (trouble,)}), expected)


@pytest.mark.parametrize(
    ("touches", "entity", "kind", "expected"),
    [
        ([], "kakao", "offer", ""),
        ([touch(29, "ask", "sms")], "kakao", "offer", "kr-dark-nag"),
        ([touch(30, "ask", "sms")], "kakao", "offer", ""),
        ([], "email", "offer", "kr-dark-nag"),
        ([], "email", "duty", "kr-dark-nag"),
    ],
)
def test_asking_for_consent(touches: list[Touch], entity: str, kind: str, expected: str) -> None:
    ledger = (*YES, said("ad_sending", "email", "2026-04-01", "withdrawn"))
    message = {"action": "ask", "entity": entity, "asks_consent": True, "kind": kind}
    check(judge("page", person={"touches": tuple(touches), "ledger": ledger}, message=message), expected)


def test_asking_is_an_ad_in_canada() -> None:
    message = {"action": "ask", "entity": "sms", "asks_consent": True, "kind": "duty", "body": "May we text you?"}
    check(judge("email", "CA", person={"ledger": ()}, message=message), "ca-casl-consent")
    check(judge("email", "CA", message=message), "")
    check(judge("email", "DE", person={"ledger": ()}, message=message), "")


@pytest.mark.parametrize(
    ("clock", "house", "expected"),
    [
        ("2026-09-30 14:00", {}, ""),
        ("2026-10-01 14:00", {}, "kr-sms-certified-vendor"),
        ("2026-10-01 14:00", {"vendor_in_house": True}, ""),
        ("2026-10-01 14:00", {"vendor_certificate": "V", "vendor_valid_to": date(2026, 10, 1)}, ""),
        (
            "2026-10-02 14:00",
            {"vendor_certificate": "V", "vendor_valid_to": date(2026, 10, 1)},
            "kr-sms-certified-vendor",
        ),
        ("2026-10-01 14:00", {"vendor_valid_to": date(2027, 10, 1)}, "kr-sms-certified-vendor"),
    ],
)
def test_certified_vendor(clock: str, house: dict[str, Any], expected: str) -> None:
    check(judge(at=kst(clock), house={"vendor_in_house": False} | house), expected)


@pytest.mark.parametrize(
    ("friends", "number", "condition", "expected"),
    [
        (50000, True, "names_kakao", ""),
        (49999, True, "names_kakao", "kr-kakao-mn-eligibility"),
        (50000, False, "names_kakao", "kr-kakao-mn-eligibility"),
        (50000, True, "other", "kr-kakao-mn-eligibility"),
    ],
)
def test_kakao_to_everyone(friends: int, number: bool, condition: str, expected: str) -> None:
    house = {"kakao_audience": "everyone", "kakao_friends": friends, "kakao_optout_number": number}
    ledger = (*BASE, said("ad_sending", "kakao", conditions=frozenset({condition})))
    check(judge("kakao", house=house, person={"ledger": ledger}), expected)


@pytest.mark.parametrize(
    ("copied", "listed", "expected"),
    [
        (timedelta(days=31), frozenset(), ""),
        (timedelta(days=31, seconds=1), frozenset(), "us-dnc"),
        (timedelta(days=-1), frozenset(), "us-dnc"),
        (None, frozenset(), "us-dnc"),
        (timedelta(days=1), frozenset({"us-dnc"}), "us-dnc"),
    ],
)
def test_us_register(copied: timedelta | None, listed: frozenset[str], expected: str) -> None:
    at = on(NY, "2026-11-24 14:00").astimezone(ZoneInfo("UTC"))
    registers = {} if copied is None else {"us-dnc": at - copied}
    check(judge("sms", "US", at=at, person={"listed": listed}, house={"registers": registers}), expected)


@pytest.mark.parametrize(
    ("channel", "message", "expected"),
    [
        ("email", {"subject": "Moa (광고)"}, "kr-ad-label-email-subject"),
        ("email", {"subject": "✨(광고) Moa"}, "kr-ad-label-email-subject"),
        ("email", {"subject": "(광 고) Moa"}, "kr-ad-label-exact"),
        ("push", {"subject": "Moa"}, "kr-ad-label-push"),
        ("sms", {"body": BODY[1:]}, "kr-ad-label-sms"),
        ("sms", {"body": BODY.replace("(광고) Moa", "(광고) 02-1 Moa")}, "kr-ad-label-sms"),
        ("sms", {"body": BODY.replace("(광고)", "(광.고)")}, "kr-ad-label-exact"),
        ("sms", {"body": BODY.replace("(광고)", "[광고]")}, "kr-ad-label-exact"),
        ("kakao", {"body": " " + BODY}, "kr-ad-label-kakao"),
        ("sms", {"body": BODY.replace("02-555-0100", "")}, "kr-ad-sender-id"),
        ("kakao", {"body": BODY.replace("Moa", "Noa")}, "kr-ad-sender-id"),
        ("sms", {"body": BODY + "\nBye"}, "kr-optout-free"),
        ("sms", {"body": BODY.replace("080-555", "080-556")}, "kr-optout-free"),
        ("sms", {"body": BODY + "\n"}, ""),
        ("email", {"body": BODY.replace("https://moa.example/u", "")}, "kr-optout-free"),
        ("push", {"body": "Moa 02-555-0100 새 가방"}, "kr-optout-free"),
        ("push", {"body": "Moa 02-555-0100 새 가방. 수신 동의는 앱 설정에서 끄세요."}, ""),
        ("email", {"headers": {}}, "std-rfc8058"),
        ("email", {"headers": HEADERS | {"List-Unsubscribe-Post": "One-Click"}}, "std-rfc8058"),
        ("email", {"headers": HEADERS | {"List-Unsubscribe": "<https://moa.example/u/short>"}}, "std-rfc8058"),
        (
            "email",
            {"headers": HEADERS | {"List-Unsubscribe": "<http://moa.example/abcdefghijklmnopqrstuv>"}},
            "std-rfc8058",
        ),
        (
            "email",
            {"headers": HEADERS | {"List-Unsubscribe": "<https://abcdefghijklmnopqrstuv.moa.example/>"}},
            "std-rfc8058",
        ),
        ("email", {"headers": {name.lower(): value for name, value in HEADERS.items()}}, ""),
        ("email", {"headers": HEADERS | {"X-Note": "a\r\nBcc: all"}}, "std-rfc8058"),
    ],
)
def test_korean_bytes(channel: str, message: dict[str, Any], expected: str) -> None:
    check(judge(channel, message=message), expected)


@pytest.mark.parametrize(
    ("country", "channel", "body", "expected"),
    [
        ("GB", "email", "Moa. https://moa.example/u", ""),
        ("GB", "email", "Noa. https://moa.example/u", "eu-gdpr-objection-notice"),
        ("GB", "email", "Moa. Reply STOP.", "eu-gdpr-objection-notice"),
        ("GB", "sms", "Moa. Reply STOP.", ""),
        ("GB", "sms", "Moa. Don't STOPOVER.", "eu-gdpr-objection-notice"),
        ("JP", "push", "Moa. Turn this off in the app settings.", ""),
        ("JP", "email", "Moa.", "jp-display"),
        ("CA", "sms", "Moa.", "ca-casl-unsub"),
        ("US", "email", "Ad from Moa, 1 Long\nLane, Seoul. https://moa.example/u", ""),
        ("US", "email", "Ad from Moa. https://moa.example/u", "us-canspam-address"),
        ("US", "email", "From Moa, 1 Long Lane, Seoul. Read on. https://moa.example/u", "us-canspam-optout"),
    ],
)
def test_bytes_elsewhere(country: str, channel: str, body: str, expected: str) -> None:
    check(
        judge(channel, country, message={"subject": "News of Moa" if country == "US" else "News", "body": body}),
        expected,
    )


def test_us_email_needs_a_known_address() -> None:
    check(judge("email", "US", house={"postal_address": None}), "us-canspam-address")


@pytest.mark.parametrize(
    ("country", "channel", "region", "at", "body", "expected"),
    [
        ("KR", "chat", "", "2026-11-24", "AI가 응대합니다.", ""),
        ("KR", "chat", "", "2026-11-24", "안녕하세요.", "kr-ai-prior-notice"),
        ("KR", "chat", "", "2026-11-24", "안녕하세요. " * 20 + "AI", "kr-ai-prior-notice"),
        ("KR", "chat", "", "2026-11-24", "AIR BAG", "kr-ai-prior-notice"),
        ("KR", "chat", "", "2026-01-20", "안녕하세요.", ""),
        ("DE", "chat", "", "2026-11-24", "Hello.", "eu-ai-chatbot-disclosure"),
        ("GB", "chat", "", "2026-11-24", "Hello.", ""),
        ("US", "chat", "US-CA", "2026-11-24", "Hello.", "us-ca-bot"),
        ("US", "chat", "US-UT", "2026-11-24", "Hello.", "us-ai-disclosure-states"),
        ("US", "chat", "US-CO", "2026-12-30", "Hello.", ""),
        ("US", "chat", "US-CO", "2027-01-02", "Hello.", "us-ai-disclosure-states"),
        ("US", "chat", "US-NY", "2026-11-24", "Hello.", ""),
        ("KR", "page", "", "2026-11-24", "새 가방", "kr-ai-output-label"),
        ("KR", "page", "", "2026-11-24", "새 가방 (AI 작성)", ""),
        ("DE", "page", "", "2026-11-24", "A bag", "eu-ai-output-marking"),
        ("US", "page", "US-CA", "2026-11-24", "A bag", ""),
    ],
)
def test_ai_is_disclosed(country: str, channel: str, region: str, at: str, body: str, expected: str) -> None:
    message = {"body": body, "kind": "reply", "generated": channel == "page"}
    found = judge(channel, country, at=on(COUNTRIES[country], at), person={"region": region}, message=message)
    check(found, expected)


def test_a_name_is_no_disclosure() -> None:
    message = {"body": "Moa AI 소식", "kind": "reply"}
    check(judge("chat", house={"name": "Moa AI"}, message=message), "kr-ai-prior-notice")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({}, ""),
        ({"body": "쿠폰이 도착했어요"}, "kr-ad-classify-mixed"),
        ({"body": "다음 주문 10% off"}, "kr-ad-classify-mixed"),
        ({"body": "Your refund, and a discount"}, "kr-ad-classify-mixed"),
        ({"coupon": "autumn"}, "kr-ad-classify-mixed"),
        ({"discount": 5}, "kr-ad-classify-mixed"),
        ({"body": "광고성 정보 수신 동의를 철회하셨습니다."}, ""),
        ({"body": "세일러 가방을 보냈습니다."}, ""),
    ],
)
def test_owed_messages_hold_no_promotion(message: dict[str, Any], expected: str) -> None:
    owed = {"kind": "duty", "subject": "주문", "body": "가방을 보냈습니다."} | message
    check(judge(message=owed, house={"names": {"bag": "세일러 가방"}}), expected)


@pytest.mark.parametrize(
    ("message", "house", "expected"),
    [
        ({}, {}, ""),
        ({"discount": 21}, {}, "eth-hidden-conditions"),
        ({"discount": 10}, {}, "eth-hidden-conditions"),  # the text still promises 20
        ({"discount": None}, {}, ""),
        ({"coupon": "spring"}, {}, "eth-hidden-conditions"),
        ({"coupon": ""}, {}, "eth-hidden-conditions"),
        ({"coupon": "", "discount": None}, {}, "eth-hidden-conditions"),
        ({"coupon": "", "discount": None, "body": BODY}, {}, ""),
        ({"at": kst("2026-11-30 14:00")}, {}, ""),
        ({"at": kst("2026-12-01 14:00")}, {}, "eth-hidden-conditions"),
        ({"at": kst("2026-12-01 13:00")}, {"zone": "America/New_York"}, ""),
        ({"body": COUPON_BODY.replace("30,000", "3,000")}, {}, "eth-hidden-conditions"),
        ({"body": COUPON_BODY.replace("최대 1만원,", "")}, {}, "eth-hidden-conditions"),
        ({"body": COUPON_BODY.replace("11월 30일", "Nov 30")}, {}, ""),
        ({"body": COUPON_BODY.replace("11월 30일", "2026-11-30")}, {}, ""),
        ({"body": COUPON_BODY.replace("11월 30일", "11월 3일")}, {}, "eth-hidden-conditions"),
        ({}, {"coupon_percent": 19}, "eth-human-route"),
        ({"discount": 30}, {"coupons": (replace(CAMPAIGN, percent=40),)}, ""),
        ({"discount": 31}, {"coupons": (replace(CAMPAIGN, percent=40),), "coupon_percent": 50}, "eth-human-route"),
        ({"discount": None}, {"coupons": (replace(CAMPAIGN, percent=40),)}, "eth-human-route"),
    ],
)  # fmt: skip
def test_coupons(message: dict[str, Any], house: dict[str, Any], expected: str) -> None:
    given: dict[str, Any] = {"coupon": "autumn", "discount": 20, "body": COUPON_BODY} | message
    check(judge(at=given.get("at"), message=given, house=house), expected)


@pytest.mark.parametrize(
    "text",
    ["3 bags", "٣", "Ⅷ", "①", "a £", "￦", "half %", "see www.moa", "moa.example", "https://x", "me@moa", "{name}",
     "a\u200bb", "\u202eabc", "bad\tone", "Привет", "ｱ", "美", "a\u3164b", "é\u0336"],
)  # fmt: skip
def test_free_text_form(text: str) -> None:
    assert "free-text" in judge("page", "GB", message={"free_text": text})


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("ko", "새 가방이 어울릴 것 같아요.", ""),
        ("ko-KR", "엄마 감사 선물로 고른 Moa 가방이에요!", ""),
        ("ko", "A very nice bag for 가방", "free-language"),
        ("en", "This bag may suit you. Feel free to ask; we dealt with the strap.", ""),
        ("en", "This 가방 may suit you", "free-language"),
        ("ko", "할인해 드려요", "eth-hidden-conditions"),
        ("ko", "할 인해 드려요", "eth-hidden-conditions"),
        ("ko", "쿠.폰 있어요", "eth-hidden-conditions"),
        ("ko", "깜짝 할·인", "eth-hidden-conditions"),
        ("en", "A great DEAL for you", "eth-hidden-conditions"),
        ("en", "Ｄiscounts inside", "eth-hidden-conditions"),
        ("ko", "지금 바로 확인하세요", "eth-false-urgency"),
        ("en", "Hurry, it ends tonight", "eth-false-urgency"),
        ("ko", "곧 품절돼요", "eth-false-urgency"),
        ("en", "Only a few left", "eth-false-urgency"),
        ("ko", "안 사면 후회해요", "eth-confirmshame"),
        ("en", "Don’t miss out", "eth-confirmshame"),
        ("ko", "저는 사람입니다", "eth-ai-truth"),
        ("en", "I’m a real person", "eth-ai-truth"),
        ("ko", "광고 아니에요", "kr-ad-label-exact"),
        ("en", "Unsubscribe here", "kr-ad-label-exact"),
        ("en", "A wholesaler made the ideal headstrap", ""),
    ],
)
@pytest.mark.parametrize("kind", ["offer", "reply"])
def test_free_text_words(locale: str, text: str, expected: str, kind: str) -> None:
    check(judge("page", "GB", person={"locale": locale}, message={"free_text": text, "kind": kind}), expected)


def ids_in(node: Any) -> set[str]:
    """Every id the parameters name, read from the keys that hold them."""
    single = {"otherwise", "vulnerability", "us_email", "address", "ad", "form", "language"}
    found: set[str] = set()
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                found |= {value} if key in single or key.startswith("rule") or key.endswith("_rule") else set()
            else:
                found |= set(value.values()) if key in ("rules", "sender") else ids_in(value)
    elif isinstance(node, list):
        found = set().union(*map(ids_in, node))
    return found


def test_every_id_of_the_parameters_is_expected_somewhere_above() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    named = ids_in(LAW)
    assert len(named) > 70
    assert {rule for rule in named if f'"{rule}"' not in source} == set()
