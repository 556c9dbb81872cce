"""What the signals say, in the customer's language: for the brief, the record and the demo."""

from __future__ import annotations

from collections import Counter

from agent.domain.facts import Omen
from agent.domain.money import Money
from agent.domain.signals import LiveContext, Situation

TOLD = frozenset(
    {Omen.TOGETHER, Omen.SIMILAR, Omen.REPLENISHMENT, Omen.REPLACEMENT, Omen.CHURN, Omen.NOVELTY, Omen.DELIGHT}
    | {Omen.RETURN, Omen.PRICE, Omen.NEXT, Omen.MOOD}
)
"""Omens that are told; the others move scores and hours alone."""
MOST_OF_A_KIND = 2
LEAST = {Omen.PRICE: 300_000, Omen.NEXT: 100_000, Omen.CHURN: 200_000}
"""What models find less likely than this (in millionths) is not worth saying."""
_SAID = {
    "en": {
        "lingers": "looks at {name}: {seconds} s over {views} views",
        "cart": "cart worth {value}, left {age} ago",
        "accepted": "accepted the chat",
        "declined": "declined the chat",
        "purchased": "bought within the last day",
        "value": "orders: {orders}, the last {days} days ago, {mean} on average",
        "case": "{kind} case open since {since}",
        "pressure": "offers in the last seven days: {n}",
        "together": "{name} often goes with something they bought",
        "similar": "{name} is like something they looked at",
        "replenishment": "{name} used up by {due}, it seems",
        "replacement": "{name} worn out by {due}, it seems",
        "churn": "may leave ({chance} %)",
        "novelty": "likes new things such as {name}",
        "delight": "seems happy with the brand ({chance} %)",
        "return": "buys within 30 days unasked ({chance} %)",
        "price": "waits for reductions ({chance} %)",
        "next": "{name} in the next basket ({chance} %)",
        "mood": "their last review sounds upset",
        "searched": "searched for something",
        "returned": "came back to {name}",
        "leaving": "looked at the page for leaving",
        "reduced": "{name} has become cheaper since they looked",
        "near": "near one of our shops",
        "nothing": "no signal that consent permits to read",
    },
    "ko": {
        "lingers": "{name}: {views}번, 총 {seconds}초 살펴봄",
        "cart": "장바구니 {value} ({age} 전)",
        "accepted": "채팅을 수락함",
        "declined": "채팅을 사양함",
        "purchased": "하루 안에 구매함",
        "value": "주문 {orders}건, 마지막 주문 {days}일 전, 평균 {mean}",
        "case": "접수된 불만({kind}), {since}",
        "pressure": "최근 7일 동안 제안 {n}번",
        "together": "{name}: 구매한 상품과 자주 함께 선택됨",
        "similar": "{name}: 살펴본 상품과 비슷함",
        "replenishment": "{name}: {due}쯤 다 쓸 것으로 예상",
        "replacement": "{name}: {due}쯤 교체할 것으로 예상",
        "churn": "떠날 가능성 {chance}%",
        "novelty": "{name} 같은 새 상품을 좋아함",
        "delight": "브랜드에 만족하는 것으로 보임({chance}%)",
        "return": "권하지 않아도 30일 안에 구매할 가능성 {chance}%",
        "price": "할인을 기다리는 편({chance}%)",
        "next": "다음 구매에 {name} 포함 가능성 {chance}%",
        "mood": "최근 리뷰에서 불만이 느껴짐",
        "searched": "상품을 검색함",
        "returned": "{name}: 다시 찾아와 살펴봄",
        "leaving": "해지·탈퇴 페이지를 살펴봄",
        "reduced": "{name}: 살펴본 뒤 가격이 내림",
        "near": "매장 가까이에 있음",
        "nothing": "동의 범위 안에서 읽을 수 있는 신호 없음",
    },
}


def findings(situation: Situation) -> tuple[str, ...]:
    """One short sentence per signal that says something; never empty."""
    signals, locale = situation.signals, situation.snapshot.locale
    said = _SAID[locale]
    found = _live(signals.live, situation, said, locale) if signals.live else []
    if signals.value:
        mean = _money(signals.value.mean_order, locale)
        found.append(
            said["value"].format(orders=signals.value.orders, days=round(signals.value.recency_days), mean=mean)
        )
    found += _foreseen(situation, said)
    if signals.case:
        found.append(said["case"].format(kind=signals.case.kind, since=f"{signals.case.opened_at:%Y-%m-%d}"))
    if signals.pressure.contacts_7d:
        found.append(said["pressure"].format(n=signals.pressure.contacts_7d))
    return tuple(found) or (said["nothing"],)


def _foreseen(situation: Situation, said: dict[str, str]) -> list[str]:
    """What was foreseen, where it names something that is known; of each kind the likeliest."""
    found = []
    seen: Counter[Omen] = Counter()
    for omen in sorted(situation.snapshot.foreseen, key=lambda one: (one.omen, -one.chance, one.entity)):
        if omen.omen not in TOLD or seen[omen.omen] >= MOST_OF_A_KIND:
            continue
        product = situation.snapshot.product(omen.entity)
        weak = omen.source == "prior" or (omen.fitted and omen.chance < LEAST.get(omen.omen, 0))
        if (product is not None or not omen.entity) and not weak:
            seen[omen.omen] += 1
            name, due = product.name if product else "", f"{omen.due_at:%Y-%m-%d}" if omen.due_at else "?"
            found.append(said[omen.omen].format(name=name, due=due, chance=round(omen.chance / 10_000)))
    return found


def _live(live: LiveContext, situation: Situation, said: dict[str, str], locale: str) -> list[str]:
    found = []
    product = situation.snapshot.product(live.product)
    if product is not None:
        found.append(said["lingers"].format(name=product.name, seconds=round(live.dwell_seconds), views=live.views))
    if live.cart and live.cart_value:
        value = _money(live.cart_value, locale)
        found.append(said["cart"].format(value=value, age=_age(live.cart_age_minutes, locale)))
    reduced = situation.snapshot.product(live.reduced)
    if product is not None and live.returned:
        found.append(said["returned"].format(name=product.name))
    if reduced is not None:
        found.append(said["reduced"].format(name=reduced.name))
    found += [
        said[name]
        for name, true in (
            ("accepted", live.chat_accepted),
            ("declined", live.chat_declined),
            ("purchased", live.purchased),
            ("searched", bool(live.searched)),
            ("leaving", live.leaving),
            ("near", bool(live.near)),
        )
        if true
    ]
    return found


def _money(value: Money, locale: str) -> str:
    """Rounded to whole units: a finding, not a fact for a message."""
    if value.currency == "KRW" and locale == "ko":
        return f"{value.amount:,.0f}원"
    return f"{value.amount:,.0f} {value.currency}"


def _age(minutes: float, locale: str) -> str:
    if minutes < 90:
        return f"{round(minutes)}분" if locale == "ko" else f"{round(minutes)} min"
    hours = minutes / 60
    if hours < 48:
        return f"{round(hours)}시간" if locale == "ko" else f"{round(hours)} h"
    return f"{round(hours / 24)}일" if locale == "ko" else f"{round(hours / 24)} days"
