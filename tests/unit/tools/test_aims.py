"""When each tool is called for, and when its signal is absent: what it is about, and why, in one word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.domain.action import Action
from agent.domain.customer import Case, Channel, Contact, Event, Product, PurchaseHistory, Snapshot
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
from agent.signals.read import read
from tests.support.people import NOON, briton, cart, views
from tools.catalogue import TOOLS, Catalogue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACTIONS = {tool.action.name: tool.action for tool in TOOLS}


def pounds(amount: int) -> Money:
    return Money(Decimal(amount), "GBP")


LAMP = Product(product_id="lamp", name="Lamp", price=pounds(40))
CHEAPER = replace(LAMP, lowest_price=pounds(50), more=Catalogued(price_changed_at=NOON - HOUR))
BACK = replace(LAMP, more=Catalogued(units=3, gone_at=NOON - 9 * DAY, back_at=NOON - HOUR))
NEW = replace(LAMP, more=Catalogued(launch_on=(NOON + 5 * DAY).date()))
TRIED = replace(LAMP, more=Catalogued(experience="try-on"))
VASE = replace(LAMP, product_id="vase")
AWAY = PurchaseHistory(orders=4, first_at=NOON - 400 * DAY, last_at=NOON - 150 * DAY, net=pounds(200), favourite="lamp")
COMPLAINT = Case(case_id="k1", kind="complaint", opened_at=NOON - HOUR)
ORDER = Order(order_id="o1", state="shipped", placed_at=NOON - DAY, deliver_by=NOON + DAY)
BOOKED = Booking(
    booking_id="b1", state="booked", sequence=0, host="Maya", starts_at=NOON + DAY, ends_at=NOON + 25 * HOUR
)
CREDIT = CreditLeft(case_kind="complaint", amount=pounds(5), budget=pounds(50), budget_left=pounds(50))


def foreseen(omen: Omen, **more: Any) -> tuple[Foreseen, ...]:
    return (Foreseen(omen=omen, entity=more.pop("entity", "lamp"), **more),)


def looked(days: float) -> tuple[Event, ...]:
    return (Event(kind="product_viewed", at=NOON - days * DAY, entity="lamp"),)


def told(action: str, entity: str) -> tuple[Contact, ...]:
    return (Contact(channel=Channel.CHAT, action=action, entity=entity, kind="reply", at=NOON - HOUR),)


def duty(kind: str, status: str = "granted") -> tuple[Duty, ...]:
    return (Duty(kind=kind, subject="s1", status=status, channel="email", given_at=NOON, due_at=NOON + DAY),)


def test_each_tool_says_what_calls_for_it_and_how_often_it_speaks() -> None:
    for name in ACTIONS:
        assert all(Catalogue().called_for(name)), name


CALLED: list[tuple[str, dict[str, Any], tuple[str, str] | None]] = [
    ("remind_cart", {"events": (cart(NOON - HOUR),)}, ("cart-1", "cart")),
    ("remind_cart", {"events": (cart(NOON - timedelta(minutes=9)),)}, None),
    ("remind_cart", {"events": (cart(NOON - HOUR), Event(kind="purchased", at=NOON, entity="o"))}, None),
    ("tell_price_drop", {"events": looked(2), "products": (CHEAPER,)}, ("lamp", "viewed")),
    ("tell_price_drop", {"events": looked(0.01), "products": (CHEAPER,)}, None),
    ("tell_price_drop", {"events": looked(2), "products": (replace(CHEAPER, lowest_price=pounds(30)),)}, None),
    ("tell_price_drop", {"events": looked(2), "products": (replace(CHEAPER, lowest_price=None),)}, None),
    ("tell_back_in_stock", {"events": looked(2), "products": (BACK,)}, ("lamp", "wanted")),
    ("tell_back_in_stock", {"events": looked(20), "products": (BACK,)}, None),
    ("tell_back_in_stock", {"events": looked(2), "products": (replace(BACK, more=Catalogued(units=0)),)}, None),
    ("remind_reorder", {"foreseen": foreseen(Omen.REPLENISHMENT, due_at=NOON + DAY)}, ("lamp", "due")),
    ("remind_reorder", {"foreseen": foreseen(Omen.REPLENISHMENT, due_at=NOON + 9 * DAY)}, None),
    ("remind_reorder", {"foreseen": foreseen(Omen.REPLENISHMENT, due_at=NOON - 20 * DAY)}, None),
    ("remind_reorder", {}, None),
    ("remind_replacement", {"foreseen": foreseen(Omen.REPLACEMENT, due_at=NOON + 9 * DAY)}, ("lamp", "due")),
    ("remind_replacement", {"foreseen": foreseen(Omen.REPLACEMENT, due_at=NOON + 30 * DAY)}, None),
    ("win_back", {"history": AWAY}, ("lamp", "loved")),
    ("win_back", {"history": replace(AWAY, last_at=NOON - 90 * DAY)}, None),
    ("win_back", {"history": AWAY, "foreseen": foreseen(Omen.CHURN, chance=100_000)}, None),
    (
        "win_back",
        {"history": replace(AWAY, last_at=NOON - 40 * DAY), "foreseen": foreseen(Omen.CHURN, chance=700_000)},
        ("lamp", "loved"),
    ),
    ("early_access", {"foreseen": foreseen(Omen.NOVELTY), "products": (NEW,)}, ("lamp", "hunter")),
    ("early_access", {"foreseen": foreseen(Omen.NOVELTY), "products": (LAMP,)}, None),
    (
        "invite_event",
        {
            "foreseen": foreseen(Omen.DELIGHT, entity="", chance=900_000),
            "occasions": (Occasion(name="Light", place="Bristol", starts_at=NOON + 9 * DAY),),
        },
        ("Light", "delighted"),
    ),
    (
        "invite_event",
        {
            "foreseen": foreseen(Omen.DELIGHT, entity="", chance=900_000),
            "occasions": (Occasion(name="Light", place="Bristol", starts_at=NOON + DAY),),
        },
        None,
    ),
    ("invite_event", {"occasions": (Occasion(name="Light", place="Bristol", starts_at=NOON + 9 * DAY),)}, None),
    ("invite_experience", {"events": views(NOON), "products": (TRIED,)}, ("lamp", "tries")),
    ("invite_experience", {"events": views(NOON), "products": (LAMP,)}, None),
    ("show_variant", {"events": views(NOON), "foreseen": foreseen(Omen.CREATIVE, value="night")}, ("lamp", "fits")),
    ("show_variant", {"foreseen": foreseen(Omen.CREATIVE, value="night")}, None),
    (
        "nearest_store",
        {"events": views(NOON), "stores": (NearStore(store_id="s", name="S", metres=80, units={"lamp": 1}),)},
        ("lamp", "near"),
    ),
    (
        "nearest_store",
        {"events": views(NOON), "stores": (NearStore(store_id="s", name="S", metres=80, units={"vase": 1}),)},
        None,
    ),
    ("recommend_product", {"foreseen": foreseen(Omen.TOGETHER, value="vase")}, ("lamp", "together")),
    ("recommend_product", {"foreseen": foreseen(Omen.SIMILAR, value="vase")}, ("lamp", "similar")),
    ("recommend_product", {"foreseen": foreseen(Omen.TOGETHER, value="unknown")}, None),
    ("apologise", {"cases": (COMPLAINT,)}, ("k1", "case")),
    ("apologise", {"cases": (COMPLAINT,), "credits": (CREDIT,)}, ("k1", "compensation")),
    ("apologise", {"cases": (COMPLAINT,), "credits": (replace(CREDIT, budget_left=pounds(1)),)}, ("k1", "case")),
    ("apologise", {"cases": (COMPLAINT,), "contacts": told("apologise", "k1")}, None),
    ("hand_off", {"cases": (COMPLAINT,)}, None),
    ("hand_off", {"cases": (COMPLAINT,), "foreseen": foreseen(Omen.MOOD, value="angry")}, ("k1", "bad")),
    ("hand_off", {"cases": (replace(COMPLAINT, kind="fraud"),)}, ("k1", "bad")),
    ("hand_off", {"cases": (replace(COMPLAINT, kind="fraud"),), "contacts": told("hand_off", "k1")}, None),
    (
        "hand_off",
        {"events": (Event(kind="human_asked", at=NOON - HOUR),)},
        (f"asked-{NOON - HOUR:%Y%m%d%H%M%S}", "asked"),
    ),
    (
        "tell_order_status",
        {"events": (Event(kind="order_asked", at=NOON, entity="o1"),), "orders": (ORDER,)},
        ("o1", "shipped"),
    ),
    ("tell_order_status", {"events": (Event(kind="order_asked", at=NOON),), "orders": (ORDER,)}, ("o1", "shipped")),
    (
        "tell_order_status",
        {
            "events": (Event(kind="order_asked", at=NOON),),
            "orders": (replace(ORDER, deliver_by=NOON - DAY),),
        },
        ("o1", "late"),
    ),
    ("tell_order_status", {"events": (Event(kind="order_asked", at=NOON, entity="o9"),), "orders": (ORDER,)}, None),
    (
        "tell_order_status",
        {
            "events": (Event(kind="order_asked", at=NOON - 2 * HOUR),),
            "orders": (ORDER,),
            "contacts": told("tell_order_status", "o1"),
        },
        None,
    ),
    ("confirm_demo", {"bookings": (BOOKED,)}, ("b1:0", "booked")),
    ("confirm_demo", {"bookings": (replace(BOOKED, state="moved", sequence=1),)}, ("b1:1", "moved")),
    ("confirm_demo", {"bookings": (BOOKED,), "contacts": told("confirm_demo", "b1:0")}, None),
    ("reconfirm_consent", {"duties": duty("reconfirm")}, ("s1", "reconfirm")),
    ("reconfirm_consent", {"duties": duty("result_notice")}, None),
    ("confirm_choice", {"duties": duty("result_notice", "withdrawn")}, ("s1", "withdrawn")),
    ("confirm_choice", {"duties": duty("opt_out_confirmation", "withdrawn")}, ("s1", "stopped")),
    ("confirm_choice", {"duties": duty("reconfirm")}, None),
    (
        "note_stock",
        {"foreseen": foreseen(Omen.DEMAND, value="Busan", number=40, due_at=NOON + 9 * DAY)},
        ("lamp", "demand"),
    ),
    ("note_stock", {"foreseen": foreseen(Omen.DEMAND, value="Busan", number=0, due_at=NOON + DAY)}, None),
]


@pytest.mark.parametrize(("name", "facts", "expected"), CALLED)
def test_a_tool_is_called_for_by_its_signal_alone(
    name: str, facts: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    known: dict[str, Any] = {"products": (LAMP, VASE), "history": None, "campaigns": ()} | facts
    if "products" in facts:
        known["products"] = (*facts["products"], VASE)
    snapshot: Snapshot = briton(**known)
    action: Action = ACTIONS[name]
    aim = action.aim(read(snapshot, NOON, "GBP"))
    assert (aim and (aim.entity, aim.because)) == expected


def test_every_tool_has_a_row_that_calls_for_it_or_a_test_of_its_own() -> None:
    elsewhere = {"offer_chat", "book_demo", "offer_coupon", "ask_consent"}
    assert {name for name, _, expected in CALLED if expected} | elsewhere == set(ACTIONS)


@pytest.mark.parametrize("name", list(ACTIONS))
def test_the_weight_of_a_tool_stays_within_its_bounds(name: str) -> None:
    for facts in ({}, {"history": AWAY}, {"events": (*views(NOON), cart(NOON - HOUR))}):
        weight = ACTIONS[name].weight(read(briton(**facts), NOON, "GBP"))
        assert 0.25 <= weight <= 4
