"""The oracle on the sender and the bytes: vendors, registers, lines, disclosure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.proofs.oracle_bench import BASE, BODY, COUNTRIES, HEADERS, NY, check, judge, kst, on, said


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
