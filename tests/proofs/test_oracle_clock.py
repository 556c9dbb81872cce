"""The oracle on hours, summer time and zones."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.proofs.oracle_bench import CHI, LA, NY, YES, check, judge, kst, on, said


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
