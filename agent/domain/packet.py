"""What a colleague needs to know who takes over: typed facts in plain words, none of the customer's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.domain.bundle import SlotKind, SlotValue
from agent.domain.facts import Duty, Omen
from agent.domain.signals import Situation

CHANNEL_NAMES: Mapping[str, Mapping[str, str]] = {
    "ko": {"email": "이메일", "sms": "문자", "push": "앱 알림", "kakao": "카카오톡", "": "모든 채널"},
    "en": {
        "email": "e-mail",
        "sms": "text message",
        "push": "app notification",
        "kakao": "KakaoTalk",
        "": "any channel",
    },
}
REASONS: Mapping[str, Mapping[str, str]] = {
    "ko": {
        "asked": "고객이 상담원 연결을 요청함",
        "complaint": "불만 접수",
        "refund": "환불 요청",
        "outage": "서비스 장애",
        "fraud": "사기 의심",
        "bereavement": "사별",
        "debt": "채무",
        "vulnerability": "세심한 응대 필요",
        "other": "기타",
    },
    "en": {
        "asked": "asked for a person",
        "complaint": "complaint",
        "refund": "refund",
        "outage": "outage",
        "fraud": "suspected fraud",
        "bereavement": "bereavement",
        "debt": "debt",
        "vulnerability": "needs particular care",
        "other": "other",
    },
}
MOODS: Mapping[str, Mapping[str, str]] = {
    "ko": {"angry": "화가 남", "desperate": "매우 힘들어함", "sad": "슬픔", "worried": "걱정함", "": "알 수 없음"},
    "en": {"angry": "angry", "desperate": "desperate", "sad": "sad", "worried": "worried", "": "not known"},
}
NOTHING = {"ko": "없음", "en": "nothing"}
APOLOGY = {"ko": "사과", "en": "apology"}
PROMISES: Mapping[str, Mapping[str, str]] = {
    "ko": {
        "demo": "{host} 님의 제품 시연 {when}",
        "delivery": "주문 {order} 배송 {when}까지",
        "coupon": "{when}에 보낸 쿠폰",
        "answer": "{when} 담당자 답변 약속",
    },
    "en": {
        "demo": "demo with {host} on {when}",
        "delivery": "delivery of order {order} by {when}",
        "coupon": "coupon of {when}",
        "answer": "an answer from a colleague, said on {when}",
    },
}
STILL_HELD = timedelta(days=30)
"""How long a coupon or a word given counts as a promise."""
STEP = timedelta(minutes=15)


def channels_of(form: Sequence[Duty], locale: str) -> str:
    """The channels that statements name, in words; all of them where none is named."""
    named = sorted({duty.channel for duty in form if duty.channel}) or [""]
    return ", ".join(CHANNEL_NAMES[locale].get(channel, channel) for channel in named)


def answer_by(now: datetime, hours: float) -> datetime:
    """By when a colleague answers: so many hours from now, up to the next quarter of an hour. Aware."""
    at = (now + timedelta(hours=hours)).replace(second=0, microsecond=0)
    return at + (STEP - timedelta(minutes=at.minute % 15)) % STEP


def packet_slots(situation: Situation, because: str, locale: str) -> dict[str, SlotValue]:
    """Reason, mood, what was tried and what was promised, in the words above."""
    snapshot, case = situation.snapshot, situation.signals.case
    mood = snapshot.foresees(Omen.MOOD)
    kind = case.kind if case and because != "asked" else "asked"
    told = [c for c in snapshot.contacts if case and c.entity == case.case_id and c.action == "apologise"]
    tried = ", ".join(f"{APOLOGY[locale]} ({CHANNEL_NAMES[locale].get(c.channel, str(c.channel))})" for c in told)
    return {
        "packet.reason": _text(REASONS[locale].get(kind, REASONS[locale]["other"])),
        "packet.mood": _text(MOODS[locale].get(mood.value if mood else "", MOODS[locale][""])),
        "packet.tried": _text(tried or NOTHING[locale]),
        "packet.promised": _text("; ".join(_promised(situation, PROMISES[locale])) or NOTHING[locale]),
    }


def _promised(situation: Situation, words: Mapping[str, str]) -> Iterator[str]:
    """What the customer may count on: demos agreed on, deliveries on their way, coupons and answers given word of."""
    snapshot, now = situation.snapshot, situation.now
    zone = ZoneInfo(snapshot.zone or "UTC")
    for booking in snapshot.bookings:
        if booking.state != "cancelled" and booking.starts_at > now:
            when = f"{booking.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
            yield words["demo"].format(host=booking.host, when=when)
    for order in snapshot.orders:
        if order.deliver_by is not None and order.state != "delivered":
            yield words["delivery"].format(order=order.order_id, when=order.deliver_by.astimezone(zone).date())
    for contact in snapshot.contacts:
        name = {"offer_coupon": "coupon", "hand_off": "answer"}.get(contact.action)
        if name and now - STILL_HELD < contact.at <= now:
            yield words[name].format(when=contact.at.astimezone(zone).date())


def _text(value: str) -> SlotValue:
    return SlotValue(kind=SlotKind.TEXT, value=value)
