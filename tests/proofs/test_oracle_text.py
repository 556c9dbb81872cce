"""The oracle on words and coupons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.proofs.oracle_bench import BODY, CAMPAIGN, COUPON_BODY, check, judge, kst


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
