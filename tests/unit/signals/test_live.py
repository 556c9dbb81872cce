"""Live context, event by event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.customer import Event, Product, PurchaseHistory, Snapshot
from agent.domain.facts import Catalogued, NearStore
from agent.domain.money import Money
from agent.domain.signals import LiveContext
from agent.signals.live import Session, context, read
from tests.support.people import NOON, customer

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KINDS = ("product_viewed", "page_viewed", "cart_updated", "cart_cleared", "purchased", "searched", "chat_accepted")


def seen(kind: str, ago: timedelta, entity: str = "lamp") -> Event:
    return Event(kind=kind, at=NOON - ago, entity=entity, properties={"dwell_seconds": 5.0, "value": 20.0})


def live(*events: Event, **changes: Any) -> LiveContext:
    return read(customer(events=events, **changes), NOON, "GBP")


def brute(snapshot: Snapshot) -> tuple[dict[str, int], str]:
    """Views of the open session since the last purchase, and the open cart: read backwards, all at once."""
    events = sorted(snapshot.events, key=lambda e: (e.at, e.kind, e.entity))
    session: list[Event] = []
    for event in reversed(events):
        if (session[-1].at if session else NOON) - event.at > 30 * MINUTE:
            break
        session.append(event)
    bought = max((e.at for e in events if e.kind == "purchased"), default=None)
    views: dict[str, int] = {}
    for event in session:
        if event.kind == "product_viewed" and (bought is None or event.at > bought):
            views[event.entity] = views.get(event.entity, 0) + 1
    carts = [e for e in events if e.kind in ("cart_updated", "cart_cleared")]
    cart = carts[-1] if carts and carts[-1].kind == "cart_updated" else None
    if cart is None or (bought is not None and bought >= cart.at) or NOON - cart.at > 14 * DAY:
        return views, ""
    return views, cart.entity


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(0, 3_000), st.sampled_from(["lamp", "vase"])),
        max_size=25,
        unique=True,
    )
)
def test_event_by_event_comes_to_the_same_as_all_at_once(drawn: list[tuple[str, int, str]]) -> None:
    snapshot = customer(events=tuple(seen(kind, ago * MINUTE, entity) for kind, ago, entity in drawn))
    found, (views, cart) = read(snapshot, NOON, "GBP"), brute(snapshot)
    assert (found.views, found.cart) == (views.get(found.product, 0), cart)
    assert bool(views) == bool(found.product)


def test_a_session_goes_on_from_where_it_was() -> None:
    events = [seen("product_viewed", 5 * MINUTE), seen("product_viewed", 3 * MINUTE), seen("searched", MINUTE, "red")]
    session = Session()
    for event in events:
        session.take(event)
    assert context(session, customer(events=tuple(events)), NOON, "GBP") == live(*events)


def test_who_comes_back_to_a_product_is_seen_to_return() -> None:
    first, again = seen("product_viewed", 2 * DAY), seen("product_viewed", MINUTE)
    assert live(first, again).returned
    assert not live(again).returned
    assert not live(seen("product_viewed", 2 * DAY, "vase"), again).returned


def test_a_search_is_remembered_while_the_session_lasts() -> None:
    assert live(seen("searched", MINUTE, "blue lamp")).searched == "blue lamp"
    assert live(seen("searched", 2 * DAY, "blue lamp")).searched == ""


def test_a_page_for_leaving_is_noticed_in_both_languages() -> None:
    for page in ("/account/cancel-subscription", "/mypage/해지", "competitor-comparison", "회원탈퇴"):
        assert live(seen("page_viewed", MINUTE, page)).leaving, page
    assert not live(seen("page_viewed", MINUTE, "/lamps/blue")).leaving


def test_a_product_that_became_cheaper_since_they_looked_is_told_of() -> None:
    price, before = Money(Decimal("30"), "GBP"), Money(Decimal("40"), "GBP")
    changed = Catalogued(price_changed_at=NOON - DAY)
    lamp = Product(product_id="lamp", name="Lamp", price=price, lowest_price=before, more=changed)
    looked = seen("product_viewed", 2 * DAY)
    assert live(looked, products=(lamp,)).reduced == "lamp"
    assert live(seen("product_viewed", 2 * MINUTE), products=(lamp,)).reduced == ""
    assert live(looked, products=(replace(lamp, price=before),)).reduced == ""
    old = replace(lamp, more=Catalogued(price_changed_at=NOON - 8 * DAY))
    assert live(seen("product_viewed", 9 * DAY), products=(old,)).reduced == ""


def test_a_shop_nearby_is_known_only_where_the_snapshot_says_so() -> None:
    shop = NearStore(store_id="s-1", name="High Street", metres=200)
    assert live(stores=(shop,)).near == "s-1"
    assert live().near == ""


def test_an_invoice_serves_the_interest_before_it() -> None:
    bought = Money(Decimal("10"), "GBP")
    history = PurchaseHistory(orders=1, first_at=NOON - 2 * MINUTE, last_at=NOON - 2 * MINUTE, net=bought)
    assert live(seen("product_viewed", 5 * MINUTE), history=history).product == ""
    assert live(seen("product_viewed", MINUTE), history=history).product == "lamp"
