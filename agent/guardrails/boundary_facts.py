"""A customer of whom everything is known that a message may speak of, and of each thing a second one beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent.domain.customer import Product
from agent.domain.facts import (
    Booking,
    Catalogued,
    CreditLeft,
    Duty,
    Foreseen,
    NearStore,
    Occasion,
    Omen,
    Order,
)
from agent.domain.money import Money

DAY = timedelta(days=1)


def everything(now: datetime) -> dict[str, Any]:
    """One of each: what goes together, a picture, demand; a shop, an order, a demo, an occasion, a credit, a duty."""
    soon = now + 3 * DAY
    credit = CreditLeft(case_kind="complaint", amount=won(5_000), budget=won(9_000), budget_left=won(9_000))
    return {
        "foreseen": (
            Foreseen(omen=Omen.TOGETHER, entity="lamp", value="vase"),
            Foreseen(omen=Omen.CHURN, entity="lamp", value="bowl"),
            Foreseen(omen=Omen.SIMILAR, entity="bowl", value="cup"),
            Foreseen(omen=Omen.CREATIVE, entity="lamp", value="night"),
            Foreseen(omen=Omen.CREATIVE, entity="vase", value="day"),
            Foreseen(omen=Omen.DEMAND, entity="lamp", value="Busan", number=40, due_at=soon),
            Foreseen(omen=Omen.DEMAND, entity="vase", value="Seoul", number=9, due_at=now),
        ),
        "products": (
            Product(
                product_id="lamp",
                name="청자 램프",
                price=won(40_000),
                more=Catalogued(experience="try-on", launch_on=date(2026, 12, 1)),
            ),
            *(Product(product_id=name, name=name.title()) for name in ("vase", "bowl", "cup")),
        ),
        "stores": (
            NearStore(store_id="s1", name="Quay Street", metres=800, units={"lamp": 1}),
            NearStore(store_id="s2", name="High Street", metres=100, units={"lamp": 0, "vase": 1}),
        ),
        "orders": (
            Order(order_id="lamp", state="shipped", placed_at=now, deliver_by=soon, delivered_at=soon),
            Order(order_id="vase", state="shipped", placed_at=now, deliver_by=now),
        ),
        "bookings": (
            Booking(booking_id="lamp", state="moved", sequence=2, host="Maya", starts_at=soon, ends_at=soon + DAY),
            Booking(booking_id="vase", state="booked", sequence=0, host="Kim", starts_at=now, ends_at=now),
        ),
        "occasions": (
            Occasion(name="lamp", place="Bristol", starts_at=soon),
            Occasion(name="vase", place="Bath", starts_at=now),
        ),
        "credits": (credit, replace(credit, case_kind="outage", amount=won(7_000))),
        "duties": (
            Duty(kind="reconfirm", subject="lamp", status="granted", channel="sms", given_at=now, due_at=soon),
            Duty(kind="reconfirm", subject="vase", status="granted", channel="email", given_at=soon, due_at=soon),
        ),
    }


def won(amount: int) -> Money:
    return Money(Decimal(amount), "KRW")
