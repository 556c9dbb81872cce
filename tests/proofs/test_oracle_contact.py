"""The oracle on caps, rests, cases and asking for consent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.proofs.facts import Touch, Trouble
from tests.proofs.oracle_bench import NY, YES, check, judge, kst, on, said, touch


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
