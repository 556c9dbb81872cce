"""The demo's story as data: who, what and when, in Korean and English. All people and shops are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Story:
    product_id: str
    product: str
    price: str
    currency: str
    cart: float
    visitor: str
    reader: str
    sleeper: str
    complainer: str
    locale: str
    country: str
    zone: str
    opening: datetime
    title: str
    lingers: str
    accepts: str
    buys: str
    no_consent: str
    night: str
    complaint: str
    ending: str


STORIES = {
    "en": Story(
        product_id="espresso-one",
        product="Lever Espresso Machine",
        price="389.00",
        currency="GBP",
        cart=96.0,
        visitor="Priya",
        reader="Tom",
        sleeper="Hana",
        complainer="Ruth",
        locale="en",
        country="GB",
        zone="Europe/London",
        opening=datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
        title="Harbour & Pine, London: one visitor's journey, and three customers whom tact treats otherwise",
        lingers="1. Priya lingers on an espresso machine",
        accepts="2. She accepts the chat",
        buys="3. After the demo she buys",
        no_consent="4. Tom left a full cart, but never agreed to anything",
        night="5. Hana in Seoul agreed to text messages only. There it is 22:30",
        complaint="6. Ruth left a cart too, but has a complaint open",
        ending="Nothing was sent: effects wait in the outbox. Look closer with",
    ),
    "ko": Story(
        product_id="moka-one",
        product="레버 에스프레소 머신",
        price="648000",
        currency="KRW",
        cart=164000.0,
        visitor="서연",
        reader="민준",
        sleeper="수아",
        complainer="지민",
        locale="ko",
        country="KR",
        zone="Asia/Seoul",
        opening=datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
        title="온결, 서울: 한 방문자의 여정과, 다르게 대해야 할 세 고객",
        lingers="1. 서연 님이 에스프레소 머신을 오래 살펴봅니다",
        accepts="2. 채팅을 수락합니다",
        buys="3. 시연을 보고 구매합니다",
        no_consent="4. 민준 님은 장바구니를 채워 두었지만 어떤 항목에도 동의한 적이 없습니다",
        night="5. 수아 님은 문자 수신에만 동의했고, 서울은 밤 10시 30분입니다",
        complaint="6. 지민 님도 장바구니를 두고 갔지만 접수된 불만이 있습니다",
        ending="아직 아무것도 보내지 않았습니다. 준비된 메시지는 발송함에 대기 중입니다. 더 자세히 보려면",
    ),
}
