"""The four signals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.customer import Case, Channel, Contact, Event, PurchaseHistory, Snapshot
from agent.domain.money import Money
from agent.domain.signals import LiveContext
from agent.signals.read import read
from agent.signals.words import findings
from tests.support.people import NOON, cart, customer, views

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def live(*events: Event, **changes: Any) -> LiveContext:
    found = read(customer(events=events, **changes), NOON, "KRW").signals.live
    assert found is not None
    return found


def test_dwell_and_views_add_up_over_the_running_session() -> None:
    found = live(*views(NOON, times=3, seconds=50))
    assert (found.in_session, found.product, found.dwell_seconds, found.views) == (True, "lamp", 150, 3)


def test_a_session_ends_after_half_an_hour_of_silence() -> None:
    assert live(*views(NOON - 30 * MINUTE, times=1)).in_session
    assert not live(*views(NOON - 31 * MINUTE, times=1)).in_session


def test_views_of_an_earlier_session_do_not_count() -> None:
    assert live(*views(NOON - 2 * HOUR, times=3), *views(NOON, times=1)).views == 1


def test_the_most_looked_at_product_is_the_one_with_the_longest_look() -> None:
    assert live(*views(NOON, "vase", 3, 5), *views(NOON - MINUTE, "lamp", 1, 90)).product == "lamp"


def test_a_cart_is_open_until_it_is_bought_cleared_or_a_fortnight_old() -> None:
    assert live(cart(NOON - 2 * HOUR)).cart == "cart-1"
    assert live(cart(NOON - 2 * HOUR)).cart_age_minutes == 120
    assert live(cart(NOON - 2 * HOUR), Event(kind="cart_cleared", at=NOON - HOUR)).cart == ""
    assert live(cart(NOON - 2 * HOUR), Event(kind="purchased", at=NOON - HOUR)).cart == ""
    assert live(cart(NOON - HOUR), Event(kind="purchased", at=NOON - 2 * HOUR)).cart == "cart-1"
    assert live(cart(NOON - 15 * DAY)).cart == ""


def test_interest_before_a_purchase_counts_as_served() -> None:
    found = live(*views(NOON - 5 * MINUTE), Event(kind="purchased", at=NOON - MINUTE))
    assert found.purchased
    assert found.views == 0


def test_the_last_answer_to_the_chat_counts() -> None:
    asked = Event(kind="chat_accepted", at=NOON - 2 * MINUTE)
    assert live(asked).chat_accepted
    found = live(asked, Event(kind="chat_declined", at=NOON - MINUTE))
    assert (found.chat_accepted, found.chat_declined) == (False, True)


@given(st.permutations([*views(NOON), cart(NOON - HOUR), Event(kind="chat_accepted", at=NOON - MINUTE)]))
def test_the_order_in_which_events_arrive_does_not_matter(events: list[Event]) -> None:
    assert live(*events) == live(*sorted(events, key=lambda e: (e.at, e.kind)))


@pytest.mark.parametrize("value", ["lots", -5, float("nan"), float("inf"), 1e300])
def test_nonsense_numbers_from_outside_count_as_zero(value: object) -> None:
    assert live(Event(kind="cart_updated", at=NOON - HOUR, entity="c", properties={"value": value})).cart_value is None  # type: ignore[dict-item]


def test_events_of_the_future_are_not_seen() -> None:
    assert not live(*views(NOON + HOUR, times=1)).in_session


def test_recency_frequency_and_value() -> None:
    history = PurchaseHistory(
        orders=4, first_at=NOON - 90 * DAY, last_at=NOON - 12 * HOUR, net=Money(Decimal(100), "KRW"), favourite="lamp"
    )
    found = read(customer(history=history), NOON, "KRW").signals.value
    assert found is not None
    assert (found.recency_days, found.orders, found.mean_order) == (0.5, 4, Money(Decimal(25), "KRW"))


def test_more_returned_than_bought_is_worth_nothing_not_less() -> None:
    history = PurchaseHistory(orders=1, first_at=NOON, last_at=NOON, net=Money(Decimal(-9), "KRW"))
    found = read(customer(history=history), NOON, "KRW").signals.value
    assert found is not None
    assert found.mean_order.amount == 0


def test_the_oldest_open_case_is_the_case() -> None:
    cases = (
        Case(case_id="new", kind="refund", opened_at=NOON - DAY),
        Case(case_id="old", kind="complaint", opened_at=NOON - 3 * DAY),
        Case(case_id="done", kind="complaint", opened_at=NOON - 9 * DAY, closed_at=NOON - 8 * DAY),
    )
    found = read(customer(cases=cases), NOON, "KRW").signals.case
    assert found is not None
    assert found.case_id == "old"


def test_pressure_counts_offers_of_seven_days_on_every_surface() -> None:
    def contact(days: float, kind: str = "offer") -> Contact:
        return Contact(channel=Channel.CHAT, action="a", entity="", kind=kind, at=NOON - days * DAY)

    contacts = (contact(1), contact(6.9), contact(7), contact(2, "reply"), contact(-0.5))
    assert read(customer(contacts=contacts), NOON, "KRW").signals.pressure.contacts_7d == 3


def without_profiling() -> Snapshot:
    return customer(
        consents=(),
        events=(*views(NOON), cart(NOON - HOUR)),
        cases=(Case(case_id="k", kind="complaint", opened_at=NOON),),
    )


def test_without_consent_to_profiling_only_cases_and_contacts_are_read() -> None:
    signals = read(without_profiling(), NOON, "KRW").signals
    assert signals.live is None
    assert signals.value is None
    assert signals.case is not None


def test_findings_speak_the_customers_language_and_never_are_empty() -> None:
    assert "3번" in findings(read(customer(events=views(NOON)), NOON, "KRW"))[0]
    assert findings(read(customer(consents=()), NOON, "KRW")) == ("동의 범위 안에서 읽을 수 있는 신호 없음",)
