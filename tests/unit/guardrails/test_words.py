"""Typed slots, particles, and how figures are written."""

from __future__ import annotations

import pytest

from agent.domain.bundle import Payload, SlotKind, SlotValue, Words
from agent.domain.verdict import Amendment, Place
from agent.guardrails.words import compose, finish, show


def text(value: str) -> SlotValue:
    return SlotValue(kind=SlotKind.TEXT, value=value)


@pytest.mark.parametrize(
    ("name", "pair", "expected"),
    [
        ("커피", "을/를", "커피를"),
        ("머신", "을/를", "머신을"),
        ("온결", "은/는", "온결은"),
        ("지우 매니저", "이/가", "지우 매니저가"),
        ("iPhone 3", "은/는", "iPhone 3은"),
        ("iPhone 2", "은/는", "iPhone 2는"),
        ("Lamp", "을/를", "Lamp를"),
        ("‘커피’", "을/를", "‘커피’를"),
    ],
)
def test_a_korean_particle_fits_the_last_sound(name: str, pair: str, expected: str) -> None:
    assert finish(Words(body=f"{{{{product.name|{pair}}}}}"), {"product.name": text(name)}, "ko").body == expected


@pytest.mark.parametrize(
    ("value", "locale", "expected"),
    [
        (SlotValue(kind=SlotKind.MONEY, value="12000", unit="KRW"), "ko", "12,000원"),
        (SlotValue(kind=SlotKind.MONEY, value="12000", unit="KRW"), "en", "₩12,000"),
        (SlotValue(kind=SlotKind.MONEY, value="12.5", unit="GBP"), "en", "£12.50"),
        (SlotValue(kind=SlotKind.PERCENT, value="10"), "ko", "10%"),
        (
            SlotValue(kind=SlotKind.MOMENT, value="2026-11-23T05:00:00+00:00", unit="Asia/Seoul"),
            "ko",
            "11월 23일 (월) 오후 2:00",
        ),
        (
            SlotValue(kind=SlotKind.MOMENT, value="2026-11-23T14:00:00+00:00", unit="Europe/London"),
            "en",
            "Mon 23 Nov, 14:00",
        ),
        (SlotValue(kind=SlotKind.DATE, value="2026-12-31"), "ko", "2026년 12월 31일"),
        (SlotValue(kind=SlotKind.DATE, value="2026-12-31"), "en", "31 December 2026"),
    ],
)
def test_facts_are_written_as_the_reader_writes_them(value: SlotValue, locale: str, expected: str) -> None:
    assert show(value, locale) == expected


def test_unknown_slots_are_named_and_left_standing() -> None:
    found = finish(Words(body="{{a}} and {{b.c}}", subject="{{ a }}"), {"a": text("A")}, "en")
    assert (found.subject, found.body, found.unknown) == ("A", "A and {{b.c}}", ("b.c",))


def test_free_text_is_what_stands_outside_the_slots() -> None:
    found = finish(
        Words(body="Take {{price}} now", subject="For {{name}}"), {"price": text("20 pounds"), "name": text("99")}, "en"
    )
    assert "20" not in found.free
    assert "99" not in found.free
    assert found.free.split() == ["For", "Take", "now"]


def test_a_slot_value_is_never_read_as_a_template_again() -> None:
    assert finish(Words(body="{{a}}"), {"a": text("{{b}}"), "b": text("secret")}, "en").body == "{{b}}"


def test_late_values_and_legal_text_are_put_in_when_the_words_leave() -> None:
    payload = Payload(
        words=Words(body="{{customer.name}}님, {{coupon.code}}", subject="소식"),
        slots={
            "customer.name": SlotValue(kind=SlotKind.LATE, value="고객"),
            "coupon.code": SlotValue(kind=SlotKind.LATE, value="••••"),
        },
        amendments=(
            Amendment(place=Place.BODY_END, order=2, text="끝"),
            Amendment(place=Place.BODY_END, order=1, text="무료수신거부"),
            Amendment(place=Place.SUBJECT_START, order=0, text="(광고)"),
        ),
    )
    assert compose(payload, "ko") == ("(광고) 소식", "고객님, ••••\n무료수신거부\n끝")
    assert compose(payload, "ko", {"customer.name": "서연", "no.such": "x"})[1].startswith("서연님, ••••")
